/** What simulated clients do: every program in a calm world, troubles, the end; and what the checkers say of it. */
import { describe, expect, test } from '@jest/globals';
import { Op, opName } from '@synod/protocol';
import { checkHistory } from '@synod/simulator/check/check-history';
import { checkLinear } from '@synod/simulator/check/linear';
import { checkAppends } from '@synod/simulator/check/linear-append';
import type { AnyRecord } from '@synod/simulator/history';
import { Random } from '@synod/simulator/random';
import { Fences } from '@synod/simulator/workload/resources';
import { drawWorkload, programNames, troubleNames, type ProgramName } from '@synod/simulator/workload/settings';
import { Keys } from '@synod/simulator/workload/shared';
import { lively, only, Rig } from './workload-rig.js';

const bounds = { minTimeout: 400, maxTimeout: 4_000 };

describe('settings', () => {
  const many = Array.from({ length: 300 }, (_, seed) => drawWorkload(new Random(seed, 'workload'), bounds));

  test('are plain data, and the same for the same seed', () => {
    expect(JSON.parse(JSON.stringify(many[7]))).toEqual(many[7]);
    expect(drawWorkload(new Random(7, 'workload'), bounds)).toEqual(many[7]);
  });

  test('stay within their bounds', () => {
    for (const one of many) {
      expect(one.clients).toBeGreaterThanOrEqual(1);
      expect(one.clients).toBeLessThanOrEqual(10);
      expect(one.minTimeout).toBe(400);
      expect(one.maxTimeout).toBeLessThanOrEqual(4_000);
      expect(one.think).toBeLessThanOrEqual(20_000);
      expect(one.paths).toBeLessThanOrEqual(60);
    }
  });

  test('leave each program and each trouble out now and then, and never all programs', () => {
    for (const name of programNames) {
      const share = many.filter(({ programs }) => programs[name] > 0).length / many.length;
      expect(share).toBeGreaterThan(0.4);
      expect(share).toBeLessThan(0.9);
    }
    for (const name of troubleNames) expect(many.some(({ troubles }) => troubles[name] === 0)).toBe(true);
    for (const { programs } of many) expect(Object.values(programs).some((weight) => weight > 0)).toBe(true);
  });
});

describe('keys', () => {
  test('are replaced after so many calls, sooner where outcomes are unknown', () => {
    const keys = new Keys('/x', 1, 10);
    const random = new Random(1, 'keys');
    const taken: string[] = [];
    for (let i = 0; i < 15; i++) {
      const key = keys.take(random)!;
      taken.push(key.path);
      keys.done(key, i === 12 ? 100 : 0);
    }
    expect(taken).toEqual([...Array<string>(10).fill('/x/0'), '/x/1', '/x/1', '/x/1', '/x/2', '/x/2']);
  });

  test('are not given to too many at once', () => {
    const keys = new Keys('/x', 1, 1_000);
    const random = new Random(1, 'keys');
    const taken = Array.from({ length: 20 }, () => keys.take(random));
    const given = taken.filter((key) => key !== null);
    expect(given.length).toBe(6);
    keys.done(given[0]!);
    expect(keys.take(random)).not.toBeNull();
  });
});

test('a fence takes no token that is lower than one before', () => {
  const fences = new Fences();
  expect([fences.access('/a', 5), fences.access('/a', 5), fences.access('/a', 4), fences.access('/b', 4)]).toEqual([
    ...[true, true, false, true],
  ]);
});

/** Ends a workload in good order and judges it. */
async function endWell(rig: Rig): Promise<void> {
  const { workload, world, history } = rig;
  workload.stopFaults();
  workload.finish();
  expect(await rig.until(60_000, () => workload.idle)).toBe(true);
  workload.close();
  expect(await rig.until(60_000, () => workload.clients.length === 0)).toBe(true);
  const gone = (): boolean => world.leader?.replica?.tree.sessions.size === 0;
  expect(await rig.until(60_000, gone)).toBe(true);
  const { zxid } = world.observation.checker.end;
  const level = (): boolean => [...world.servers.values()].every(({ replica }) => replica?.applied.zxid === zxid);
  expect(await rig.until(5_000, level)).toBe(true);
  expect(world.violations).toEqual([]);
  const { counters } = workload;
  const options = { counters, touchLag: 1_000, expirySlack: 500 };
  expect(checkHistory(world.observation.committed(), history, { zxid, digest: null }, options)).toEqual([]);
  expect(checkLinear(history).violations).toEqual([]);
  expect(checkAppends(history, '/append/').violations).toEqual([]);
}

/** Operations that a program must have had answered, and other records. */
const wanted: Readonly<Record<ProgramName, readonly string[]>> = {
  random: [
    ...['create', 'delete', 'setData', 'setAcl', 'multi', 'multiRead', 'getEphemerals', 'getAllChildrenNumber', 'sync'],
    ...['whoAmI', 'addAuth', 'exists', 'getData', 'getChildren', 'getAcl', 'event'],
  ],
  registers: ['create', 'delete', 'setData', 'sync', 'getData', 'exists', 'multi'],
  appends: ['create', 'getData', 'setData', 'sync'],
  counters: ['getData', 'setData'],
  locks: ['create', 'delete', 'getChildren', 'lock', 'event'],
  watchers: ['addWatch', 'removeWatches', 'checkWatches', 'setData', 'create', 'delete', 'event', 'sync'],
  queues: ['create', 'delete', 'getChildren'],
  slowReader: ['getData', 'getChildren', 'multiRead'],
};

