/** Directories that are not ours, not usable, not whole: refused in words, or repaired as far as can be proven. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { nodeDisk, type StorageOptions } from '@synod/storage';
import { removeDatabase } from '@synod/storage/files';
import { seal } from '@synod/storage/sql';
import { ORIGIN } from '@synod/zab';
import { runChild } from './child.js';
import { chainOf, endOf, freshDir, plain, Rig, rowsOf } from './support.js';

const RECORDS = chainOf(ORIGIN, 1, 1, 20);

async function refusal(dir: string, options: Partial<StorageOptions> = {}): Promise<{ code: string; message: string }> {
  try {
    const rig = await Rig.open(dir, options);
    await rig.storage.close();
  } catch (error) {
    const { name, code, message } = error as { name: string; code: string; message: string };
    expect(name).toBe('StorageError');
    return { code, message };
  }
  return { code: '', message: '' };
}

/** A closed directory with 20 records, 10 of them folded into 50 rows; `pruned` removes the first 8 from the log. */
async function filled(pruned = false): Promise<string> {
  const dir = freshDir();
  const rig = await Rig.open(dir, { retainRecords: pruned ? 12 : 100 });
  await rig.persist({ type: 'append', records: RECORDS }, { type: 'accepted-epoch', epoch: 2 });
  await rig.persist({ type: 'current-epoch', epoch: 1 });
  await rig.fold(endOf(RECORDS.slice(0, 10)), 1, rowsOf(50, 1));
  await rig.until(() => !pruned || rig.pruned.length > 0);
  await rig.storage.close();
  return dir;
}

describe('refused', () => {
  test('a path that is a file, and one below a file', async () => {
    const file = freshDir();
    writeFileSync(file, 'text');
    expect(await refusal(file)).toMatchObject({ code: 'NOT_A_DIRECTORY', message: expect.stringContaining(file) });
    expect(await refusal(join(file, 'data'))).toMatchObject({ code: 'NOT_A_DIRECTORY' });
  });

  test('a place where nothing can be written', async () => {
    expect(await refusal('/proc/synod')).toMatchObject({ code: 'NOT_WRITABLE' });
  });

  test('another cluster and another server', async () => {
    const dir = await filled();
    expect(await refusal(dir, { cluster: 'other' })).toMatchObject({
      code: 'FOREIGN',
      message: expect.stringMatching(/belongs to server 1 of cluster "test", not to server 1 of cluster "other"/),
    });
    expect(await refusal(dir, { server: 2 })).toMatchObject({ code: 'FOREIGN' });
    rmSync(join(dir, 'identity.json'));
    expect(await refusal(dir, { server: 2 })).toMatchObject({
      code: 'FOREIGN',
      message: expect.stringMatching(/log\.db/),
    });
    expect(await refusal(dir)).toEqual({ code: '', message: '' });
  });

  test('a later format', async () => {
    const dir = await filled();
    const sum = seal(2, 'test', 1);
    writeFileSync(join(dir, 'identity.json'), JSON.stringify({ format: 2, cluster: 'test', server: 1, sum }));
    expect(await refusal(dir)).toMatchObject({ code: 'NEWER_FORMAT', message: expect.stringMatching(/later version/) });
  });

  test("ZooKeeper's data", async () => {
    const dir = freshDir();
    mkdirSync(join(dir, 'version-2'), { recursive: true });
    writeFileSync(join(dir, 'myid'), '1');
    expect(await refusal(dir)).toMatchObject({
      code: 'ZOOKEEPER_DATA',
      message: expect.stringMatching(/another directory/),
    });
    expect(readdirSync(dir).sort()).toEqual(['myid', 'version-2']);
  });

  test('a directory in use, by this process and by another; free as soon as that one is killed', async () => {
    const dir = freshDir();
    const rig = await Rig.open(dir);
    expect(await refusal(dir)).toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`in use by process ${process.pid}`),
    });
    await rig.storage.close();
    const signal = await runChild(['leave', dir, 'open'], async (_, child) => {
      const words = expect.stringContaining(`process ${child.pid}`);
      expect(await refusal(dir)).toMatchObject({ code: 'LOCKED', message: words });
      child.kill('SIGKILL');
    });
    expect(signal).toBe('SIGKILL');
    expect(await refusal(dir)).toEqual({ code: '', message: '' });
    expect(existsSync(join(dir, 'lock.pid'))).toBe(false);
  });
});

