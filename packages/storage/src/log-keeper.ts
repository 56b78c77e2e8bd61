/**
 * The log and its watermark as one thing: what becomes durable, in which order.
 *
 * A batch is one transaction of the log; when it is synced, the watermark follows; only then is the batch durable. A
 * batch that lowers what was promised (truncate, adopt, a current epoch of 0) first lowers the watermark to what the log
 * before and the log after both reach, so that a crash in between shows neither a loss that is none nor hides one.
 */
import type { Zxid } from '@synod/protocol';
import { ORIGIN, type LogRecord, type Position } from '@synod/zab';
import type { LogFile, LogOp, Retention } from './log-file.js';
import { checkpoint, type Sql } from './sql.js';
import { StorageError } from './storage-error.js';
import type { Mark, Watermark } from './watermark.js';

/** A hint that the log knows is renewed when it is so many transactions old; sooner where the row is written anyway. */
const HINT_EVERY = 1024;

/** The durable side of agreement: log file and watermark of one server. */
export class LogKeeper {
  readonly #sql: Sql;
  readonly #log: LogFile;
  readonly #watermark: Watermark;
  #hint: Zxid = 0;

  /** The log must have been opened and found whole; the watermark is brought up to it where they differ. */
  constructor(sql: Sql, log: LogFile, watermark: Watermark) {
    this.#sql = sql;
    this.#log = log;
    this.#watermark = watermark;
    checkpoint(sql);
    watermark.sync();
    this.#mark();
  }

  get log(): LogFile {
    return this.#log;
  }

  /**
   * Makes a batch durable: two syncs, three for one that lowers the watermark. Hints of what is `committed` cost no sync
   * of their own and go out with a later batch. Whatever it throws, nothing may be acknowledged any more.
   */
  apply(ops: readonly LogOp[]): void {
    const work: LogOp[] = [];
    for (const op of ops) {
      if (op.type === 'committed') this.#hint = Math.max(this.#hint, op.zxid);
      else work.push(op);
      // What was committed before says nothing about what is gone.
      if (op.type === 'truncate') this.#hint = Math.min(this.#hint, op.after.zxid);
      else if (op.type === 'adopt') this.#hint = 0;
    }
    if (work.length === 0) return;
    this.#lowerMark(work);
    this.#write(work);
    this.#mark();
  }

  read(after: Zxid, bytes: number): LogRecord[] | null {
    return this.#log.read(after, bytes);
  }

  /** One slice of pruning; see {@link LogFile.prune}. */
  prune(upTo: Zxid, keep: Retention): { base: Position; removed: boolean; more: boolean } {
    const before = this.#log.history.base;
    const { more } = this.#log.prune(Math.min(upTo, this.#log.last.zxid), keep);
    const base = this.#log.history.base;
    return { base, removed: base !== before, more };
  }

  /** Writes what is left of hints, empties the WAL into the main file and closes everything. */
  close(): void {
    if (this.#hint > this.#log.history.committed) this.#log.apply([{ type: 'committed', zxid: this.#hint }]);
    checkpoint(this.#sql);
    this.#sql.close();
    this.#watermark.close();
  }

  #write(work: LogOp[]): void {
    const age = this.#hint - this.#log.history.committed;
    const rowIsWritten = work.some((op) => op.type !== 'append');
    if (age >= HINT_EVERY || (age > 0 && rowIsWritten)) work.push({ type: 'committed', zxid: this.#hint });
    this.#log.apply(work);
  }

  #lowerMark(work: readonly LogOp[]): void {
    const now = this.#watermark.mark;
    if (now === null) throw new StorageError('INTERNAL', 'the watermark was never written');
    let { position, currentEpoch } = now;
    for (const op of work) {
      if (op.type === 'adopt') position = ORIGIN;
      else if (op.type === 'truncate' && op.after.zxid < position.zxid) position = op.after;
      else if (op.type === 'current-epoch') currentEpoch = Math.min(currentEpoch, op.epoch);
    }
    const lower: Mark = { ...now, position, currentEpoch };
    if (!sameMark(lower, now)) this.#watermark.write(lower);
  }

  #mark(): void {
    const { acceptedEpoch, currentEpoch } = this.#log.history;
    const mark: Mark = { position: this.#log.last, acceptedEpoch, currentEpoch };
    if (!sameMark(mark, this.#watermark.mark)) this.#watermark.write(mark);
  }
}

/** True where the log still reaches what the mark promises. */
export function reaches(
  log: { readonly last: Position; readonly base: Position; placeOf(zxid: Zxid): Position | null },
  mark: Mark,
): boolean {
  const { zxid, chain } = mark.position;
  if (zxid > log.last.zxid) return false;
  return zxid < log.base.zxid || log.placeOf(zxid)?.chain === chain;
}

function sameMark(a: Mark, b: Mark | null): boolean {
  return (
    b !== null &&
    a.position.zxid === b.position.zxid &&
    a.position.chain === b.position.chain &&
    a.acceptedEpoch === b.acceptedEpoch &&
    a.currentEpoch === b.currentEpoch
  );
}
