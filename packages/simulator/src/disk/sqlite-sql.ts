/**
 * The port `Sql` over SQLite as WebAssembly: what better-sqlite3 is to the real storage, and in its manners (numbers are
 * bound as floating point, blobs are copied out, no writing while rows are read).
 *
 * Where the power is cut, SQLite only sees an error of its file; whatever it makes of that, the caller gets PowerCut.
 */
import { utf8Of } from '@synod/protocol/utf8';
import type { Sql, SqlStatement, SqlValue } from '@synod/storage/sql';
import type { SectorFiles } from './sector-files.js';
import { PowerCut } from './sim-disk.js';
import type { Pointer, SqliteModule } from './sqlite-module.js';

const OK = 0;
const ROW = 100;
const DONE = 101;
const OPEN_READWRITE = 0x2;
const OPEN_CREATE = 0x4;
const OPEN_EXRESCODE = 0x2000000;
const PREPARE_PERSISTENT = 1;
/** SQLite copies the bytes before it returns. */
const TRANSIENT = -1;
const Type = { integer: 1, float: 2, text: 3, blob: 4 } as const;
/** As the driver's build has it; SQLite's own size in this build is another. */
const PAGE_BYTES = 4096;

const encoder = new TextEncoder();

/** What SQLite refused. */
export class SqliteError extends Error {
  /** SQLite's name of the failure, the extended one: SQLITE_IOERR_FSYNC. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'SqliteError';
    this.code = code;
  }
}

/** One connection. */
export class SectorSql implements Sql {
  readonly #module: SqliteModule;
  readonly #files: SectorFiles;
  #db: Pointer;
  /** Compiled statements that nobody is stepping, by their text. */
  readonly #idle = new Map<string, Pointer[]>();
  readonly #statements: Pointer[] = [];
  #reading = 0;

