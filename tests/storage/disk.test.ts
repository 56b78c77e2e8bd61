/** The directory of Node's file system against what is asked of every disk, and what is particular to it. */
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { nodeDisk, type Disk } from '@synod/storage';
import { openDirectory } from '@synod/storage/recover';
import { WAL_BYTES } from '@synod/storage/sql';
import { ORIGIN } from '@synod/zab';
import { diskCompliance } from './disk-compliance.js';
import { chainOf, freshDir } from './support.js';

/** A process that dies: whatever comes next sees a copy of the directory, in which nothing is open. */
function mortal(): { disk: Disk; crash: () => void } {
  let current = nodeDisk(freshDir());
  const disk = new Proxy(current, { get: (_, key) => Reflect.get(current, key) as unknown });
  const crash = (): void => {
    const next = nodeDisk(freshDir());
    cpSync(current.dir, next.dir, { recursive: true });
    current = next;
  };
  return { disk, crash };
}

diskCompliance('nodeDisk', mortal);

test('the log of a running server has its room from the start', () => {
  const disk = nodeDisk(freshDir());
  const { keeper, unlock } = openDirectory({ disk, cluster: 'test', server: 1, repairable: true });
  expect(disk.size('log.db-wal')).toBe(WAL_BYTES);
  keeper.apply([{ type: 'append', records: chainOf(ORIGIN, 1, 1, 100) }]);
  expect(disk.size('log.db-wal')).toBe(WAL_BYTES);
  keeper.close();
  unlock();
  expect(disk.exists('log.db-wal')).toBe(false);
});

describe('the lock of nodeDisk', () => {
  test('names its holder while it is held', () => {
    const disk = nodeDisk(freshDir());
    disk.prepare();
    const unlock = disk.lock();
    expect(readFileSync(join(disk.dir, 'lock.pid'), 'utf8')).toBe(`${process.pid}\n`);
    expect(() => nodeDisk(disk.dir).lock()).toThrow(`is in use by process ${process.pid}`);
    unlock();
    expect(existsSync(join(disk.dir, 'lock.pid'))).toBe(false);
  });

  test('is taken over whatever stands in the file', () => {
    const disk = nodeDisk(freshDir());
    disk.prepare();
    writeFileSync(join(disk.dir, 'lock'), 'not a database');
    disk.lock()();
    expect(statSync(join(disk.dir, 'lock')).size).toBe(0);
  });
});
