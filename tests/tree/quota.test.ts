/** Quotas: what counts as usage and when, and which writes are refused for them. */
import { describe, expect, test } from '@jest/globals';
import { READ_ACL } from '@synod/protocol';
import { limitsOf, setQuota, statsOf, textAt } from './quota-world.js';
import { changesLine, checkVersion, close, create, del, foldAll, line, load, multi, set, World } from './world.js';

const NO_LIMITS = 'count=-1,bytes=-1';

/** `/a` with 3 bytes and `/a/b` with 5. */
function someWorld(noted?: (quota: string, reason: string) => void): World {
  const world = new World({ quotas: noted ? { noted } : null });
  world.must(create('/a', { data: 'aaa' }));
  world.must(create('/a/b', { data: 'bbbbb' }));
  return world;
}

function usage(world: World, root = '/a'): string | null {
  return textAt(world.tree, statsOf(root));
}

describe('the usage of a subtree', () => {
  test.each<[string, (world: World) => void, string]>([
    ['is counted when the quota comes', () => undefined, 'count=2,bytes=8'],
    ['grows with a child', (world) => world.must(create('/a/c', { data: 'c' })), 'count=3,bytes=9'],
    ['grows with what is far below', (world) => world.must(create('/a/b/c', { data: 'cc' })), 'count=3,bytes=10'],
    ['takes no notice of null', (world) => world.must(create('/a/c', { data: null })), 'count=3,bytes=8'],
    ['follows data', (world) => world.must(set('/a/b', 'b')), 'count=2,bytes=4'],
    ['follows data to null', (world) => world.must(set('/a/b', null)), 'count=2,bytes=3'],
    ['follows data of the root', (world) => world.must(set('/a', '')), 'count=2,bytes=5'],
    ['shrinks with a child', (world) => world.must(del('/a/b')), 'count=1,bytes=3'],
    ['takes no notice of other subtrees', (world) => world.must(create('/ab')), 'count=2,bytes=8'],
    ['takes no notice of what is refused', (world) => world.do(multi(create('/a/x'), del('/no'))), 'count=2,bytes=8'],
    [
      'follows every part of a multi',
      (world) => world.must(multi(create('/a/x', { data: 'xx' }), set('/a/x', 'x'), del('/a/b'), create('/a/y'))),
      'count=3,bytes=4',
    ],
    [
      'follows a subtree that goes and comes again',
      (world) => world.must(multi(del('/a/b'), del('/a'), create('/a', { data: 'again' }))),
      'count=1,bytes=5',
    ],
    ['may be nothing at all', (world) => world.must(multi(del('/a/b'), del('/a'))), 'count=0,bytes=0'],
  ])('%s', (_, act, expected) => {
    const world = someWorld();
    setQuota(world, '/a', NO_LIMITS);
    act(world);
    expect(usage(world)).toBe(expected);
  });

  test('is there before the subtree is', () => {
    const world = new World();
    setQuota(world, '/later/still', NO_LIMITS);
    expect(usage(world, '/later/still')).toBe('count=0,bytes=0');
    world.must(create('/later', { data: 'x' }));
    world.must(create('/later/still', { data: 'xx' }));
    expect(usage(world, '/later/still')).toBe('count=1,bytes=2');
  });

  test('follows ephemeral znodes to the end of their session, and what is reaped', () => {
    const world = someWorld();
    setQuota(world, '/a', NO_LIMITS);
    const session = world.open();
    for (const name of ['x', 'y']) world.must(create(`/a/${name}`, { data: name, mode: 'ephemeral' }), { session });
    world.must(create('/a/c', { data: 'ccc', mode: 'container' }));
    expect(usage(world)).toBe('count=5,bytes=13');
    world.must(close, { session });
    expect(usage(world)).toBe('count=3,bytes=11');
    world.must({ op: 'reap', path: '/a/c' });
    expect(usage(world)).toBe('count=2,bytes=8');
  });

  test('changes nothing of its znode but data and its length, and nobody is told', () => {
    const world = someWorld();
    setQuota(world, '/a', NO_LIMITS);
    const before = world.stat(statsOf('/a'));
    const { dataBytes } = world.tree;
    const { changes } = world.must(create('/a/some-more', { data: 'x'.repeat(100) }));
    expect(usage(world)).toBe('count=3,bytes=108');
    expect(world.stat(statsOf('/a'))).toEqual({ ...before, dataLength: before.dataLength + 2 });
    expect(changesLine(changes)).toBe('NodeCreated /a/some-more');
    expect(world.tree.dataBytes).toBe(dataBytes + 100 + 2);
  });

  test('is part of the digest, and goes to the disk and back', () => {
    const world = someWorld();
    setQuota(world, '/a', NO_LIMITS);
    const disk = new Map<string, Uint8Array>();
    foldAll(world.tree, disk);
    world.must(create('/a/c', { data: 'c' }));
    const keys = world.tree
      .beginFold()
      .next(100)!
      .map(({ key }) => key);
    expect(keys).toContain(`n${statsOf('/a')}`);
    const other = someWorld();
    setQuota(other, '/a', NO_LIMITS);
    foldAll(other.tree, disk);
    other.must(create('/a/c', { data: 'c' }));
    const loaded = load(disk, foldAll(other.tree, disk));
    expect(textAt(loaded, statsOf('/a'))).toBe('count=3,bytes=9');
    expect(loaded.digest).toBe(world.tree.digest);
  });
});