describe('taken', () => {
  test('a directory that has to be made, with files of others in it', async () => {
    const dir = join(freshDir(), 'a', 'b');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'myid'), '1\n');
    writeFileSync(join(dir, 'notes.txt'), 'mine');
    const rig = await Rig.open(dir);
    expect(rig.storage.recovered.blank).toBe(true);
    await rig.storage.close();
    expect(readFileSync(join(dir, 'notes.txt'), 'utf8')).toBe('mine');
    expect(statSync(join(dir, 'log.db')).size).toBeGreaterThan(0);
  });

  test.each([
    ['nothing but an empty state', ['identity.json', 'log.db', 'watermark']],
    ['an empty state and log', ['identity.json', 'watermark']],
    ['all but the identity', ['identity.json']],
  ])('a first start that was cut short with %s', async (_, missing) => {
    const dir = freshDir();
    await (await Rig.open(dir)).storage.close();
    for (const name of missing) rmSync(join(dir, name));
    const rig = await Rig.open(dir, { repairable: false });
    expect(rig.storage.recovered).toMatchObject({ blank: true, damage: null });
    await rig.storage.close();
    expect(existsSync(join(dir, 'identity.json'))).toBe(true);
  });

  test('a first start that was cut short with empty files', async () => {
    const dir = freshDir();
    mkdirSync(dir);
    for (const name of ['log.db', 'state-1.db']) writeFileSync(join(dir, name), '');
    const rig = await Rig.open(dir, { repairable: false });
    expect(rig.storage.recovered.blank).toBe(true);
    await rig.storage.close();
  });

  test('an identity that is gone or torn is written anew from the log', async () => {
    for (const text of [null, '{"format":1,"clus']) {
      const dir = await filled();
      if (text === null) rmSync(join(dir, 'identity.json'));
      else writeFileSync(join(dir, 'identity.json'), text);
      const rig = await Rig.open(dir, { repairable: false });
      expect(rig.storage.recovered).toMatchObject({ damage: null, last: endOf(RECORDS) });
      await rig.storage.close();
      expect(JSON.parse(readFileSync(join(dir, 'identity.json'), 'utf8'))).toMatchObject({
        cluster: 'test',
        server: 1,
      });
    }
  });
});

