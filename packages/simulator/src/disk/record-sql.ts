/**
 * One connection to a simulated database: transactions, PRAGMAs, prepared statements, as the driver would answer them.
 */
import type { Sql, SqlStatement, SqlValue } from '@synod/storage/sql';
import { syncLevels, type DatabaseFile, type SyncLevel } from './record-database.js';
import { failure, type Power } from './record-power.js';
import { statements, type Cursor, type Statement } from './record-statements.js';
import { PowerCut } from './sim-disk.js';

/** The library whose behaviour is modelled. */
const SQLITE_VERSION = '3.53.2';

/** As the driver's build of SQLite sets it when the journal mode becomes WAL. */
const WAL_LEVEL = syncLevels.NORMAL;

/** Settings that change nothing here. */
const ignored = new Set([
  'PRAGMA locking_mode = EXCLUSIVE',
  'PRAGMA journal_size_limit = 67108864',
  'PRAGMA trusted_schema = OFF',
  'PRAGMA cell_size_check = ON',
]);

const tableText = /^CREATE TABLE (identity|history|record|header|entry) \(.*\) STRICT(, WITHOUT ROWID)?$/;

/** A connection; the file is its own from the first statement that touches it until it is closed. */
export class RecordSql implements Sql {
  readonly #file: DatabaseFile;
  readonly #power: Power;
  readonly #generation: number;
  #level: SyncLevel = syncLevels.FULL;
  #autocheckpoint = 1000;
  #closed = false;
  /** Answers that are being read row by row. */
  #reading = 0;

  constructor(file: DatabaseFile, power: Power) {
    this.#file = file;
    this.#power = power;
    this.#generation = power.generation;
  }

  exec(text: string): void {
    this.#check();
    if (text.startsWith('PRAGMA ')) return this.#set(text);
    this.#touch();
    if (this.#reading > 0) throw new TypeError('This database connection is busy executing a query');
    if (text === 'COMMIT') this.#file.commit(this.#power, this.#level, this.#autocheckpoint);
    else if (text === 'ROLLBACK') this.#file.rollback();
    else if (text === 'BEGIN IMMEDIATE' || text === 'BEGIN EXCLUSIVE') this.#file.begin();
    else if (text.startsWith('CREATE TABLE ')) this.#createTable(text);
    else this.#write(this.#find(text), []);
  }

  prepare(text: string): SqlStatement {
    this.#check();
    const asked = this.#ask(text);
    if (asked !== null) return answering(asked);
    this.#touch();
    const statement = this.#find(text);
    return {
      run: (...values) => this.#write(statement, values),
      get: (...values) => {
        const cursor = this.#read(statement, values);
        return cursor.start < cursor.end ? ([...cursor.at(cursor.start)] as SqlValue[]) : undefined;
      },
      iterate: (...values) => this.#iterate(statement, values),
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#power.check(this.#generation);
    if (this.#reading > 0) throw new TypeError('This database connection is busy executing a query');
    this.#closed = true;
    if (this.#file.holder !== this) return;
    if (this.#file.inTransaction) this.#file.rollback();
    this.#file.holder = null;
    try {
      this.#file.checkpoint(this.#power, this.#level);
    } catch (error) {
      // What could not be moved to the main file stays in the write-ahead log.
      if (error instanceof PowerCut) throw error;
    }
  }

  #check(): void {
    this.#power.check(this.#generation);
    if (this.#closed) throw new TypeError('The database connection is not open');
  }

  /** Takes the file, and its first page. */
  #touch(): void {
    this.#check();
    const file = this.#file;
    if (file.holder === null) file.holder = this;
    else if (file.holder !== this) throw failure('SQLITE_BUSY', 'database is locked');
    if (file.content.headless) throw failure('SQLITE_NOTADB', 'file is not a database');
  }

  #set(text: string): void {
    if (ignored.has(text)) return;
    const [, name, value = ''] = /^PRAGMA (synchronous|wal_autocheckpoint) = ([A-Z0-9]+)$/.exec(text) ?? [];
    if (name === 'synchronous' && value in syncLevels) this.#level = syncLevels[value as keyof typeof syncLevels];
    else if (name === 'wal_autocheckpoint') this.#autocheckpoint = Number(value);
    else throw unknown(text);
  }

  /** What is answered without a look at the tables. */
  #ask(text: string): (() => SqlValue[]) | null {
    switch (text) {
      case 'SELECT sqlite_version()':
        return () => [SQLITE_VERSION];
      case 'PRAGMA synchronous':
        return () => [this.#level];
      case 'PRAGMA journal_mode = WAL':
        return () => this.#useWal();
      case 'PRAGMA wal_checkpoint(TRUNCATE)':
        return () => {
          this.#touch();
          this.#file.checkpoint(this.#power, this.#level);
          return [0, 0, 0];
        };
      default:
        return null;
    }
  }

  #useWal(): SqlValue[] {
    this.#touch();
    if (!this.#file.content.laidOut) {
      this.#file.begin();
      this.#file.change({ type: 'laid-out', value: true });
      this.#file.commit(this.#power, this.#level, 0);
      this.#file.settleSynced();
    }
    this.#level = WAL_LEVEL;
    return ['wal'];
  }

  #createTable(text: string): void {
    const name = tableText.exec(text)?.[1];
    if (name === undefined) throw unknown(text);
    const { schema } = this.#file.content;
    if (hasTable(schema, name)) throw failure('SQLITE_ERROR', `table ${name} already exists`);
    this.#inTransaction(() => this.#file.change({ type: 'schema', schema: [...schema, text] }));
  }

  #find(text: string): Statement {
    const statement = statements.get(text);
    if (statement === undefined) throw unknown(text);
    const { table } = statement;
    if (table !== '' && !hasTable(this.#file.content.schema, table)) {
      throw failure('SQLITE_ERROR', `no such table: ${table}`);
    }
    return statement;
  }

  #write(statement: Statement, values: readonly SqlValue[]): number {
    this.#touch();
    const { write } = statement;
    if (write === undefined) throw new TypeError('This statement returns data. Use get() or iterate() instead');
    if (this.#reading > 0) throw new TypeError('This database connection is busy executing a query');
    let changed = 0;
    this.#inTransaction(() => {
      changed = write(this.#file, values);
    });
    return changed;
  }

  #inTransaction(body: () => void): void {
    if (this.#file.inTransaction) return body();
    this.#file.begin();
    try {
      body();
    } catch (error) {
      this.#file.rollback();
      throw error;
    }
    this.#file.commit(this.#power, this.#level, this.#autocheckpoint);
  }

  #read(statement: Statement, values: readonly SqlValue[]): Cursor {
    this.#touch();
    if (statement.read === undefined) throw new TypeError('This statement does not return data. Use run() instead');
    return statement.read(this.#file.content, values);
  }

  *#iterate(statement: Statement, values: readonly SqlValue[]): Generator<SqlValue[]> {
    const cursor = this.#read(statement, values);
    this.#reading++;
    try {
      for (let index = cursor.start; index < cursor.end; index++) {
        yield cursor.at(index) as SqlValue[];
      }
    } finally {
      this.#reading--;
    }
  }
}

function answering(ask: () => SqlValue[]): SqlStatement {
  return {
    run: () => {
      ask();
      return 0;
    },
    get: ask,
    iterate: () => [ask()][Symbol.iterator](),
  };
}

function hasTable(schema: readonly string[], name: string): boolean {
  return schema.some((text) => text.startsWith(`CREATE TABLE ${name} (`));
}

function unknown(text: string): Error {
  return new Error(`the simulated database does not know the statement: ${text}`);
}
