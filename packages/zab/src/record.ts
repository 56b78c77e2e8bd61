import { Hasher, type Zxid } from '@synod/protocol';

/**
 * One record of the log: an opaque transaction and what proves it.
 *
 * `chain` is the hash of the record before it (its chain), this zxid and this body: two logs that agree on the chain of
 * a zxid agree on everything up to it, and a damaged, missing or exchanged record breaks the chain at that place.
 */
export interface LogRecord {
  readonly zxid: Zxid;
  readonly chain: number;
  readonly body: Uint8Array;
}

/** A place in the log: everything up to and including `zxid`. `{ zxid: 0, chain: 0 }` is the place before the first. */
export interface Position {
  readonly zxid: Zxid;
  readonly chain: number;
}

/** The place before the first record. */
export const ORIGIN: Position = { zxid: 0, chain: 0 };

/** The chain hash of a record with this zxid and body behind a record with chain `previous`. */
export function chainHash(previous: number, zxid: Zxid, body: Uint8Array): number {
  return new Hasher(previous).number(zxid).bytes(body).value();
}

/** Makes the record that follows `previous`. */
export function nextRecord(previous: Position, zxid: Zxid, body: Uint8Array): LogRecord {
  return { zxid, chain: chainHash(previous.chain, zxid, body), body };
}