  /** Throws SqliteError SQLITE_CANTOPEN where `create` is false and there is no such file. */
  constructor(module: SqliteModule, files: SectorFiles, path: string, create: boolean) {
    this.#module = module;
    this.#files = files;
    const name = this.#put(encoder.encode(`${path}\0`), 8);
    const flags = OPEN_READWRITE | OPEN_EXRESCODE | (create ? OPEN_CREATE : 0);
    const code = module.c.sqlite3_open_v2(name, module.scratch(8), flags, 0);
    this.#db = module.pointerAt(module.scratch(8));
    try {
      this.#check(code);
      this.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  exec(sql: string): void {
    this.#refuseWhileReading();
    const statement = this.#take(sql);
    this.#finish(sql, statement, () => {
      while (this.#step(statement));
    });
  }

  prepare(sql: string): SqlStatement {
    this.#give(sql, this.#take(sql));
    return {
      run: (...values) => this.#run(sql, values),
      get: (...values) => this.#get(sql, values),
      iterate: (...values) => this.#iterate(sql, values),
    };
  }

  close(): void {
    if (this.#db === 0) return;
    this.#refuseWhileReading();
    this.#free();
    if (this.#files.dead) throw new PowerCut();
  }

  /** The process is gone: frees the memory; whoever still calls gets PowerCut. The files must not answer any more. */
  abandon(): void {
    this.#reading = 0;
    this.#free();
  }

  #run(sql: string, values: readonly SqlValue[]): number {
    this.#refuseWhileReading();
    const statement = this.#take(sql);
    return this.#finish(sql, statement, () => {
      this.#bind(statement, values);
      while (this.#step(statement));
      return this.#module.c.sqlite3_changes(this.#db);
    });
  }

  #get(sql: string, values: readonly SqlValue[]): SqlValue[] | undefined {
    const statement = this.#take(sql);
    return this.#finish(sql, statement, () => {
      this.#bind(statement, values);
      return this.#step(statement) ? this.#row(statement) : undefined;
    });
  }

  *#iterate(sql: string, values: readonly SqlValue[]): Generator<SqlValue[]> {
    const statement = this.#take(sql);
    this.#reading++;
    try {
      this.#bind(statement, values);
      while (this.#step(statement)) yield this.#row(statement);
    } finally {
      if (this.#db !== 0) {
        this.#reading--;
        this.#give(sql, statement);
      }
    }
  }

  /** A compiled statement of our own. */
  #take(sql: string): Pointer {
    this.#alive();
    const idle = this.#idle.get(sql)?.pop();
    if (idle !== undefined) return idle;
    const { c } = this.#module;
    const text = encoder.encode(`${sql}\0`);
    const address = this.#put(text, 8);
    const code = c.sqlite3_prepare_v3(this.#db, address, text.length, PREPARE_PERSISTENT, address - 8, address - 4);
    this.#check(code);
    const statement = this.#module.pointerAt(address - 8);
    if (this.#module.pointerAt(address - 4) - address !== text.length - 1) {
      throw new Error(`more than one statement: ${sql}`);
    }
    this.#statements.push(statement);
    return statement;
  }

  #give(sql: string, statement: Pointer): void {
    this.#module.c.sqlite3_reset(statement);
    const idle = this.#idle.get(sql);
    if (idle === undefined) this.#idle.set(sql, [statement]);
    else idle.push(statement);
  }

  #finish<T>(sql: string, statement: Pointer, body: () => T): T {
    try {
      return body();
    } finally {
      this.#give(sql, statement);
    }
  }

  /** True where there is a row. */
  #step(statement: Pointer): boolean {
    this.#alive();
    const code = this.#module.c.sqlite3_step(statement);
    if (code === ROW || code === DONE) {
      if (this.#files.dead) throw new PowerCut();
      return code === ROW;
    }
    this.#check(code);
    return false;
  }

  #bind(statement: Pointer, values: readonly SqlValue[]): void {
    const { c } = this.#module;
    if (c.sqlite3_bind_parameter_count(statement) !== values.length) {
      throw new RangeError('another number of values than the statement has places');
    }
    for (const [index, value] of values.entries()) {
      const at = index + 1;
      if (typeof value === 'number') this.#check(c.sqlite3_bind_double(statement, at, value));
      else if (value === null) this.#check(c.sqlite3_bind_null(statement, at));
      else if (typeof value === 'string') {
        const bytes = encoder.encode(value);
        this.#check(c.sqlite3_bind_text(statement, at, this.#put(bytes, 0), bytes.length, TRANSIENT));
      } else if (value.length === 0) this.#check(c.sqlite3_bind_zeroblob(statement, at, 0));
      else this.#check(c.sqlite3_bind_blob(statement, at, this.#put(value, 0), value.length, TRANSIENT));
    }
  }

  #row(statement: Pointer): SqlValue[] {
    const { c } = this.#module;
    const count = c.sqlite3_column_count(statement);
    const row: SqlValue[] = [];
    for (let column = 0; column < count; column++) {
      const type = c.sqlite3_column_type(statement, column);
      if (type === Type.integer || type === Type.float) row.push(c.sqlite3_column_double(statement, column));
      else if (type === Type.text) {
        const start = c.sqlite3_column_text(statement, column);
        row.push(utf8Of(this.#module.heap, start, start + c.sqlite3_column_bytes(statement, column)));
      } else if (type === Type.blob) {
        const start = c.sqlite3_column_blob(statement, column);
        row.push(this.#module.heap.slice(start, start + c.sqlite3_column_bytes(statement, column)));
      } else row.push(null);
    }
    return row;
  }

  /** Copies bytes to where SQLite can read them, behind so many free ones. */
  #put(bytes: Uint8Array, before: number): Pointer {
    const address = this.#module.scratch(bytes.length + before) + before;
    this.#module.heap.set(bytes, address);
    return address;
  }

  #check(code: number): void {
    if (code === OK) return;
    if (this.#files.dead) throw new PowerCut();
    const { c, heap } = this.#module;
    const extended = this.#db === 0 ? code : c.sqlite3_extended_errcode(this.#db);
    const start = this.#db === 0 ? 0 : c.sqlite3_errmsg(this.#db);
    const message = start === 0 ? 'out of memory' : utf8Of(heap, start, heap.indexOf(0, start));
    throw new SqliteError(this.#module.nameOf((extended & 0xff) === (code & 0xff) ? extended : code), message);
  }

  #alive(): void {
    if (this.#files.dead) throw new PowerCut();
    if (this.#db === 0) throw new TypeError('The database connection is not open');
  }

  #refuseWhileReading(): void {
    if (this.#reading > 0) throw new TypeError('This database connection is busy executing a query');
  }

  #free(): void {
    const { c } = this.#module;
    for (const statement of this.#statements) c.sqlite3_finalize(statement);
    this.#statements.length = 0;
    this.#idle.clear();
    const db = this.#db;
    this.#db = 0;
    if (db !== 0) c.sqlite3_close_v2(db);
  }
}
