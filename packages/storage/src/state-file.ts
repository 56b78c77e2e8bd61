/**
 * The state at rest in one SQLite file: rows `{ key, value }` and the row `header` that says which place of the log they
 * reflect. Both move in one transaction, so the file always shows the state at exactly one place.
 *
 * Every row has a checksum, and the header has the number of rows and the sum of their checksums: a row that is changed,
 * missing, doubled or older than it should be is found when the state is read. A file under construction (staging) has no
 * header and cannot be opened. The class is ignorant of what keys and values mean, of threads and of file names.
 */
import { addHash, Hasher, removeHash } from '@synod/protocol';
import { ORIGIN, type Position } from '@synod/zab';
import { FORMAT, type Identity } from './log-file.js';
import { checkSchema, isBytes, readSealed, seal, transaction, type Sql, type SqlStatement } from './sql.js';
import { StorageError } from './storage-error.js';

const TABLES = [
  'CREATE TABLE header (format INTEGER NOT NULL, cluster TEXT NOT NULL, server INTEGER NOT NULL, number INTEGER NOT NULL, zxid INTEGER NOT NULL, chain INTEGER NOT NULL, digest INTEGER NOT NULL, rows INTEGER NOT NULL, rowSum INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT',
  'CREATE TABLE entry (key TEXT PRIMARY KEY, value BLOB NOT NULL, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID',
];
const HEADER = 'format, cluster, server, number, zxid, chain, digest, rows, rowSum';

/** One row of the state. */
export interface StateRow {
  readonly key: string;
  readonly value: Uint8Array;
}

/** One changed row; `value` null removes it. */
export interface RowChange {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** How many rows, and the sum of their checksums: what proves that rows are complete. */
export interface Totals {
  readonly rows: number;
  readonly sum: number;
}

/** What the rows reflect. */
export interface StateHeader extends Totals {
  readonly position: Position;
  /** Digest of the state machine at that place; opaque here. */
  readonly digest: number;
}

/** Rows read in one go, and the totals of everything read from the start up to here. */
export interface RowBatch {
  readonly rows: StateRow[];
  readonly totals: Totals;
  /** Key to go on behind; null: these were the last rows. */
  readonly next: string | null;
}

/** Before the first row. */
export const NO_ROWS: Totals = { rows: 0, sum: 0 };

const EMPTY: StateHeader = { position: ORIGIN, digest: 0, rows: 0, sum: 0 };

/** One state file. */
export class StateFile {
  readonly #sql: Sql;
  readonly #identity: Identity;
  readonly #number: number;
  readonly #sumOf: SqlStatement;
  readonly #put: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #remove: SqlStatement;
  readonly #behind: SqlStatement;
  #header: StateHeader;
  #totals: Totals;
  #open = false;

  private constructor(sql: Sql, identity: Identity, number: number, header: StateHeader) {
    this.#sql = sql;
    this.#identity = identity;
    this.#number = number;
    this.#header = header;
    this.#totals = totalsOf(header);
    this.#sumOf = sql.prepare('SELECT sum FROM entry WHERE key = ?');
    this.#put = sql.prepare('INSERT OR REPLACE INTO entry (key, value, sum) VALUES (?, ?, ?)');
    this.#insert = sql.prepare('INSERT INTO entry (key, value, sum) VALUES (?, ?, ?)');
    this.#remove = sql.prepare('DELETE FROM entry WHERE key = ?');
    this.#behind = sql.prepare('SELECT key, value, sum FROM entry WHERE key > ? ORDER BY key');
  }

  /** Lays out the state before the first transaction in an empty database. */
  static create(sql: Sql, identity: Identity, number: number): StateFile {
    let state: StateFile | null = null;
    // In one transaction: tables without a header would be damage at the next start, not a first start cut short.
    transaction(sql, () => {
      state = StateFile.#layOut(sql, identity, number);
      state.#writeHeader(EMPTY);
    });
    return state!;
  }

  /** Lays out a file without a header, to be filled by {@link add} and ended by {@link finish}. */
  static stage(sql: Sql, identity: Identity, number: number): StateFile {
    let state: StateFile | null = null;
    transaction(sql, () => {
      state = StateFile.#layOut(sql, identity, number);
    });
    return state!;
  }

  /**
   * Opens a finished file; reads the header, not the rows. Throws StorageError DAMAGED (also where the file is another
   * server's or another number's), or what SQLite throws.
   */
  static open(sql: Sql, identity: Identity, number: number): StateFile {
    checkSchema(sql, TABLES);
    const fields = readSealed(sql, 'header', HEADER) as [number, string, ...number[]];
    const [format, cluster, server, own, zxid = 0, chain = 0, digest = 0, rows = 0, sum = 0] = fields;
    if (format !== FORMAT || cluster !== identity.cluster || server !== identity.server || own !== number) {
      throw new StorageError(
        'DAMAGED',
        `it is file ${String(own)} of server ${String(server)} of cluster "${cluster}"`,
      );
    }
    return new StateFile(sql, identity, number, { position: { zxid, chain }, digest, rows, sum });
  }

  /** What the rows reflect since the last finished fold. */
  get header(): StateHeader {
    return this.#header;
  }

