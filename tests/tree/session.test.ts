/** Sessions: their life, their ephemeral znodes, and writes that count once. */
import { limits } from '@synod/protocol';
import { describe, expect, test } from '@jest/globals';
import {
  bytes,
  changesLine,
  checkVersion,
  close,
  create,
  del,
  foldAll,
  line,
  load,
  multi,
  openRequest,
  set,
  txnLine,
  World,
} from './world.js';

describe('a session', () => {
  test('has the zxid of its transaction as its id and tells which server asked', () => {
    const world = new World();
    const applied = world.do(openRequest(4000, 9));
    expect(applied).toMatchObject({ op: 0, reply: { zxid: applied.zxid, result: {} }, changes: [] });
    expect(applied.createdSession).toEqual({ id: applied.zxid, server: 2, tag: 9, timeout: 4000 });
    expect(world.tree.sessions.get(applied.zxid)).toMatchObject({
      id: applied.zxid,
      timeout: 4000,
      secretHash: new Uint8Array(32).fill(9),
      lastNumber: 0,
      acked: 0,
    });
    expect(world.preparer.lastNumber(applied.zxid)).toBe(0);
  });

  test('ends with its ephemeral znodes, in the order of their paths, in one transaction', () => {
    const world = new World();
    const [session, other] = [world.open(), world.open()];
    world.must(create('/p'));
    for (const path of ['/p/b', '/z', '/p/a', '/a']) world.must(create(path, { mode: 'ephemeral' }), { session });
    world.must(create('/other', { mode: 'ephemeral' }), { session: other });
    world.must(del('/z'), { session: other });
    const before = world.stat('/p');
    const applied = world.do(close, { session });
    expect(applied).toMatchObject({ op: -11, closedSession: session, reply: { result: {} } });
    expect(changesLine(applied.changes)).toBe('NodeDeleted /a, NodeDeleted /p/a, NodeDeleted /p/b');
    expect(world.stat('/p')).toEqual({ ...before, pzxid: applied.zxid, cversion: 4, numChildren: 0 });
    expect(world.paths()).toEqual(['/other', '/p']);
    expect([...world.tree.sessions.keys()]).toEqual([other]);
    expect(world.tree.ephemeralCount).toBe(1);
  });

  test('expires without having asked for it', () => {
    const world = new World();
    const session = world.open();
    world.must(create('/e', { mode: 'ephemeral' }), { session });
    expect(txnLine(world.prepare({ op: 'expireSession', target: session }))).toBe('closeSession expired');
    expect(world.applyNext()).toMatchObject({ session: 0, op: 0, closedSession: session });
    expect(world.paths()).toEqual([]);
    expect(line(world.do({ op: 'expireSession', target: session }).reply.result)).toBe(
      'SESSION_EXPIRED : the session has ended already',
    );
  });

  test('that is closing writes nothing more, and its ephemeral znodes, applied or not, count as gone', () => {
    const world = new World();
    const session = world.open();
    world.must(create('/p'));
    world.must(create('/p/applied', { mode: 'ephemeral' }), { session });
    world.must(create('/p/deleted', { mode: 'ephemeral' }), { session });
    const steps: [Parameters<World['prepare']>[0], boolean, string][] = [
      [create('/p/flying', { mode: 'ephemeral' }), true, 'create /p/flying kind 1 creates 3'],
      [del('/p/deleted'), false, 'delete /p/deleted'],
      [create('/p/deleted'), false, 'create /p/deleted kind 0 creates 4'],
      [close, true, 'closeSession'],
      [set('/p'), true, 'error SESSION_EXPIRED'],
      [close, true, 'error SESSION_EXPIRED'],
      [{ op: 'expireSession', target: session }, false, 'error SESSION_EXPIRED'],
      [checkAll('/p/applied'), false, 'error NO_NODE'],
      [set('/p/flying'), false, 'error NO_NODE'],
      [create('/p/applied'), false, 'create /p/applied kind 0 creates 5'],
      [del('/p'), false, 'error NOT_EMPTY'],
      [del('/p/applied'), false, 'delete /p/applied'],
      [del('/p/deleted'), false, 'delete /p/deleted'],
      [del('/p'), false, 'delete /p'],
    ];
    const txns = steps.map(([request, own]) => txnLine(world.prepare(request, own ? { session } : {})));
    expect(txns).toEqual(steps.map(([, , txn]) => txn));
    expect(world.preparer.lastNumber(session)).toBeUndefined();
    while (world.inFlight > 0) world.applyNext();
    expect(world.paths()).toEqual([]);
  });

  test('can write before it is applied itself', () => {
    const world = new World();
    world.prepare(openRequest(4000));
    const session = world.tree.zxid + 2 ** 32 + 1;
    expect(world.preparer.lastNumber(session)).toBe(0);
    expect(txnLine(world.prepare(create('/e', { mode: 'ephemeral' }), { session }))).toBe('create /e kind 1 creates 1');
    world.applyNext();
    world.applyNext();
    expect(world.stat('/e').ephemeralOwner).toBe(session);
  });

  test('that has ended answers every write of its own with SESSION_EXPIRED when it is applied', () => {
    const world = new World();
    const origin = { session: 77, number: 1, acked: 0, time: 0 };
    const [digest, zxid] = [world.tree.digest, 2 ** 32 + 50];
    const change = { type: 'create', path: '/a', data: null, acl: [], kind: 1, ttl: 0, creates: 1 } as const;
    const applied = world.tree.apply(zxid, { ...origin, ...change });
    expect(line(applied.reply.result)).toBe('SESSION_EXPIRED : the session has ended');
    expect([applied.changes, world.tree.digest, world.tree.zxid]).toEqual([[], digest, zxid]);
  });
});

