/** The part of the compliance suite of disks that is about databases: see disk-compliance.ts. */
import { describe, expect, test } from '@jest/globals';
import { makeZxid } from '@synod/protocol';
import type { Disk } from '@synod/storage';
import { removeDatabase } from '@synod/storage/files';
import { FORMAT, LogFile, type History } from '@synod/storage/log-file';
import { checkpoint, configure, type Sql } from '@synod/storage/sql';
import { NO_ROWS, StateFile, type RowChange } from '@synod/storage/state-file';
import { codeOf } from '@synod/storage/storage-error';
import { nextRecord, ORIGIN, type LogRecord } from '@synod/zab';
import { bytesOf, chainOf, copyRow, endOf, plain } from './support.js';

const IDENTITY = { format: FORMAT, cluster: 'test', server: 1 };
const HISTORY: History = { base: ORIGIN, acceptedEpoch: 0, currentEpoch: 0, committed: 0, state: 1, damage: null };
export const RECORDS = chainOf(ORIGIN, 1, 1, 30);

/** The code of what `body` throws, '' where it throws nothing. */
export function codeThrown(body: () => unknown): string {
  try {
    body();
    return '';
  } catch (error) {
    return codeOf(error);
  }
}

/** Keys whose order by bytes is not that of UTF-16. */
const KEYS = ['n/', 'n/a', 'n/a/b', 'n/a0', 'n/ab', 'n/é', 'n/中', 'n/\u{fffd}', 'n/\u{1f600}', 's0000000000000001'];

/** Rows with values that depend on `salt`. */
export function rowsWith(salt: number, keys = KEYS): { key: string; value: Uint8Array }[] {
  return keys.map((key, index) => ({ key, value: bytesOf(index * 9, salt + index) }));
}

export function openState(disk: Disk, number: number): StateFile {
  const sql = disk.openSql(`state-${number}.db`, false);
  configure(sql);
  return StateFile.open(sql, IDENTITY, number);
}

function makeState(disk: Disk, number: number): StateFile {
  const sql = disk.openSql(`state-${number}.db`, true);
  configure(sql);
  return StateFile.create(sql, IDENTITY, number);
}

/** All rows of a state, read in several batches. */
export function rowsOf(state: StateFile): { key: string; value: Uint8Array }[] {
  const rows: { key: string; value: Uint8Array }[] = [];
  let after: string | null = '';
  let before = NO_ROWS;
  while (after !== null) {
    const batch = state.read(after, before, 3, Infinity);
    rows.push(...batch.rows.map(copyRow));
    before = batch.totals;
    after = batch.next;
  }
  return rows;
}

/** Databases as files, and in use: a log and a state. */
export function databaseCompliance(fresh: () => Disk): void {
  describe('databases', () => databases(fresh));
  describe('a log', () => logs(fresh));
  describe('a state', () => states(fresh));
}

