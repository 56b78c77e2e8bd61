/**
 * The state as it travels to another server: chunks of packed rows, `[[key, value], …]`.
 *
 * The last chunk ends with a row whose key is empty (no row of a state has one) and whose value is the packed totals
 * `[rows, sum of their checksums]`, by which the receiver knows that what it staged is all there is and as it was sent.
 * The digest of the state machine travels beside; only the state machine can compute it, when it loads the rows.
 */
import { limits, pack, unpackForeign } from '@synod/protocol';
import { isBytes } from './sql.js';
import type { StateRow, Totals } from './state-file.js';

/** Bytes of keys and values that one chunk carries, more or less. */
export const CHUNK_BYTES = 256 * 1024;

/** Packs rows; `totals` belongs to the last chunk alone. */
export function packChunk(rows: readonly StateRow[], totals: Totals | null): Uint8Array<ArrayBuffer> {
  const pairs: [string, Uint8Array][] = rows.map(({ key, value }) => [key, value]);
  if (totals !== null) pairs.push(['', pack([totals.rows, totals.sum]).slice()]);
  return new Uint8Array(pack(pairs));
}

/** Unpacks bytes of another server. The answer is words where they are not a chunk. */
export function unpackChunk(bytes: Uint8Array): { rows: StateRow[]; totals: Totals | null } | string {
  let pairs: unknown;
  try {
    pairs = unpackForeign(bytes, limits.peerFrameBytes);
  } catch (error) {
    return String(error);
  }
  if (!Array.isArray(pairs)) return 'a chunk of a state is not a list of rows';
  const rows: StateRow[] = [];
  let totals: Totals | null = null;
  for (const pair of pairs as unknown[]) {
    if (totals !== null) return 'a chunk of a state goes on behind its totals';
    if (!Array.isArray(pair) || pair.length !== 2) return 'a row of a state is not a pair';
    const [key, value] = pair as unknown[];
    if (typeof key !== 'string' || !isBytes(value)) return 'a row of a state is not a key and bytes';
    if (key !== '') rows.push({ key, value });
    else {
      totals = readTotals(value);
      if (totals === null) return 'the totals of a state are not readable';
    }
  }
  return { rows, totals };
}

function readTotals(bytes: Uint8Array): Totals | null {
  let fields: unknown;
  try {
    fields = unpackForeign(bytes);
  } catch {
    return null;
  }
  if (!Array.isArray(fields) || fields.length !== 2) return null;
  const [rows, sum] = fields as unknown[];
  return typeof rows === 'number' && typeof sum === 'number' ? { rows, sum } : null;
}