describe('a quota', () => {
  test('is there with both of its znodes, in whatever order they come', () => {
    const world = someWorld();
    world.must(create('/zookeeper/quota/a'));
    world.must(create(statsOf('/a'), { data: 'count=9,bytes=9' }));
    expect(usage(world)).toBe('count=2,bytes=8');
    world.must(create('/a/c'));
    expect(usage(world)).toBe('count=2,bytes=8');
    world.must(create(limitsOf('/a'), { data: NO_LIMITS }));
    expect(usage(world)).toBe('count=3,bytes=8');
  });

  test('that goes leaves its usage as it is; when it comes again the usage is right', () => {
    const world = someWorld();
    setQuota(world, '/a', NO_LIMITS);
    world.must(del(limitsOf('/a')));
    world.must(create('/a/c'));
    expect(usage(world)).toBe('count=2,bytes=8');
    world.must(create(limitsOf('/a'), { data: NO_LIMITS }));
    expect(usage(world)).toBe('count=3,bytes=8');
    world.must(del(statsOf('/a')));
    world.must(del('/a/c'));
    world.must(create(statsOf('/a')));
    expect(usage(world)).toBe('count=2,bytes=8');
  });

  test('inside of another one is the only one that changes below it put down to, until it goes', () => {
    const world = someWorld();
    setQuota(world, '/a', NO_LIMITS);
    setQuota(world, '/a/b', NO_LIMITS);
    expect([usage(world), usage(world, '/a/b')]).toEqual(['count=2,bytes=8', 'count=1,bytes=5']);
    world.must(create('/a/b/c', { data: 'c' }));
    world.must(create('/a/d', { data: 'dd' }));
    expect([usage(world), usage(world, '/a/b')]).toEqual(['count=3,bytes=10', 'count=2,bytes=6']);
    world.must(multi(del(statsOf('/a/b')), del(limitsOf('/a/b'))));
    expect(usage(world)).toBe('count=4,bytes=11');
  });

  test.each(['', '/zookeeper', '/zookeeper/quota/a'])('of %j counts nothing', (root) => {
    const world = someWorld();
    if (root !== '') setQuota(world, root, 'count=-1,bytes=-1=;countHardLimit=0');
    else world.must(multi(create(limitsOf(''), { data: NO_LIMITS }), create(statsOf(''), { data: 'as it was' })));
    world.must(create('/x', { data: 'x' }));
    world.must(create('/zookeeper/x', { data: 'x' }));
    world.must(set('/', 'x'));
    expect(usage(world, root)).toBe(root === '' ? 'as it was' : 'count=0,bytes=0');
  });

  test('whose usage a client writes goes on from there, and counts anew where it cannot be read', () => {
    const world = someWorld();
    setQuota(world, '/a', NO_LIMITS);
    world.must(set(statsOf('/a'), 'count=100;bytes=100;more=1'));
    world.must(create('/a/c', { data: 'c' }));
    expect(usage(world)).toBe('count=101,bytes=101=;more=1');
    for (const text of ['nonsense', null]) {
      world.must(set(statsOf('/a'), text));
      expect(usage(world)).toBe(text);
      world.must(set('/a/c', 'cc'));
      expect(usage(world)).toBe('count=3,bytes=10');
    }
  });

  test('counts once for each transaction, however often its znodes come and go in it', () => {
    const world = someWorld();
    setQuota(world, '/a', NO_LIMITS);
    const again = [del(statsOf('/a')), create(statsOf('/a')), create('/a/n'), del('/a/n')];
    world.must(multi(...again, ...again, create('/a/c')));
    expect(usage(world)).toBe('count=3,bytes=8');
  });
});

