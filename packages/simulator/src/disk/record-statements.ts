/**
 * The statements of the storage, each carried out on a {@link DatabaseFile}: this tier does not read SQL, it knows the
 * texts. Whoever changes a statement of the storage adds it here; an unknown one throws and is named.
 */
import { isBytes, type SqlValue } from '@synod/storage/sql';
import { lengthOf, type Change, type Content, type SmallTable } from './record-content.js';
import type { DatabaseFile } from './record-database.js';
import { failure } from './record-power.js';
import { RecordList, type EntryRow, type RecordRow, type Row } from './record-tables.js';

/** Rows of an answer, by index. */
export interface Cursor {
  readonly start: number;
  readonly end: number;
  at(index: number): Row;
}

/** How a statement is carried out; it has one of the two. */
export interface Statement {
  /** The table that must exist; '' for none. */
  readonly table: string;
  readonly read?: (content: Content, values: readonly SqlValue[]) => Cursor;
  /** Answers the number of rows changed. */
  readonly write?: (file: DatabaseFile, values: readonly SqlValue[]) => number;
}

const NOTHING: Cursor = { start: 0, end: 0, at: () => [] };

/** Every statement but PRAGMAs, transactions and the making of tables. */
export const statements: ReadonlyMap<string, Statement> = new Map<string, Statement>([
  [
    'SELECT sql FROM sqlite_schema',
    { table: '', read: ({ schema }) => ({ start: 0, end: schema.length, at: (index) => [schema[index]!] }) },
  ],
  ...smallStatements('identity', 'format, cluster, server'),
  ...smallStatements('history', 'base, baseChain, acceptedEpoch, currentEpoch, committed, state, damage'),
  ...smallStatements('header', 'format, cluster, server, number, zxid, chain, digest, rows, rowSum'),
  ...recordStatements(),
  ...entryStatements(),
]);

function smallStatements(table: SmallTable, columns: string): [string, Statement][] {
  const names = [...columns.split(', '), 'sum'];
  const marks = names.map(() => '?').join(', ');
  const set = (file: DatabaseFile, rows: readonly Row[]): void => file.change({ type: 'small', table, rows });
  return [
    [
      `SELECT ${columns}, sum FROM ${table}`,
      {
        table,
        read: (content) => {
          const rows = content.small[table];
          return { start: 0, end: rows.length, at: (index) => content.readable(rows[index]!) };
        },
      },
    ],
    [
      `INSERT INTO ${table} (${columns}, sum) VALUES (${marks})`,
      {
        table,
        write: (file, values) => {
          set(file, [...file.content.small[table], values.slice()]);
          return 1;
        },
      },
    ],
    [
      `UPDATE ${table} SET ${names.map((name) => `${name} = ?`).join(', ')}`,
      {
        table,
        write: (file, values) => {
          const old = file.content.small[table];
          for (const row of old) file.content.readable(row);
          const row = values.slice();
          set(
            file,
            old.map(() => row),
          );
          return old.length;
        },
      },
    ],
    [
      `DELETE FROM ${table}`,
      {
        table,
        write: (file) => {
          const old = file.content.small[table];
          for (const row of old) file.content.readable(row);
          set(file, []);
          return old.length;
        },
      },
    ],
  ];
}

