/** setData and setAcl: the order of checks, versions, what changes in a Stat. */
import { OPEN_ACL, Permission, type Acl, type Identity } from '@synod/protocol';
import { describe, expect, test } from '@jest/globals';
import { bytes, changesLine, create, line, set, setAcl, txnLine, World } from './world.js';

const anyone = (permissions: number): Acl => [{ permissions, scheme: 'world', id: 'anyone' }];
const READ_ONLY = anyone(Permission.READ);
const ALICE: Identity = { scheme: 'digest', id: 'alice:hash' };
const AUTH: Acl = [{ permissions: Permission.ALL, scheme: 'auth', id: '' }];

function someWorld(): World {
  const world = new World();
  world.must(create('/a', { data: 'one' }));
  world.must(create('/r', { acl: READ_ONLY }));
  world.time = 2000;
  return world;
}

describe('setData', () => {
  test('changes version, mzxid and mtime, also where the data stays the same', () => {
    const world = someWorld();
    const before = world.stat('/a');
    expect(txnLine(world.prepare(set('/a', 'one', 0)))).toBe('setData /a version 1');
    const applied = world.applyNext();
    const stat = { ...before, version: 1, mzxid: applied.zxid, mtime: 2000 };
    expect(applied.reply).toEqual({ zxid: applied.zxid, result: { stat } });
    expect(changesLine(applied.changes)).toBe('NodeDataChanged /a');
    expect(world.stat('/a')).toEqual(stat);
  });

  test.each([
    ['text', bytes('longer than before'), 18],
    ['no bytes', bytes(''), 0],
    ['null, which is not no bytes', null, 0],
    ['every byte', Uint8Array.from({ length: 256 }, (_, i) => i), 256],
  ])('stores %s', (_, data, length) => {
    const world = someWorld();
    world.must({ ...set('/a'), data });
    const result = world.read({ op: 4, path: '/a', watch: false }) as { data: Uint8Array | null };
    expect(result.data && Uint8Array.from(result.data)).toEqual(data);
    expect(world.stat('/a').dataLength).toBe(length);
  });

  test.each([
    ['for a malformed path', set('/a/'), 'BAD_ARGUMENTS /a/: a path must not end with "/"'],
    ['where there is nothing', set('/no'), 'NO_NODE /no: there is no such znode'],
    [
      'without permission, before the version',
      set('/r', 'x', 9),
      'NO_AUTH /r: this needs the permission WRITE on the znode',
    ],
    ['for another version', set('/a', 'x', 1), 'BAD_VERSION /a: the version is 0, not the expected 1'],
    [
      'on the configuration',
      set('/zookeeper/config'),
      'NO_AUTH /zookeeper/config: this needs the permission WRITE on the znode',
    ],
  ])('is refused %s', (_, request, refusal) => {
    const world = someWorld();
    const before = world.stat('/a');
    const applied = world.do(request);
    expect(line(applied.reply.result)).toBe(refusal);
    expect(applied.changes).toEqual([]);
    expect(world.stat('/a')).toEqual(before);
  });

  test('of the root is allowed', () => {
    const world = someWorld();
    expect(changesLine(world.must(set('/', 'root')).changes)).toBe('NodeDataChanged /');
  });

  test('sees versions in flight', () => {
    const world = someWorld();
    const txns = [set('/a', 'b', 0), set('/a', 'c', 1), set('/a', 'd', 1), set('/a', 'e', -1)];
    expect(txns.map((request) => txnLine(world.prepare(request)))).toEqual([
      'setData /a version 1',
      'setData /a version 2',
      'error BAD_VERSION',
      'setData /a version 3',
    ]);
  });

  test.each([
    [2 ** 31 - 1, -(2 ** 31)],
    [-2, 0],
    [-3, -2],
  ])('makes version %i the version %i', (from, to) => {
    const world = someWorld();
    const origin = { session: 0, number: 0, acked: 0, time: 0 };
    world.tree.apply(2 ** 32 + 100, { ...origin, type: 'setData', path: '/a', data: null, version: from });
    expect(txnLine(world.prepare(set('/a', 'x', from)))).toBe(`setData /a version ${to}`);
  });
});

describe('setAcl', () => {
  test('changes aversion and nothing else, and tells nobody', () => {
    const world = someWorld();
    const before = world.stat('/a');
    expect(txnLine(world.prepare(setAcl('/a', READ_ONLY, 0)))).toBe('setAcl /a aversion 1');
    const applied = world.applyNext();
    expect(applied.reply.result).toEqual({ stat: { ...before, aversion: 1 } });
    expect(applied.changes).toEqual([]);
    expect(world.read({ op: 6, path: '/a' })).toMatchObject({ acl: READ_ONLY });
  });

  test('makes the identities of the asker out of "auth", and leaves duplicates out', () => {
    const world = someWorld();
    const identities: Identity[] = [{ scheme: 'ip', id: '10.0.0.1' }, ALICE, { scheme: 'super', id: '' }];
    world.must(setAcl('/a', [...AUTH, ...OPEN_ACL, ...AUTH, ...OPEN_ACL]), { identities });
    const acl = [{ permissions: Permission.ALL, ...ALICE }, ...OPEN_ACL];
    expect(world.read({ op: 6, path: '/a' })).toMatchObject({ acl });
  });

  test.each([
    ['for a malformed path', setAcl('/a/../b', OPEN_ACL), 'BAD_ARGUMENTS /a/../b: a path must not have ".." as a name'],
    [
      'for "auth" of nobody',
      setAcl('/no', AUTH),
      'INVALID_ACL /no: an ACL entry for "auth" needs a connection with an added identity',
    ],
    ['where there is nothing', setAcl('/no', OPEN_ACL), 'NO_NODE /no: there is no such znode'],
    ['without permission', setAcl('/r', OPEN_ACL, 5), 'NO_AUTH /r: this needs the permission ADMIN on the znode'],
    [
      'for another version',
      setAcl('/a', OPEN_ACL, 1),
      'BAD_VERSION /a: the version of the ACL is 0, not the expected 1',
    ],
  ])('is refused %s', (_, request, refusal) => {
    const world = someWorld();
    expect(line(world.do(request).reply.result)).toBe(refusal);
    expect(world.stat('/a').aversion).toBe(0);
  });
});
