/** Delete: the order of checks, what changes in the parent. */
import { Permission, type Acl } from '@synod/protocol';
import { describe, expect, test } from '@jest/globals';
import { changesLine, create, del, line, set, txnLine, World } from './world.js';

const NO_DELETE: Acl = [{ permissions: Permission.ALL & ~Permission.DELETE, scheme: 'world', id: 'anyone' }];
const NOTHING: Acl = [{ permissions: 0, scheme: 'world', id: 'anyone' }];

function someWorld(): World {
  const world = new World();
  world.must(create('/a'));
  world.must(create('/a/b'));
  world.must(set('/a/b'));
  world.must(create('/locked', { acl: NO_DELETE }));
  world.must(create('/locked/b'));
  world.must(create('/own', { acl: NOTHING }));
  return world;
}

describe('delete', () => {
  test.each([
    ['of any version', del('/a/b'), '/a'],
    ['of the expected version', del('/a/b', 1), '/a'],
    ['does not ask for permission on the znode itself', del('/own'), '/'],
  ])('%s', (_, request, parent) => {
    const world = someWorld();
    const before = world.stat(parent);
    expect(txnLine(world.prepare(request))).toBe(`delete ${request.path}`);
    const applied = world.applyNext();
    expect(applied.reply).toEqual({ zxid: applied.zxid, result: {} });
    expect(changesLine(applied.changes)).toBe(`NodeDeleted ${request.path}`);
    expect(world.paths()).not.toContain(request.path);
    expect(world.stat(parent)).toEqual({
      ...before,
      pzxid: applied.zxid,
      cversion: before.cversion + 1,
      numChildren: before.numChildren - 1,
    });
  });

  test.each([
    ['without any slash', del('a'), 'BAD_ARGUMENTS a: a path must start with "/"'],
    ['for a NUL', del('/\0'), 'BAD_ARGUMENTS /\0: a path must not contain the character U+0000'],
    ['for the root', del('/'), 'BAD_ARGUMENTS /: this znode is built in and cannot be deleted'],
    [
      'for a built-in znode',
      del('/zookeeper/config'),
      'BAD_ARGUMENTS /zookeeper/config: this znode is built in and cannot be deleted',
    ],
    ['without a parent', del('/no/b'), 'NO_NODE /no/b: there is no parent /no'],
    [
      'without permission on the parent',
      del('/locked/b'),
      'NO_AUTH /locked/b: this needs the permission DELETE on the parent',
    ],
    [
      'without permission also where there is nothing',
      del('/locked/no'),
      'NO_AUTH /locked/no: this needs the permission DELETE on the parent',
    ],
    ['where there is nothing', del('/a/no'), 'NO_NODE /a/no: there is no such znode'],
    ['for a malformed path, where there can be nothing', del('/a/'), 'NO_NODE /a/: there is no such znode'],
    ['for another version', del('/a/b', 0), 'BAD_VERSION /a/b: the version is 1, not the expected 0'],
    ['for another version before children', del('/a', 7), 'BAD_VERSION /a: the version is 0, not the expected 7'],
    ['for an odd negative version', del('/a/b', -2), 'BAD_VERSION /a/b: the version is 1, not the expected -2'],
    ['with children', del('/a'), 'NOT_EMPTY /a: the znode has 1 children'],
  ])('is refused %s', (_, request, refusal) => {
    const world = someWorld();
    const paths = world.paths();
    const applied = world.do(request);
    expect(line(applied.reply.result)).toBe(refusal);
    expect(applied.changes).toEqual([]);
    expect(world.paths()).toEqual(paths);
  });

  test('counts children in flight, those that come and those that go', () => {
    const world = someWorld();
    const requests = [create('/a/c'), del('/a/b'), del('/a'), del('/a/c'), del('/a'), create('/a/d'), del('/a')];
    expect(requests.map((request) => txnLine(world.prepare(request)))).toEqual([
      'create /a/c kind 0 creates 2',
      'delete /a/b',
      'error NOT_EMPTY',
      'delete /a/c',
      'delete /a',
      'error NO_NODE',
      'error NO_NODE',
    ]);
    while (world.inFlight > 0) world.applyNext();
    expect(world.paths()).toEqual(['/locked', '/locked/b', '/own']);
  });

  test('leaves the counters right', () => {
    const world = new World();
    const session = world.open();
    const { nodeCount, dataBytes } = world.tree;
    world.must(create('/a', { data: '12345', mode: 'ephemeral' }), { session });
    world.must(set('/a', '123456789'));
    expect([world.tree.nodeCount, world.tree.dataBytes, world.tree.ephemeralCount]).toEqual([
      nodeCount + 1,
      dataBytes + 9,
      1,
    ]);
    expect([...world.tree.sessions.get(session)!.ephemerals]).toEqual(['/a']);
    world.must(del('/a'));
    expect([world.tree.nodeCount, world.tree.dataBytes, world.tree.ephemeralCount]).toEqual([nodeCount, dataBytes, 0]);
    expect(world.tree.sessions.get(session)!.ephemerals.size).toBe(0);
  });
});
