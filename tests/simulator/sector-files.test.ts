/** Simulated files of sectors: what a sync promises, and what power that fails may leave of everything else. */
import { describe, expect, test } from '@jest/globals';
import { Random } from '@synod/simulator/random';
import { damageFiles } from '@synod/simulator/disk/sector-damage';
import { SECTOR, SectorFile } from '@synod/simulator/disk/sector-file';
import { SectorFiles } from '@synod/simulator/disk/sector-files';

const SEEDS = 300;

function filled(value: number, sectors = 1): Uint8Array {
  return new Uint8Array(sectors * SECTOR).fill(value);
}

/** The values of the sectors, one each; −1 for one that is not of one value. */
function valuesOf(file: SectorFile): number[] {
  const bytes = file.content();
  const values: number[] = [];
  for (let at = 0; at < bytes.length; at += SECTOR) {
    const sector = bytes.subarray(at, at + SECTOR);
    values.push(sector.every((byte) => byte === sector[0]) ? sector[0]! : -1);
  }
  return values;
}

/** All that power failures leave of what `prepare` makes, as a set of texts. */
function outcomes(prepare: () => SectorFile, tearing = 0): Set<string> {
  const found = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed++) {
    const file = prepare();
    file.settle(new Random(seed, 'test'), tearing);
    found.add(valuesOf(file).join(' '));
  }
  return found;
}

describe('a file of sectors', () => {
  test('is read as it was written, with zeros where nothing was', () => {
    const file = new SectorFile();
    file.write(700, new Uint8Array([1, 2, 3]));
    expect(file.size).toBe(703);
    const target = new Uint8Array(10).fill(9);
    expect(file.read(698, target)).toBe(5);
    expect([...target]).toEqual([0, 0, 1, 2, 3, 9, 9, 9, 9, 9]);
    expect(file.read(703, target)).toBe(0);
    file.truncate(701);
    file.truncate(703);
    expect([...file.content().subarray(699)]).toEqual([0, 1, 0, 0]);
  });

  test('does not write to the bytes it was made from', () => {
    const image = filled(1);
    const file = new SectorFile(image);
    file.write(0, filled(2));
    file.truncate(3);
    expect(image).toEqual(filled(1));
  });

  test('keeps what was synced', () => {
    const prepare = (): SectorFile => {
      const file = new SectorFile(filled(1, 2));
      file.write(SECTOR, filled(2, 2));
      file.sync();
      return file;
    };
    expect(outcomes(prepare)).toEqual(new Set(['1 2 2']));
  });

  test('has of each sector that was not synced the old content or a newer one', () => {
    const prepare = (): SectorFile => {
      const file = new SectorFile(filled(1, 2));
      file.write(0, filled(2));
      file.write(0, filled(3, 2));
      return file;
    };
    expect(outcomes(prepare)).toEqual(new Set(['1 1', '1 3', '2 1', '2 3', '3 1', '3 3']));
  });

  test('has any of the sizes it had', () => {
    const prepare = (): SectorFile => {
      const file = new SectorFile(filled(1));
      file.write(SECTOR, filled(2));
      return file;
    };
    const found = outcomes(prepare);
    expect(found).toContain('1');
    expect(found).toContain('1 0');
    expect(found).toContain('1 2');
  });

  test('is cut as a whole or not at all, and what is written afterwards needs the cut', () => {
    const prepare = (): SectorFile => {
      const file = new SectorFile(filled(1, 3));
      file.truncate(0);
      file.write(0, filled(2));
      return file;
    };
    const found = outcomes(prepare);
    expect(found).toContain('1 1 1');
    expect(found).toContain('2');
    expect(found).toContain('');
    for (const outcome of found) expect(['1 1 1', '2', '0', '']).toContain(outcome.replace(/ ?-1$/, ''));
  });

  test('is torn inside a sector only where that is asked for', () => {
    const prepare = (): SectorFile => {
      const file = new SectorFile(filled(1));
      file.write(0, filled(2));
      return file;
    };
    expect(outcomes(prepare)).toEqual(new Set(['1', '2']));
    expect(outcomes(prepare, 1)).toEqual(new Set(['-1', '2']));
  });

  test('may lack what a sync failed to write, even after a sync that succeeds', () => {
    const prepare = (): SectorFile => {
      const file = new SectorFile(filled(1));
      file.write(0, filled(2));
      file.failSync(false);
      file.sync();
      return file;
    };
    expect(valuesOf(prepare())).toEqual([2]);
    expect(outcomes(prepare)).toEqual(new Set(['1', '2']));
  });

  test('shows the old content after a failed sync that dropped the pages', () => {
    const file = new SectorFile(filled(1));
    file.write(0, filled(2));
    file.failSync(true);
    expect(valuesOf(file)).toEqual([1]);
  });

  test('knows what is durable of it', () => {
    const file = new SectorFile(filled(1, 2));
    file.write(0, filled(2));
    file.truncate(SECTOR);
    file.write(SECTOR, filled(3, 3));
    expect(file.durable()).toEqual(filled(1, 2));
    file.sync();
    expect(file.durable()).toEqual(file.content());
  });
});

