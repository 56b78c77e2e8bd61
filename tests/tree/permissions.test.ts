/** Who may do what: the matrix of operations and permissions, identities, ACLs as they are stored, addresses. */
import { isRefusal, limits, Op, OPEN_ACL, Permission, type Acl, type Identity } from '@synod/protocol';
import { authenticate, check, fixAcl } from '@synod/tree';
import { inNetwork, parseNetwork } from '@synod/tree/ip-address';
import { describe, expect, test } from '@jest/globals';
import { checkVersion, create, del, line, multi, set, setAcl, World } from './world.js';

const ALICE: Identity = { scheme: 'digest', id: 'alice:hash' };
const SUPER: Identity = { scheme: 'super', id: '' };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const grant = (permissions: number, { scheme, id }: Identity): Acl => [{ permissions, scheme, id }];

describe('each operation needs one permission', () => {
  const { READ, WRITE, CREATE, DELETE, ADMIN, ALL } = Permission;
  type Ask = (world: World, identities: readonly Identity[]) => string;
  const write =
    (request: Parameters<World['do']>[0]): Ask =>
    (world, identities) =>
      line(world.do(request, { identities }).reply.result);
  const read =
    (request: Parameters<World['read']>[0]): Ask =>
    (world, identities) =>
      line(world.read(request, { identities }));

  const operations: [name: string, needed: number, on: 'node' | 'parent', ask: Ask][] = [
    ['create', CREATE, 'parent', write(create('/p/new'))],
    ['create in a multi', CREATE, 'parent', write(multi(create('/p/new')))],
    ['delete', DELETE, 'parent', write(del('/p/n'))],
    ['delete in a multi', DELETE, 'parent', write(multi(del('/p/n')))],
    ['setData', WRITE, 'node', write(set('/p/n'))],
    ['setData in a multi', WRITE, 'node', write(multi(set('/p/n')))],
    ['check in a multi', READ, 'node', write(multi(checkVersion('/p/n')))],
    ['setAcl', ADMIN, 'node', write(setAcl('/p/n', OPEN_ACL))],
    ['getAcl', READ | ADMIN, 'node', read({ op: Op.getAcl, path: '/p/n' })],
    ['exists', READ, 'node', read({ op: Op.exists, path: '/p/n', watch: false })],
    ['getData', READ, 'node', read({ op: Op.getData, path: '/p/n', watch: false })],
    ['getChildren', READ, 'node', read({ op: Op.getChildren, path: '/p/n', watch: false })],
    ['getAllChildrenNumber', READ, 'node', read({ op: Op.getAllChildrenNumber, path: '/p/n' })],
  ];

  function world(on: 'node' | 'parent', acl: Acl): World {
    const made = new World();
    made.must(create('/p', { acl: OPEN_ACL }));
    made.must(create('/p/n', { acl: on === 'node' ? acl : grant(0, ALICE) }));
    if (on === 'parent') made.must(setAcl('/p', acl));
    return made;
  }

  test.each(operations)('%s', (_, needed, on, ask) => {
    for (const bit of [READ, WRITE, CREATE, DELETE, ADMIN]) {
      const allowed = (needed & bit) !== 0;
      expect(ask(world(on, grant(bit, ALICE)), [ALICE]).includes('NO_AUTH')).toBe(!allowed);
    }
    expect(ask(world(on, grant(ALL, ALICE)), [])).toContain('NO_AUTH');
    expect(ask(world(on, grant(ALL & ~needed, ALICE)), [ALICE])).toContain('NO_AUTH');
    expect(ask(world(on, grant(0, ALICE)), [SUPER])).not.toContain('NO_AUTH');
  });

  test('and none where permissions are not checked', () => {
    const made = new World({ skipAcl: true });
    made.must(create('/p', { acl: grant(0, ALICE) }));
    for (const request of [create('/p/n'), set('/p'), setAcl('/p', grant(0, ALICE)), del('/p/n')]) made.must(request);
    expect(line(made.do(setAcl('/p', grant(31, { scheme: 'world', id: 'bob' }))).reply.result)).toContain(
      'INVALID_ACL',
    );
  });

  test('as the znode will be, not as it is applied', () => {
    const made = new World();
    made.must(create('/p'));
    made.prepare(setAcl('/p', grant(ALL, ALICE)));
    made.prepare(set('/p'));
    made.prepare(set('/p'), { identities: [ALICE] });
    expect([1, 2, 3].map(() => line(made.applyNext().reply.result))).toEqual([
      'version 0',
      'NO_AUTH /p: this needs the permission WRITE on the znode',
      'version 1',
    ]);
  });
});