function checkAll(path: string): ReturnType<typeof multi> {
  return multi(checkVersion(path));
}

describe('applying', () => {
  const origin = { session: 0, number: 0, acked: 0, time: 0 };

  test('the end of a session that has ended changes nothing', () => {
    const world = new World();
    const digest = world.tree.digest;
    const applied = world.tree.apply(5, { ...origin, type: 'closeSession', target: 4, expired: true });
    expect(line(applied.reply.result)).toBe('SESSION_EXPIRED : the session has ended already');
    expect(applied).not.toHaveProperty('closedSession');
    expect(world.tree.digest).toBe(digest);
  });

  test('what does not fit the state is a bug', () => {
    const { tree } = new World();
    const znode = { data: null, acl: [], kind: 0, ttl: 0, creates: 1 } as const;
    for (const change of [
      { type: 'create', path: '/no/child', ...znode },
      { type: 'create', path: '/zookeeper', ...znode },
      { type: 'delete', path: '/no' },
      { type: 'delete', path: '/zookeeper' },
      { type: 'delete', path: '/' },
      { type: 'setData', path: '/no', data: null, version: 1 },
      { type: 'setAcl', path: '/no', acl: [], aversion: 1 },
    ] as const) {
      expect(() => tree.apply(tree.zxid + 1, { ...origin, ...change })).toThrow('does not fit the state');
    }
  });
});

