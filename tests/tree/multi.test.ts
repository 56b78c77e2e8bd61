/** multi: all or nothing, under one zxid, each operation seeing the ones before it. */
import { limits, Permission, type Acl, type Identity } from '@synod/protocol';
import { describe, expect, test } from '@jest/globals';
import { changesLine, checkVersion, create, del, line, multi, set, txnLine, World } from './world.js';

const READ_NOT: Acl = [{ permissions: Permission.ALL & ~Permission.READ, scheme: 'world', id: 'anyone' }];

function someWorld(): World {
  const world = new World();
  world.must(create('/a'));
  world.must(create('/a/b'));
  world.must(create('/hidden', { acl: READ_NOT }));
  return world;
}

describe('multi', () => {
  test('lets each operation see the ones before it', () => {
    const world = someWorld();
    const request = multi(
      create('/q'),
      create('/q/n-', { mode: 'persistentSequential' }),
      create('/q/n-', { mode: 'persistentSequential' }),
      set('/q', 'x', 0),
      checkVersion('/q', 1),
      del('/q/n-0000000000', 0),
      del('/a/b'),
      del('/a'),
      create('/a'),
    );
    expect(txnLine(world.prepare(request))).toBe(
      'multi [create /q kind 0 creates 3, create /q/n-0000000000 kind 0 creates 1, create /q/n-0000000001 kind 0 creates 2,' +
        ' setData /q version 1, check /q, delete /q/n-0000000000, delete /a/b, delete /a, create /a kind 0 creates 4]',
    );
    const applied = world.applyNext();
    expect(line(applied.reply.result)).toBe('[/q, /q/n-0000000000, /q/n-0000000001, version 1, ok, ok, ok, ok, /a]');
    expect(changesLine(applied.changes)).toBe(
      'NodeCreated /q, NodeCreated /q/n-0000000000, NodeCreated /q/n-0000000001, NodeDataChanged /q,' +
        ' NodeDeleted /q/n-0000000000, NodeDeleted /a/b, NodeDeleted /a, NodeCreated /a',
    );
    expect(new Set(applied.changes.map(({ zxid }) => zxid))).toEqual(new Set([applied.zxid]));
    expect(world.paths()).toEqual(['/a', '/hidden', '/q', '/q/n-0000000001']);
    expect(world.stat('/q')).toMatchObject({
      czxid: applied.zxid,
      mzxid: applied.zxid,
      pzxid: applied.zxid,
      cversion: 3,
    });
  });

  test('shows in each result the Stat behind that operation', () => {
    const world = someWorld();
    const { results } = world.must(multi(set('/a', '1'), set('/a', '22'), create('/a/c'))).reply.result as {
      results: { stat: { version: number; dataLength: number; numChildren: number } }[];
    };
    expect(results.map(({ stat }) => [stat.version, stat.dataLength, stat.numChildren])).toEqual([
      [1, 1, 1],
      [2, 2, 1],
      [0, 0, 0],
    ]);
  });

  test('of nothing is allowed and takes a zxid', () => {
    const world = someWorld();
    const before = world.tree.zxid;
    expect(world.do(multi()).reply).toEqual({ zxid: before + 1, result: { results: [] } });
  });

  test.each([
    ['create', [create('/n'), create('/a')], 'NODE_EXISTS /a at 1: there is such a znode already'],
    ['delete', [create('/a/c'), del('/a/c'), del('/a')], 'NOT_EMPTY /a at 2: the znode has 1 children'],
    ['setData', [set('/a'), set('/a', 'x', 0)], 'BAD_VERSION /a at 1: the version is 1, not the expected 0'],
    [
      'check of a version',
      [checkVersion('/a', 3), set('/a')],
      'BAD_VERSION /a at 0: the version is 0, not the expected 3',
    ],
    ['check of a missing znode', [create('/n'), checkVersion('/no')], 'NO_NODE /no at 1: there is no such znode'],
    [
      'check without permission',
      [checkVersion('/hidden')],
      'NO_AUTH /hidden at 0: this needs the permission READ on the znode',
    ],
    ['check of a malformed path', [checkVersion('no')], 'BAD_ARGUMENTS no at 0: a path must start with "/"'],
    [
      'create that refuses what came before it',
      [del('/a/b'), create('/a/b', { mode: 'ephemeral' }), create('/a/b/c')],
      'BAD_ARGUMENTS /a/b at 1: an ephemeral znode needs a session',
    ],
  ])('changes nothing where a %s is refused', (_, operations, refusal) => {
    const world = someWorld();
    const before = ['/', '/a', '/a/b'].map((path) => world.stat(path));
    const [paths, digest] = [world.paths(), world.tree.digest];
    const applied = world.do(multi(...operations));
    expect(line(applied.reply.result)).toBe(refusal);
    expect(applied.changes).toEqual([]);
    expect(world.paths()).toEqual(paths);
    expect(['/', '/a', '/a/b'].map((path) => world.stat(path))).toEqual(before);
    expect(world.tree.digest).toBe(digest);
  });

  test('that is refused leaves nothing in flight either', () => {
    const world = someWorld();
    const session = world.open();
    world.prepare(create('/a/c'));
    const requests = [
      multi(
        create('/a/n-', { mode: 'persistentSequential' }),
        create('/e', { mode: 'ephemeral' }),
        set('/a/c'),
        del('/a/b'),
        create('/a/b', { data: 'new' }),
        del('/a/c'),
        checkVersion('/no'),
      ),
      create('/a/n-', { mode: 'persistentSequential' }),
      set('/a/c', 'x', 0),
      create('/e/child'),
      del('/a/b', 0),
      { op: -11 } as const,
    ];
    expect(requests.map((request) => txnLine(world.prepare(request, { session })))).toEqual([
      'error NO_NODE',
      'create /a/n-0000000002 kind 0 creates 3',
      'setData /a/c version 1',
      'error NO_NODE',
      'delete /a/b',
      'closeSession',
    ]);
    while (world.inFlight > 0) world.applyNext();
    expect(world.paths()).toEqual(['/a', '/a/c', '/a/n-0000000002', '/hidden']);
  });

  test('must fit the log', () => {
    const world = new World({ transactionBytes: 10_000 });
    const operations = Array.from({ length: 100 }, (_, i) => create(`/n${i}`, { data: 'd'.repeat(90) }));
    expect(line(world.do(multi(...operations.slice(0, 60))).reply.result)).toContain('/n59');
    const again = world.do(
      multi(...operations.map(({ path }) => ({ ...create(`${path}x`), data: new Uint8Array(90) }))),
    );
    expect(line(again.reply.result)).toMatch(/^BAD_ARGUMENTS .*10000 bytes$/);
    expect(world.paths()).toHaveLength(60);
  });

  test('is stopped where expanded ACLs outgrow the log, however short the request', () => {
    const world = new World();
    const identities = Array.from({ length: 16 }, (_, i): Identity => ({
      scheme: 'digest',
      id: `${i}:${'x'.repeat(900)}`,
    }));
    const acl: Acl = [{ permissions: Permission.ALL, scheme: 'auth', id: '' }];
    const operations = Array.from({ length: limits.multiOperations }, (_, i) => create(`/${i}`, { acl }));
    expect(line(world.do(multi(...operations), { identities }).reply.result)).toMatch(
      /^BAD_ARGUMENTS \/\d\d at \d\d: up to here the transaction is longer than 1000000 bytes$/,
    );
  });

  test('holds a bounded number of operations', () => {
    const operations = Array.from({ length: limits.multiOperations + 1 }, () => checkVersion('/'));
    expect(line(new World().do(multi(...operations)).reply.result)).toBe(
      'BAD_ARGUMENTS : a multi must not have more than 10000 operations, not 10001',
    );
  });
});