function databases(fresh: () => Disk): void {
  test('a database that is missing is refused, and made where that is asked for', () => {
    const disk = fresh();
    expect(codeThrown(() => disk.openSql('log.db', false))).toBe('SQLITE_CANTOPEN');
    expect(disk.list()).toEqual([]);
    const { sql } = makeLog(disk, 'log.db');
    sql.close();
    sql.close();
    expect(disk.list()).toEqual(['log.db']);
    expect(disk.size('log.db')).toBeGreaterThan(0);
    expect(contentOf(disk, 'log.db').records).toEqual(plain(RECORDS));
  });

  test('a checkpoint leaves nothing beside the file', () => {
    const disk = fresh();
    const { sql } = makeLog(disk, 'log.db');
    checkpoint(sql);
    expect(disk.size('log.db-wal')).toBe(0);
    sql.close();
  });

  test('a closed database may be renamed, linked, copied, replaced and removed', () => {
    const disk = fresh();
    makeLog(disk, 'log.db', RECORDS.slice(0, 10)).sql.close();
    makeLog(disk, 'log-new.db', RECORDS.slice(0, 20)).sql.close();
    disk.link('log.db', 'log.db.damaged');
    disk.copy('log.db', 'copy.db');
    disk.rename('log-new.db', 'log.db');
    disk.syncNames();
    expect(disk.list().sort()).toEqual(['copy.db', 'log.db', 'log.db.damaged']);
    expect(contentOf(disk, 'log.db').records).toHaveLength(20);
    const { sql, log } = openLog(disk, 'log.db');
    log.apply([{ type: 'append', records: RECORDS.slice(20, 25) }]);
    sql.close();
    disk.rename('log.db.damaged', 'old.db');
    for (const name of ['copy.db', 'old.db']) expect(contentOf(disk, name).records).toHaveLength(10);
    removeDatabase(disk, 'log.db');
    expect(disk.list().sort()).toEqual(['copy.db', 'old.db']);
    expect(codeThrown(() => disk.openSql('log.db', false))).toBe('SQLITE_CANTOPEN');
  });

  test('a name that was removed can be made anew, and is empty', () => {
    const disk = fresh();
    makeLog(disk, 'log.db').sql.close();
    removeDatabase(disk, 'log.db');
    makeLog(disk, 'log.db', []).sql.close();
    expect(contentOf(disk, 'log.db').records).toEqual([]);
  });

  test('an empty database shows no tables', () => {
    const disk = fresh();
    const sql = disk.openSql('log.db', true);
    configure(sql);
    expect(() => LogFile.open(sql)).toThrow('it holds no tables');
    sql.close();
  });
}