describe('programs', () => {
  test.each(programNames)('%s does what it is for, and ends', async (program) => {
    const rig = new Rig(1, lively([program]));
    await rig.pass(12_000);
    await endWell(rig);
    const { ops, events, locks } = rig.history;
    const done = new Set(ops.filter(({ outcome }) => outcome === 'ok').map(({ request }) => opName(request.op)));
    for (const record of [...events, ...locks] as AnyRecord[]) done.add(record.t);
    expect([...done]).toEqual(expect.arrayContaining([...wanted[program]]));
    expect(ops.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
  });

  test('registers are read directly behind a sync of their own', async () => {
    const rig = new Rig(2, lively(['registers']));
    await rig.pass(10_000);
    const before = new Map<string, number>();
    let reads = 0;
    for (const { client, request } of rig.history.ops) {
      if (request.op === Op.getData || request.op === Op.exists) {
        reads++;
        expect(before.get(client)).toBe(Op.sync);
      }
      before.set(client, request.op);
    }
    expect(reads).toBeGreaterThan(100);
  });

  test('no two writes of a register or a list write the same', async () => {
    const rig = new Rig(3, { ...lively(['registers', 'appends']), programsEach: 3 });
    await rig.pass(10_000);
    const seen = new Set<string>();
    for (const { request } of rig.history.ops) {
      if ((request.op !== Op.setData && request.op !== Op.create) || request.data?.length === 0) continue;
      const element = new TextDecoder()
        .decode(request.data ?? undefined)
        .split(',')
        .at(-1);
      expect(element).toBeDefined();
      if (element === undefined) continue;
      expect(seen).not.toContain(element);
      seen.add(element);
    }
    expect(seen.size).toBeGreaterThan(200);
  });

  test('contact is made at a third of the timeout at the latest where that is wanted', async () => {
    const rig = new Rig(4, {
      ...lively(['counters']),
      think: 1e9,
      heartbeats: 1,
      minTimeout: 3_000,
      maxTimeout: 3_000,
    });
    await rig.pass(20_000);
    const beats = rig.history.ops.filter(({ request }) => request.op === Op.exists && request.path === '/');
    expect(beats.length).toBeGreaterThanOrEqual(4 * 15);
  });
});

describe('troubles', () => {
  const stormy = (name: (typeof troubleNames)[number]) => ({
    ...lively(['random', 'locks', 'watchers']),
    troubles: { ...only(troubleNames, []), [name]: 10 },
  });

  test.each(['abandon', 'close'] as const)('%s: somebody else comes in the place of a client', async (name) => {
    const rig = new Rig(5, stormy(name));
    await rig.pass(40_000);
    const how = name === 'close' ? 'closed' : 'abandoned';
    expect(rig.history.ends.filter((end) => end.how === how).length).toBeGreaterThan(10);
    expect(rig.history.ends.filter((end) => end.how !== how)).toEqual([]);
    expect(rig.workload.clients.length).toBeGreaterThan(0);
    await endWell(rig);
  });

  test.each(['disconnect', 'unread', 'stop'] as const)('%s: sessions go on', async (name) => {
    const rig = new Rig(6, stormy(name));
    await rig.pass(40_000);
    expect(rig.history.states.filter(({ state }) => state !== 'connected').length).toBeGreaterThan(3);
    expect(rig.history.stalls.length > 0).toBe(name === 'stop');
    await endWell(rig);
    // Whoever stood still for longer than its timeout has lost its session.
    if (name === 'disconnect') expect(rig.history.ends.every(({ how }) => how === 'closed')).toBe(true);
  });

  test('nothing more happens once they are stopped', async () => {
    const settings = { ...stormy('stop'), troubles: { abandon: 20, close: 20, disconnect: 20, unread: 20, stop: 20 } };
    const rig = new Rig(7, settings);
    await rig.pass(20_000);
    rig.workload.stopFaults();
    await rig.pass(10_000);
    const count = (): number[] => [rig.history.ends.length, rig.history.stalls.length, rig.history.states.length];
    const before = count();
    await rig.pass(20_000);
    expect(count()).toEqual(before);
    expect(rig.workload.clients.length).toBe(settings.clients);
  });
});

describe('the end', () => {
  test('clients that know only servers which stay away go without a word', async () => {
    const rig = new Rig(8, { ...lively(['counters']), clients: 10, settled: 1 });
    await rig.pass(5_000);
    const known = new Set(rig.workload.clients.map(({ settings }) => settings.servers.join()));
    expect([...known].sort()).toEqual(['1', '2', '3']);
    rig.workload.finish([1, 2]);
    expect(new Set(rig.workload.clients.map(({ settings }) => settings.servers.join()))).toEqual(new Set(['1', '2']));
  });

  test('the same seed does the same', async () => {
    const runs = [];
    for (let i = 0; i < 2; i++) {
      const rig = new Rig(9, {
        ...lively(programNames),
        troubles: { abandon: 5, close: 5, disconnect: 5, unread: 5, stop: 5 },
      });
      await rig.pass(10_000);
      runs.push({ hash: rig.world.timeline.hash, ops: rig.history.ops.length, last: rig.history.ops.at(-1) });
    }
    expect(runs[1]).toEqual(runs[0]);
  });
});
