/**
 * What every `Disk` has to do, whoever made it: the directory of a file system, or a simulated one. A test file calls
 * {@link diskCompliance} with a maker. Databases are used through the product's own classes, so that a stand-in which
 * understands our statements only can be put to the test as well.
 */
import { describe, expect, test } from '@jest/globals';
import type { Disk } from '@synod/storage';
import { openDirectory } from '@synod/storage/recover';
import { codeThrown, databaseCompliance, openState, RECORDS, rowsOf, rowsWith } from './disk-databases.js';
import { bytesOf, endOf, plain } from './support.js';

/** A disk under test, empty and not prepared. */
export interface DiskUnderTest {
  readonly disk: Disk;
  /** The process is gone, and power may fail. Afterwards the disk is as a new process finds it, and everything opened before is gone. */
  readonly crash?: () => void;
}

/** The suite for one kind of disk. */
export function diskCompliance(name: string, makeDisk: () => DiskUnderTest): void {
  const fresh = (): Disk => prepared(makeDisk());

  describe(name, () => {
    describe('names and small files', () => namesAndTexts(fresh));
    describe('the slots of the watermark', () => slots(fresh));
    databaseCompliance(fresh);
    describe('the directory as a whole', () => directory(makeDisk));
    if (makeDisk().crash !== undefined) describe('after a crash', () => crashes(makeDisk));
  });
}

function prepared({ disk }: DiskUnderTest): Disk {
  disk.prepare();
  return disk;
}

function namesAndTexts(fresh: () => Disk): void {
  test('a prepared directory is empty, and may be prepared again', () => {
    const disk = fresh();
    expect(disk.list()).toEqual([]);
    disk.prepare();
    expect(disk.list()).toEqual([]);
    expect(disk.dir).not.toBe('');
  });

  test('a file that is missing has no size and no text', () => {
    const disk = fresh();
    expect(disk.exists('a')).toBe(false);
    expect(disk.size('a')).toBe(0);
    expect(disk.readText('a')).toBeNull();
    expect(disk.list()).toEqual([]);
  });

  test('a text is made and replaced as a whole; nothing else is left', () => {
    const disk = fresh();
    disk.replaceText('a', 'a first text that is longer');
    disk.replaceText('a', 'größer\n');
    expect(disk.readText('a')).toBe('größer\n');
    expect(disk.size('a')).toBe(9);
    disk.replaceText('b', '');
    expect(disk.readText('b')).toBe('');
    expect(disk.exists('b')).toBe(true);
    expect(disk.list().sort()).toEqual(['a', 'b']);
  });

  test('removing what is missing does nothing; what was removed is gone', () => {
    const disk = fresh();
    disk.remove('a');
    disk.replaceText('a', 'text');
    disk.remove('a');
    disk.remove('a');
    disk.syncNames();
    expect(disk.exists('a')).toBe(false);
    expect(disk.list()).toEqual([]);
  });

  test('a rename goes over whatever has the name', () => {
    const disk = fresh();
    disk.replaceText('a', 'one');
    disk.replaceText('b', 'two');
    disk.rename('a', 'b');
    disk.syncNames();
    expect(disk.list()).toEqual(['b']);
    expect(disk.readText('b')).toBe('one');
    expect(codeThrown(() => disk.rename('a', 'c'))).toBe('ENOENT');
  });

  test('a copy goes over whatever has the name and leaves the original', () => {
    const disk = fresh();
    disk.replaceText('a', 'one');
    disk.replaceText('b', 'a longer two');
    disk.copy('a', 'b');
    expect(disk.readText('b')).toBe('one');
    disk.replaceText('a', 'other');
    expect(disk.readText('b')).toBe('one');
    expect(codeThrown(() => disk.copy('missing', 'c'))).toBe('ENOENT');
  });

  test('a linked file outlives the removal and the replacement of the first name', () => {
    const disk = fresh();
    disk.replaceText('a', 'one');
    disk.link('a', 'b');
    expect(disk.readText('b')).toBe('one');
    disk.replaceText('c', 'two');
    disk.rename('c', 'a');
    expect(disk.readText('a')).toBe('two');
    expect(disk.readText('b')).toBe('one');
    disk.remove('a');
    expect(disk.readText('b')).toBe('one');
  });

  test('one lock at a time', () => {
    const disk = fresh();
    const unlock = disk.lock();
    expect(codeThrown(() => disk.lock())).toBe('LOCKED');
    unlock();
    disk.lock()();
  });
}

function slots(fresh: () => Disk): void {
  test('opening makes an empty file', () => {
    const disk = fresh();
    const file = disk.openSlots('watermark');
    expect(file.read()).toHaveLength(0);
    file.close();
    file.close();
    expect(disk.exists('watermark')).toBe(true);
    expect(disk.size('watermark')).toBe(0);
  });

  test('what is written in place is read, and read again after closing', () => {
    const disk = fresh();
    const file = disk.openSlots('watermark');
    file.write(512, bytesOf(512, 1));
    expect([...file.read()]).toEqual([...new Uint8Array(512), ...bytesOf(512, 1)]);
    file.write(0, bytesOf(512, 2));
    file.sync();
    file.write(512, bytesOf(512, 3));
    file.sync();
    const wanted = [...bytesOf(512, 2), ...bytesOf(512, 3)];
    expect([...file.read()]).toEqual(wanted);
    file.close();
    expect(disk.size('watermark')).toBe(1024);
    const again = disk.openSlots('watermark');
    expect([...again.read()]).toEqual(wanted);
    again.close();
  });

  test('bytes handed in or out are nobody else’s', () => {
    const disk = fresh();
    const file = disk.openSlots('watermark');
    const bytes = bytesOf(512, 1);
    for (const offset of [0, 512]) file.write(offset, bytes);
    bytes.fill(0);
    expect([...file.read()]).toEqual([...bytesOf(512, 1), ...bytesOf(512, 1)]);
    file.read().fill(7);
    expect([...file.read()]).toEqual([...bytesOf(512, 1), ...bytesOf(512, 1)]);
    file.close();
  });
}