function logs(fresh: () => Disk): void {
  test('what was committed is there when it is opened again', () => {
    const disk = fresh();
    const { sql, log } = makeLog(disk, 'log.db');
    log.apply([
      { type: 'accepted-epoch', epoch: 3 },
      { type: 'current-epoch', epoch: 1 },
      { type: 'committed', zxid: RECORDS[4]!.zxid },
    ]);
    log.condemn('words with "quotes" – and more', 4);
    const written = log.history;
    sql.close();
    expect(contentOf(disk, 'log.db')).toEqual({ records: plain(RECORDS), history: written });
  });

  test('records of all sizes, and the largest numbers', () => {
    const disk = fresh();
    const records: LogRecord[] = [];
    let last = ORIGIN;
    for (const [index, size] of [0, 1, 511, 512, 513, 4096, 100_000].entries()) {
      const record = nextRecord(last, makeZxid(index + 1, 0xffff_ffff - index), bytesOf(size, index));
      records.push(record);
      last = record;
    }
    const { sql, log } = makeLog(disk, 'log.db', records);
    expect(plain(log.read(0, Infinity)!)).toEqual(plain(records));
    sql.close();
    expect(contentOf(disk, 'log.db').records).toEqual(plain(records));
  });

  test('bytes handed in or out are nobody else’s', () => {
    const disk = fresh();
    const body = bytesOf(50, 1);
    const record = nextRecord(ORIGIN, makeZxid(1, 1), body);
    const { sql, log } = makeLog(disk, 'log.db', [record]);
    const kept = plain([record]);
    body.fill(9);
    log.read(0, Infinity)![0]!.body.fill(7);
    expect(plain(log.read(0, Infinity)!)).toEqual(kept);
    sql.close();
    expect(contentOf(disk, 'log.db').records).toEqual(kept);
  });

  test('a transaction that fails leaves nothing', () => {
    const disk = fresh();
    const { sql, log } = makeLog(disk, 'log.db', RECORDS.slice(0, 10));
    const before = log.history;
    expect(() =>
      log.apply([
        { type: 'accepted-epoch', epoch: 9 },
        { type: 'truncate', after: endOf(RECORDS.slice(0, 5)) },
        { type: 'append', records: RECORDS.slice(5, 7) },
        { type: 'append', records: RECORDS.slice(20) },
      ]),
    ).toThrow('does not continue the chain');
    sql.close();
    expect(contentOf(disk, 'log.db')).toEqual({ records: plain(RECORDS.slice(0, 10)), history: before });
  });

  test('a record that is there already is refused', () => {
    const disk = fresh();
    const { sql } = makeLog(disk, 'log.db');
    const { zxid, chain, body } = RECORDS[3]!;
    const insert = sql.prepare('INSERT INTO record (zxid, chain, body) VALUES (?, ?, ?)');
    expect(codeThrown(() => insert.run(zxid, chain, body))).toMatch(/^SQLITE_CONSTRAINT/);
    sql.close();
    expect(contentOf(disk, 'log.db').records).toEqual(plain(RECORDS));
  });

  test('reading from anywhere, and ending early', () => {
    const disk = fresh();
    const { sql, log } = makeLog(disk, 'log.db');
    for (const from of [0, 7, 29]) {
      const after = from === 0 ? 0 : RECORDS[from - 1]!.zxid;
      expect(plain(log.read(after, Infinity)!)).toEqual(plain(RECORDS.slice(from)));
      expect(plain(log.read(after, 1)!)).toEqual(plain(RECORDS.slice(from, from + 1)));
    }
    expect(log.read(RECORDS[29]!.zxid, 1)).toEqual([]);
    // Nothing that ended early stands in the way of writing.
    log.apply([{ type: 'truncate', after: endOf(RECORDS.slice(0, 29)) }]);
    sql.close();
  });

  test('truncated, appended to and pruned', () => {
    const disk = fresh();
    const { sql, log } = makeLog(disk, 'log.db');
    log.apply([{ type: 'truncate', after: endOf(RECORDS.slice(0, 12)) }]);
    const others = chainOf(endOf(RECORDS.slice(0, 12)), 2, 1, 8);
    log.apply([{ type: 'append', records: others }]);
    const all = [...RECORDS.slice(0, 12), ...others];
    expect(log.records).toBe(20);
    expect(plain(log.read(0, Infinity)!)).toEqual(plain(all));
    expect(log.prune(endOf(all).zxid, { records: 5, bytes: Infinity })).toEqual({ more: false });
    expect(log.records).toBe(5);
    expect(log.history.base).toEqual(endOf(all.slice(0, 15)));
    sql.close();
    expect(contentOf(disk, 'log.db').records).toEqual(plain(all.slice(15)));
    expect(contentOf(disk, 'log.db').history.base).toEqual(endOf(all.slice(0, 15)));
  });

  test('a state from elsewhere is adopted: no records, another base', () => {
    const disk = fresh();
    const { sql, log } = makeLog(disk, 'log.db');
    const base = { zxid: makeZxid(3, 7), chain: 99 };
    log.apply([{ type: 'adopt', base, state: 2 }]);
    const behind = chainOf(base, 3, 8, 3);
    log.apply([{ type: 'append', records: behind }]);
    sql.close();
    const { records, history } = contentOf(disk, 'log.db');
    expect(records).toEqual(plain(behind));
    expect(history).toMatchObject({ base, state: 2 });
  });
}

