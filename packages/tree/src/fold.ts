/**
 * A fold: all rows that changed since the fold before, as they were at one zxid, handed out in chunks while the tree
 * goes on changing. Nothing is copied up front: a row is made when it is asked for, or just before its znode or session
 * changes again, whichever comes first.
 */
import type { StateRow } from './rows.js';

/** What the writer of the state at rest sees. One fold at a time. */
export interface Fold {
  /** The zxid whose state the rows show. */
  readonly zxid: number;
  /** The state digest at that zxid. */
  readonly digest: number;
  /** The next `limit` rows, fewer at the end only, where there are some; then null. Rows of one fold have distinct keys. */
  next(limit: number): StateRow[] | null;
}

/** Makes the rows of the present state. */
export interface RowSource {
  znodeRow(path: string): StateRow;
  sessionRow(id: number): StateRow;
}

/** A fold under way, with the side that state.ts tells about coming changes. */
export class RunningFold implements Fold {
  readonly zxid: number;
  readonly digest: number;
  readonly #source: RowSource;
  readonly #paths: Set<string>;
  readonly #sessions: Set<number>;
  /** Rows that had to be made early. */
  #captured: StateRow[] = [];

  /** Takes over both sets. */
  constructor(zxid: number, digest: number, source: RowSource, paths: Set<string>, sessions: Set<number>) {
    this.zxid = zxid;
    this.digest = digest;
    this.#source = source;
    this.#paths = paths;
    this.#sessions = sessions;
  }

  get finished(): boolean {
    return this.#captured.length === 0 && this.#paths.size === 0 && this.#sessions.size === 0;
  }

  next(limit: number): StateRow[] | null {
    if (this.finished) return null;
    const wanted = Math.max(1, limit);
    const rows = this.#captured.splice(Math.max(0, this.#captured.length - wanted));
    for (const path of this.#paths) {
      if (rows.length >= wanted) return rows;
      this.#paths.delete(path);
      rows.push(this.#source.znodeRow(path));
    }
    for (const id of this.#sessions) {
      if (rows.length >= wanted) return rows;
      this.#sessions.delete(id);
      rows.push(this.#source.sessionRow(id));
    }
    return rows;
  }

  /** The znode at this path (or its absence) is about to change. */
  beforeZnode(path: string): void {
    if (this.#paths.delete(path)) this.#captured.push(this.#source.znodeRow(path));
  }

  /** This session is about to change. */
  beforeSession(id: number): void {
    if (this.#sessions.delete(id)) this.#captured.push(this.#source.sessionRow(id));
  }
}