/** What the directory shows; it is closed again. */
function reopened(disk: Disk): { last: number; damage: string | null; repaired: string | null; bodies: unknown } {
  const { proof, keeper, unlock } = openDirectory({ disk, cluster: 'test', server: 1, repairable: true });
  const bodies = plain(keeper.read(proof.base.zxid, Infinity)!);
  keeper.close();
  unlock();
  return { last: proof.last.zxid, damage: proof.damage, repaired: proof.repaired, bodies };
}

function directory(makeDisk: () => DiskUnderTest): void {
  test('is laid out, written, closed, opened', () => {
    const { disk } = makeDisk();
    const { proof, keeper, unlock } = openDirectory({ disk, cluster: 'test', server: 1, repairable: true });
    expect(proof).toMatchObject({ blank: true, damage: null, repaired: null });
    keeper.apply([{ type: 'append', records: RECORDS }]);
    expect(codeThrown(() => reopened(disk))).toBe('LOCKED');
    keeper.close();
    unlock();
    const sound = { last: endOf(RECORDS).zxid, damage: null, repaired: null, bodies: plain(RECORDS) };
    expect(reopened(disk)).toEqual(sound);
    expect(reopened(disk)).toEqual(sound);
  });

  test('of another server is refused', () => {
    const { disk } = makeDisk();
    reopened(disk);
    const other = { disk, cluster: 'test', server: 2, repairable: true };
    expect(codeThrown(() => openDirectory(other))).toBe('FOREIGN');
    expect(reopened(disk).damage).toBeNull();
  });
}

function crashes(makeDisk: () => DiskUnderTest): void {
  /** Power fails at random: each promise is put to the test several times. */
  const ROUNDS = 20;

  function repeated(body: (disk: Disk, crash: () => void) => void): void {
    for (let round = 0; round < ROUNDS; round++) {
      const { disk, crash } = makeDisk();
      disk.prepare();
      body(disk, crash!);
    }
  }

  test('a text has its old or its new content; what returned is durable', () => {
    repeated((disk, crash) => {
      disk.replaceText('a', 'one');
      disk.replaceText('a', 'two');
      crash();
      expect(disk.readText('a')).toBe('two');
    });
  });

  test('names are durable once they are synced, and before that one or the other', () => {
    repeated((disk, crash) => {
      disk.replaceText('a', 'one');
      disk.replaceText('b', 'two');
      disk.rename('a', 'c');
      disk.remove('b');
      disk.syncNames();
      crash();
      expect(disk.list()).toEqual(['c']);
      expect(disk.readText('c')).toBe('one');
      disk.replaceText('d', 'other');
      disk.rename('d', 'c');
      crash();
      expect(['one', 'other']).toContain(disk.readText('c'));
    });
  });

  test('a synced slot stays; the other is old, new or torn', () => {
    repeated((disk, crash) => {
      const file = disk.openSlots('watermark');
      file.write(0, bytesOf(512, 1));
      file.sync();
      disk.syncNames();
      file.write(512, bytesOf(512, 2));
      crash();
      const again = disk.openSlots('watermark');
      expect([...again.read().subarray(0, 512)]).toEqual([...bytesOf(512, 1)]);
      again.write(512, bytesOf(512, 3));
      again.sync();
      crash();
      const third = disk.openSlots('watermark');
      expect([...third.read()]).toEqual([...bytesOf(512, 1), ...bytesOf(512, 3)]);
      third.close();
    });
  });

  test('a commit stays, what was not committed does not, and the lock is free', () => {
    repeated((disk, crash) => {
      const first = openDirectory({ disk, cluster: 'test', server: 1, repairable: true });
      first.keeper.apply([{ type: 'append', records: RECORDS.slice(0, 10) }]);
      crash();
      const second = openDirectory({ disk, cluster: 'test', server: 1, repairable: true });
      expect(second.proof).toMatchObject({ damage: null, last: endOf(RECORDS.slice(0, 10)) });
      second.keeper.apply([{ type: 'truncate', after: endOf(RECORDS.slice(0, 4)) }]);
      const state = openState(disk, 1);
      state.fold(rowsWith(1), endOf(RECORDS.slice(0, 4)), 5, true);
      state.fold(rowsWith(2), endOf(RECORDS.slice(0, 4)), 6, false);
      crash();
      const third = openDirectory({ disk, cluster: 'test', server: 1, repairable: true });
      expect(third.proof).toMatchObject({ damage: null, last: endOf(RECORDS.slice(0, 4)), state: { digest: 5 } });
      const again = openState(disk, 1);
      expect(rowsOf(again)).toEqual(rowsWith(1));
      again.close();
      third.keeper.close();
      third.unlock();
      crash();
      expect(reopened(disk)).toMatchObject({ last: endOf(RECORDS.slice(0, 4)).zxid, damage: null });
    });
  });
}
