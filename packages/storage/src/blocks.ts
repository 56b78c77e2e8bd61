/**
 * Records and rows as one buffer each, so that they cross between threads by transfer instead of being cloned object by
 * object. Both threads are ours and of one version: nothing is validated here.
 *
 * Records: zxids (64-bit floats), chains (64-bit floats), body lengths (32 bits), bodies.
 * Rows: pairs of key length in bytes and value length (32 bits; 0xffffffff for a removed row), then key and value bytes.
 */
import type { LogRecord } from '@synod/zab';
import type { RowChange } from './state-file.js';

/** `count` records or rows in one buffer. */
export interface Block {
  readonly count: number;
  readonly buffer: ArrayBuffer;
}

const REMOVED = 0xffff_ffff;

/** Copies the records of several lists into one block. */
export function packRecords(lists: readonly (readonly LogRecord[])[]): Block {
  let count = 0;
  let size = 0;
  for (const records of lists) {
    count += records.length;
    for (const record of records) size += record.body.length;
  }
  const buffer = new ArrayBuffer(count * 20 + size);
  const { zxids, chains, lengths, bodies } = recordViews(buffer, count);
  let index = 0;
  let at = 0;
  for (const records of lists) {
    for (const { zxid, chain, body } of records) {
      zxids[index] = zxid;
      chains[index] = chain;
      lengths[index] = body.length;
      bodies.set(body, at);
      at += body.length;
      index++;
    }
  }
  return { count, buffer };
}

/** The records of a block; their bodies are views into it. */
export function unpackRecords({ count, buffer }: Block): LogRecord[] {
  const { zxids, chains, lengths, bodies } = recordViews(buffer, count);
  const records: LogRecord[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const end = at + lengths[index]!;
    records.push({ zxid: zxids[index]!, chain: chains[index]!, body: bodies.subarray(at, end) });
    at = end;
  }
  return records;
}

/** Copies rows into one block. */
export function packRows(rows: readonly RowChange[]): Block {
  let size = rows.length * 8;
  for (const { key, value } of rows) size += Buffer.byteLength(key) + (value?.length ?? 0);
  const buffer = new ArrayBuffer(size);
  const bytes = Buffer.from(buffer);
  const lengths = new Uint32Array(buffer, 0, rows.length * 2);
  let at = rows.length * 8;
  for (const [index, { key, value }] of rows.entries()) {
    const keyBytes = bytes.write(key, at);
    lengths[index * 2] = keyBytes;
    lengths[index * 2 + 1] = value?.length ?? REMOVED;
    at += keyBytes;
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
  return { count: rows.length, buffer };
}

/** The rows of a block; their values are views into it. */
export function unpackRows({ count, buffer }: Block): RowChange[] {
  const bytes = Buffer.from(buffer);
  const plain = new Uint8Array(buffer);
  const lengths = new Uint32Array(buffer, 0, count * 2);
  const rows: RowChange[] = [];
  let at = count * 8;
  for (let index = 0; index < count; index++) {
    const middle = at + lengths[index * 2]!;
    const key = bytes.toString('utf8', at, middle);
    const length = lengths[index * 2 + 1]!;
    at = length === REMOVED ? middle : middle + length;
    rows.push({ key, value: length === REMOVED ? null : plain.subarray(middle, at) });
  }
  return rows;
}

function recordViews(
  buffer: ArrayBuffer,
  count: number,
): { zxids: Float64Array; chains: Float64Array; lengths: Uint32Array; bodies: Uint8Array } {
  return {
    zxids: new Float64Array(buffer, 0, count),
    chains: new Float64Array(buffer, count * 8, count),
    lengths: new Uint32Array(buffer, count * 16, count),
    bodies: new Uint8Array(buffer, count * 20),
  };
}
