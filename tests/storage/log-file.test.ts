/** The log as a plain class over SQLite: what it takes, what it refuses, what it recognises as damage. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { makeZxid } from '@synod/protocol';
import { configure, FORMAT, LogFile, openSqlite, type Sql } from '@synod/storage';
import { isFitVersion } from '@synod/storage/sql';
import { chainHash, ORIGIN, type Position } from '@synod/zab';
import { chainOf, endOf, freshDir, plain } from './support.js';

const IDENTITY = { format: FORMAT, cluster: 'test', server: 1 };
const HISTORY = { base: ORIGIN, acceptedEpoch: 0, currentEpoch: 0, committed: 0, state: 1, damage: null };

function fresh(): { sql: Sql; path: string; log: LogFile } {
  const path = `${freshDir()}.db`;
  const sql = openSqlite(path, true);
  configure(sql);
  return { sql, path, log: LogFile.create(sql, IDENTITY, HISTORY) };
}

function reopen(sql: Sql, path: string): { sql: Sql; log: LogFile } {
  sql.close();
  const again = openSqlite(path, false);
  configure(again);
  return { sql: again, log: LogFile.open(again) };
}

describe('writing', () => {
  test('what is appended is there after the next opening, with the ends of its epochs', () => {
    const { sql, path, log } = fresh();
    const first = chainOf(ORIGIN, 1, 1, 10);
    const second = chainOf(endOf(first), 2, 1, 5);
    log.apply([
      { type: 'append', records: first },
      { type: 'accepted-epoch', epoch: 2 },
      { type: 'current-epoch', epoch: 2 },
      { type: 'append', records: second },
      { type: 'committed', zxid: endOf(first).zxid },
    ]);
    const again = reopen(sql, path);
    expect(again.log.last).toEqual(endOf(second));
    expect(again.log.ends).toEqual([endOf(first), endOf(second)]);
    expect(again.log.records).toBe(15);
    expect(again.log.broken).toBeNull();
    expect(again.log.history).toEqual({ ...HISTORY, acceptedEpoch: 2, currentEpoch: 2, committed: endOf(first).zxid });
    expect(plain(again.log.read(0, Infinity)!)).toEqual(plain([...first, ...second]));
    again.sql.close();
  });

  test('an empty body and one of many pages keep their bytes', () => {
    const { sql, path, log } = fresh();
    const records = [...chainOf(ORIGIN, 1, 1, 1, 0), ...chainOf(endOf(chainOf(ORIGIN, 1, 1, 1, 0)), 1, 2, 1, 100_000)];
    log.apply([{ type: 'append', records }]);
    const again = reopen(sql, path);
    expect(again.log.read(0, 10)).toHaveLength(1);
    expect(again.log.read(0, Infinity)!.map(({ body }) => body.length)).toEqual([0, 100_000]);
    again.sql.close();
  });

  test.each<[string, (last: Position) => Parameters<LogFile['apply']>[0]]>([
    ['a record behind another one', () => [{ type: 'append', records: chainOf({ zxid: 1, chain: 1 }, 1, 6, 1) }]],
    ['a record that goes back', () => [{ type: 'append', records: chainOf(ORIGIN, 1, 1, 1) }]],
    ['a truncation to a place it does not hold', ({ zxid }) => [{ type: 'truncate', after: { zxid, chain: 7 } }]],
    ['a lower accepted epoch', () => [{ type: 'accepted-epoch', epoch: 2 }]],
    ['a lower current epoch', () => [{ type: 'current-epoch', epoch: 2 }]],
  ])('refuses %s, and nothing of that batch stays', (_, opsFor) => {
    const { sql, path, log } = fresh();
    const records = chainOf(ORIGIN, 1, 1, 5);
    const epochs = [
      { type: 'accepted-epoch', epoch: 3 },
      { type: 'current-epoch', epoch: 3 },
    ] as const;
    log.apply([{ type: 'append', records }, ...epochs]);
    const more = chainOf(endOf(records), 2, 1, 1);
    expect(() => {
      log.apply([{ type: 'append', records: more }, ...opsFor(log.last)]);
    }).toThrow();
    const again = reopen(sql, path);
    expect(again.log.last).toEqual(endOf(records));
    expect(again.log.history.acceptedEpoch).toBe(3);
    again.sql.close();
  });

  test('truncation removes what is behind the place, and the log goes on from there', () => {
    const { sql, path, log } = fresh();
    const records = chainOf(ORIGIN, 1, 1, 10);
    log.apply([
      { type: 'append', records },
      { type: 'committed', zxid: makeZxid(1, 9) },
    ]);
    const kept = records.slice(0, 6);
    const other = chainOf(endOf(kept), 2, 1, 3);
    log.apply([
      { type: 'truncate', after: endOf(kept) },
      { type: 'append', records: other },
    ]);
    expect(log.history.committed).toBe(makeZxid(1, 6));
    const again = reopen(sql, path);
    expect(plain(again.log.read(0, Infinity)!)).toEqual(plain([...kept, ...other]));
    expect(again.log.records).toBe(9);
    again.log.apply([{ type: 'truncate', after: ORIGIN }]);
    expect(again.log.last).toEqual(ORIGIN);
    expect(again.log.records).toBe(0);
    again.sql.close();
  });

  test('adoption starts the log anew and clears the damage', () => {
    const { sql, path, log } = fresh();
    log.apply([
      { type: 'append', records: chainOf(ORIGIN, 1, 1, 10) },
      { type: 'accepted-epoch', epoch: 1 },
    ]);
    log.condemn('it rotted', 4);
    const base = { zxid: makeZxid(5, 40), chain: 4711 };
    const behind = chainOf(base, 5, 41, 2);
    log.apply([
      { type: 'adopt', base, state: 2 },
      { type: 'append', records: behind },
    ]);
    const again = reopen(sql, path);
    expect(again.log.history).toEqual({
      base,
      acceptedEpoch: 4,
      currentEpoch: 0,
      committed: base.zxid,
      state: 2,
      damage: null,
    });
    expect(again.log.ends).toEqual([endOf(behind)]);
    expect(plain(again.log.read(base.zxid, Infinity)!)).toEqual(plain(behind));
    expect(again.log.read(base.zxid - 1, Infinity)).toBeNull();
    again.sql.close();
  });
});

describe('pruning', () => {
  const KEEP_ALL_BUT = { records: 3, bytes: Infinity };

  test.each([
    ['up to the place allowed', 6, { records: 0, bytes: 0 }, 6],
    ['as many as are not to be kept', 10, KEEP_ALL_BUT, 7],
    ['none where all are to be kept', 10, { records: 100, bytes: 1e9 }, 0],
    ['by bytes', 10, { records: 100, bytes: 5 * (20 + 46) }, 5],
    ['everything', 10, { records: 0, bytes: 0 }, 10],
  ])('removes %s', (_, upTo, keep, removed) => {
    const { sql, path, log } = fresh();
    const records = chainOf(ORIGIN, 1, 1, 10);
    log.apply([{ type: 'append', records }]);
    expect(log.prune(makeZxid(1, upTo), keep)).toEqual({ more: false });
    expect(log.records).toBe(10 - removed);
    const again = reopen(sql, path);
    expect(again.log.history.base).toEqual(endOf(records.slice(0, removed)));
    expect(again.log.last).toEqual(endOf(records));
    expect(again.log.ends).toEqual([endOf(records)]);
    expect(again.log.records).toBe(10 - removed);
    again.sql.close();
  });

  test('goes in slices', () => {
    const { sql, log } = fresh();
    const records = chainOf(ORIGIN, 1, 1, 5000, 4);
    log.apply([{ type: 'append', records }]);
    const everything = { records: 0, bytes: 0 };
    expect(log.prune(endOf(records).zxid, everything)).toEqual({ more: true });
    expect(log.prune(endOf(records).zxid, everything)).toEqual({ more: true });
    expect(log.prune(endOf(records).zxid, everything)).toEqual({ more: false });
    expect(log.records).toBe(0);
    expect(log.history.base).toEqual(log.last);
    sql.close();
  });
});

describe('reading', () => {
  test('starts behind any place and stops at the bytes', () => {
    const { sql, log } = fresh();
    const records = chainOf(ORIGIN, 1, 1, 100);
    log.apply([{ type: 'append', records }]);
    expect(plain(log.read(makeZxid(1, 40), 0)!)).toEqual(plain(records.slice(40, 41)));
    const some = log.read(makeZxid(1, 40), 500)!;
    expect(some.length).toBeGreaterThan(5);
    expect(plain(some)).toEqual(plain(records.slice(40, 40 + some.length)));
    expect(log.read(makeZxid(1, 100), 500)).toEqual([]);
    expect(log.read(makeZxid(9, 1), 500)).toEqual([]);
    sql.close();
  });
});

describe('damage', () => {
  test.each<[string, (sql: Sql, zxid: number) => void]>([
    ['a changed body', (sql, z) => sql.prepare('UPDATE record SET body = ? WHERE zxid = ?').run(new Uint8Array(3), z)],
    ['a changed chain', (sql, z) => sql.prepare('UPDATE record SET chain = chain + 1 WHERE zxid = ?').run(z)],
    ['a missing record', (sql, z) => sql.prepare('DELETE FROM record WHERE zxid = ?').run(z)],
    [
      'a record under another zxid',
      (sql, z) => sql.prepare('UPDATE record SET zxid = zxid + 50 WHERE zxid = ?').run(z),
    ],
  ])('%s ends what is proven', (_, harm) => {
    const { sql, path, log } = fresh();
    const records = chainOf(ORIGIN, 1, 1, 10);
    log.apply([{ type: 'append', records }]);
    harm(sql, makeZxid(1, 5));
    expect(() => log.read(0, Infinity)).toThrow(expect.objectContaining({ code: 'DAMAGED' }));
    const again = reopen(sql, path);
    expect(again.log.broken).toMatch(/0x100000004 does not continue the chain/);
    expect(again.log.last).toEqual(endOf(records.slice(0, 4)));
    expect(() => {
      again.log.apply([{ type: 'accepted-epoch', epoch: 9 }]);
    }).toThrow();
    again.sql.close();
  });

  test('cells that read as zeros, which no search finds, end what is proven', () => {
    const { sql, path, log } = fresh();
    const base = endOf(chainOf(ORIGIN, 1, 1, 1));
    log.apply([
      { type: 'adopt', base, state: 2 },
      { type: 'append', records: chainOf(base, 1, 2, 10) },
    ]);
    sql.close();
    const file = readFileSync(path);
    const leaf = file.length - 4096;
    expect(file[leaf]).toBe(13);
    file.fill(0, leaf + 100);
    writeFileSync(path, file);
    const again = openSqlite(path, false);
    configure(again);
    const found = LogFile.open(again);
    expect(found.broken).toBe('0 of its 10 records can be found');
    expect(found.last).toEqual(base);
    again.close();
  });

  test.each<[string, string]>([
    ['settings without their checksum', 'UPDATE history SET acceptedEpoch = 0'],
    ['another base', 'UPDATE history SET base = 5'],
    ['no settings', 'DELETE FROM history'],
    ['another identity', 'UPDATE identity SET server = 2'],
    ['another table', 'CREATE TABLE more (a INTEGER)'],
    ['an index', 'CREATE INDEX more ON record (chain)'],
  ])('%s', (_, sqlText) => {
    const { sql, path, log } = fresh();
    log.apply([{ type: 'accepted-epoch', epoch: 3 }]);
    sql.exec(sqlText);
    sql.close();
    const again = openSqlite(path, false);
    configure(again);
    expect(() => LogFile.open(again)).toThrow(expect.objectContaining({ code: 'DAMAGED' }));
    again.close();
  });
});

test('the settings that durability needs are in force', () => {
  const { sql } = fresh();
  const pragma = (name: string): unknown => sql.prepare(`PRAGMA ${name}`).get()?.[0];
  expect([pragma('journal_mode'), pragma('synchronous'), pragma('locking_mode')]).toEqual(['wal', 2, 'exclusive']);
  sql.close();
});

test.each([
  ['3.51.2', false],
  ['3.51.3', true],
  ['3.52.0', false],
  ['3.52.1', true],
  ['3.9.9', false],
  ['4.0.0', true],
])('SQLite %s: %s', (version, fit) => {
  expect(isFitVersion(version)).toBe(fit);
});

test('the chain is the one of zab', () => {
  const [record] = chainOf(ORIGIN, 1, 1, 1);
  expect(record!.chain).toBe(chainHash(0, makeZxid(1, 1), record!.body));
});
