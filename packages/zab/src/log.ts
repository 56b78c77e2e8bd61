/**
 * The part of the history that lives in memory: where the log ends, where its epochs end, and its newest records.
 *
 * It mirrors what was handed to storage, not what is durable. Records that are not delivered yet are always here; older
 * ones stay as long as they fit the cache, for learners that lag. Contiguity is asserted with each append: a record that
 * does not follow by chain is a bug (own records) or a reason to ask for the whole state (records of a leader, which
 * are tested with {@link follows} first).
 */
import { epochOf, type Zxid } from '@synod/protocol';
import { chainHash, type LogRecord, type Position } from './record.js';

export class Log {
  /** The log at rest starts behind this. */
  base: Zxid;
  last: Position;
  /** Last record of each epoch, oldest first; the first entry may be the base itself. */
  ends: Position[];
  /** All records behind this are in memory. */
  cachedBehind: Position;
  #records: LogRecord[] = [];
  /** Index of the first live entry of #records; the ones before it are gone and are cut away in bulk. */
  #start = 0;
  #bytes = 0;

  /** `tail` holds all records behind `tailBehind`. */
  constructor(base: Zxid, last: Position, ends: readonly Position[], tailBehind: Position, tail: readonly LogRecord[]) {
    this.base = base;
    this.last = last;
    this.ends = [...ends];
    this.cachedBehind = tailBehind;
    for (const record of tail) this.#push(record);
  }

  /** True where the record continues the log by its chain. */
  follows(record: LogRecord): boolean {
    return record.zxid > this.last.zxid && record.chain === chainHash(this.last.chain, record.zxid, record.body);
  }

  /** True where this place is part of the log, with the same chain. It must not lie before what is in memory. */
  holds({ zxid, chain }: Position): boolean {
    if (zxid === this.cachedBehind.zxid) return chain === this.cachedBehind.chain;
    const record = this.#records[this.#indexBehind(zxid) - 1];
    return record?.zxid === zxid && record.chain === chain;
  }

  append(record: LogRecord): void {
    if (record.zxid <= this.last.zxid) throw new Error(`record ${record.zxid} does not follow ${this.last.zxid}`);
    this.#push(record);
    const position = { zxid: record.zxid, chain: record.chain };
    const end = this.ends.at(-1);
    if (end !== undefined && epochOf(end.zxid) === epochOf(record.zxid)) this.ends[this.ends.length - 1] = position;
    else this.ends.push(position);
    this.last = position;
  }

  #push(record: LogRecord): void {
    this.#records.push(record);
    this.#bytes += record.body.length;
  }

  /** Drops what is behind `after`, which must be the base, the last record, or a place in memory. */
  truncate(after: Position): void {
    while (this.#records.length > this.#start && this.#records.at(-1)!.zxid > after.zxid) {
      this.#bytes -= this.#records.pop()!.body.length;
    }
    while (this.ends.length > 0 && this.ends.at(-1)!.zxid > after.zxid) this.ends.pop();
    const end = this.ends.at(-1);
    if (after.zxid > 0 && end?.zxid !== after.zxid) this.ends.push(after);
    this.last = after;
  }

  /** Starts anew behind a state that was received whole. */
  reset(base: Position): void {
    this.base = base.zxid;
    this.last = base;
    this.ends = base.zxid > 0 ? [base] : [];
    this.#records = [];
    this.#start = 0;
    this.#bytes = 0;
    this.cachedBehind = base;
  }

  /** The log at rest now starts behind `base`. */
  pruned(base: Zxid): void {
    this.base = Math.max(this.base, base);
    while (this.ends.length > 1 && this.ends[0]!.zxid < this.base) this.ends.shift();
  }

  /** Records behind `after` up to and including `upTo`, at most `bytes` of them (at least one). They must be in memory. */
  slice(after: Zxid, upTo: Zxid, bytes: number): LogRecord[] {
    const found: LogRecord[] = [];
    let size = 0;
    for (let i = this.#indexBehind(after); i < this.#records.length; i++) {
      const record = this.#records[i]!;
      if (record.zxid > upTo) break;
      size += record.body.length + 32;
      if (size > bytes && found.length > 0) break;
      found.push(record);
    }
    return found;
  }

  /** Forgets old records beyond the bounds, never one behind `keepBehind`. */
  trim(keepBehind: Zxid, maxRecords: number, maxBytes: number): void {
    while (
      this.#start < this.#records.length &&
      this.#records[this.#start]!.zxid <= keepBehind &&
      (this.#records.length - this.#start > maxRecords || this.#bytes > maxBytes)
    ) {
      const gone = this.#records[this.#start]!;
      this.#bytes -= gone.body.length;
      this.cachedBehind = { zxid: gone.zxid, chain: gone.chain };
      this.#start++;
    }
    if (this.#start > 4096 && this.#start * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#start);
      this.#start = 0;
    }
  }

  /** Index of the first record behind a zxid. */
  #indexBehind(zxid: Zxid): number {
    let low = this.#start;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#records[middle]!.zxid > zxid) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