function states(fresh: () => Disk): void {
  const place = endOf(RECORDS);

  test('folds are there when it is opened again, rows in the order of their bytes', () => {
    const disk = fresh();
    const state = makeState(disk, 1);
    expect(rowsOf(state)).toEqual([]);
    state.fold([...rowsWith(1)].reverse(), place, 5, true);
    expect(rowsOf(state)).toEqual(rowsWith(1));
    const changes: RowChange[] = [
      ...rowsWith(2, KEYS.slice(0, 3)),
      { key: KEYS[5]!, value: null },
      { key: 'n/not there', value: null },
      { key: 'n/~', value: new Uint8Array(0) },
    ];
    state.fold(changes.slice(0, 2), place, 6, false);
    state.fold(changes.slice(2), place, 6, true);
    state.close();
    const wanted = new Map(rowsWith(1).map(({ key, value }) => [key, value]));
    for (const { key, value } of changes) if (value === null) wanted.delete(key);
    for (const { key, value } of changes) if (value !== null) wanted.set(key, value);
    const sorted = [...wanted].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const again = openState(disk, 1);
    expect(again.header).toMatchObject({ position: place, digest: 6, rows: wanted.size });
    expect(rowsOf(again)).toEqual(sorted.map(([key, value]) => ({ key, value })));
    again.close();
  });

  test('room that is taken for the write-ahead log changes nothing that is read', () => {
    const disk = fresh();
    const state = makeState(disk, 1);
    state.fold(rowsWith(1), place, 5, true);
    disk.lengthen('state-1.db-wal', 60_000);
    expect(rowsOf(state)).toEqual(rowsWith(1));
    state.fold(rowsWith(2), place, 6, true);
    disk.lengthen('state-1.db-wal', 60_000);
    state.close();
    const again = openState(disk, 1);
    expect(again.header.digest).toBe(6);
    expect(rowsOf(again)).toEqual(rowsWith(2));
    again.close();
  });

  test('a fold that is given up leaves nothing', () => {
    const disk = fresh();
    const state = makeState(disk, 1);
    state.fold(rowsWith(1), place, 5, true);
    state.fold([...rowsWith(2), { key: KEYS[0]!, value: null }], place, 6, false);
    state.abandonFold();
    expect(rowsOf(state)).toEqual(rowsWith(1));
    state.fold(rowsWith(3), place, 7, false);
    state.close();
    const again = openState(disk, 1);
    expect(again.header.digest).toBe(5);
    expect(rowsOf(again)).toEqual(rowsWith(1));
    again.close();
  });

  test('a file under construction cannot be opened before its end, and refuses a row that is there', () => {
    const disk = fresh();
    const sql = disk.openSql('state-2.db', true);
    configure(sql);
    sql.exec('PRAGMA synchronous = OFF');
    const stage = StateFile.stage(sql, IDENTITY, 2);
    stage.add(rowsWith(1, KEYS.slice(0, 5)));
    expect(codeThrown(() => stage.add(rowsWith(1, KEYS.slice(4))))).toMatch(/^SQLITE_CONSTRAINT/);
    stage.close();
    expect(codeThrown(() => openState(disk, 2))).toBe('DAMAGED');
    removeDatabase(disk, 'state-2.db');
    const other = disk.openSql('state-2.db', true);
    configure(other);
    other.exec('PRAGMA synchronous = OFF');
    const whole = StateFile.stage(other, IDENTITY, 2);
    whole.add(rowsWith(1, KEYS.slice(5)));
    whole.add(rowsWith(1, KEYS.slice(0, 5)));
    other.exec('PRAGMA synchronous = FULL');
    whole.finish(place, 8);
    checkpoint(other);
    whole.close();
    const again = openState(disk, 2);
    expect(again.header).toMatchObject({ position: place, digest: 8, rows: KEYS.length });
    expect(rowsOf(again).map(({ key }) => key)).toEqual(KEYS);
    again.close();
  });
}

/** Makes a log that holds `records`; open. */
function makeLog(disk: Disk, name: string, records: readonly LogRecord[] = RECORDS): { sql: Sql; log: LogFile } {
  const sql = disk.openSql(name, true);
  configure(sql);
  const log = LogFile.create(sql, IDENTITY, HISTORY);
  if (records.length > 0) log.apply([{ type: 'append', records }]);
  return { sql, log };
}

function openLog(disk: Disk, name: string): { sql: Sql; log: LogFile } {
  const sql = disk.openSql(name, false);
  configure(sql);
  return { sql, log: LogFile.open(sql) };
}

/** Everything a closed log shows. */
function contentOf(disk: Disk, name: string): { records: ReturnType<typeof plain>; history: History } {
  const { sql, log } = openLog(disk, name);
  expect(log.broken).toBeNull();
  const records = plain(log.read(log.history.base.zxid, Infinity)!);
  sql.close();
  return { records, history: log.history };
}