describe('a write', () => {
  test('counts once, whatever is sent again', () => {
    const world = new World();
    const session = world.open();
    const first = world.must(create('/a'), { session, number: 1 });
    const digest = world.tree.digest;
    const again = world.do(create('/a'), { session, number: 1 });
    expect(again).toMatchObject({ number: 1, op: 1, reply: first.reply, changes: [] });
    expect(world.tree.digest).toBe(digest);
    expect(world.tree.resultOf(session, 1)).toEqual(first.reply);
    expect(world.preparer.lastNumber(session)).toBe(1);
  });

  test('counts once also where its repetition is in flight together with it', () => {
    const world = new World();
    const session = world.open();
    const request = create('/s-', { mode: 'persistentSequential' });
    world.prepare(request, { session, number: 1 });
    world.prepare(request, { session, number: 1 });
    world.prepare(request, { session, number: 2 });
    const replies = [1, 2, 3].map(() => world.applyNext().reply);
    expect(replies[1]).toEqual(replies[0]);
    expect(line(replies[2]!.result)).toBe('/s-0000000001');
    expect(world.paths()).toEqual(['/s-0000000000', '/s-0000000001']);
  });

  test('that was refused stays refused', () => {
    const world = new World();
    const session = world.open();
    const refused = world.do(set('/a'), { session, number: 1 });
    world.must(create('/a'));
    expect(world.do(set('/a'), { session, number: 1 }).reply).toEqual(refused.reply);
    expect(line(refused.reply.result)).toBe('NO_NODE /a: there is no such znode');
  });

  test('whose result was acknowledged has no result any more', () => {
    const world = new World();
    const session = world.open();
    for (let number = 1; number <= 4; number++)
      world.must(multi(), { session, number, acked: Math.max(0, number - 2) });
    const { results, acked, lastNumber } = world.tree.sessions.get(session)!;
    expect([results.map(({ number }) => number), acked, lastNumber]).toEqual([[3, 4], 2, 4]);
    expect(world.tree.resultOf(session, 2)).toBeUndefined();
    const again = world.do(multi(), { session, number: 2 });
    expect(again.reply.result).toMatchObject({ code: 'RUNTIME_INCONSISTENCY', outcome: 'unknown' });
    world.must(multi(), { session, number: 5, acked: 1 });
    expect(world.tree.sessions.get(session)!.acked).toBe(2);
  });

  test('without a number leaves no result', () => {
    const world = new World();
    const session = world.open();
    const digest = world.tree.digest;
    world.must(multi(), { session, number: 0 });
    expect(world.tree.sessions.get(session)).toMatchObject({ lastNumber: 0, results: [] });
    expect(world.tree.digest).toBe(digest);
  });

  test('keeps as many results as may be in flight', () => {
    const world = new World();
    const session = world.open();
    for (let number = 1; number <= limits.outstandingWrites + 10; number++) world.must(multi(), { session, number });
    const { results } = world.tree.sessions.get(session)!;
    expect([results.length, results[0]!.number]).toEqual([limits.outstandingWrites, 11]);
  });

  test('keeps no more than some megabytes of results, but always the last one', () => {
    const world = new World({ transactionBytes: 100_000_000 });
    const session = world.open();
    world.must(create('/a'));
    const kept = (): number[] => world.tree.sessions.get(session)!.results.map(({ number }) => number);
    const sets = multi(...Array.from({ length: 5100 }, () => set('/a')));
    for (let number = 1; number <= 6; number++) world.must(sets, { session, number });
    expect(kept()).toEqual([3, 4, 5, 6]);
    const long = 'n'.repeat(16_000);
    world.must(multi(...Array.from({ length: 270 }, (_, i) => create(`/${i}${long}`))), { session, number: 7 });
    expect(kept()).toEqual([7]);
    world.must(multi(), { session, number: 8 });
    expect(kept()).toEqual([8]);
  });

  test('has its result also after a restart', () => {
    const world = new World();
    const session = world.open();
    const writes = [
      create('/a', { data: 'x' }),
      set('/a', null),
      set('/a', 'y', 77),
      multi(create('/b'), set('/b'), del('/b'), checkVersion('/a', 1)),
      del('/a'),
      { op: 7, path: '/', acl: [{ permissions: 31, scheme: 'world', id: 'anyone' }], version: -1 } as const,
    ];
    const replies = writes.map((request, i) => world.do(request, { session, number: i + 1 }).reply);
    const disk = new Map<string, Uint8Array>();
    const tree = load(disk, foldAll(world.tree, disk));
    expect(writes.map((_, i) => tree.resultOf(session, i + 1))).toEqual(replies);
    expect(tree.sessions.get(session)).toMatchObject({ id: session, timeout: 10_000, lastNumber: 6 });
  });
});

describe('getEphemerals', () => {
  test.each([
    ['', ['/a', '/a2', '/b/c']],
    ['/', ['/a', '/a2', '/b/c']],
    ['  ', ['/a', '/a2', '/b/c']],
    ['/a', ['/a', '/a2']],
    ['/b/', ['/b/c']],
    ['/no', []],
  ])('with the prefix "%s"', (prefix, paths) => {
    const world = new World();
    const session = world.open();
    world.must(create('/b'));
    for (const path of ['/b/c', '/a2', '/a']) world.must(create(path, { mode: 'ephemeral' }), { session });
    world.must(create('/a3', { mode: 'ephemeral' }), { session: world.open() });
    expect(world.read({ op: 103, prefix }, { session })).toEqual({ paths });
  });
});

test('data of a transaction is copied: its body may be overwritten after apply', () => {
  const world = new World();
  const data = bytes('precious')!;
  const origin = { session: 0, number: 0, acked: 0, time: 0 };
  const secretHash = new Uint8Array(32).fill(5);
  world.tree.apply(1, { ...origin, type: 'create', path: '/a', data, acl: [], kind: 0, ttl: 0, creates: 1 });
  world.tree.apply(2, { ...origin, type: 'createSession', timeout: 1, secretHash, server: 1, tag: 1 });
  data.fill(0);
  secretHash.fill(0);
  expect(world.read({ op: 4, path: '/a', watch: false })).toMatchObject({ data: Buffer.from('precious') });
  expect(world.tree.sessions.get(2)!.secretHash[0]).toBe(5);
});
