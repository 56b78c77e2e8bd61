/** The whole storage with its worker threads: what goes in comes back, in order, and only when it is durable. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { makeZxid } from '@synod/protocol';
import type { RowChange } from '@synod/storage';
import { ORIGIN, type LogRecord } from '@synod/zab';
import { chainOf, codeOfRejection, endOf, freshDir, plain, Rig, rowsOf } from './support.js';

const FIRST = chainOf(ORIGIN, 1, 1, 20);

test('a fresh directory is blank; what is persisted is recovered', async () => {
  const dir = freshDir();
  const rig = await Rig.open(dir);
  const zero = { acceptedEpoch: 0, currentEpoch: 0, committed: 0, repaired: null, damage: null };
  expect(rig.storage.recovered).toEqual({
    ...zero,
    blank: true,
    base: ORIGIN,
    state: { position: ORIGIN, digest: 0, rows: 0 },
    last: ORIGIN,
    ends: [],
    tail: [],
  });
  await rig.persist({ type: 'accepted-epoch', epoch: 3 });
  await rig.persist(
    { type: 'append', records: FIRST },
    { type: 'current-epoch', epoch: 1 },
    { type: 'committed', zxid: FIRST[3]!.zxid },
  );
  await rig.storage.close();

  const again = await Rig.open(dir);
  const { tail, ...rest } = again.storage.recovered;
  expect(plain(tail)).toEqual(plain(FIRST));
  expect(rest).toMatchObject({
    blank: false,
    damage: null,
    acceptedEpoch: 3,
    currentEpoch: 1,
    committed: FIRST[3]!.zxid,
  });
  expect(rest.last).toEqual(endOf(FIRST));
  expect(rest.ends).toEqual([endOf(FIRST)]);
  await again.storage.close();
});

test('what is persisted while a batch is written goes out together, tokens rise, nothing is lost', async () => {
  const dir = freshDir();
  const rig = await Rig.open(dir);
  for (const record of FIRST) rig.send({ type: 'append', records: [record] });
  const empty = rig.send();
  await rig.until(() => rig.tokens.at(-1) === empty);
  expect(rig.tokens).toEqual([...rig.tokens].sort((a, b) => a - b));
  expect(rig.tokens.length).toBeLessThan(FIRST.length);
  expect(plain((await rig.storage.readLog(0, 1e9))!)).toEqual(plain(FIRST));
  await rig.storage.close();
  expect(rig.failures).toEqual([]);
});

test('close finishes what is queued, is harmless twice, and refuses what comes later', async () => {
  const dir = freshDir();
  const rig = await Rig.open(dir);
  for (const record of FIRST) rig.send({ type: 'append', records: [record] });
  rig.storage.fold({ position: endOf(FIRST.slice(0, 5)), digest: 5, rows: rowsOf(10, 1), last: true });
  await Promise.all([rig.storage.close(), rig.storage.close()]);
  expect(() => rig.send({ type: 'accepted-epoch', epoch: 1 })).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  expect(await codeOfRejection(rig.storage.readLog(0, 1))).toBe('CLOSED');
  const again = await Rig.open(dir);
  expect(again.storage.recovered.last).toEqual(endOf(FIRST));
  expect(again.storage.recovered.state).toEqual({ position: endOf(FIRST.slice(0, 5)), digest: 5, rows: 10 });
  expect(plain(again.storage.recovered.tail)).toEqual(plain(FIRST.slice(5)));
  expect(readdirSync(dir).sort()).toEqual(
    expect.arrayContaining(['identity.json', 'log.db', 'state-1.db', 'watermark']),
  );
  await again.storage.close();
});

test('truncation and what follows it in the same batch', async () => {
  const dir = freshDir();
  const rig = await Rig.open(dir);
  await rig.persist({ type: 'append', records: FIRST });
  const kept = FIRST.slice(0, 8);
  const other = chainOf(endOf(kept), 2, 1, 4);
  rig.send({ type: 'truncate', after: endOf(kept) });
  await rig.persist({ type: 'append', records: other }, { type: 'current-epoch', epoch: 2 });
  await rig.storage.close();
  const again = await Rig.open(dir);
  expect(again.storage.recovered.ends).toEqual([endOf(kept), endOf(other)]);
  expect(plain(again.storage.recovered.tail)).toEqual(plain([...kept, ...other]));
  await again.storage.close();
});

test('a truncation below what is folded is a bug of the caller', async () => {
  const rig = await Rig.open(freshDir());
  await rig.persist({ type: 'append', records: FIRST });
  rig.storage.fold({ position: endOf(FIRST.slice(0, 5)), digest: 5, rows: [], last: true });
  expect(() => rig.send({ type: 'truncate', after: endOf(FIRST.slice(0, 4)) })).toThrow(/truncated/);
  await rig.storage.close();
});

describe('pruning', () => {
  test('follows the folds, keeps what is to be kept, and says so', async () => {
    const dir = freshDir();
    const rig = await Rig.open(dir, { retainRecords: 6 });
    await rig.persist({ type: 'append', records: FIRST });
    await rig.fold(endOf(FIRST.slice(0, 10)), 1, rowsOf(3, 1));
    await rig.until(() => rig.pruned.length > 0);
    expect(rig.pruned.at(-1)).toEqual(endOf(FIRST.slice(0, 10)));
    await rig.fold(endOf(FIRST), 2, []);
    await rig.until(() => rig.pruned.length > 1);
    expect(rig.pruned.at(-1)).toEqual(endOf(FIRST.slice(0, 14)));
    expect(await rig.storage.readLog(FIRST[12]!.zxid, 1e9)).toBeNull();
    expect(plain((await rig.storage.readLog(FIRST[13]!.zxid, 1e9))!)).toEqual(plain(FIRST.slice(14)));
    await rig.storage.close();
    const again = await Rig.open(dir, { retainRecords: 0 });
    expect(again.storage.recovered.base).toEqual(endOf(FIRST.slice(0, 14)));
    expect(again.storage.recovered.tail).toEqual([]);
    await again.rows();
    await again.until(() => again.pruned.at(-1)?.zxid === endOf(FIRST).zxid);
    await again.storage.close();
    const empty = await Rig.open(dir);
    const { last, ends, base, blank, damage } = empty.storage.recovered;
    expect([last, base, ends, blank, damage]).toEqual([endOf(FIRST), endOf(FIRST), [endOf(FIRST)], false, null]);
    await empty.persist({ type: 'append', records: chainOf(endOf(FIRST), 1, 21, 1) });
    await empty.storage.close();
  });

  test('waits after a start until the state is proven, and never passes what is durable of it', async () => {
    const dir = freshDir();
    const first = await Rig.open(dir);
    await first.persist({ type: 'append', records: FIRST });
    await first.fold(endOf(FIRST.slice(0, 5)), 1, rowsOf(3, 1));
    await first.storage.close();
    const rig = await Rig.open(dir, { retainRecords: 0 });
    await rig.persist({ type: 'accepted-epoch', epoch: 1 });
    expect(rig.pruned).toEqual([]);
    const loading = rig.rows();
    rig.storage.fold({ position: endOf(FIRST.slice(0, 15)), digest: 2, rows: [], last: true });
    await loading;
    await rig.until(() => rig.pruned.at(-1)?.zxid === endOf(FIRST.slice(0, 15)).zxid);
    expect(rig.order.at(-1)![0]).toBe('pruned');
    const folded = rig.order.findIndex(([event]) => event === 'folded');
    for (const [, zxid] of rig.order.slice(0, folded)) expect(zxid).toBe(endOf(FIRST.slice(0, 5)).zxid);
    await rig.storage.close();
  });

  test('keeps up under steady load', async () => {
    const rig = await Rig.open(freshDir(), { retainRecords: 500 });
    let last = ORIGIN;
    let base = 0;
    for (let round = 0; round < 40; round++) {
      const records: LogRecord[] = chainOf(last, 1, round * 250 + 1, 250, 4);
      last = endOf(records);
      rig.send({ type: 'append', records });
      await rig.persist({ type: 'committed', zxid: last.zxid });
      rig.storage.fold({ position: last, digest: 1, rows: [], last: true });
    }
    await rig.until(() => (rig.pruned.at(-1)?.zxid ?? 0) >= makeZxid(1, 40 * 250 - 500));
    for (const { zxid } of rig.pruned) {
      expect(zxid).toBeGreaterThan(base);
      base = zxid;
    }
    await rig.storage.close();
  });
});

describe('the state at rest', () => {
  const ROWS = rowsOf(50_000, 1, 20);
  const POSITION = endOf(FIRST.slice(0, 15));

  async function filled(dir: string): Promise<Rig> {
    const rig = await Rig.open(dir);
    await rig.persist({ type: 'append', records: FIRST });
    for (let at = 0; at < ROWS.length; at += 5000) {
      const rows = ROWS.slice(at, at + 5000);
      rig.storage.fold({ position: POSITION, digest: 4711, rows, last: at + 5000 >= ROWS.length });
    }
    await rig.until(() => rig.folded.length === 1);
    return rig;
  }

  test('50,000 rows: fold, load, read, stage elsewhere, adopt, load there', async () => {
    const rig = await filled(freshDir());
    expect(await rig.rows()).toEqual(ROWS);
    const chunks = await rig.chunks();
    expect(chunks.length).toBeGreaterThan(4);
    for (const { position, digest } of chunks) expect([position, digest]).toEqual([POSITION, 4711]);
    expect(Math.max(...chunks.map(({ rows }) => rows.length))).toBeLessThan(600_000);

    const dir = freshDir();
    const other = await Rig.open(dir, { server: 2 });
    await other.persist({ type: 'append', records: chainOf(ORIGIN, 1, 1, 3, 9) }, { type: 'accepted-epoch', epoch: 1 });
    await other.fold(endOf(chainOf(ORIGIN, 1, 1, 3, 9)), 1, rowsOf(5, 9, 9, 'n/old'));
    expect(await other.stage(chunks)).toBeNull();
    await other.persist({ type: 'adopt', base: POSITION }, { type: 'append', records: FIRST.slice(15) });
    expect(await other.rows()).toEqual(ROWS);
    await other.fold(endOf(FIRST), 4712, [{ key: ROWS[7]!.key, value: null }]);
    expect((await other.rows()).length).toBe(ROWS.length - 1);
    await other.storage.close();
    expect(readdirSync(dir).filter((name) => name.startsWith('state-'))).toEqual(['state-2.db']);

    const again = await Rig.open(dir, { server: 2 });
    const { base, last, state, damage, acceptedEpoch } = again.storage.recovered;
    expect({ base, last, damage, acceptedEpoch }).toEqual({
      base: POSITION,
      last: endOf(FIRST),
      damage: null,
      acceptedEpoch: 1,
    });
    expect(state).toEqual({ position: endOf(FIRST), digest: 4712, rows: ROWS.length - 1 });
    await again.storage.close();
    await rig.storage.close();
  });

  test('folding waits while the state is read, and goes on afterwards', async () => {
    const rig = await filled(freshDir());
    const first = await rig.storage.readState(null);
    const change: RowChange[] = [{ key: ROWS[49_999]!.key, value: new Uint8Array([9]) }];
    rig.storage.fold({ position: endOf(FIRST.slice(0, 16)), digest: 1, rows: change, last: false });
    rig.storage.fold({ position: endOf(FIRST.slice(0, 16)), digest: 1, rows: [], last: true });
    const rest = [first];
    while (rest.at(-1)!.cursor !== null) rest.push(await rig.storage.readState(rest.at(-1)!.cursor));
    expect(rig.folded).toHaveLength(1);
    expect(new Set(rest.map(({ position }) => position.zxid))).toEqual(new Set([POSITION.zxid]));
    rig.storage.releaseState();
    await rig.until(() => rig.folded.length === 2);
    expect((await rig.rows()).at(-1)!.value).toEqual(new Uint8Array([9]));
    expect(await codeOfRejection(rig.storage.readState(rest[0]!.cursor))).toBe('CLOSED');
    rig.storage.releaseState();
    expect(rig.failures).toEqual([]);
    await rig.storage.close();
  });

  test('a reading waits for the end of a fold that has begun', async () => {
    const rig = await Rig.open(freshDir());
    await rig.persist({ type: 'append', records: FIRST });
    rig.storage.fold({ position: POSITION, digest: 1, rows: rowsOf(10, 1), last: false });
    const reading = rig.storage.readState(null);
    rig.storage.fold({ position: POSITION, digest: 1, rows: rowsOf(10, 2), last: true });
    rig.storage.fold({ position: endOf(FIRST), digest: 2, rows: [], last: true });
    expect((await reading).position).toEqual(POSITION);
    rig.storage.releaseState();
    await rig.until(() => rig.folded.length === 2);
    await rig.storage.close();
  });

  test('two readings at once, each in its own place', async () => {
    const rig = await filled(freshDir());
    const a = await rig.storage.readState(null);
    const b = await rig.storage.readState(a.cursor);
    const again = await rig.storage.readState(null);
    const c = await rig.storage.readState(b.cursor);
    expect(again.rows).toEqual(a.rows);
    expect(c.rows).not.toEqual(b.rows);
    rig.storage.releaseState();
    await rig.storage.close();
  });

  test('a closed storage gives up a fold whose end has not come', async () => {
    const dir = freshDir();
    const rig = await Rig.open(dir);
    await rig.persist({ type: 'append', records: FIRST });
    rig.storage.fold({ position: POSITION, digest: 1, rows: rowsOf(10, 1), last: false });
    await rig.storage.close();
    const again = await Rig.open(dir);
    expect(again.storage.recovered.state.position).toEqual(ORIGIN);
    await again.storage.close();
  });
});
