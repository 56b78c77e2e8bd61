/**
 * The transaction id: one safe integer, `epoch * 2^32 + counter`.
 *
 * The epoch counts leaderships, the counter the transactions of one leadership, from 1. A plain number keeps ids
 * comparable with `<` and free on the wire; the price is an epoch below 2^21, which is asserted. Bit operators work on
 * 32 bits and must never touch a zxid.
 */
export type Zxid = number;

const COUNTERS = 2 ** 32;

/** Highest epoch that keeps `epoch * 2^32 + counter` a safe integer. */
export const MAX_EPOCH = 2 ** 21 - 1;

/** Highest counter; a leader that reaches it hands over so that a new epoch starts. */
export const MAX_COUNTER = COUNTERS - 1;

/** Highest possible zxid. */
export const MAX_ZXID = MAX_EPOCH * COUNTERS + MAX_COUNTER;

/** Builds a zxid. Throws a RangeError where epoch or counter is out of range: that is a bug of the caller. */
export function makeZxid(epoch: number, counter: number): Zxid {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > MAX_EPOCH) throw new RangeError(`epoch ${epoch} out of range`);
  if (!Number.isInteger(counter) || counter < 0 || counter > MAX_COUNTER) {
    throw new RangeError(`counter ${counter} out of range`);
  }
  return epoch * COUNTERS + counter;
}

/** The leadership a zxid was issued in. */
export function epochOf(zxid: Zxid): number {
  return Math.floor(zxid / COUNTERS);
}

/** The position of a zxid within its epoch, from 1; 0 stands for "before the first". */
export function counterOf(zxid: Zxid): number {
  return zxid % COUNTERS;
}

/** `0x100000003` in ZooKeeper's manner: for people, logs and Stat output. */
export function formatZxid(zxid: Zxid): string {
  return `0x${zxid.toString(16)}`;
}

/** `2:7`, epoch and counter in decimal: the short form of transcripts and traces. */
export function shortZxid(zxid: Zxid): string {
  return `${epochOf(zxid)}:${counterOf(zxid)}`;
}

/** True for a value that can be a zxid (0 included). For use where bytes of others are checked. */
export function isZxid(value: unknown): value is Zxid {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_ZXID;
}