function recordStatements(): [string, Statement][] {
  const table = 'record';
  const read = (text: string, body: NonNullable<Statement['read']>): [string, Statement] => [
    text,
    { table, read: body },
  ];
  const write = (text: string, body: NonNullable<Statement['write']>): [string, Statement] => [
    text,
    { table, write: body },
  ];
  return [
    write('INSERT INTO record (zxid, chain, body) VALUES (?, ?, ?)', insertRecord),
    read('SELECT chain FROM record WHERE zxid = ?', (content, [zxid]) => {
      const index = content.records.find(Number(zxid));
      return index < 0 ? NOTHING : { start: 0, end: 1, at: () => [recordAt(content, index)[1]] };
    }),
    read('SELECT zxid, chain, body FROM record WHERE zxid > ? ORDER BY zxid', (content, [zxid]) => {
      const { records } = content;
      return {
        start: records.above(Number(zxid)),
        end: records.length,
        at: (index) => {
          const [key, chain, body] = content.readable(records.at(index));
          return [key, chain, own(body)];
        },
      };
    }),
    read('SELECT zxid, chain, length(body) FROM record ORDER BY zxid LIMIT ?', (content, [limit]) => ({
      start: 0,
      end: Math.min(Number(limit), content.records.length),
      at: (index) => {
        const [zxid, chain, body] = recordAt(content, index);
        return [zxid, chain, body === null ? null : lengthOf(body)];
      },
    })),
    read('SELECT zxid, chain FROM record WHERE zxid <= ? ORDER BY zxid DESC LIMIT 1', (content, [zxid]) => {
      const index = content.records.above(Number(zxid)) - 1;
      return index < 0 ? NOTHING : { start: 0, end: 1, at: () => recordAt(content, index).slice(0, 2) };
    }),
    read('SELECT count(*) FROM record', (content) => ({ start: 0, end: 1, at: () => [content.records.length] })),
    read('SELECT count(*), total(length(body)) FROM record WHERE zxid > ?', (content, [zxid]) => {
      const first = content.records.above(Number(zxid));
      let total = 0;
      for (let index = first; index < content.records.length; index++) total += lengthOf(recordAt(content, index)[2]);
      return { start: 0, end: 1, at: () => [content.records.length - first, total] };
    }),
    write('DELETE FROM record WHERE zxid <= ?', (file, [zxid]) => {
      file.content.writable();
      const count = file.content.records.above(Number(zxid));
      if (count > 0) file.change({ type: 'shift', count });
      return count;
    }),
    write('DELETE FROM record WHERE zxid > ?', (file, [zxid]) => {
      file.content.writable();
      const { records } = file.content;
      const count = records.length - records.above(Number(zxid));
      for (let i = 0; i < count; i++) file.change({ type: 'pop' });
      return count;
    }),
    write('DELETE FROM record', (file) => {
      file.content.writable();
      const count = file.content.records.length;
      file.change({ type: 'records', records: new RecordList() });
      return count;
    }),
  ];
}

function entryStatements(): [string, Statement][] {
  const table = 'entry';
  return [
    [
      'SELECT sum FROM entry WHERE key = ?',
      {
        table,
        read: (content, [key]) => {
          const row = entryAt(content, String(key));
          return row === undefined ? NOTHING : { start: 0, end: 1, at: () => [row[2]] };
        },
      },
    ],
    [
      'SELECT key, value, sum FROM entry WHERE key > ? ORDER BY key',
      {
        table,
        read: (content, [key]) => {
          const { entries } = content;
          const keys = entries.keys();
          const at = (index: number): Row => {
            const [name, value, sum] = content.readable(entries.get(keys[index]!)!);
            return [name, own(value), sum];
          };
          return { start: entries.above(String(key)), end: keys.length, at };
        },
      },
    ],
    [
      'INSERT INTO entry (key, value, sum) VALUES (?, ?, ?)',
      {
        table,
        write: (file, values) => {
          const [key] = values;
          if (entryAt(file.content, String(key)) !== undefined) throw doubled('entry.key');
          return putEntry(file, values);
        },
      },
    ],
    ['INSERT OR REPLACE INTO entry (key, value, sum) VALUES (?, ?, ?)', { table, write: putEntry }],
    [
      'DELETE FROM entry WHERE key = ?',
      {
        table,
        write: (file, [key]) => {
          if (entryAt(file.content, String(key)) === undefined) return 0;
          file.change({ type: 'entry', key: String(key), row: undefined });
          return 1;
        },
      },
    ],
  ];
}

function recordAt(content: Content, index: number): RecordRow {
  return content.readable(content.records.at(index));
}

/** The row with that key; one that a damage gave another key is not found by the one it had. */
function entryAt(content: Content, key: string): EntryRow | undefined {
  const row = content.entries.get(key);
  return row !== undefined && content.readable(row)[0] === key ? row : undefined;
}

function insertRecord(file: DatabaseFile, [zxid, chain = null, body = null]: readonly SqlValue[]): number {
  const { records } = file.content;
  const place = Number(zxid);
  const row: RecordRow = [place, chain, own(body)];
  const index = records.above(place);
  if (index > 0 && records.at(index - 1)[0] === place) throw doubled('record.zxid');
  let change: Change = { type: 'push', row };
  if (index < records.length) {
    const all = records.toArray();
    all.splice(index, 0, row);
    change = { type: 'records', records: new RecordList(all) };
  }
  file.change(change);
  return 1;
}

function putEntry(file: DatabaseFile, [key, value = null, sum = null]: readonly SqlValue[]): number {
  const name = String(key);
  const old = file.content.entries.get(name);
  if (old !== undefined) file.content.readable(old);
  file.change({ type: 'entry', key: name, row: [name, own(value), sum] });
  return 1;
}

/** Bytes go in and out as copies. */
function own(value: SqlValue): SqlValue {
  return isBytes(value) ? new Uint8Array(value) : value;
}

function doubled(column: string): Error {
  return failure('SQLITE_CONSTRAINT_PRIMARYKEY', `UNIQUE constraint failed: ${column}`);
}
