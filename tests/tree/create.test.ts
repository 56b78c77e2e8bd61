/** Create: every kind of znode, the order of checks, sequence numbers, what changes in a Stat. */
import { Permission, type Acl } from '@synod/protocol';
import { NodeKind } from '@synod/tree';
import { describe, expect, test } from '@jest/globals';
import { changesLine, create, del, line, set, setAcl, txnLine, World, type By } from './world.js';

const READ_ONLY: Acl = [{ permissions: Permission.READ, scheme: 'world', id: 'anyone' }];
const NOT_AN_ACL: Acl = [{ permissions: 31, scheme: 'world', id: 'bob' }];

/** /a persistent with data, /e ephemeral, /r readable only, /x with three creates and one child. */
function someWorld(settings = {}): { world: World; session: number } {
  const world = new World(settings);
  const session = world.open();
  world.must(create('/a', { data: 'hello' }));
  world.must(create('/e', { mode: 'ephemeral' }), { session });
  world.must(create('/r', { acl: READ_ONLY }));
  world.must(create('/x'));
  for (const name of ['1', '2', '3']) world.must(create(`/x/${name}`));
  for (const name of ['1', '2']) world.must(del(`/x/${name}`));
  return { world, session };
}

describe('create makes', () => {
  test.each([
    ['a persistent znode', create('/n'), 'create /n kind 0 creates 5', '/n'],
    ['a child', create('/a/n'), 'create /a/n kind 0 creates 1', '/a/n'],
    ['an ephemeral znode', create('/n', { mode: 'ephemeral' }), 'create /n kind 1 creates 5', '/n'],
    ['a container', create('/n', { mode: 'container' }), 'create /n kind 2 creates 5', '/n'],
    ['a TTL znode', create('/n', { mode: 'ttl', ttl: 99 }), 'create /n kind 3 creates 5 ttl 99', '/n'],
    [
      'a name from the number of creates, deleted children counted',
      create('/x/n-', { mode: 'persistentSequential' }),
      'create /x/n-0000000003 kind 0 creates 4',
      '/x/n-0000000003',
    ],
    [
      'a name that is only a number',
      create('/x/', { mode: 'ephemeralSequential' }),
      'create /x/0000000003 kind 1 creates 4',
      '/x/0000000003',
    ],
    [
      'a sequential TTL znode',
      create('/x/t', { mode: 'ttlSequential', ttl: 1 }),
      'create /x/t0000000003 kind 3 creates 4 ttl 1',
      '/x/t0000000003',
    ],
    ['a child of the built-in znodes', create('/zookeeper/n'), 'create /zookeeper/n kind 0 creates 1', '/zookeeper/n'],
  ])('%s', (_, request, txn, path) => {
    const { world, session } = someWorld();
    expect(txnLine(world.prepare(request, { session }))).toBe(txn);
    const applied = world.applyNext();
    expect(line(applied.reply.result)).toBe(path);
    const parent = path.slice(0, path.lastIndexOf('/')) || '/';
    expect(changesLine(applied.changes)).toBe(`NodeCreated ${path}`);
    expect(world.tree.find(parent)?.pzxid).toBe(applied.zxid);
  });
});

