/** The storage over workers that are no threads, and so share their memory with the loop: the same things come out. */
import { describe, expect, test } from '@jest/globals';
import { makeZxid } from '@synod/protocol';
import { nodeDisk } from '@synod/storage';
import { ORIGIN } from '@synod/zab';
import { inThread } from './in-thread.js';
import { chainOf, codeOfRejection, endOf, freshDir, plain, Rig, rowsOf } from './support.js';

const RECORDS = chainOf(ORIGIN, 1, 1, 40);

describe('workers in this thread', () => {
  test('persist, fold, prune, load, and read the log', async () => {
    const dir = freshDir();
    const rig = await Rig.open(dir, { retainRecords: 10 }, inThread(nodeDisk(dir)));
    await rig.persist({ type: 'append', records: RECORDS }, { type: 'accepted-epoch', epoch: 2 });
    expect(await rig.rows()).toEqual([]);
    await rig.fold(endOf(RECORDS.slice(0, 30)), 3, rowsOf(2500, 1));
    await rig.until(() => rig.pruned.at(-1)?.zxid === makeZxid(1, 30));
    expect(await rig.rows()).toEqual(rowsOf(2500, 1));
    expect(plain((await rig.storage.readLog(makeZxid(1, 35), Infinity))!)).toEqual(plain(RECORDS.slice(35)));
    expect(rig.storage.sizes().logBytes).toBeGreaterThan(0);
    expect(rig.storage.sizes().stateBytes).toBeGreaterThan(100_000);
    await rig.storage.close();
    expect(rig.failures).toEqual([]);

    const threads = await Rig.open(dir);
    expect(threads.storage.recovered).toMatchObject({ damage: null, repaired: null, acceptedEpoch: 2 });
    expect(plain(threads.storage.recovered.tail)).toEqual(plain(RECORDS.slice(30)));
    expect(await threads.rows()).toEqual(rowsOf(2500, 1));
    await threads.storage.close();
    const again = await Rig.open(dir, {}, inThread(nodeDisk(dir)));
    expect(again.storage.recovered).toEqual(threads.storage.recovered);
    await again.storage.close();
  });

  test('a state goes from one to another, and both can go on with what was handed over', async () => {
    const dir = freshDir();
    const from = await Rig.open(dir, {}, inThread(nodeDisk(dir)));
    await from.persist({ type: 'append', records: RECORDS });
    await from.fold(endOf(RECORDS), 7, rowsOf(9000, 2));
    const chunks = await from.chunks();
    expect(chunks.length).toBeGreaterThan(1);
    const copies = structuredClone(chunks);

    const other = freshDir();
    const to = await Rig.open(other, {}, inThread(nodeDisk(other)));
    expect(await to.stage(chunks)).toBeNull();
    expect(chunks).toEqual(copies);
    await to.persist({ type: 'adopt', base: endOf(RECORDS) });
    expect(await to.rows()).toEqual(rowsOf(9000, 2));
    await to.persist({ type: 'append', records: chainOf(endOf(RECORDS), 1, 41, 1) });
    await from.storage.close();
    await to.storage.close();
    expect([...from.failures, ...to.failures]).toEqual([]);
  });

  test('a directory in use is refused; a refused reading changes nothing; a failure ends everything', async () => {
    const dir = freshDir();
    const rig = await Rig.open(dir, {}, inThread(nodeDisk(dir)));
    expect(await codeOfRejection(Rig.open(dir, {}, inThread(nodeDisk(dir))))).toBe('LOCKED');
    expect(await codeOfRejection(rig.storage.readState('n/never handed out'))).toBe('CLOSED');
    rig.storage.releaseState();
    await rig.persist({ type: 'append', records: RECORDS });
    rig.send({ type: 'append', records: RECORDS });
    await rig.until(() => rig.failures.length > 0);
    rig.send({ type: 'append', records: chainOf(endOf(RECORDS), 1, 41, 1) });
    expect(await codeOfRejection(rig.storage.readLog(0, 1))).toBe('INTERNAL');
    await rig.storage.close();
    expect(rig.failures).toHaveLength(1);
    expect(rig.tokens).toEqual([1]);
  });
});
