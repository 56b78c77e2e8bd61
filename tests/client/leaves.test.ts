/** The small parts by tables: back-off, servers, connect string, options, sizes, views. */
import { describe, expect, test } from '@jest/globals';
import { Op, OPEN_ACL, pack, refuse, requestToWire, type MultiOperation, type Request } from '@synod/protocol';
import fc from 'fast-check';
import { parseConnectString } from '@synod/client';
import { isSequential, ops, reads, toBytes } from '@synod/client/operations';
import { resolveOptions } from '@synod/client/options';
import { backoffDelay } from '@synod/client/session/backoff';
import { bytesOf, valuesOf } from '@synod/client/session/measure';
import { resumeProblem } from '@synod/client/session/resume';
import { formatAddress, Servers } from '@synod/client/session/servers';
import { dialLimit, helloLimit } from '@synod/client/session/timing';
import { toGetResult, View } from '@synod/client/view';
import { STAT } from './rig.js';

describe('backoffDelay', () => {
  test.each([
    [1, 0.5, 0],
    [2, 0, 10],
    [2, 0.5, 15],
    [3, 0, 20],
    [7, 0, 320],
    [8, 0, 500],
    [100, 0, 500],
    [100_000, 0.998, 999],
  ])('%i failures, chance %f: %i ms', (failures, random, delay) => {
    expect(backoffDelay(failures, random)).toBeCloseTo(delay, 6);
  });
});

describe('timing', () => {
  test.each([
    [10_000, 1, 1_666],
    [10_000, 3, 1_111],
    [600, 5, 250],
    [60_000, 1, 3_000],
  ])('a timeout of %i and %i servers leave %i ms to open a connection', (timeout, servers, limit) => {
    expect(Math.floor(dialLimit(timeout, servers))).toBe(limit);
  });

  test.each([
    [300, 1_000],
    [9_000, 3_000],
    [60_000, 10_000],
  ])('a timeout of %i leaves %i ms for hello', (timeout, limit) => {
    expect(helloLimit(timeout)).toBe(limit);
  });
});