describe('create is refused', () => {
  const cases: [title: string, request: ReturnType<typeof create>, by: By, refusal: string][] = [
    ['for an unknown mode', { ...create('/n'), mode: 7 as 0 }, {}, 'BAD_ARGUMENTS /n: there is no create mode 7'],
    [
      'for a time to live of another mode',
      create('/n', { ttl: 5 }),
      {},
      'BAD_ARGUMENTS /n: a znode of mode 0 has no time to live',
    ],
    [
      'without a time to live',
      create('/n', { mode: 'ttl' }),
      {},
      'BAD_ARGUMENTS /n: a time to live must be from 1 to 1099511627775 ms, not 0',
    ],
    [
      'for too long a time to live',
      create('/n', { mode: 'ttl', ttl: 2 ** 40 }),
      {},
      'BAD_ARGUMENTS /n: a time to live must be from 1 to 1099511627775 ms, not 1099511627776',
    ],
    [
      'for an ephemeral znode of nobody',
      create('/n', { mode: 'ephemeral' }),
      { session: 0 },
      'BAD_ARGUMENTS /n: an ephemeral znode needs a session',
    ],
    ['for an unknown session', create('/n'), { session: 5 }, 'SESSION_EXPIRED : the session has ended'],
    ['without any slash', create('n'), {}, 'BAD_ARGUMENTS n: a path must start with "/"'],
    ['for the empty path', create(''), {}, 'BAD_ARGUMENTS : a path must start with "/"'],
    ['for a NUL', create('/no/\0'), {}, 'BAD_ARGUMENTS /no/\0: a path must not contain the character U+0000'],
    [
      'for a bad ACL before a missing parent',
      create('/no/n', { acl: NOT_AN_ACL }),
      {},
      'INVALID_ACL /no/n: the scheme "world" has the one id "anyone"',
    ],
    ['for an empty ACL', create('/n', { acl: [] }), {}, 'INVALID_ACL /n: an ACL must have at least one entry'],
    ['without a parent', create('/no/n'), {}, 'NO_NODE /no/n: there is no parent /no'],
    ['for a relative path, which has no parent', create('a/n'), {}, 'NO_NODE a/n: there is no parent a'],
    [
      'for an empty name in the middle, which is no parent',
      create('/a//n'),
      {},
      'NO_NODE /a//n: there is no parent /a/',
    ],
    [
      'without permission, before the path is judged',
      create('/r/..'),
      {},
      'NO_AUTH /r/..: this needs the permission CREATE on the parent',
    ],
    ['for a dot as a name', create('/a/.'), {}, 'BAD_ARGUMENTS /a/.: a path must not have "." as a name'],
    ['for a slash at the end', create('/a/'), {}, 'BAD_ARGUMENTS /a/: a path must not end with "/"'],
    [
      'for a forbidden character',
      create('/a/\u0085'),
      {},
      'BAD_ARGUMENTS /a/\u0085: a path must not contain the character U+0085 (at 3)',
    ],
    ['for the root', create('/'), {}, 'NODE_EXISTS /: there is such a znode already'],
    ['for a znode that is there', create('/a'), {}, 'NODE_EXISTS /a: there is such a znode already'],
    [
      'below an ephemeral znode',
      create('/e/n', { mode: 'container' }),
      {},
      'NO_CHILDREN_FOR_EPHEMERALS /e/n: the parent is ephemeral and cannot have children',
    ],
    [
      'below an ephemeral znode also with a sequence number',
      create('/e/n', { mode: 'persistentSequential' }),
      {},
      'NO_CHILDREN_FOR_EPHEMERALS /e/n0000000000: the parent is ephemeral and cannot have children',
    ],
  ];

  test.each(cases)('%s', (_, request, by, refusal) => {
    const { world, session } = someWorld();
    const before = [world.tree.zxid, world.paths(), world.tree.nodeCount];
    const applied = world.do(request, { session, ...by });
    expect(line(applied.reply.result)).toBe(refusal);
    expect(applied.changes).toEqual([]);
    expect(world.tree.zxid).toBe((before[0] as number) + 1);
    expect(world.paths()).toEqual(before[1]);
    expect(world.tree.nodeCount).toBe(before[2]);
  });

  test('for TTL znodes where they are turned off, before anything else', () => {
    const { world } = someWorld({ ttlEnabled: false });
    expect(line(world.do(create('no', { mode: 'ttl', ttl: 5 })).reply.result)).toBe(
      'UNIMPLEMENTED no: TTL znodes are turned off on this server',
    );
  });

  test('where the transaction would be too long, and leaves nothing behind', () => {
    const { world } = someWorld({ transactionBytes: 1000 });
    expect(line(world.do(create('/n', { data: 'd'.repeat(1000) })).reply.result)).toBe(
      'BAD_ARGUMENTS /n: the transaction would be longer than 1000 bytes',
    );
    expect(line(world.do(create('/n-', { mode: 'persistentSequential' })).reply.result)).toBe('/n-0000000004');
    expect(line(world.do(create('/fits', { data: 'd'.repeat(940) })).reply.result)).toBe('/fits');
  });
});