describe('damaged', () => {
  const LOST = { last: ORIGIN, base: ORIGIN, ends: [], tail: [], state: { position: ORIGIN, digest: 0, rows: 0 } };
  const cases: [string, (dir: string) => void, RegExp, object][] = [
    [
      'the log is missing',
      (dir) => {
        rmSync(join(dir, 'log.db'));
      },
      /log\.db: it is missing/,
      { ...LOST, acceptedEpoch: 2, currentEpoch: 0 },
    ],
    [
      'the log is empty',
      (dir) => {
        truncateSync(join(dir, 'log.db'), 0);
      },
      /log\.db: it holds no tables/,
      LOST,
    ],
    [
      'the log is no database',
      (dir) => {
        writeFileSync(join(dir, 'log.db'), 'x'.repeat(8192));
      },
      /log\.db: file is not a database/,
      LOST,
    ],
    [
      'the state is missing',
      (dir) => {
        rmSync(join(dir, 'state-1.db'));
      },
      /state-1\.db: it is missing; the log alone, from 0x100000008 on, cannot replace it/,
      LOST,
    ],
    [
      'the watermark is missing',
      (dir) => {
        rmSync(join(dir, 'watermark'));
      },
      /the watermark is missing or unreadable/,
      { last: endOf(RECORDS), acceptedEpoch: 2, currentEpoch: 1 },
    ],
    [
      'both slots are unreadable',
      (dir) => {
        writeFileSync(join(dir, 'watermark'), new Uint8Array(1024));
      },
      /the watermark is missing or unreadable/,
      { last: endOf(RECORDS) },
    ],
  ];

  test.each(cases)('%s', async (_, harm, words, expected) => {
    const dir = await filled(true);
    harm(dir);
    const before = contentOf(dir);
    const refused = await refusal(dir, { repairable: false });
    expect(refused.code).toBe('DAMAGED');
    expect(refused.message).toMatch(words);
    expect(refused.message).toMatch(/backup/);
    for (const [name, bytes] of before)
      if (name.endsWith('.db')) expect([name, contentOf(dir).get(name)]).toEqual([name, bytes]);

    for (let start = 0; start < 2; start++) {
      const rig = await Rig.open(dir);
      expect(rig.storage.recovered.damage).toMatch(words);
      expect(rig.storage.recovered).toMatchObject({ blank: false, repaired: null, ...expected });
      await rig.rows();
      await rig.persist({ type: 'accepted-epoch', epoch: 2 });
      await rig.storage.close();
    }
    expect(existsSync(join(dir, 'damaged'))).toBe(false);
  });

  test('an older copy of the log in place of the newer one', async () => {
    const dir = await filled();
    const old = contentOf(dir).get('log.db')!;
    const more = chainOf(endOf(RECORDS), 3, 1, 5);
    const rig = await Rig.open(dir);
    await rig.persist({ type: 'append', records: more }, { type: 'accepted-epoch', epoch: 3 });
    await rig.storage.close();
    writeFileSync(join(dir, 'log.db'), old, 'latin1');
    const again = await Rig.open(dir);
    const { damage, last, acceptedEpoch, currentEpoch } = again.storage.recovered;
    expect(damage).toMatch(/the history ends at 0x100000014, but this server has promised up to 0x300000005/);
    expect([last, acceptedEpoch, currentEpoch]).toEqual([endOf(RECORDS), 3, 1]);
    expect(plain(again.storage.recovered.tail)).toEqual(plain(RECORDS.slice(10)));
    await again.storage.close();
    expect(again.failures).toEqual([]);
  });

  test('an older copy of the log, when the state reflects more: what the state shows is what is proven', async () => {
    const dir = await filled();
    const old = contentOf(dir).get('log.db')!;
    const more = chainOf(endOf(RECORDS), 3, 1, 5);
    const rig = await Rig.open(dir);
    await rig.persist({ type: 'append', records: more });
    await rig.fold(endOf(more.slice(0, 3)), 9, []);
    await rig.storage.close();
    writeFileSync(join(dir, 'log.db'), old, 'latin1');
    const again = await Rig.open(dir);
    const { damage, last, base, state } = again.storage.recovered;
    expect(damage).toMatch(/ends at 0x300000003, but this server has promised up to 0x300000005/);
    expect([last, base, state.position]).toEqual([endOf(more.slice(0, 3)), last, last]);
    expect(await again.rows()).toEqual(rowsOf(50, 1));
    await again.storage.close();
  });

  test('an older copy of the state is harmless while the log reaches back to it', async () => {
    const dir = await filled();
    const old = contentOf(dir).get('state-1.db')!;
    const rig = await Rig.open(dir);
    await rig.fold(endOf(RECORDS), 2, [{ key: 'n/000001', value: null }]);
    await rig.storage.close();
    writeFileSync(join(dir, 'state-1.db'), old, 'latin1');
    const again = await Rig.open(dir);
    expect(again.storage.recovered).toMatchObject({ damage: null, last: endOf(RECORDS) });
    expect(plain(again.storage.recovered.tail)).toEqual(plain(RECORDS.slice(10)));
    await again.storage.close();
  });

  test('an unused state file and the remains of a rewrite are swept away', async () => {
    const dir = await filled();
    for (const name of ['state-2.db', 'state-7.db', 'state-7.db-wal', 'log-new.db'])
      writeFileSync(join(dir, name), 'x');
    const rig = await Rig.open(dir);
    await rig.storage.close();
    expect(readdirSync(dir).sort()).toEqual(['identity.json', 'lock', 'log.db', 'state-1.db', 'watermark']);
  });

  test('removing a database takes everything SQLite keeps beside it', () => {
    const dir = dirname(freshDir());
    for (const suffix of ['', '-wal', '-shm', '-journal']) writeFileSync(join(dir, `x.db${suffix}`), '');
    removeDatabase(nodeDisk(dir), 'x.db');
    expect(readdirSync(dir)).toEqual([]);
  });
});

function contentOf(dir: string): Map<string, string> {
  return new Map(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'latin1')]));
}

test('a state cut short while its write-ahead log still fits', async () => {
  const dir = freshDir();
  const rig = await Rig.open(dir);
  await rig.persist({ type: 'append', records: RECORDS });
  await rig.fold(endOf(RECORDS.slice(0, 10)), 1, rowsOf(20_000, 1));
  await rig.storage.close();
  const running = await Rig.open(dir);
  await running.fold(endOf(RECORDS.slice(0, 12)), 1, rowsOf(1, 2));
  // As a killed process leaves it.
  const left = freshDir();
  cpSync(dir, left, { recursive: true });
  await running.storage.close();
  expect(statSync(join(left, 'state-1.db-wal')).size).toBeGreaterThan(0);
  truncateSync(join(left, 'state-1.db'), 40_000);
  const again = await Rig.open(left);
  expect(again.storage.recovered).toMatchObject({
    damage: null,
    repaired: expect.stringMatching(/malformed/),
    last: endOf(RECORDS),
  });
  expect(again.storage.recovered.tail).toHaveLength(20);
  await again.storage.close();
});