describe('check', () => {
  const acl: Acl = [
    { permissions: Permission.READ, scheme: 'world', id: 'anyone' },
    { permissions: Permission.WRITE, scheme: 'world', id: 'bob' },
    { permissions: Permission.WRITE, ...ALICE },
    { permissions: Permission.CREATE, scheme: 'ip', id: '10.0.0.0/8' },
    { permissions: Permission.ALL, scheme: 'super', id: 'root' },
  ];
  const from = (id: string): Identity => ({ scheme: 'ip', id });
  test.each<[string, Acl, Identity[], number, boolean]>([
    ['an empty ACL lets everybody', [], [], Permission.ADMIN, true],
    ['anyone is everybody', acl, [], Permission.READ, true],
    ['the world knows nobody else', acl, [{ scheme: 'world', id: 'bob' }], Permission.WRITE, false],
    ['the right identity', acl, [from('1.2.3.4'), ALICE], Permission.WRITE, true],
    ['another user', acl, [{ scheme: 'digest', id: 'alice:other' }], Permission.WRITE, false],
    ['the same id of another scheme', acl, [{ scheme: 'ip', id: 'alice:hash' }], Permission.WRITE, false],
    ['an address in the network', acl, [from('10.250.0.1')], Permission.CREATE, true],
    ['an address beside the network', acl, [from('11.0.0.1')], Permission.CREATE, false],
    ['another permission than the granted one', acl, [ALICE], Permission.DELETE, false],
    ['one of several permissions', acl, [], Permission.READ | Permission.ADMIN, true],
    ['super', acl, [SUPER], Permission.ADMIN, true],
  ])('%s', (_, list, identities, permission, allowed) => {
    expect(check(list, identities, permission)).toBe(allowed);
  });
});

describe('an ACL to store', () => {
  const all = Permission.ALL;
  const BOB: Identity = { scheme: 'digest', id: 'bob:hash' };
  const identities = [{ scheme: 'ip', id: '10.0.0.1' }, ALICE, BOB, SUPER];
  test.each<[string, Acl, Acl]>([
    ['keeps its order', [...grant(1, ALICE), ...OPEN_ACL], [...grant(1, ALICE), ...OPEN_ACL]],
    [
      'has no duplicates',
      [...grant(1, ALICE), ...grant(2, ALICE), ...grant(1, ALICE)],
      [...grant(1, ALICE), ...grant(2, ALICE)],
    ],
    ['names who "auth" is', grant(3, { scheme: 'auth', id: 'x' }), [...grant(3, ALICE), ...grant(3, BOB)]],
    ['may have odd permissions', grant(999, ALICE), grant(999, ALICE)],
    ['may name networks', grant(1, { scheme: 'ip', id: '::/0' }), grant(1, { scheme: 'ip', id: '::/0' })],
  ])('%s', (_, acl, stored) => {
    expect(fixAcl(acl, identities, '/')).toEqual(stored);
  });

  test('is the one open ACL where it is open', () => {
    expect(fixAcl([{ permissions: all, scheme: 'world', id: 'anyone' }], [], '/')).toBe(OPEN_ACL);
  });

  test.each<[string, Acl]>([
    ['without entries', []],
    ['with too many entries', Array.from({ length: limits.aclEntries + 1 }, (_, i) => ({ permissions: i, ...ALICE }))],
    ['with "auth" of nobody', grant(all, { scheme: 'auth', id: '' })],
    ['with somebody else in the world', grant(all, { scheme: 'world', id: 'bob' })],
    ['with a digest id without a hash', grant(all, { scheme: 'digest', id: 'alice' })],
    ['with a digest id with an empty hash', grant(all, { scheme: 'digest', id: 'alice:' })],
    ['with a digest id of three parts', grant(all, { scheme: 'digest', id: 'a:b:c' })],
    ['with a broken address', grant(all, { scheme: 'ip', id: '10.0.0' })],
    ['with half a character', grant(all, { scheme: 'digest', id: 'a\ud800:hash' })],
    ['with the scheme super', grant(all, SUPER)],
    ['with an unknown scheme', grant(all, { scheme: 'kerberos', id: 'a' })],
  ])('is refused %s', (_, acl) => {
    expect(fixAcl(acl, [{ scheme: 'ip', id: '10.0.0.1' }], '/p')).toMatchObject({ code: 'INVALID_ACL', path: '/p' });
  });
});

