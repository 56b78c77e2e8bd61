/**
 * What one simulated database holds, and the changes of it: each can be carried out and answers the change that undoes it.
 * So a transaction is undone, a commit that was lost in a crash too, and one that SQLite forgot and the file did not is
 * done again.
 */
import type { SqlValue } from '@synod/storage/sql';
import { EntryTable, RecordList, type EntryRow, type RecordRow, type Row } from './record-tables.js';

/** Tables of a few rows, kept as they are. */
export const smallTables = ['identity', 'history', 'header'] as const;
export type SmallTable = (typeof smallTables)[number];

export function isSmallTable(name: string): name is SmallTable {
  return (smallTables as readonly string[]).includes(name);
}

/** One change of the content. */
export type Change =
  | { readonly type: 'laid-out'; readonly value: boolean }
  | { readonly type: 'schema'; readonly schema: readonly string[] }
  | { readonly type: 'small'; readonly table: SmallTable; readonly rows: readonly Row[] }
  | { readonly type: 'push'; readonly row: RecordRow }
  | { readonly type: 'pop' }
  | { readonly type: 'shift'; readonly count: number }
  | { readonly type: 'unshift'; readonly rows: readonly RecordRow[] }
  | { readonly type: 'records'; readonly records: RecordList }
  | { readonly type: 'entry'; readonly key: string; readonly row: EntryRow | undefined };

const POP: Change = { type: 'pop' };

/** Rows that lie on pages which cannot be read any more, in whatever copy they are. */
const unreadable = new WeakSet<Row>();

/** SQLite's overhead of a row, roughly. */
const ROW_BYTES = 16;

/** Tables and rows of one database. */
export class Content {
  /** False for the empty file that a new database is. */
  laidOut = false;
  /** The texts of the tables, in the order of their making. */
  schema: readonly string[] = [];
  /** The first page cannot be read. */
  headless = false;
  readonly small: Record<SmallTable, readonly Row[]> = { identity: [], history: [], header: [] };
  records = new RecordList();
  entries = new EntryTable();
  /** Bytes of records and entries. */
  bytes = 0;
  /** Some row is marked as unreadable. */
  #torn = false;

  /** Carries out a change; answers the one that undoes it. */
  change(change: Change): Change {
    switch (change.type) {
      case 'laid-out': {
        const value = this.laidOut;
        this.laidOut = change.value;
        return { type: 'laid-out', value };
      }
      case 'schema': {
        const { schema } = this;
        this.schema = change.schema;
        return { type: 'schema', schema };
      }
      case 'small': {
        const rows = this.small[change.table];
        this.small[change.table] = change.rows;
        return { type: 'small', table: change.table, rows };
      }
      case 'entry': {
        const old = this.entries.set(change.key, change.row);
        this.bytes += sizeOf(change.row) - sizeOf(old);
        return { type: 'entry', key: change.key, row: old };
      }
      default:
        return this.#changeRecords(change);
    }
  }

  /** Throws SQLITE_CORRUPT where a row lies on a page that cannot be read. */
  readable<T extends Row>(row: T): T {
    if (this.#torn && unreadable.has(row)) throw malformed();
    return row;
  }

  /** Throws where a change of any row would have to pass a page that cannot be read. */
  writable(): void {
    if (this.#torn) throw malformed();
  }

  /** The page of that row cannot be read any more. */
  tear(row: Row): void {
    unreadable.add(row);
    this.#torn = true;
  }

  clone(): Content {
    const copy = new Content();
    copy.laidOut = this.laidOut;
    copy.schema = this.schema;
    copy.headless = this.headless;
    Object.assign(copy.small, this.small);
    copy.records = new RecordList(this.records.toArray());
    copy.entries = this.entries.clone();
    copy.bytes = this.bytes;
    copy.#torn = this.#torn;
    return copy;
  }

  #changeRecords(change: Exclude<Change, { readonly type: 'laid-out' | 'schema' | 'small' | 'entry' }>): Change {
    const { records } = this;
    switch (change.type) {
      case 'push':
        records.push(change.row);
        this.bytes += sizeOf(change.row);
        return POP;
      case 'pop': {
        const row = records.pop();
        this.bytes -= sizeOf(row);
        return { type: 'push', row };
      }
      case 'shift': {
        const rows = records.shift(change.count);
        for (const row of rows) this.bytes -= sizeOf(row);
        return { type: 'unshift', rows };
      }
      case 'unshift':
        records.unshift(change.rows);
        for (const row of change.rows) this.bytes += sizeOf(row);
        return { type: 'shift', count: change.rows.length };
      case 'records':
        // A list that is part of a change is never written to: the change may be carried out on several copies.
        this.records = new RecordList(change.records.toArray());
        this.bytes += listBytes(change.records) - listBytes(records);
        return { type: 'records', records };
    }
  }
}

/** What SQLite throws where a page makes no sense. */
export function malformed(): Error {
  return Object.assign(new Error('database disk image is malformed'), { code: 'SQLITE_CORRUPT' });
}

/** Bytes of a value, as far as it varies. */
export function lengthOf(value: SqlValue): number {
  return typeof value === 'object' || typeof value === 'string' ? (value?.length ?? 0) : 8;
}

function sizeOf(row: Row | undefined): number {
  if (row === undefined) return 0;
  let size = ROW_BYTES;
  for (const value of row) size += lengthOf(value);
  return size;
}

function listBytes(records: RecordList): number {
  let sum = 0;
  for (let i = 0; i < records.length; i++) sum += sizeOf(records.at(i));
  return sum;
}
