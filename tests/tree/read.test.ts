/** Reads, and what containers and TTL znodes wait for before they are reaped. */
import { Op, OPEN_ACL, Permission, type Acl, type Identity, type ReadRequest } from '@synod/protocol';
import { describe, expect, test } from '@jest/globals';
import { bytes, close, create, del, line, set, txnLine, World } from './world.js';

const ALICE: Identity = { scheme: 'digest', id: 'alice:hash' };
const entry = (permissions: number, { scheme, id }: Identity): Acl[number] => ({ permissions, scheme, id });

function someWorld(): World {
  const world = new World();
  world.must(create('/a', { data: 'hello' }));
  for (const name of ['c', 'a', 'b']) world.must(create(`/a/${name}`));
  world.must(create('/a/b/deep'));
  world.must(create('/null', { data: null }));
  const secret = [entry(Permission.ALL, ALICE), entry(Permission.ADMIN, { scheme: 'ip', id: '10.0.0.0/8' })];
  world.must(create('/secret', { acl: secret }));
  world.must(create('/shown', { acl: [...secret, entry(Permission.READ, { scheme: 'world', id: 'anyone' })] }));
  return world;
}

const exists = (path: string): ReadRequest => ({ op: Op.exists, path, watch: false });
const getData = (path: string): ReadRequest => ({ op: Op.getData, path, watch: false });
const getChildren = (path: string): ReadRequest => ({ op: Op.getChildren, path, watch: false });
const getAcl = (path: string): ReadRequest => ({ op: Op.getAcl, path });
const count = (path: string): ReadRequest => ({ op: Op.getAllChildrenNumber, path });

describe('reading', () => {
  test('gives data and Stat', () => {
    const world = someWorld();
    const stat = world.stat('/a');
    expect(stat).toMatchObject({ dataLength: 5, numChildren: 3 });
    expect(world.read(exists('/a'))).toEqual({ stat });
    expect(world.read(getData('/a'))).toEqual({ data: Buffer.from(bytes('hello')!), stat });
    expect(world.read(getData('/null'))).toEqual({ data: null, stat: world.stat('/null') });
    expect(world.read(getData('/zookeeper/config'))).toMatchObject({ data: Buffer.alloc(0) });
  });

  test('gives the names of children', () => {
    const world = someWorld();
    const result = world.read(getChildren('/a')) as { children: string[] };
    expect([...result.children].sort()).toEqual(['a', 'b', 'c']);
    expect(world.read(getChildren('/a/a'))).toEqual({ children: [], stat: world.stat('/a/a') });
  });

  test.each([
    ['/', 11],
    ['', 11],
    ['/a', 4],
    ['/a/b/deep', 0],
  ])('counts what lies below "%s"', (path, number) => {
    expect(someWorld().read(count(path))).toEqual({ number });
  });

  test('takes the empty path for the root', () => {
    const world = someWorld();
    expect(world.read(exists(''))).toEqual(world.read(exists('/')));
  });

  test.each(['/no', '/a/no', '/a/', '//a', '/a//b', 'a', 'no', '/a/b/deep/er', '/.', '/a\0'])(
    'finds nothing at %j',
    (path) => {
      const world = someWorld();
      for (const request of [exists, getData, getChildren, getAcl, count]) {
        expect(line(world.read(request(path)))).toBe(`NO_NODE ${path}: there is no such znode`);
      }
    },
  );

  test('needs the permission READ, also to see that there is something', () => {
    const world = someWorld();
    for (const request of [exists, getData, getChildren, count]) {
      const refusal = 'NO_AUTH /secret: this needs the permission READ on the znode';
      expect(line(world.read(request('/secret')))).toBe(refusal);
      expect(line(world.read(request('/secret'), { identities: [{ scheme: 'ip', id: '10.1.2.3' }] }))).toBe(refusal);
      expect(line(world.read(request('/secret'), { identities: [ALICE] }))).not.toContain('NO_AUTH');
      expect(line(world.read(request('/secret'), { skipAcl: true }))).not.toContain('NO_AUTH');
    }
  });

  test.each([
    ['nobody, with no permission', '/secret', {}, 'NO_AUTH'],
    ['somebody with READ, without hashes', '/shown', {}, 'alice:x'],
    ['somebody with ADMIN only', '/secret', { identities: [{ scheme: 'ip', id: '10.1.2.3' }] }, 'alice:hash'],
    ['the owner', '/shown', { identities: [ALICE] }, 'alice:hash'],
    ['everybody where nothing is checked', '/secret', { skipAcl: true }, 'alice:hash'],
  ])('shows an ACL to %s', (_, path, reader, shown) => {
    expect(JSON.stringify(someWorld().read(getAcl(path), reader))).toContain(shown);
  });

  test('of several znodes answers each by itself', () => {
    const world = someWorld();
    const operations = [getData('/null'), getData('/no'), getChildren('/secret'), getChildren('/')];
    const result = world.read({ op: Op.multiRead, operations: operations as never });
    const { answers } = result as unknown as { answers: never[] };
    expect(answers).toEqual(operations.map((operation) => world.read(operation)));
    expect(answers.map((answer) => line(answer))[1]).toBe('NO_NODE /no: there is no such znode');
  });

  test('ends with the session', () => {
    const world = someWorld();
    const session = world.open();
    expect(world.read(exists('/a'), { session })).toHaveProperty('stat');
    world.must(close, { session });
    expect(line(world.read(exists('/a'), { session }))).toBe('SESSION_EXPIRED : the session has ended');
  });
});

