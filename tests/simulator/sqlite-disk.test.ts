/** The real SQLite over simulated sectors: the port as everybody else's, and what SQLite makes of faults. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Random } from '@synod/simulator/random';
import { SectorDisk } from '@synod/simulator/disk/sector-disk';
import { loadSqlite, type SqliteModule } from '@synod/simulator/disk/sqlite-module';
import { openDirectory, type Directory } from '@synod/storage/recover';
import { configure, type Sql } from '@synod/storage/sql';
import { diskCompliance } from '../storage/disk-compliance.js';

const sqlite: SqliteModule = await loadSqlite();

const OWN = { cluster: 'test', server: 1, repairable: true };

function fresh(): SectorDisk {
  return new SectorDisk('data', sqlite);
}

function database(disk: SectorDisk): Sql {
  const sql = disk.openSql('a.db', true);
  configure(sql);
  sql.exec('CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, value BLOB) STRICT');
  return sql;
}

function valuesOf(disk: SectorDisk): number[] {
  const sql = disk.openSql('a.db', false);
  configure(sql);
  const ids = [...sql.prepare('SELECT id FROM t ORDER BY id').iterate()].map(([id]) => Number(id));
  sql.close();
  return ids;
}

function insert(sql: Sql, id: number): void {
  sql.prepare('INSERT INTO t (id, value) VALUES (?, ?)').run(id, new Uint8Array([id]));
}

let seeds = 0;
diskCompliance('SectorDisk', () => {
  const disk = fresh();
  return { disk, crash: () => disk.powerFailed(new Random(seeds++, 'compliance')) };
});

describe('a connection', () => {
  let disk: SectorDisk;
  let sql: Sql;

  beforeAll(() => {
    disk = fresh();
    sql = database(disk);
  });

  test('gives back every kind of value', () => {
    const values = [Number.MAX_SAFE_INTEGER, -1, 1.5, 'größer', '', null, new Uint8Array([0, 255]), new Uint8Array()];
    const row = sql.prepare('SELECT ?, ?, ?, ?, ?, ?, ?, ?').get(...values);
    expect(row?.map((value) => (ArrayBuffer.isView(value) ? [...value] : value))).toEqual([
      Number.MAX_SAFE_INTEGER,
      -1,
      1.5,
      'größer',
      '',
      null,
      [0, 255],
      [],
    ]);
  });

  test('keeps a value that is longer than anything before', () => {
    const bytes = new Random(1, 'long').bytes(3_000_000);
    sql.prepare('INSERT INTO t (id, value) VALUES (?, ?)').run(1000, bytes);
    const value = sql.prepare('SELECT value FROM t WHERE id = ?').get(1000)?.[0] as Uint8Array;
    expect(Buffer.compare(value, bytes)).toBe(0);
    expect(sql.prepare('DELETE FROM t WHERE id = ?').run(1000)).toBe(1);
  });

  test('runs one statement several times at once, but refuses to write meanwhile', () => {
    for (const id of [1, 2, 3]) insert(sql, id);
    const all = sql.prepare('SELECT id FROM t ORDER BY id');
    const pairs: string[] = [];
    for (const [a] of all.iterate()) for (const [b] of all.iterate()) pairs.push(`${String(a)}${String(b)}`);
    expect(pairs.join(' ')).toBe('11 12 13 21 22 23 31 32 33');
    const rows = all.iterate();
    rows.next();
    expect(() => insert(sql, 4)).toThrow('busy');
    rows.return?.();
    insert(sql, 4);
  });

  test.each([
    ['SQLITE_ERROR', () => sql.prepare('SELECT x')],
    ['SQLITE_CONSTRAINT_PRIMARYKEY', () => insert(sql, 4)],
    ['SQLITE_CANTOPEN', () => disk.openSql('missing.db', false)],
    ['SQLITE_BUSY', () => configure(disk.openSql('a.db', false))],
  ])('fails with SQLite’s name: %s', (code, body) => {
    expect(body).toThrow(expect.objectContaining({ code }));
  });

  test('has no use after it is closed', () => {
    sql.close();
    sql.close();
    expect(() => sql.exec('SELECT 1')).toThrow('not open');
  });
});

describe('faults', () => {
  test('a full disk is SQLITE_FULL, and nothing of the transaction is left', () => {
    const disk = fresh();
    const sql = database(disk);
    insert(sql, 1);
    disk.faults.full = true;
    expect(() => insert(sql, 2)).toThrow(expect.objectContaining({ code: 'SQLITE_FULL' }));
    disk.faults.full = false;
    disk.processDied();
    expect(valuesOf(disk)).toEqual([1]);
  });

  test('a commit whose sync failed is not seen by its connection, but by the next process', () => {
    const disk = fresh();
    const sql = database(disk);
    insert(sql, 1);
    disk.faults.failSync = 1;
    expect(() => insert(sql, 2)).toThrow(expect.objectContaining({ code: 'SQLITE_IOERR_FSYNC' }));
    expect([...sql.prepare('SELECT id FROM t').iterate()]).toEqual([[1]]);
    disk.processDied();
    expect(valuesOf(disk)).toEqual([1, 2]);
  });

  test('after a power cut everything throws PowerCut until the power is back, whatever SQLite makes of it', () => {
    const disk = fresh();
    const sql = database(disk);
    const select = sql.prepare('SELECT id FROM t');
    insert(sql, 1);
    disk.faults.cutAfter = 2;
    const cut = expect.objectContaining({ code: 'POWER_CUT' });
    expect(() => insert(sql, 2)).toThrow(cut);
    expect(() => select.get()).toThrow(cut);
    expect(() => sql.exec('COMMIT')).toThrow(cut);
    expect(() => disk.openSql('a.db', false)).toThrow(cut);
    expect(() => disk.exists('a.db')).toThrow(cut);
    disk.powerFailed(new Random(1, 'test'));
    expect(valuesOf(disk)[0]).toBe(1);
  });

  test('a commit is durable at every cut, and there is always one order of commits', () => {
    for (let seed = 0; seed < 120; seed++) {
      const disk = fresh();
      const sql = database(disk);
      disk.faults.cutAfter = (seed % 40) + 1;
      let acknowledged = 0;
      try {
        for (let id = 1; id < 40; id++) {
          insert(sql, id);
          acknowledged = id;
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'POWER_CUT' });
      }
      disk.powerFailed(new Random(seed, 'test'));
      const found = valuesOf(disk);
      expect(found).toEqual(found.map((_, index) => index + 1));
      expect(found.length).toBeGreaterThanOrEqual(acknowledged);
      expect(found.length).toBeLessThanOrEqual(acknowledged + 1);
      disk.discard();
    }
  });

  test('memory of abandoned connections is freed', () => {
    const round = (seed: number): void => {
      const disk = fresh();
      const sql = database(disk);
      sql.exec('BEGIN IMMEDIATE');
      insert(sql, 1);
      if (seed % 2 === 0) sql.prepare('SELECT id FROM t').iterate().next();
      else {
        disk.faults.cutAfter = 1;
        expect(() => sql.exec('COMMIT')).toThrow(expect.objectContaining({ code: 'POWER_CUT' }));
      }
      disk.powerFailed(new Random(seed, 'test'));
      disk.discard();
    };
    for (let seed = 0; seed < 50; seed++) round(seed);
    const before = sqlite.heap.length;
    for (let seed = 0; seed < 500; seed++) round(seed);
    expect(sqlite.heap.length).toBe(before);
  });
});

describe('a data directory', () => {
  const open = (disk: SectorDisk): Directory => openDirectory({ disk, ...OWN });

  test('is laid out, kept out of others’ hands, closed and opened again', () => {
    const disk = fresh();
    const { proof, keeper, unlock } = open(disk);
    expect(proof).toMatchObject({ blank: true, damage: null });
    expect(() => open(disk)).toThrow(expect.objectContaining({ code: 'LOCKED' }));
    keeper.apply([{ type: 'accepted-epoch', epoch: 3 }]);
    keeper.close();
    unlock();
    expect(open(disk).proof).toMatchObject({ damage: null, acceptedEpoch: 3 });
  });

  test('is put back to an earlier time, or gone', () => {
    const disk = fresh();
    const first = open(disk);
    first.keeper.apply([{ type: 'accepted-epoch', epoch: 3 }]);
    first.keeper.close();
    first.unlock();
    disk.syncNames();
    const image = disk.snapshot();
    const second = open(disk);
    second.keeper.apply([{ type: 'accepted-epoch', epoch: 4 }]);
    disk.processDied();
    disk.restore(image);
    expect(open(disk).proof.acceptedEpoch).toBe(3);
    disk.processDied();
    disk.wipe();
    expect(disk.list()).toEqual([]);
    expect(open(disk).proof.blank).toBe(true);
  });

  test('what a process left in the cache when it died is durable once the next one has started', () => {
    for (let cut = 1; cut < 30; cut++) {
      const disk = fresh();
      const { keeper } = open(disk);
      disk.faults.cutAfter = cut;
      try {
        for (let epoch = 1; epoch < 20; epoch++) keeper.apply([{ type: 'accepted-epoch', epoch }]);
      } catch {
        // The cut stands for a SIGKILL: nothing of the cache is lost.
      }
      disk.processDied();
      disk.faults.cutAfter = 0;
      open(disk);
      for (const name of ['watermark', 'log.db', 'state-1.db']) {
        const file = disk.files.find(name)!;
        expect(Buffer.compare(file.durable(), file.content())).toBe(0);
      }
    }
  });

  test('the same seed makes the same bytes', () => {
    const run = (): Map<string, Uint8Array> => {
      sqlite.reseed(7);
      const disk = fresh();
      const { keeper } = open(disk);
      for (let epoch = 1; epoch < 5; epoch++) keeper.apply([{ type: 'accepted-epoch', epoch }]);
      disk.powerFailed(new Random(7, 'test'));
      return disk.files.image();
    };
    expect(run()).toEqual(run());
  });
});
