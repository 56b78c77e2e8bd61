/** Jute by hand, for requests that its writer refuses to write. */

/** @param {number} value */
export function int(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** @param {string | Uint8Array | null} value @param {number} [length] in place of the true one */
export function text(value, length) {
  const bytes = Buffer.from(value ?? []);
  return Buffer.concat([int(length ?? (value === null ? -1 : bytes.length)), bytes]);
}

/** What stands in front of each operation of a multi, and behind the last. @param {number} type @param {boolean} [done] */
export function multiHeader(type, done = false) {
  return Buffer.concat([int(type), Buffer.from([Number(done)]), int(-1)]);
}

/** The access list that allows everything. */
export const openAcl = Buffer.concat([int(1), int(31), text('world'), text('anyone')]);
