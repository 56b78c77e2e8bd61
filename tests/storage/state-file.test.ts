/** The state at rest as a plain class over SQLite. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { pack } from '@synod/protocol';
import { configure, FORMAT, NO_ROWS, openSqlite, StateFile, type Sql, type StateRow } from '@synod/storage';
import { packChunk, unpackChunk } from '@synod/storage/state-chunk';
import { ORIGIN } from '@synod/zab';
import { copyRow, freshDir, rowsOf } from './support.js';

const IDENTITY = { format: FORMAT, cluster: 'test', server: 1 };
const PLACE = { zxid: 10, chain: 20 };

function fresh(): { sql: Sql; path: string; state: StateFile } {
  const path = `${freshDir()}.db`;
  const sql = openSqlite(path, true);
  configure(sql);
  return { sql, path, state: StateFile.create(sql, IDENTITY, 1) };
}

function reopen(state: StateFile, path: string): { sql: Sql; state: StateFile } {
  state.close();
  const sql = openSqlite(path, false);
  configure(sql);
  return { sql, state: StateFile.open(sql, IDENTITY, 1) };
}

function readAll(state: StateFile, maxRows = 7): StateRow[] {
  const rows: StateRow[] = [];
  let after: string | null = '';
  let totals = NO_ROWS;
  while (after !== null) {
    const batch = state.read(after, totals, maxRows, 1e9);
    rows.push(...batch.rows.map(copyRow));
    totals = batch.totals;
    after = batch.next;
  }
  return rows;
}

test('an empty state', () => {
  const { path, state } = fresh();
  const again = reopen(state, path);
  expect(again.state.header).toEqual({ position: ORIGIN, digest: 0, rows: 0, sum: 0 });
  expect(readAll(again.state)).toEqual([]);
  again.state.close();
});

test('folds add, replace and remove rows, and the header counts along', () => {
  const { path, state } = fresh();
  const rows = rowsOf(50, 1);
  state.fold(rows, PLACE, 77, true);
  const changed = { key: rows[10]!.key, value: new Uint8Array([1, 2, 3]) };
  const removed = { key: rows[20]!.key, value: null };
  state.fold([changed, removed], { zxid: 11, chain: 21 }, 78, false);
  state.fold([{ key: 'n/absent', value: null }], { zxid: 11, chain: 21 }, 78, true);
  const again = reopen(state, path);
  expect(again.state.header).toMatchObject({ position: { zxid: 11, chain: 21 }, digest: 78, rows: 49 });
  const expected = rows
    .filter(({ key }) => key !== removed.key)
    .map((row) => (row.key === changed.key ? changed : row));
  expect(readAll(again.state)).toEqual(expected);
  again.state.close();
});

test('a fold without its last chunk leaves no trace', () => {
  const { path, state } = fresh();
  state.fold(rowsOf(5, 1), PLACE, 1, true);
  state.fold(rowsOf(9, 2), { zxid: 11, chain: 1 }, 2, false);
  state.abandonFold();
  state.fold([{ key: 'n/z', value: new Uint8Array(1) }], { zxid: 12, chain: 1 }, 3, false);
  const again = reopen(state, path);
  expect(again.state.header).toMatchObject({ position: PLACE, rows: 5 });
  expect(readAll(again.state)).toEqual(rowsOf(5, 1));
  again.state.close();
});

test('rows come in the bytewise order of their keys, whatever characters they have', () => {
  const { path, state } = fresh();
  const keys = ['n/', 'n/a', 'n/a/b', 'n/a-b', 'n/é', 'n/\u{1f600}', 'n/\uffee', 's0000000000000001', 'n/a\u0001'];
  state.fold(
    keys.map((key) => ({ key, value: new Uint8Array(2) })),
    PLACE,
    1,
    true,
  );
  const again = reopen(state, path);
  const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(readAll(again.state, 1).map(({ key }) => key)).toEqual(sorted);
  again.state.close();
});

test('a fold that goes back, and a row without a key, are bugs', () => {
  const { state } = fresh();
  state.fold([], PLACE, 1, true);
  expect(() => {
    state.fold([], { zxid: 9, chain: 0 }, 1, true);
  }).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  state.abandonFold();
  expect(() => {
    state.fold([{ key: '', value: new Uint8Array(1) }], PLACE, 1, true);
  }).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  state.close();
});

describe('damage is found when the rows are read', () => {
  test.each<[string, string]>([
    ['a changed value', "UPDATE entry SET value = x'00' WHERE key = 'n/000004'"],
    ['a changed key', "UPDATE entry SET key = 'n/000004x' WHERE key = 'n/000004'"],
    ['a missing row', "DELETE FROM entry WHERE key = 'n/000004'"],
    ['a missing last row', "DELETE FROM entry WHERE key = 'n/000009'"],
    ['no rows', 'DELETE FROM entry'],
    ['one row in place of another', "UPDATE OR REPLACE entry SET key = 'n/000005' WHERE key = 'n/000004'"],
    ['a row too many', "INSERT INTO entry SELECT 'n/0', value, sum FROM entry LIMIT 1"],
  ])('%s', (_, harm) => {
    const { sql, path, state } = fresh();
    state.fold(rowsOf(10, 1), PLACE, 1, true);
    sql.exec(harm);
    const again = reopen(state, path);
    for (const maxRows of [1, 3, 100]) {
      expect(() => readAll(again.state, maxRows)).toThrow(expect.objectContaining({ code: 'DAMAGED' }));
    }
    again.state.close();
  });

  test('an old version of a row, with a checksum that is right', () => {
    const { sql, path, state } = fresh();
    state.fold(rowsOf(10, 1), PLACE, 1, true);
    sql.exec("CREATE TEMP TABLE old AS SELECT * FROM entry WHERE key = 'n/000004'");
    state.fold([{ key: 'n/000004', value: new Uint8Array(9) }], { zxid: 11, chain: 1 }, 1, true);
    sql.exec('REPLACE INTO entry SELECT * FROM old');
    const again = reopen(state, path);
    expect(() => readAll(again.state)).toThrow(expect.objectContaining({ code: 'DAMAGED' }));
    again.state.close();
  });
});

test('pages that have changed places: every row is whole, and none is where it is looked for', () => {
  const { path, state } = fresh();
  state.fold(rowsOf(1000, 1), PLACE, 1, true);
  state.close();
  const bytes = readFileSync(path);
  const leaves: number[] = [];
  for (let page = 4096; page < bytes.length; page += 4096) if (bytes[page] === 0x0a) leaves.push(page);
  const [a, b] = [leaves.at(-1)!, leaves.at(-3)!];
  const kept = Buffer.from(bytes.subarray(a, a + 4096));
  bytes.copyWithin(a, b, b + 4096);
  kept.copy(bytes, b);
  writeFileSync(path, bytes);
  const sql = openSqlite(path, false);
  const again = StateFile.open(sql, IDENTITY, 1);
  for (const maxRows of [3, 10_000]) {
    expect(() => readAll(again, maxRows)).toThrow(expect.objectContaining({ code: 'DAMAGED' }));
  }
  again.close();
});

describe('damage is found when the file is opened', () => {
  test.each<[string, string]>([
    ['a changed header', 'UPDATE header SET zxid = zxid + 1'],
    ['no header', 'DELETE FROM header'],
    ['another table', 'DROP TABLE entry'],
  ])('%s', (_, harm) => {
    const { sql, path, state } = fresh();
    state.fold(rowsOf(10, 1), PLACE, 1, true);
    sql.exec(harm);
    expect(() => reopen(state, path)).toThrow(expect.objectContaining({ code: 'DAMAGED' }));
  });

  test('the file of another server, and one under another number', () => {
    const { path, state } = fresh();
    state.close();
    const sql = openSqlite(path, false);
    expect(() => StateFile.open(sql, { ...IDENTITY, server: 2 }, 1)).toThrow(/server 1 of cluster "test"/);
    expect(() => StateFile.open(sql, IDENTITY, 2)).toThrow(/it is file 1/);
    sql.close();
  });

  test('a file under construction', () => {
    const path = `${freshDir()}.db`;
    const sql = openSqlite(path, true);
    configure(sql);
    const stage = StateFile.stage(sql, IDENTITY, 1);
    stage.add(rowsOf(10, 1));
    expect(() => StateFile.open(sql, IDENTITY, 1)).toThrow(/"header" is empty/);
    expect(() => {
      stage.add(rowsOf(1, 1));
    }).toThrow();
    stage.finish(PLACE, 5);
    expect(readAll(StateFile.open(sql, IDENTITY, 1))).toEqual(rowsOf(10, 1));
    sql.close();
  });
});

describe('chunks of another server', () => {
  const rows = rowsOf(3, 1);

  test('there and back', () => {
    const content = unpackChunk(packChunk(rows, { rows: 3, sum: 2 ** 52 - 1 }));
    if (typeof content === 'string') throw new Error(content);
    expect(content.rows.map(copyRow)).toEqual(rows);
    expect(content.totals).toEqual({ rows: 3, sum: 2 ** 52 - 1 });
    expect(unpackChunk(packChunk([], null))).toEqual({ rows: [], totals: null });
  });

  test.each<[string, unknown]>([
    ['no list', 5],
    ['no pairs', [1]],
    ['a triple', [['a', new Uint8Array(1), 1]]],
    ['a key that is no text', [[1, new Uint8Array(1)]]],
    ['a value that is no bytes', [['n/', 'text']]],
    ['totals that are none', [['', new Uint8Array(1)]]],
    ['totals of text', [['', pack(['a', 'b']).slice()]]],
    [
      'rows behind the totals',
      [
        ['', pack([0, 0]).slice()],
        ['n/', new Uint8Array(1)],
      ],
    ],
  ])('%s is refused in words', (_, value) => {
    expect(typeof unpackChunk(pack(value).slice())).toBe('string');
  });

  test('bytes that are no MessagePack, and truncated ones', () => {
    const whole = packChunk(rows, NO_ROWS);
    expect(typeof unpackChunk(new Uint8Array([0xc1]))).toBe('string');
    for (let length = 0; length < whole.length; length++) {
      expect(typeof unpackChunk(whole.subarray(0, length))).toBe('string');
    }
  });
});

test('a fold without rows moves the header all the same', () => {
  const { path, state } = fresh();
  state.fold([], PLACE, 5, true);
  state.fold([], { zxid: 12, chain: 3 }, 6, true);
  const again = reopen(state, path);
  expect(again.state.header).toEqual({ position: { zxid: 12, chain: 3 }, digest: 6, rows: 0, sum: 0 });
  again.state.close();
});