describe('limits', () => {
  const hard = (count: number, bytes = -1): string =>
    `count=-1,bytes=-1=;byteHardLimit=${bytes};countHardLimit=${count}`;
  const over = (what: string, next: number, limit: number): string =>
    `the quota of /a: ${what} would be ${next}, the hard limit is ${limit}`;

  /** Usage 2 and 8. */
  test.each<[string, string, Parameters<World['do']>[0], string]>([
    ['a znode too many', hard(2), create('/a/c'), `QUOTA_EXCEEDED /a/c: ${over('count', 3, 2)}`],
    ['the last znode', hard(3), create('/a/c'), '/a/c'],
    ['a znode far below', hard(2), create('/a/b/c'), `QUOTA_EXCEEDED /a/b/c: ${over('count', 3, 2)}`],
    ['another subtree', hard(2), create('/ab'), '/ab'],
    ['no znode at all', hard(0), create('/a/c'), `QUOTA_EXCEEDED /a/c: ${over('count', 3, 0)}`],
    ['a byte too many', hard(-1, 9), create('/a/c', { data: 'cc' }), `QUOTA_EXCEEDED /a/c: ${over('bytes', 10, 9)}`],
    ['the last byte', hard(-1, 9), create('/a/c', { data: 'c' }), '/a/c'],
    ['a znode without data', hard(-1, 8), create('/a/c'), '/a/c'],
    [
      'znodes first, then bytes',
      hard(2, 8),
      create('/a/c', { data: 'c' }),
      `QUOTA_EXCEEDED /a/c: ${over('count', 3, 2)}`,
    ],
    ['longer data', hard(-1, 9), set('/a/b', '7777777'), `QUOTA_EXCEEDED /a/b: ${over('bytes', 10, 9)}`],
    ['longer data that fits', hard(-1, 9), set('/a/b', '666666'), 'version 1'],
    ['data of the same length beyond the limit', hard(-1, 1), set('/a/b', '55555'), 'version 1'],
    [
      'shorter data beyond the limit, as in ZooKeeper',
      hard(-1, 1),
      set('/a/b', '4444'),
      `QUOTA_EXCEEDED /a/b: ${over('bytes', 7, 1)}`,
    ],
    ['shorter data down to the limit', hard(-1, 7), set('/a/b', '4444'), 'version 1'],
    ['data where only znodes are limited', hard(0), set('/a/b', 'long enough'), 'version 1'],
    [
      'a hard limit in place of a lower soft one',
      'count=1,bytes=1=;countHardLimit=3;byteHardLimit=99',
      create('/a/c'),
      '/a/c',
    ],
    ['a delete', hard(0, 0), del('/a/b'), 'ok'],
    [
      'a quota above the version',
      hard(-1, 8),
      set('/a/b', '666666', 77),
      `QUOTA_EXCEEDED /a/b: ${over('bytes', 9, 8)}`,
    ],
    ['a path above the quota', hard(0), create('/a/b'), 'NODE_EXISTS /a/b: there is such a znode already'],
    ['a missing parent above the quota', hard(0), create('/a/x/y'), 'NO_NODE /a/x/y: there is no parent /a/x'],
    [
      'sequential znodes',
      hard(2),
      create('/a/s', { mode: 'persistentSequential' }),
      `QUOTA_EXCEEDED /a/s0000000001: ${over('count', 3, 2)}`,
    ],
    ['containers', hard(2), create('/a/s', { mode: 'container' }), `QUOTA_EXCEEDED /a/s: ${over('count', 3, 2)}`],
    [
      'znodes with a time to live',
      hard(2),
      create('/a/s', { mode: 'ttl', ttl: 9 }),
      `QUOTA_EXCEEDED /a/s: ${over('count', 3, 2)}`,
    ],
    [
      'a part of a multi',
      hard(3),
      multi(create('/x'), create('/a/c'), create('/a/d')),
      `QUOTA_EXCEEDED /a/d at 2: ${over('count', 4, 3)}`,
    ],
    ['a multi that makes room', hard(2), multi(del('/a/b'), create('/a/c')), '[ok, /a/c]'],
    [
      'a multi that grows and shrinks',
      hard(-1, 8),
      multi(set('/a', ''), set('/a/b', '88888888')),
      '[version 1, version 1]',
    ],
    ['a check', hard(0, 0), multi(checkVersion('/a')), '[ok]'],
    ['the znodes of the quota', hard(0, 0), set(statsOf('/a'), 'count=1,bytes=1'), 'version 1'],
  ])('%s', (_, limits, request, expected) => {
    const world = someWorld(() => undefined);
    setQuota(world, '/a', limits);
    expect(line(world.do(request).reply.result)).toBe(expected);
  });

  test('ephemeral znodes of a session', () => {
    const world = someWorld(() => undefined);
    setQuota(world, '/a', hard(3));
    const session = world.open();
    const make = (path: string): string =>
      line(world.do(create(path, { mode: 'ephemeral' }), { session }).reply.result);
    expect([make('/a/x'), make('/a/y')]).toEqual(['/a/x', expect.stringMatching(/^QUOTA_EXCEEDED/)]);
  });

  test('are not enforced where the leader is not told to', () => {
    const world = someWorld();
    setQuota(world, '/a', hard(0, 0));
    expect(line(world.do(create('/a/c', { data: 'c' })).reply.result)).toBe('/a/c');
    expect(usage(world)).toBe('count=3,bytes=9');
  });

  test('come behind permissions', () => {
    const world = someWorld(() => undefined);
    world.must(create('/a/c', { acl: READ_ACL }));
    setQuota(world, '/a', hard(0, 0));
    expect(line(world.do(create('/a/c/d')).reply.result)).toMatch(/^NO_AUTH/);
    expect(line(world.do(set('/a/c', 'x')).reply.result)).toMatch(/^NO_AUTH/);
  });

  test('hold for what is in flight too, to the very znode', () => {
    const world = someWorld(() => undefined);
    setQuota(world, '/a', hard(4));
    const types = ['c', 'd', 'e'].map((name) => world.prepare(create(`/a/${name}`)).type);
    types.push(world.prepare(del('/a/c')).type, world.prepare(create('/a/f')).type, world.prepare(create('/a/g')).type);
    expect(types).toEqual(['create', 'create', 'error', 'delete', 'create', 'error']);
    while (world.inFlight > 0) world.applyNext();
    expect(usage(world)).toBe('count=4,bytes=8');
    expect(world.prepare(create('/a/g')).type).toBe('error');
  });

  test('of a quota in flight hold for what comes behind it, not for what comes with it', () => {
    const world = someWorld(() => undefined);
    world.prepare(create('/a/c'));
    world.prepare(create('/zookeeper/quota/a'));
    const quota = [create(limitsOf('/a'), { data: hard(4) }), create(statsOf('/a'), { data: 'count=0,bytes=0' })];
    world.prepare(del('/a/b'));
    world.prepare(multi(...quota, create('/a/d'), create('/a/e')));
    expect(world.prepare(create('/a/f')).type).toBe('error');
    world.prepare(del('/a/d'));
    expect(world.prepare(create('/a/f')).type).toBe('create');
    while (world.inFlight > 0) world.applyNext();
    expect(usage(world)).toBe('count=4,bytes=3');
  });

  test('are read anew with each change of theirs', () => {
    const world = someWorld(() => undefined);
    setQuota(world, '/a', hard(2));
    world.prepare(set(limitsOf('/a'), hard(3)));
    expect(world.prepare(create('/a/c')).type).toBe('create');
    world.prepare(del(limitsOf('/a')));
    expect(world.prepare(create('/a/d')).type).toBe('create');
  });

  test('that are soft are only noted, as are those that cannot be read', () => {
    const notes: string[] = [];
    const world = someWorld((quota, reason) => notes.push(`${quota}: ${reason}`));
    setQuota(world, '/a', 'count=2,bytes=9');
    world.must(create('/a/c', { data: 'c' }));
    world.must(set('/a/c', 'cc'));
    world.must(del('/a/c'));
    world.must(set(limitsOf('/a'), 'nonsense'));
    world.must(create('/a/c'));
    world.must(set(limitsOf('/a'), null));
    world.must(set('/a/c', 'c'));
    expect(notes).toEqual([
      '/a: count would be 3, the soft limit is 2',
      '/a: bytes would be 10, the soft limit is 9',
      '/a: zookeeper_limits cannot be read: there is no limit',
      '/a: zookeeper_limits cannot be read: there is no limit',
    ]);
  });

  test('say nothing where the usage cannot be read, which the write then mends', () => {
    const world = someWorld(() => undefined);
    setQuota(world, '/a', hard(2));
    world.must(set(statsOf('/a'), 'nonsense'));
    world.must(create('/a/c'));
    expect(usage(world)).toBe('count=3,bytes=8');
    expect(line(world.do(create('/a/d')).reply.result)).toMatch(/^QUOTA_EXCEEDED/);
  });
});