  /**
   * One chunk of a fold. All chunks up to one with `last` are one transaction, which also moves the header: durable when
   * that call returns. Whatever it throws, the file must not be used any further.
   */
  fold(rows: Iterable<RowChange>, position: Position, digest: number, last: boolean): void {
    if (!this.#open) this.#sql.exec('BEGIN IMMEDIATE');
    this.#open = true;
    for (const { key, value } of rows) this.#change(key, value);
    if (!last) return;
    if (position.zxid < this.#header.position.zxid) throw new StorageError('INTERNAL', 'a fold goes back in the log');
    this.#writeHeader({ ...this.#totals, position, digest });
    this.#sql.exec('COMMIT');
    this.#open = false;
  }

  /** Gives up a fold whose last chunk has not come. */
  abandonFold(): void {
    if (!this.#open) return;
    this.#sql.exec('ROLLBACK');
    this.#open = false;
    this.#totals = totalsOf(this.#header);
  }

  /**
   * Rows behind the key `after` ('' for the start) in bytewise order of keys, each verified, until `maxRows` rows or
   * `maxBytes` bytes of keys and values are reached. `before` are the totals of the rows up to `after`; with the last
   * row the totals are compared with the header. Throws StorageError DAMAGED.
   */
  read(after: string, before: Totals, maxRows: number, maxBytes: number): RowBatch {
    const rows: StateRow[] = [];
    let totals = before;
    let bytes = 0;
    let ended = true;
    for (const [key, value, sum] of this.#behind.iterate(after)) {
      if (rows.length >= maxRows || bytes >= maxBytes) {
        ended = false;
        break;
      }
      const previous = rows.at(-1)?.key ?? after;
      if (typeof key !== 'string' || !isBytes(value) || rowSum(key, value) !== sum) {
        throw new StorageError('DAMAGED', `the row behind ${JSON.stringify(previous)} is damaged`);
      }
      // Pages that have changed places keep their rows whole, but no key would be found by its value any more.
      if (key <= previous && Buffer.compare(Buffer.from(key), Buffer.from(previous)) <= 0) {
        throw new StorageError('DAMAGED', `the row ${JSON.stringify(key)} stands behind ${JSON.stringify(previous)}`);
      }
      rows.push({ key, value });
      bytes += key.length + value.length;
      totals = { rows: totals.rows + 1, sum: addHash(totals.sum, sum) };
      if (totals.rows > this.#header.rows) break;
    }
    const differs = totals.rows !== this.#header.rows || totals.sum !== this.#header.sum;
    if (totals.rows > this.#header.rows || (ended && differs)) {
      throw new StorageError('DAMAGED', `its rows are not the ${this.#header.rows} rows its header speaks of`);
    }
    return { rows, totals, next: ended ? null : (rows.at(-1)?.key ?? after) };
  }

  /** Adds rows to a file under construction, in one transaction. A row that is there already throws. */
  add(rows: Iterable<StateRow>): void {
    transaction(this.#sql, () => {
      for (const { key, value } of rows) {
        const sum = rowSum(key, value);
        this.#insert.run(key, value, sum);
        this.#totals = { rows: this.#totals.rows + 1, sum: addHash(this.#totals.sum, sum) };
      }
    });
  }

  /** Of a file under construction: what was added so far. */
  get totals(): Totals {
    return this.#totals;
  }

  /** Gives a file under construction its header, which makes it a state file. */
  finish(position: Position, digest: number): void {
    transaction(this.#sql, () => this.#writeHeader({ ...this.#totals, position, digest }));
  }

  /** Closes the connection; an unfinished fold is given up. */
  close(): void {
    this.abandonFold();
    this.#sql.close();
  }

  static #layOut(sql: Sql, identity: Identity, number: number): StateFile {
    for (const table of TABLES) sql.exec(table);
    return new StateFile(sql, identity, number, EMPTY);
  }

  #change(key: string, value: Uint8Array | null): void {
    if (key === '') throw new StorageError('INTERNAL', 'a row of the state has an empty key');
    const old = this.#sumOf.get(key)?.[0];
    let { rows, sum } = this.#totals;
    if (typeof old === 'number') {
      rows--;
      sum = removeHash(sum, old);
    }
    if (value === null) {
      if (old !== undefined) this.#remove.run(key);
    } else {
      const added = rowSum(key, value);
      this.#put.run(key, value, added);
      rows++;
      sum = addHash(sum, added);
    }
    this.#totals = { rows, sum };
  }

  #writeHeader(header: StateHeader): void {
    const { format, cluster, server } = this.#identity;
    const { position, digest, rows, sum } = header;
    const fields = [format, cluster, server, this.#number, position.zxid, position.chain, digest, rows, sum];
    this.#sql.exec('DELETE FROM header');
    this.#sql
      .prepare(`INSERT INTO header (${HEADER}, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
      .run(...fields, seal(...fields));
    this.#header = header;
  }
}

function totalsOf({ rows, sum }: StateHeader): Totals {
  return { rows, sum };
}

function rowSum(key: string, value: Uint8Array): number {
  return new Hasher().string(key).bytes(value).value();
}
