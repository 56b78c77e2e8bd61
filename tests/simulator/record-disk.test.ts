/** The disk at the level of records: as every disk, and in what is particular to it. */
import { describe, expect, test } from '@jest/globals';
import { PowerCut } from '@synod/simulator/disk/sim-disk';
import { RecordDisk } from '@synod/simulator/disk/record-disk';
import { compareBytewise } from '@synod/simulator/disk/record-tables';
import { Random } from '@synod/simulator/random';
import { configure, type Sql } from '@synod/storage/sql';
import { codeThrown, rowsWith } from '../storage/disk-databases.js';
import { diskCompliance } from '../storage/disk-compliance.js';
import { bytesOf } from '../storage/support.js';

diskCompliance('RecordDisk', () => {
  const disk = new RecordDisk('/data');
  return { disk, crash: () => disk.processDied() };
});

const random = new Random(1, 'power');

diskCompliance('RecordDisk without power', () => {
  const disk = new RecordDisk('/data');
  return { disk, crash: () => disk.powerFailed(random) };
});

const INSERT = 'INSERT INTO entry (key, value, sum) VALUES (?, ?, ?)';
const ENTRY =
  'CREATE TABLE entry (key TEXT PRIMARY KEY, value BLOB NOT NULL, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID';

/** A disk with one database of one table. */
function withTable(): { disk: RecordDisk; sql: Sql } {
  const disk = new RecordDisk('/data');
  const sql = disk.openSql('state-1.db', true);
  configure(sql);
  sql.exec(ENTRY);
  disk.syncNames();
  return { disk, sql };
}

function keysOf(disk: RecordDisk): string[] {
  const sql = disk.openSql('state-1.db', false);
  configure(sql);
  const rows = [...sql.prepare('SELECT key, value, sum FROM entry WHERE key > ? ORDER BY key').iterate('')];
  sql.close();
  return rows.map(([key]) => String(key));
}

describe('statements', () => {
  test('an unknown one is named', () => {
    const { sql } = withTable();
    expect(() => sql.prepare('SELECT 1')).toThrow('does not know the statement: SELECT 1');
    expect(() => sql.exec('PRAGMA foreign_keys = ON')).toThrow('PRAGMA foreign_keys = ON');
    expect(() => sql.exec('CREATE TABLE other (a)')).toThrow('CREATE TABLE other (a)');
    expect(codeThrown(() => sql.prepare('DELETE FROM record'))).toBe('SQLITE_ERROR');
  });

  test('nothing is written while rows are read', () => {
    const { sql } = withTable();
    const insert = sql.prepare(INSERT);
    for (const key of ['a', 'b']) insert.run(key, bytesOf(3, 1), 1);
    for (const _ of sql.prepare('SELECT key, value, sum FROM entry WHERE key > ? ORDER BY key').iterate('')) {
      expect(() => insert.run('c', bytesOf(3, 1), 1)).toThrow('busy');
      expect(() => sql.exec('BEGIN IMMEDIATE')).toThrow('busy');
      break;
    }
    insert.run('c', bytesOf(3, 1), 1);
  });

  test('a second connection finds the file locked', () => {
    const { disk, sql } = withTable();
    const other = disk.openSql('state-1.db', false);
    expect(codeThrown(() => configure(other))).toBe('SQLITE_BUSY');
    sql.close();
    configure(other);
    other.close();
  });

  test('the driver’s level of syncing is not the one that is needed', () => {
    const disk = new RecordDisk('/data');
    const sql = disk.openSql('a.db', true);
    expect(sql.prepare('PRAGMA journal_mode = WAL').get()).toEqual(['wal']);
    expect(sql.prepare('PRAGMA synchronous').get()).toEqual([1]);
  });

  test('what a dead process opened is of no use', () => {
    const { disk, sql } = withTable();
    const slots = disk.openSlots('watermark');
    const unlock = disk.lock();
    const insert = sql.prepare(INSERT);
    disk.processDied();
    for (const use of [() => sql.exec('BEGIN IMMEDIATE'), () => insert.run('a', null, 0), () => slots.read(), unlock]) {
      expect(codeThrown(use)).toBe('EBADF');
    }
  });
});

test('keys come in the order of their bytes', () => {
  const keys = rowsWith(1).map(({ key }) => key);
  const seeded = new Random(5, 'order');
  for (let round = 0; round < 50; round++) {
    const shuffled = seeded.shuffle([...keys]).sort(compareBytewise);
    expect(shuffled).toEqual(keys);
  }
});