test.each([
  ['/a/b/deep', '/a/b/deep'],
  ['/a/b/no/deeper', '/a/b'],
  ['/no/b', '/'],
  ['/', '/'],
  ['no', '/'],
])('nearest to %s is %s', (path, nearest) => {
  const { tree } = someWorld();
  expect(tree.nearest(path)).toBe(tree.find(nearest));
});

test('the ACL that a change names can be looked up, also when the znode is gone', () => {
  const world = someWorld();
  const [change] = world.must(del('/secret')).changes;
  expect(world.tree.acl(change!.acl)).toMatchObject([ALICE, { scheme: 'ip' }]);
  expect(world.tree.acl(change!.parentAcl)).toBe(OPEN_ACL);
  expect(world.tree.acl(123)).toBeUndefined();
});

describe('containers and TTL znodes', () => {
  const rules = { maxNeverUsedMs: 100, max: 10 };

  function reapWorld(): World {
    const world = new World();
    world.time = 1000;
    world.must(create('/c', { mode: 'container' }));
    world.must(create('/used', { mode: 'container' }));
    world.must(create('/used/child'));
    world.must(create('/t', { mode: 'ttl', ttl: 50 }));
    world.must(create('/persistent'));
    return world;
  }

  test.each([
    [1000, []],
    [1050, []],
    [1051, ['/t']],
    [1100, ['/t']],
    [1101, ['/c', '/t']],
  ])('at %i are due: %j', (now, paths) => {
    expect(reapWorld().tree.reapable(now, rules)).toEqual(paths);
  });

  test('are due once their last child went', () => {
    const world = reapWorld();
    world.must(create('/t/child'));
    expect(world.tree.reapable(9000, rules)).toEqual(['/c']);
    world.must(del('/used/child'));
    world.must(del('/t/child'));
    expect(world.tree.reapable(1000, rules)).toEqual(['/used']);
    expect(world.tree.reapable(9000, rules)).toEqual(['/c', '/used', '/t']);
    expect(world.tree.reapable(9000, { maxNeverUsedMs: 0, max: 10 })).toEqual(['/used', '/t']);
    expect(world.tree.reapable(9000, { maxNeverUsedMs: 100, max: 2 })).toEqual(['/c', '/used']);
  });

  test('start anew with each setData', () => {
    const world = reapWorld();
    world.time = 2000;
    world.must(set('/t'));
    expect(world.tree.reapable(2050, rules)).toEqual(['/c']);
    expect(world.tree.reapable(2051, rules)).toEqual(['/c', '/t']);
  });

  test('are reaped like deleted', () => {
    const world = reapWorld();
    const before = world.stat('/');
    expect(txnLine(world.prepare({ op: 'reap', path: '/c' }))).toBe('reap /c');
    const applied = world.applyNext();
    expect(applied).toMatchObject({ op: 0, reply: { result: {} }, changes: [{ type: 2, path: '/c' }] });
    expect(world.stat('/')).toMatchObject({ cversion: before.cversion + 1, pzxid: applied.zxid });
    expect(world.tree.reapable(9000, rules)).toEqual(['/t']);
  });

  test.each([
    ['has got a child in flight', create('/c/child'), '/c', 'NOT_EMPTY'],
    ['is gone', del('/c'), '/c', 'NO_NODE'],
    ['is another one by now', create('/other'), '/other', 'BAD_ARGUMENTS'],
  ])('are not reaped where one %s', (_, request, path, code) => {
    const world = reapWorld();
    world.prepare(request);
    expect(txnLine(world.prepare({ op: 'reap', path }))).toBe(`error ${code}`);
  });
});