describe('a directory', () => {
  test('keeps a beginning of the changes of names, and all that was synced', () => {
    const found = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const files = new SectorFiles();
      files.openOrCreate('a');
      files.syncNames();
      files.rename('a', 'b');
      files.openOrCreate('c');
      files.remove('b');
      files.stop();
      files.settle(new Random(seed, 'test'));
      files.start();
      found.add(files.list().sort().join(' '));
    }
    expect(found).toEqual(new Set(['a', 'b', 'b c', 'c']));
  });

  test('a rename never leaves both names or none', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const files = new SectorFiles();
      const file = files.openOrCreate('new');
      files.write(file, 0, filled(2));
      files.sync(file);
      files.openOrCreate('old');
      files.syncNames();
      files.rename('new', 'old');
      files.settle(new Random(seed, 'test'));
      expect(['new old', 'old']).toContain(files.list().sort().join(' '));
    }
  });

  test('a second name is the same file, a copy is not', () => {
    const files = new SectorFiles();
    const file = files.openOrCreate('a');
    files.write(file, 0, filled(1));
    files.link('b', file);
    files.copy('a', 'c');
    files.write(file, 0, filled(2));
    expect(valuesOf(files.find('b')!)).toEqual([2]);
    expect(valuesOf(files.find('c')!)).toEqual([1]);
    expect(() => files.copy('x', 'y')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  test('the power goes inside the operation it is told to, and nothing works until it is back', () => {
    const files = new SectorFiles();
    const file = files.openOrCreate('a');
    files.faults.cutAfter = 2;
    files.write(file, 0, filled(1));
    expect(() => files.sync(file)).toThrow(expect.objectContaining({ code: 'POWER_CUT' }));
    expect(files.dead).toBe(true);
    expect(() => files.list()).toThrow(expect.objectContaining({ code: 'POWER_CUT' }));
    expect(() => files.write(file, 0, filled(2))).toThrow(expect.objectContaining({ code: 'POWER_CUT' }));
    files.settle(new Random(1, 'test'));
    files.start();
    expect(files.list().length).toBeLessThanOrEqual(1);
  });

  test('a full disk refuses what would grow, and nothing else', () => {
    const files = new SectorFiles();
    const file = files.openOrCreate('a');
    files.write(file, 0, filled(1));
    files.faults.full = true;
    files.write(file, 0, filled(2));
    expect(() => files.write(file, 1, filled(2))).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    expect(() => files.truncate(file, 600)).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
  });

  test('a sync fails once, or from then on', () => {
    const files = new SectorFiles();
    const file = files.openOrCreate('a');
    const syncs = (): string => [1, 2, 3].map(() => (isRefused(() => files.sync(file)) ? 'x' : '.')).join('');
    files.faults.failSync = 2;
    expect(syncs()).toBe('.x.');
    files.faults.failSync = 2;
    files.faults.failSyncSticky = true;
    expect(syncs()).toBe('.xx');
    expect(syncs()).toBe('xxx');
    files.faults.failSyncSticky = false;
    expect(syncs()).toBe('...');
  });

  test('a disk that lies keeps nothing for certain', () => {
    const left = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const files = new SectorFiles();
      files.faults.lie = true;
      const file = files.openOrCreate('a');
      files.write(file, 0, filled(1));
      files.sync(file);
      files.syncNames();
      files.settle(new Random(seed, 'test'));
      const found = files.find('a');
      left.add(found === null ? 'no name' : valuesOf(found).join(' '));
    }
    expect(left).toContain('no name');
    expect(left).toContain('');
    expect(left).toContain('1');
  });

  test('an image has what is durable, and is put back as it was', () => {
    const files = new SectorFiles();
    const file = files.openOrCreate('a');
    files.write(file, 0, filled(1));
    files.sync(file);
    files.syncNames();
    files.write(file, 0, filled(2));
    files.openOrCreate('b');
    const image = files.image();
    expect([...image.keys()]).toEqual(['a']);
    files.restore(image);
    expect(files.list()).toEqual(['a']);
    expect(valuesOf(files.find('a')!)).toEqual([1]);
    expect(files.bytes).toBe(SECTOR);
  });
});

describe('damage', () => {
  const kinds = ['flip', 'cut-log', 'lose-tail', 'swap', 'zero', 'old-copy', 'watermark'] as const;

  function directory(): SectorFiles {
    const files = new SectorFiles();
    const random = new Random(1, 'content');
    for (const [name, size] of [
      ['log.db', 16_384],
      ['log.db-wal', 32 + 3 * (4096 + 24)],
      ['watermark', 1024],
    ] as const) {
      const file = files.openOrCreate(name);
      for (let round = 0; round < 40; round++) {
        files.write(file, 0, random.bytes(size));
        files.sync(file);
      }
    }
    files.syncNames();
    return files;
  }

  test.each(kinds)('%s changes one file, durably, and says what it did', (kind) => {
    for (let seed = 0; seed < 40; seed++) {
      const files = directory();
      const before = files.image();
      const words = damageFiles(files, new Random(seed, kind), kind);
      const after = files.image();
      const changed = [...before.keys()].filter(
        (name) => Buffer.compare(before.get(name)!, after.get(name) ?? new Uint8Array()) !== 0,
      );
      expect(words).toContain(`${changed[0]}: `);
      expect(changed).toHaveLength(1);
    }
  });

  test.each(kinds)('%s of an empty directory is none', (kind) => {
    expect(damageFiles(new SectorFiles(), new Random(1, kind), kind)).toBeNull();
  });
});

function isRefused(body: () => void): boolean {
  try {
    body();
    return false;
  } catch {
    return true;
  }
}