describe('Servers', () => {
  const list = ['a', 'b', 'c', 'd'].map((host) => ({ host, port: 1 }));

  test('every server has its turn, again and again', () => {
    const servers = new Servers(list, () => 0.3);
    const round = Array.from({ length: 4 }, () => servers.next().host);
    expect([...round].sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(Array.from({ length: 4 }, () => servers.next().host)).toEqual(round);
    expect(servers.size).toBe(4);
  });

  test('the order depends on chance only, and all orders are equally likely', () => {
    const seen = new Map<string, number>();
    const thirds = [0, 0.34, 0.67];
    for (const x of thirds) {
      for (const y of [0, 0.5]) {
        const chances = [x, y];
        const servers = new Servers(list.slice(0, 3), () => chances.shift()!);
        const order = Array.from({ length: 3 }, () => servers.next().host).join('');
        seen.set(order, (seen.get(order) ?? 0) + 1);
      }
    }
    expect([...seen.values()]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test('none at all is a bug', () => {
    expect(() => new Servers([], Math.random)).toThrow();
  });
});

describe('parseConnectString', () => {
  test.each([
    ['localhost', ['localhost:2181'], ''],
    ['a:1,b:2', ['a:1', 'b:2'], ''],
    ['a:1, b.example-1.org:65535', ['a:1', 'b.example-1.org:65535'], ''],
    ['a:1,b:2/app/x', ['a:1', 'b:2'], '/app/x'],
    ['a:1/', ['a:1'], ''],
    ['[::1]:2182,[fe80::1]', ['[::1]:2182', '[fe80::1]:2181'], ''],
  ])('%s', (text, servers, chroot) => {
    const parsed = parseConnectString(text);
    expect(parsed.servers.map(formatAddress)).toEqual(servers);
    expect(parsed.chroot).toBe(chroot);
  });

  test.each([
    ['', /without a name/],
    ['a:1,', /without a name/],
    ['a:b', /not a server: "a:b"/],
    ['a:0', /port 0 /],
    ['a:65536', /port 65536 /],
    ['a:123456', /not a server/],
    ['::1', /IPv6/],
    ['a b', /not a server/],
    ['ws://a:1', /not a server|chroot/],
    ['a:1/app/', /chroot .* must not end/],
    ['a:1//x', /chroot .* empty name/],
  ])('%s is refused', (text, message) => {
    expect(() => parseConnectString(text)).toThrow(message);
  });
});

describe('resolveOptions', () => {
  test('defaults', () => {
    expect(resolveOptions({})).toEqual({
      sessionTimeout: 10_000,
      connectTimeout: 15_000,
      auth: [],
      expireAfter: undefined,
      maxQueue: 100_000,
      session: undefined,
    });
  });

  const session = { id: 1, secret: new Uint8Array(16) };
  test.each([
    [{ sessionTimeout: 0 }, /sessionTimeout must be a whole number from 1/],
    [{ connectTimeout: 1.5 }, /connectTimeout/],
    [{ expireAfter: -1 }, /expireAfter/],
    [{ maxQueue: 0 }, /maxQueue/],
    [{ session: { ...session, id: 0 } }, /session.id/],
    [{ session: { ...session, secret: new Uint8Array(8) } }, /session.secret must be 16 bytes, not 8/],
    [{ auth: Array.from({ length: 17 }, () => ({ scheme: 'x', credentials: '' })) }, /at most 16 identities/],
  ])('%j is refused', (options, message) => {
    expect(() => resolveOptions(options)).toThrow(message);
  });
});

describe('sizes', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const data = fc.option(fc.uint8Array({ maxLength: 300 }));
  const version = fc.integer();
  const acl = fc.oneof(
    fc.constant(OPEN_ACL),
    fc.array(fc.record({ permissions: fc.integer({ min: 0 }), scheme: text, id: text }), { maxLength: 5 }),
  );
  const create = fc.record({
    op: fc.constant(Op.create),
    path: text,
    data,
    acl,
    mode: fc.constantFrom(0, 5),
    ttl: fc.nat(),
  });
  const setData = fc.record({ op: fc.constant(Op.setData), path: text, data, version });
  const paths = fc.array(text, { maxLength: 5 });
  const request: fc.Arbitrary<Request> = fc.oneof(
    create as fc.Arbitrary<Request>,
    setData,
    fc.record({ op: fc.constant(Op.setAcl), path: text, acl, version }),
    fc.record({
      op: fc.constant(Op.multi),
      operations: fc.array(fc.oneof(create as fc.Arbitrary<MultiOperation>, setData), { maxLength: 5 }),
    }),
    fc.record({ op: fc.constant(Op.getChildren), path: text, watch: fc.boolean() }),
    fc.record({ op: fc.constant(Op.addAuth), scheme: text, credentials: fc.uint8Array() }),
    fc.record({ op: fc.constant(Op.getEphemerals), prefix: text }),
    fc.record({ op: fc.constant(Op.closeSession) }),
    fc.record({
      op: fc.constant(Op.setWatches),
      since: fc.maxSafeNat(),
      data: paths,
      exists: paths,
      children: paths,
      persistent: paths,
      recursive: paths,
    }),
  );

  const count = (value: unknown): number =>
    Array.isArray(value) ? value.reduce((sum: number, each) => sum + count(each), 1) : 1;

  test('bounds hold for every request', () => {
    fc.assert(
      fc.property(request, fc.maxSafeNat(), fc.maxSafeNat(), (r, xid, number) => {
        const wire = requestToWire(xid, r, number, number);
        expect(bytesOf(r)).toBeGreaterThanOrEqual(pack(wire).length);
        expect(valuesOf(r)).toBeGreaterThanOrEqual(count(wire));
      }),
      { numRuns: 500 },
    );
  });
});

describe('resumeProblem', () => {
  const welcome = {
    version: 1,
    resumed: true,
    session: 7,
    secret: new Uint8Array(16),
    timeout: 1,
    zxid: 1,
    server: 1,
    lastWrite: 5,
    maxFrameBytes: 1,
    maxOutstandingWrites: 1,
    maxOutstandingRequests: 1,
    maxMultiOperations: 1,
  };
  test.each([
    [{}, 5, undefined],
    [{}, 9, undefined],
    [{}, undefined, undefined],
    [{}, 4, 'SESSION_MOVED'],
    [{ session: 8 }, 5, 'SESSION_EXPIRED'],
    [{ resumed: false }, undefined, 'SESSION_EXPIRED'],
  ])('%j with %s writes of our own: %s', (changes, lastNumber, code) => {
    expect(resumeProblem(7, lastNumber, { ...welcome, ...changes })?.code).toBe(code);
  });
});

describe('View', () => {
  test.each([
    ['', '/', '/'],
    ['', '/a', '/a'],
    ['/app', '/', '/app'],
    ['/app', '/a', '/app/a'],
  ])('with chroot "%s", %s is %s and back', (chroot, path, full) => {
    const view = new View(chroot);
    expect(view.full(path)).toBe(full);
    expect(view.strip(full)).toBe(path);
  });

  test('what is not below the chroot stays as it is', () => {
    expect(new View('/app').strip('/apple')).toBe('/apple');
    expect(new View('/app').strip('/other')).toBe('/other');
  });

  test('a prefix', () => {
    expect(new View('/app').fullPrefix('/')).toBe('/app/');
    expect(new View('').fullPrefix('/x')).toBe('/x');
    expect(() => new View('').fullPrefix('x')).toThrow(/must start with/);
  });

  test.each(['a', '', '/a/', '/a//b', '/.'])('the path "%s" is refused', (path) => {
    expect(() => new View('/app').full(path)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENTS' }));
  });

  test('refusals become errors with the path that the user knows', () => {
    const view = new View('/app');
    expect(view.error(refuse('NO_NODE', '/app/a', 'nothing'))).toMatchObject({
      code: 'NO_NODE',
      path: '/a',
      index: undefined,
    });
    expect(view.error({ ...refuse('NO_NODE', '', 'nothing'), index: 3 })).toMatchObject({ path: undefined, index: 3 });
  });

  test('small data does not hold its frame', () => {
    const frame = Buffer.alloc(10_000, 1);
    const small = toGetResult({ data: frame.subarray(0, 10), stat: STAT }).data!;
    const large = toGetResult({ data: frame.subarray(0, 9_000), stat: STAT }).data!;
    frame.fill(2);
    expect(small[0]).toBe(1);
    expect(large[0]).toBe(2);
    expect(toGetResult({ data: null, stat: STAT }).data).toBeNull();
    expect(toGetResult({ data: new Uint8Array(0), stat: STAT }).data).toHaveLength(0);
  });
});

describe('operations', () => {
  test('builders', () => {
    expect(ops.create('/a')).toEqual({ op: Op.create, path: '/a', data: null, acl: OPEN_ACL, mode: 0, ttl: 0 });
    expect(ops.create('/a', '', { ttl: 5 })).toMatchObject({ data: Buffer.alloc(0), mode: 5, ttl: 5 });
    expect(ops.set('/a', 'é')).toMatchObject({ data: Buffer.from('é'), version: -1 });
    expect(ops.delete('/a', 3)).toEqual({ op: Op.delete, path: '/a', version: 3 });
    expect(ops.check('/a')).toEqual({ op: Op.check, path: '/a', version: -1 });
    expect(reads.get('/a')).toEqual({ op: Op.getData, path: '/a', watch: false });
    expect(reads.children('/a')).toEqual({ op: Op.getChildren, path: '/a', watch: false });
  });

  test('sequential modes', () => {
    expect(isSequential(ops.create('/a', null, { mode: 'ephemeralSequential' }))).toBe(true);
    expect(isSequential(ops.create('/a', null, { mode: 'container' }))).toBe(false);
    expect(isSequential(ops.delete('/a'))).toBe(false);
  });

  test('nonsense is refused in words', () => {
    expect(() => toBytes(5 as never)).toThrow(/data must be a string, bytes or null, not number/);
    expect(() => ops.create('/a', null, { mode: 'toString' as never })).toThrow(
      /no create mode toString; there are persistent,/,
    );
  });
});
