/**
 * Jute's `long`: 64 bits with a sign, which a JavaScript number does not hold. A value has one form only, so `===` and `<`
 * mean what they say: a number where it is a safe integer, which all of Synod's own zxids, sessions and times are, and a
 * bigint otherwise. A client that comes from another ensemble shows such ids; rounded, they could be somebody else's.
 */
export type Long = number | bigint;

const WORD = 2 ** 32;

/** The value of two halves: `high` with a sign (−2^31 to 2^31 − 1), `low` without one (0 to 2^32 − 1). */
export function longOf(high: number, low: number): Long {
  const value = high * WORD + low;
  return Number.isSafeInteger(value) ? value : BigInt(high) * 0x1_0000_0000n + BigInt(low);
}

/** The upper half of a value, with its sign. Throws an Error for what is no such value: that is a bug of the caller. */
export function highOf(value: Long): number {
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) !== value) throw new Error(`${value} has more than 64 bits`);
    return Number(value >> 32n);
  }
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is no safe integer`);
  return Math.floor(value / WORD);
}

/** The lower half of a value, without a sign. */
export function lowOf(value: Long): number {
  return typeof value === 'bigint' ? Number(value & 0xffff_ffffn) : value - Math.floor(value / WORD) * WORD;
}