describe('a Stat after create', () => {
  test('of the znode and of its parent', () => {
    const world = new World();
    world.time = 5000;
    const { zxid, reply } = world.must(create('/a', { data: null }));
    const stat = {
      czxid: zxid,
      mzxid: zxid,
      pzxid: zxid,
      ctime: 5000,
      mtime: 5000,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0,
      dataLength: 0,
      numChildren: 0,
    };
    expect(reply.result).toEqual({ path: '/a', stat });
    world.time = 6000;
    const second = world.must(create('/a/b', { data: 'xy' })).zxid;
    expect(world.stat('/a')).toEqual({ ...stat, pzxid: second, cversion: 1, numChildren: 1 });
    expect(world.stat('/a/b')).toMatchObject({ ctime: 6000, dataLength: 2 });
  });

  test('of the built-in znodes is the one of a new ZooKeeper', () => {
    const world = new World();
    const stat = { czxid: 0, mzxid: 0, pzxid: 0, ctime: 0, mtime: 0, version: 0, dataLength: 0, ephemeralOwner: 0 };
    expect(world.stat('/')).toEqual({ ...stat, cversion: -1, aversion: 0, numChildren: 1 });
    expect(world.stat('/zookeeper')).toEqual({ ...stat, cversion: -2, aversion: 0, numChildren: 2 });
    expect(world.stat('/zookeeper/quota')).toEqual({ ...stat, cversion: 0, aversion: 0, numChildren: 0 });
    expect(world.stat('/zookeeper/config')).toEqual({ ...stat, cversion: 0, aversion: -1, numChildren: 0 });
    expect(world.tree.nodeCount).toBe(4);
  });

  test('shows the owner of an ephemeral znode only', () => {
    const { world, session } = someWorld();
    world.must(create('/c', { mode: 'container' }));
    world.must(create('/t', { mode: 'ttl', ttl: 10 }));
    expect(world.stat('/e').ephemeralOwner).toBe(session);
    expect(world.stat('/c').ephemeralOwner).toBe(0);
    expect(world.stat('/t').ephemeralOwner).toBe(0);
    expect(world.tree.find('/t')?.kind).toBe(NodeKind.ttl);
  });
});

describe('sequence numbers', () => {
  test('count creates in flight, also those of other clients, and never go back', () => {
    const world = new World();
    world.must(create('/q'));
    const request = create('/q/n-', { mode: 'persistentSequential' });
    const names = [request, create('/q/other'), request, request].map((each) => txnLine(world.prepare(each)));
    expect(names.map((name) => name.split(' ')[1])).toEqual([
      '/q/n-0000000000',
      '/q/other',
      '/q/n-0000000002',
      '/q/n-0000000003',
    ]);
    while (world.inFlight > 0) world.applyNext();
    for (const path of world.paths().filter((each) => each !== '/q')) world.must(del(path));
    expect(line(world.do(request).reply.result)).toBe('/q/n-0000000004');
  });

  test('start again with a new parent', () => {
    const world = new World();
    const request = create('/q/n-', { mode: 'persistentSequential' });
    world.must(create('/q'));
    world.must(request);
    world.must(del('/q/n-0000000000'));
    world.prepare(del('/q'));
    world.prepare(create('/q'));
    world.prepare(request);
    while (world.inFlight > 0) world.applyNext();
    expect(world.paths()).toEqual(['/q', '/q/n-0000000000']);
  });

  test('turn negative behind the largest 32-bit number', () => {
    const world = new World();
    const parent = { type: 'create', path: '/q', data: null, acl: [], kind: 0, ttl: 0, creates: 1 } as const;
    const origin = { session: 0, number: 0, acked: 0, time: 0 };
    world.tree.apply(10, { ...origin, ...parent });
    world.tree.apply(11, { ...origin, ...parent, path: '/q/a', creates: 2 ** 31 - 1 });
    const request = create('/q/n-', { mode: 'persistentSequential' });
    expect(txnLine(world.prepare(request))).toBe('create /q/n-2147483647 kind 0 creates -2147483648');
    expect(txnLine(world.prepare(request))).toBe('create /q/n--2147483648 kind 0 creates -2147483647');
  });
});

test('what is created can be used at once by requests in flight', () => {
  const world = new World();
  const txns = [
    create('/a'),
    create('/a/b'),
    set('/a/b'),
    setAcl('/a/b', READ_ONLY),
    set('/a/b'),
    del('/a/b'),
    del('/a'),
  ];
  expect(txns.map((request) => txnLine(world.prepare(request)))).toEqual([
    'create /a kind 0 creates 1',
    'create /a/b kind 0 creates 1',
    'setData /a/b version 1',
    'setAcl /a/b aversion 1',
    'error NO_AUTH',
    'delete /a/b',
    'delete /a',
  ]);
  while (world.inFlight > 0) world.applyNext();
  expect(world.paths()).toEqual([]);
});
