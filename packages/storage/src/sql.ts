/**
 * The little of SQLite that the log and the state at rest need, so that another build of SQLite (one with a simulated
 * disk) can stand in for the driver; and the settings under which every database of ours runs.
 */
import { Hasher } from '@synod/protocol';
import { StorageError } from './storage-error.js';

export type SqlValue = number | string | Uint8Array | null;

/** A prepared statement; rows are arrays in column order. */
export interface SqlStatement {
  /** Runs it; the answer is the number of rows it changed. */
  run(...values: SqlValue[]): number;
  get(...values: SqlValue[]): SqlValue[] | undefined;
  /** Reads row by row. No other statement of the connection may write before the iteration has ended. */
  iterate(...values: SqlValue[]): IterableIterator<SqlValue[]>;
}

/** One connection to one database file. Errors carry SQLite's name of the failure as `code` (SQLITE_CORRUPT, …). */
export interface Sql {
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  /** Checkpoints and closes. Harmless when closed already. */
  close(): void;
}

/** WAL pages after which SQLite moves them to the main file, within the commit that crosses the line. */
const CHECKPOINT_PAGES = 4000;

/** Bytes of a write-ahead log up to there: frames of a page of 4 KiB with 24 bytes each, and some for the last commit. */
export const WAL_BYTES = (CHECKPOINT_PAGES + 100) * (4096 + 24);

/**
 * Makes a fresh connection exclusive, write-ahead logged and fully synchronous, and reads each setting back: the
 * driver's build makes `synchronous` NORMAL in WAL mode, under which a commit is not durable. Takes the write lock once,
 * so that a file which can only be read is noticed now. Throws StorageError UNFIT_SQLITE, or what SQLite throws.
 */
export function configure(sql: Sql): void {
  // Before anything else: whatever reads the file first decides whether the WAL's index lies in memory or in a file.
  sql.exec('PRAGMA locking_mode = EXCLUSIVE');
  const version = String(one(sql, 'SELECT sqlite_version()'));
  if (!isFitVersion(version)) {
    throw new StorageError(
      'UNFIT_SQLITE',
      `SQLite ${version} can corrupt a write-ahead log; 3.51.3 or later is needed`,
    );
  }
  const mode = String(one(sql, 'PRAGMA journal_mode = WAL'));
  if (mode !== 'wal') throw new StorageError('UNFIT_SQLITE', `SQLite runs in journal mode ${mode} instead of wal`);
  sql.exec('PRAGMA synchronous = FULL');
  const level = Number(one(sql, 'PRAGMA synchronous'));
  if (level !== 2) {
    throw new StorageError('UNFIT_SQLITE', `SQLite runs with synchronous = ${level} instead of 2 (FULL)`);
  }
  sql.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  sql.exec('PRAGMA journal_size_limit = 67108864');
  sql.exec('PRAGMA trusted_schema = OFF');
  sql.exec('PRAGMA cell_size_check = ON');
  sql.exec('BEGIN IMMEDIATE');
  sql.exec('COMMIT');
}

/**
 * True for versions without the WAL-reset bug (sqlite.org/wal.html#walresetbug); 3.52.0 was withdrawn.
 */
export function isFitVersion(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3) return major > 3;
  if (minor === 51) return patch >= 3;
  return minor > 51 && version !== '3.52.0';
}

/** Moves everything from the WAL to the main file, synced, and empties the WAL. */
export function checkpoint(sql: Sql): void {
  const busy = one(sql, 'PRAGMA wal_checkpoint(TRUNCATE)');
  if (busy !== 0) throw new StorageError('LOCKED', 'another connection keeps the write-ahead log from being emptied');
}

/** Runs `body` in one transaction that holds the write lock from its start. */
export function transaction(sql: Sql, body: () => void): void {
  sql.exec('BEGIN IMMEDIATE');
  try {
    body();
    sql.exec('COMMIT');
  } catch (error) {
    try {
      sql.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself; the first error is the one to report.
    }
    throw error;
  }
}

/** Throws StorageError DAMAGED unless the database holds exactly these tables, word for word. */
export function checkSchema(sql: Sql, tables: readonly string[]): void {
  const found: string[] = [];
  for (const [text] of sql.prepare('SELECT sql FROM sqlite_schema').iterate()) found.push(String(text));
  if (found.length !== tables.length || !tables.every((table) => found.includes(table))) {
    throw new StorageError(
      'DAMAGED',
      found.length === 0 ? 'it holds no tables' : 'its tables are not the expected ones',
    );
  }
}

/** The checksum of a row of settings. */
export function seal(...fields: (number | string | null)[]): number {
  const hasher = new Hasher(fields.length);
  for (const field of fields) {
    if (typeof field === 'number') hasher.number(field);
    else if (field === null) hasher.number(-1);
    else hasher.string(field);
  }
  return hasher.value();
}

/**
 * Reads the one row of a table whose last column is the seal of the others. Throws StorageError DAMAGED where there is
 * no such row or the seal differs.
 */
export function readSealed(sql: Sql, table: string, columns: string): (number | string | null)[] {
  const row = sql.prepare(`SELECT ${columns}, sum FROM ${table}`).get();
  if (row === undefined) throw new StorageError('DAMAGED', `its table "${table}" is empty`);
  const fields: (number | string | null)[] = [];
  for (const value of row) {
    if (typeof value === 'object' && value !== null)
      throw new StorageError('DAMAGED', `its table "${table}" is damaged`);
    fields.push(value);
  }
  const sum = fields.pop();
  if (seal(...fields) !== sum) throw new StorageError('DAMAGED', `the checksum of its table "${table}" does not match`);
  return fields;
}

/** True for a BLOB or other bytes (`instanceof` fails across realms). */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value);
}

function one(sql: Sql, query: string): SqlValue | undefined {
  return sql.prepare(query).get()?.[0];
}
