/** The directory of Node's file system against what is asked of every disk, and what is particular to it. */
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { nodeDisk, type Disk } from '@synod/storage';
import { diskCompliance } from './disk-compliance.js';
import { freshDir } from './support.js';

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
