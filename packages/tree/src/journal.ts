/**
 * The last changes, for clients that come back: what they have missed since the last zxid they saw. Every server keeps
 * its own, in memory, bounded by count and by the length of paths.
 */
import { JOURNAL_CHANGES } from './acl-table.js';
import { Fifo } from './fifo.js';
import type { NodeChange } from './state.js';

/** UTF-16 units of all paths together, at most. */
const PATH_UNITS = 16 * 1_048_576;

/** The changes behind a zxid, oldest first. */
export class Journal {
  readonly #changes = new Fifo<NodeChange>();
  readonly #capacity: number;
  #units = 0;
  #floor: number;

  /** Starts empty behind `start`, the zxid of the tree. Holds at most JOURNAL_CHANGES changes. */
  constructor(start: number, capacity: number = JOURNAL_CHANGES) {
    this.#floor = start;
    this.#capacity = Math.min(capacity, JOURNAL_CHANGES);
  }

  /** Changes held. */
  get size(): number {
    return this.#changes.length;
  }

  /** Adds what a transaction has changed; call it for every transaction that is applied. */
  add(changes: readonly NodeChange[]): void {
    for (const change of changes) {
      this.#changes.push(change);
      this.#units += change.path.length;
    }
    while (this.#changes.length > this.#capacity || this.#units > PATH_UNITS) {
      const oldest = this.#changes.peek()!;
      this.#changes.drop();
      this.#units -= oldest.path.length;
      this.#floor = oldest.zxid;
    }
  }

  /** True where every change behind `zxid` is held. */
  reaches(zxid: number): boolean {
    return zxid >= this.#floor;
  }

  /** The changes behind `zxid`, oldest first, as far as they are held. */
  since(zxid: number): NodeChange[] {
    return this.#changes.from((change) => change.zxid > zxid);
  }
}