describe('faults', () => {
  test('a commit whose sync fails is not there for the connection, and is for the next process', () => {
    const { disk, sql } = withTable();
    disk.faults.failSync = 1;
    expect(codeThrown(() => sql.prepare(INSERT).run('a', bytesOf(1, 1), 1))).toBe('SQLITE_IOERR_FSYNC');
    expect(sql.prepare('SELECT sum FROM entry WHERE key = ?').get('a')).toBeUndefined();
    disk.processDied();
    expect(keysOf(disk)).toEqual(['a']);
  });

  test('without power that commit is there or not; one more commit takes its place', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { disk, sql } = withTable();
      disk.faults.failSync = 1;
      expect(() => sql.prepare(INSERT).run('a', bytesOf(1, 1), 1)).toThrow();
      if (seed % 4 === 0) sql.prepare(INSERT).run('b', bytesOf(1, 1), 1);
      disk.powerFailed(new Random(seed, 'power'));
      const keys = keysOf(disk).join();
      expect(seed % 4 === 0 ? ['b'] : ['', 'a']).toContain(keys);
      seen.add(keys);
    }
    expect([...seen].sort()).toEqual(['', 'a', 'b']);
  });

  test('a failure that stays fails every sync', () => {
    const { disk, sql } = withTable();
    Object.assign(disk.faults, { failSync: 1, failSyncSticky: true });
    const insert = sql.prepare(INSERT);
    for (const key of ['a', 'b']) {
      expect(codeThrown(() => insert.run(key, bytesOf(1, 1), 1))).toBe('SQLITE_IOERR_FSYNC');
    }
    expect(codeThrown(() => disk.replaceText('a', 'x'))).toBe('EIO');
  });

  test('a full disk takes nothing more, and loses nothing', () => {
    const { disk, sql } = withTable();
    const insert = sql.prepare(INSERT);
    insert.run('a', bytesOf(1, 1), 1);
    disk.faults.full = true;
    expect(codeThrown(() => insert.run('b', bytesOf(1, 1), 1))).toBe('SQLITE_FULL');
    expect(codeThrown(() => disk.replaceText('x', 'y'))).toBe('ENOSPC');
    expect(codeThrown(() => disk.openSlots('watermark').write(0, bytesOf(512, 1)))).toBe('ENOSPC');
    sql.close();
    disk.faults.full = false;
    expect(keysOf(disk)).toEqual(['a']);
  });

  test('a disk that lies loses what it said was synced', () => {
    let lost = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { disk, sql } = withTable();
      disk.faults.lie = true;
      sql.prepare(INSERT).run('a', bytesOf(1, 1), 1);
      disk.powerFailed(new Random(seed, 'power'));
      disk.faults.lie = false;
      if (keysOf(disk).length === 0) lost++;
    }
    expect(lost).toBeGreaterThan(2);
    expect(lost).toBeLessThan(18);
  });

  test('with the power gone nothing works, until it comes back', () => {
    const { disk, sql } = withTable();
    disk.faults.cutAfter = 2;
    const insert = sql.prepare(INSERT);
    expect(() => insert.run('a', bytesOf(1, 1), 1)).toThrow(PowerCut);
    const uses = [() => insert.run('b', null, 1), () => disk.list(), () => disk.syncNames(), () => sql.close()];
    for (const use of uses) expect(use).toThrow(PowerCut);
    disk.powerFailed(new Random(3, 'power'));
    expect(disk.faults.cutAfter).toBe(0);
    expect(disk.list()).toEqual(['state-1.db']);
  });
});

describe('images', () => {
  test('an older content comes back, as often as wanted', () => {
    const { disk, sql } = withTable();
    sql.prepare(INSERT).run('a', bytesOf(1, 1), 1);
    disk.replaceText('text', 'old');
    const image = disk.snapshot();
    sql.prepare(INSERT).run('b', bytesOf(1, 1), 1);
    disk.replaceText('text', 'new');
    sql.close();
    expect(keysOf(disk)).toEqual(['a', 'b']);
    for (let round = 0; round < 2; round++) {
      disk.restore(image);
      expect(keysOf(disk)).toEqual(['a']);
      expect(disk.readText('text')).toBe('old');
      const again = disk.openSql('state-1.db', false);
      configure(again);
      again.prepare(INSERT).run('c', bytesOf(1, 1), 1);
      again.close();
      disk.replaceText('text', 'newer');
    }
    expect(disk.bytes).toBeGreaterThan(0);
    disk.wipe();
    expect(disk.list()).toEqual([]);
    expect(disk.bytes).toBe(0);
  });

  test('what is not durable is not in an image', () => {
    const { disk, sql } = withTable();
    disk.replaceText('kept', 'text');
    sql.exec('PRAGMA synchronous = OFF');
    sql.prepare(INSERT).run('a', bytesOf(1, 1), 1);
    disk.rename('kept', 'renamed');
    const image = disk.snapshot();
    disk.processDied();
    expect(keysOf(disk)).toEqual(['a']);
    disk.restore(image);
    expect(keysOf(disk)).toEqual([]);
    expect(disk.list().sort()).toEqual(['kept', 'state-1.db']);
  });

  test('not while a process has the directory open', () => {
    const disk = new RecordDisk('/data');
    const image = disk.snapshot();
    disk.lock();
    for (const use of [() => disk.restore(image), () => disk.wipe(), () => disk.damage(random, 'flip')]) {
      expect(use).toThrow('open');
    }
  });
});
