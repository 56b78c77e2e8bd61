/**
 * What the pages that SQLite writes hold, without SQLite: the rows of table leaf pages (sqlite.org/fileformat2.html), as
 * far as the log of a server needs it. So a trace of writes tells which record reaches the disk with which sync.
 */

/** The zxids of records, and the epochs, that one page holds. */
export interface PageContent {
  readonly zxids: readonly number[];
  /** From the row `history`, where this is its page. */
  readonly epochs: { readonly accepted: number; readonly current: number } | null;
}

const LEAF = 0x0d;
/** Columns of the tables of log.db. */
const RECORD_COLUMNS = 3;
const HISTORY_COLUMNS = 8;
const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8];

const known = new WeakMap<Buffer, PageContent>();

/** What a page of log.db holds; a page of another kind holds nothing. The answer for a buffer is remembered. */
export function readPage(page: Buffer): PageContent {
  const content = known.get(page) ?? parsePage(page);
  known.set(page, content);
  return content;
}

function parsePage(page: Buffer): PageContent {
  const zxids: number[] = [];
  let epochs: PageContent['epochs'] = null;
  // The first page begins with the file's header and holds the schema.
  const cells = page[0] === LEAF ? page.readUInt16BE(3) : 0;
  for (let i = 0; i < cells; i++) {
    const cell = page.readUInt16BE(8 + 2 * i);
    const [, keyAt] = varint(page, cell);
    const [key, payload] = varint(page, keyAt);
    const [headBytes, firstType] = varint(page, payload);
    const types: number[] = [];
    for (let at = firstType; at < payload + headBytes;) {
      const [type, next] = varint(page, at);
      types.push(type);
      at = next;
    }
    if (types.length === RECORD_COLUMNS) zxids.push(key);
    if (types.length === HISTORY_COLUMNS) {
      const [, , accepted = 0, current = 0] = integers(page, payload + headBytes, types.slice(0, 4));
      epochs = { accepted, current };
    }
  }
  return { zxids, epochs };
}

function integers(page: Buffer, start: number, types: readonly number[]): number[] {
  let at = start;
  return types.map((type) => {
    if (type === 8 || type === 9) return type - 8;
    const bytes = INTEGER_BYTES[type];
    if (bytes === undefined) throw new Error(`a column of the row "history" is no integer (serial type ${type})`);
    const value = bytes === 0 ? 0 : bytes === 8 ? Number(page.readBigInt64BE(at)) : page.readIntBE(at, bytes);
    at += bytes;
    return value;
  });
}

/** A variable-length integer and where the next byte stands. */
function varint(page: Buffer, start: number): [number, number] {
  let value = 0;
  for (let at = start; at < start + 8; at++) {
    const byte = page[at]!;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + 1];
  }
  return [value * 256 + page[start + 8]!, start + 9];
}
