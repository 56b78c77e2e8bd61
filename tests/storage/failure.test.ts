/** What fails while the storage runs: bugs of the caller, damage that is found late, a full disk. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { makeZxid } from '@synod/protocol';
import { openSqlite } from '@synod/storage';
import { ORIGIN } from '@synod/zab';
import { runChild } from './child.js';
import { chainOf, codeOfRejection, copyRow, endOf, freshDir, plain, Rig, rowsOf } from './support.js';

const FIRST = chainOf(ORIGIN, 1, 1, 20);

describe('failures while running', () => {
  test('a bug of the caller ends the storage: told once, nothing acknowledged afterwards', async () => {
    const dir = freshDir();
    const rig = await Rig.open(dir);
    await rig.persist({ type: 'append', records: FIRST });
    const acknowledged = rig.tokens.at(-1);
    rig.send({ type: 'append', records: chainOf(ORIGIN, 1, 30, 1) });
    rig.send({ type: 'append', records: chainOf(endOf(FIRST), 1, 21, 1) });
    await rig.until(() => rig.failures.length > 0);
    rig.send({ type: 'append', records: chainOf(endOf(FIRST), 1, 21, 1) });
    expect(await codeOfRejection(rig.storage.readLog(0, 1))).toBe('INTERNAL');
    await rig.storage.close();
    expect(rig.failures).toHaveLength(1);
    expect(rig.tokens.at(-1)).toBe(acknowledged);
    const again = await Rig.open(dir);
    expect(again.storage.recovered.last).toEqual(endOf(FIRST));
    await again.storage.close();
  });

  /** Harms a closed database as bit rot would: behind SQLite's back, with pages that are well-formed. */
  function harm(dir: string, file: string, sql: string): void {
    const database = openSqlite(join(dir, file), false);
    database.exec(sql);
    database.close();
  }

  async function prepared(base: boolean): Promise<string> {
    const dir = freshDir();
    const rig = await Rig.open(dir, { retainRecords: base ? 3 : 1000 });
    await rig.persist({ type: 'append', records: FIRST });
    await rig.fold(endOf(FIRST.slice(0, 10)), 1, rowsOf(100, 1));
    await rig.until(() => !base || rig.pruned.length > 0);
    await rig.storage.close();
    return dir;
  }

  test('a damaged row: loading rejects, the next start knows of it, and a state of another server repairs it', async () => {
    const dir = await prepared(true);
    harm(dir, 'state-1.db', "UPDATE entry SET value = x'00' WHERE key = 'n/000050'");
    const rig = await Rig.open(dir);
    expect(rig.storage.recovered.damage).toBeNull();
    expect(await codeOfRejection(rig.rows())).toBe('DAMAGED');
    expect(rig.failures).toEqual([]);
    await rig.storage.close();
    expect(await codeOfRejection(Rig.open(dir, { repairable: false }))).toBe('DAMAGED');

    const damaged = await Rig.open(dir);
    expect(damaged.storage.recovered).toMatchObject({ blank: false, last: ORIGIN, ends: [], tail: [], base: ORIGIN });
    expect(damaged.storage.recovered.damage).toMatch(/state-1\.db: the row behind "n\/000049" is damaged/);
    expect(await damaged.rows()).toEqual([]);
    await damaged.storage.close();
    const still = await Rig.open(dir);
    expect(still.storage.recovered.damage).toMatch(/n\/000049/);

    const source = await Rig.open(freshDir());
    await source.persist({ type: 'append', records: FIRST });
    await source.fold(endOf(FIRST), 3, rowsOf(100, 1));
    expect(await still.stage(await source.chunks())).toBeNull();
    await source.storage.close();
    await still.persist({ type: 'adopt', base: endOf(FIRST) });
    await still.storage.close();
    const sound = await Rig.open(dir);
    expect(sound.storage.recovered).toMatchObject({ damage: null, last: endOf(FIRST), blank: false });
    expect(await sound.rows()).toEqual(rowsOf(100, 1));
    await sound.storage.close();
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(['log.db.damaged', 'state-1.db.damaged']));
  });

  test('a damaged state beside a whole log is made anew from the log, which is no loss', async () => {
    const dir = await prepared(false);
    harm(dir, 'state-1.db', "DELETE FROM entry WHERE key = 'n/000050'");
    const rig = await Rig.open(dir, { repairable: false });
    expect(await codeOfRejection(rig.rows())).toBe('DAMAGED');
    await rig.storage.close();
    const again = await Rig.open(dir, { repairable: false });
    expect(again.storage.recovered).toMatchObject({
      damage: null,
      last: endOf(FIRST),
      state: { position: ORIGIN, rows: 0 },
    });
    expect(again.storage.recovered.repaired).toMatch(/rows/);
    expect(plain(again.storage.recovered.tail)).toEqual(plain(FIRST));
    await again.storage.close();
  });

  test('damage in a state that is sent to another server ends the storage', async () => {
    const dir = await prepared(true);
    harm(dir, 'state-1.db', "DELETE FROM entry WHERE key = 'n/000050'");
    const rig = await Rig.open(dir);
    expect(await codeOfRejection(rig.chunks())).toBe('DAMAGED');
    expect(rig.failures).toHaveLength(1);
    await rig.storage.close();
    const again = await Rig.open(dir);
    expect(again.storage.recovered.damage).toMatch(/state-1\.db/);
    await again.storage.close();
  });

  test('damage in a record that is read ends the storage; the next start keeps what is proven', async () => {
    const dir = await prepared(false);
    writeFileSync(join(dir, 'damaged'), 'log.db: database disk image is malformed\n');
    const sound = await Rig.open(dir);
    expect(sound.storage.recovered).toMatchObject({ damage: null, last: endOf(FIRST) });
    expect(sound.storage.recovered.repaired).toMatch(/malformed/);
    expect(plain(sound.storage.recovered.tail)).toEqual(plain(FIRST.slice(10)));
    await sound.storage.close();
    harm(dir, 'log.db', `UPDATE record SET body = x'00' WHERE zxid = ${FIRST[14]!.zxid}`);
    const damaged = await Rig.open(dir);
    expect(damaged.storage.recovered.damage).toMatch(
      /0x10000000e does not continue the chain.*promised up to 0x100000014/,
    );
    expect(damaged.storage.recovered.last).toEqual(endOf(FIRST.slice(0, 14)));
    expect(damaged.storage.recovered.ends).toEqual([endOf(FIRST.slice(0, 14))]);
    expect(plain(damaged.storage.recovered.tail)).toEqual(plain(FIRST.slice(10, 14)));
    expect((await damaged.rows()).map(copyRow)).toEqual(rowsOf(100, 1));
    await damaged.storage.close();
  });

  test('a disk that takes no more: the process says so and ends, and nothing it had reported is missing', async () => {
    const dir = freshDir();
    let promised = 0;
    let words = '';
    const onLine = (line: string): void => {
      if (/^[0-9]+$/.test(line)) promised = Number(line);
      else words += line;
    };
    const code = await runChild(['append', dir], onLine, 512 * 1024);
    expect([code, words]).toEqual([1, expect.stringMatching(/^failed: .*SQLITE_(FULL|IOERR)/)]);
    expect(promised).toBeGreaterThan(0);
    const rig = await Rig.open(dir, { repairable: false });
    expect(rig.storage.recovered.damage).toBeNull();
    expect(rig.storage.recovered.last.zxid).toBeGreaterThanOrEqual(makeZxid(1, promised));
    await rig.storage.close();
  });
});