describe('credentials', () => {
  test.each([
    // Identities as ZooKeeper's DigestAuthenticationProvider.generateDigest gives them.
    ['super:test', 'super:D/InIHSb7yEEbrWz8b9l71RjZJU='],
    ['user1:12345', 'user1:+owfoSBn/am19roBPzR1/MfCblE='],
  ])('%s give the identity that ZooKeeper gives', (credentials, id) => {
    expect(authenticate('digest', utf8(credentials), {})).toEqual([{ scheme: 'digest', id }]);
  });

  test('of any form are good, as long as they are text', () => {
    for (const credentials of ['', 'nocolon', ':', 'ü:💥', 'a:b:c']) {
      const identities = authenticate('digest', utf8(credentials), {}) as Identity[];
      expect(identities[0]!.id).toMatch(new RegExp(`^${credentials.split(':')[0]}:[A-Za-z0-9+/]{27}=$`));
    }
    expect(authenticate('digest', Uint8Array.of(0xff, 0xfe), {})).toMatchObject({ code: 'AUTH_FAILED' });
    expect(authenticate('digest', utf8('x'.repeat(limits.idLength)), {})).toMatchObject({ code: 'AUTH_FAILED' });
  });

  test('of the super user make super', () => {
    const superDigest = 'super:D/InIHSb7yEEbrWz8b9l71RjZJU=';
    const digest = { scheme: 'digest', id: superDigest };
    expect(authenticate('digest', utf8('super:test'), { superDigest })).toEqual([SUPER, digest]);
    expect(authenticate('digest', utf8('super:Test'), { superDigest })).toHaveLength(1);
    expect(authenticate('digest', utf8('super:test'), { superDigest: undefined })).toEqual([digest]);
  });

  test.each(['world', 'auth', 'super', 'sasl', ''])('of the scheme "%s" prove nothing', (scheme) => {
    const result = authenticate(scheme, utf8('super:test'), {});
    expect('code' in result && isRefusal(result) && result.code).toBe('AUTH_FAILED');
  });

  test('of the scheme "ip" add nothing to what the connection has', () => {
    expect(authenticate('ip', utf8('10.0.0.1'), {})).toEqual([]);
  });
});

describe('networks', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['10.0.0.1', '10.0.0.2/30', true],
    ['10.0.0.4', '10.0.0.2/30', false],
    ['192.168.77.3', '192.168.64.0/18', true],
    ['192.168.128.3', '192.168.64.0/18', false],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['1.2.3.4', '::/0', false],
    ['::1', '0.0.0.0/0', false],
    ['::1', '::1', true],
    ['::1', '0:0:0:0:0:0:0:1/128', true],
    ['fe80::1%eth0', 'fe80::/10', true],
    ['fec0::1', 'fe80::/10', false],
    ['2001:DB8::A', '2001:db8:0::/48', true],
    ['::ffff:1.2.3.4', '::ffff:0102:0304', true],
    ['1::', '1:0::/32', true],
    ['not an address', '::/0', false],
    ['1.2.3.4', 'nonsense', false],
  ])('%s in %s: %s', (address, network, is) => {
    expect(inNetwork(address, network)).toBe(is);
  });

  test.each([
    '',
    '/',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    '256.0.0.1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.4 ',
    '0x1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::/129',
    '::1%eth0',
    '1.2.3.4::',
    '::1.2.3',
    '1:',
    ':1',
  ])('%j is none', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});
