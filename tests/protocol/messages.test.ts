/** Messages there and back over bytes, and everything that the checks of their fields refuse. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  eventToWire,
  frameMessages,
  goodbyeToWire,
  helloToWire,
  isSynodError,
  isWrite,
  limits,
  MAX_ZXID,
  Op,
  opName,
  pack,
  readClientMessage,
  readServerMessage,
  readXid,
  replyToWire,
  requestToWire,
  unpackForeign,
  welcomeToWire,
  type ClientMessage,
  type OpCode,
  type ServerMessage,
} from '@synod/protocol';
import { event, goodbye, hello, ops, refusal, requests, results, welcome, zxid } from './arbitraries.js';

/** A message over bytes, beside another one, as it arrives. */
function travel(wire: readonly unknown[]): readonly unknown[] {
  const [first, second] = frameMessages(unpackForeign(Uint8Array.from(pack([[1, Op.ping], wire]))));
  expect(first).toEqual([1, Op.ping]);
  return second!;
}

const toServer = (wire: readonly unknown[]): ClientMessage => readClientMessage(travel(wire));
const toClient = (wire: readonly unknown[], op?: OpCode): ServerMessage => readServerMessage(travel(wire), () => op);

/** toEqual, where a Buffer equals a Uint8Array of the same bytes. */
function same(actual: unknown, expected: unknown): void {
  expect(plain(actual)).toEqual(plain(expected));
}
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

describe('there and back', () => {
  test.each(ops.map((op) => [opName(op), op] as const))('request %s', (_, op) => {
    const counts = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(requests[op], counts, counts, (request, xid, number) => {
        const write = isWrite(request) ? { number, acked: number - 1 } : { number: 0, acked: 0 };
        const message = toServer(requestToWire(xid, request, number, number - 1));
        same(message, { type: 'request', xid, ...write, request });
      }),
    );
  });

  test.each(ops.map((op) => [opName(op), op] as const))('result of %s', (_, op) => {
    fc.assert(
      fc.property(results[op], zxid, (result, at) => {
        const reply = { zxid: at, result };
        same(toClient(replyToWire(7, op, reply), op), { type: 'reply', xid: 7, reply });
      }),
    );
  });

  test('a refusal, whatever waits under its xid', () => {
    fc.assert(
      fc.property(refusal, zxid, (result, at) => {
        const reply = { zxid: at, result };
        same(toClient(replyToWire(7, Op.create, reply)), { type: 'reply', xid: 7, reply });
      }),
    );
  });

  test('hello, welcome, event and goodbye', () => {
    fc.assert(
      fc.property(hello, welcome, event, goodbye, (h, w, e, g) => {
        same(toServer(helloToWire(h)), { type: 'hello', hello: h });
        same(toClient(welcomeToWire(w)), { type: 'welcome', welcome: w });
        same(toClient(eventToWire(e)), { type: 'event', event: e });
        same(toClient(goodbyeToWire(g)), { type: 'goodbye', goodbye: g });
      }),
    );
  });

  test('a client ignores fields that it does not know, and unknown numbers', () => {
    expect(toClient([-1, 5, 77, '/a', 'new'])).toEqual({ type: 'event', event: { zxid: 5, type: 77, path: '/a' } });
    expect(toClient([-3, -999, 'why', 'new'])).toEqual({
      type: 'goodbye',
      goodbye: { code: 'SYSTEM_ERROR', reason: 'why' },
    });
    expect(toClient([1, 5, 0, 'new'], Op.ping)).toEqual({ type: 'reply', xid: 1, reply: { zxid: 5, result: {} } });
    const stat = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    expect(toClient([1, 5, 0, stat, 'new'], Op.exists)).toMatchObject({ reply: { result: { stat: { czxid: 1 } } } });
  });
});

const long = 'x'.repeat(limits.pathLength + 1);
const many = (count: number, value: unknown): unknown[] => new Array<unknown>(count).fill(value);
const secret = new Uint8Array(16);

/** What a client may not say: the message, the code, a word of the reason, and the xid that is answered. */
const refusedByServer: readonly (readonly [string, readonly unknown[], 'M' | 'U', RegExp, number])[] = [
  ['nothing', [], 'M', /xid/, 0],
  ['an xid of another kind', ['1', 11], 'M', /xid/, 0],
  ['an xid with a fraction', [1.5, 11], 'M', /xid/, 0],
  ['an xid beyond safe integers', [2 ** 53, 11], 'M', /xid/, 0],
  ['a negative xid', [-1, 11], 'M', /xid/, 0],
  ['no operation', [1], 'M', /operation/, 1],
  ['an unknown operation', [1, 99], 'U', /99/, 1],
  ['check outside a multi', [1, Op.check, '/a', 0], 'U', /multi/, 1],
  ['a field too few', [1, Op.getData, '/a'], 'M', /watch/, 1],
  ['a field too many', [1, Op.ping, 1], 'M', /1 fields too many/, 1],
  ['a path of another kind', [1, Op.getData, 7, true], 'M', /path must be a string, not number/, 1],
  ['a path too long', [1, Op.getData, long, true], 'M', /longer than/, 1],
  ['write number 0', [1, Op.setData, 0, 0, '/a', null, 0], 'M', /number/, 1],
  ['a write acknowledging itself', [1, Op.setData, 1, 1, '/a', null, 0], 'M', /acked/, 1],
  ['text as data', [1, Op.setData, 1, 0, '/a', 'text', 0], 'M', /binary or nil, not string/, 1],
  ['a version beyond 32 bits', [1, Op.setData, 1, 0, '/a', null, 2 ** 31], 'M', /version/, 1],
  ['a version that is no number', [1, Op.setData, 1, 0, '/a', null, NaN], 'M', /version/, 1],
  ['mode 7', [1, Op.create, 1, 0, '/a', null, null, 7, 0], 'M', /mode/, 1],
  ['a ttl too long', [1, Op.create, 1, 0, '/a', null, null, 5, 2 ** 40], 'M', /ttl/, 1],
  ['no ACL for setAcl', [1, Op.setAcl, 1, 0, '/a', null, 0], 'M', /acl must be an array, not nil/, 1],
  ['an ACL too long', [1, Op.setAcl, 1, 0, '/a', many(65, [31, 'world', 'anyone']), 0], 'M', /acl/, 1],
  ['an ACL entry of another kind', [1, Op.setAcl, 1, 0, '/a', [7], 0], 'M', /entry 0/, 1],
  ['an ACL id too long', [1, Op.setAcl, 1, 0, '/a', [[31, 'digest', 'x'.repeat(1025)]], 0], 'M', /id/, 1],
  ['a multi in a multi', [1, Op.multi, 1, 0, [[Op.multi, []]]], 'M', /operation 0 is multi/, 1],
  ['a read in a multi', [1, Op.multi, 1, 0, [[Op.getData, '/a', false]]], 'M', /allowed are create/, 1],
  ['a multi too long', [1, Op.multi, 1, 0, many(10_001, [Op.delete, '/a', 0])], 'M', /operations/, 1],
  ['a write in a multiRead', [1, Op.multiRead, [[Op.delete, '/a', 0]]], 'M', /allowed are getData/, 1],
  ['an operation of a multi with too much', [1, Op.multi, 1, 0, [[Op.delete, '/a', 0, 0]]], 'M', /too many/, 1],
  ['watcher type 6', [1, Op.removeWatches, '/a', 6], 'M', /type/, 1],
  ['too many watches', [1, Op.setWatches, 0, many(8193, '/a'), [], [], [], []], 'M', /data/, 1],
  ['credentials too long', [1, Op.addAuth, 'digest', new Uint8Array(1025)], 'M', /credentials/, 1],
  ['a hello without anything', [0], 'M', /versions/, 0],
  ['a hello with a short secret', [0, [1], 1000, 0, 5, new Uint8Array(15)], 'M', /16 bytes/, 0],
  ['a hello without the secret', [0, [1], 1000, 0, 5, null], 'M', /16 bytes/, 0],
  ['a hello from beyond', [0, [1], 1000, MAX_ZXID + 1, 0, null], 'M', /lastZxid/, 0],
  ['a hello with too many versions', [0, many(65, 1), 1000, 0, 0, null], 'M', /versions/, 0],
  ['a hello with more', [0, [1], 1000, 0, 0, null, 1], 'M', /too many/, 0],
];

test.each(refusedByServer)('a server refuses %s', (_, wire, code, reason, xid) => {
  const name = code === 'M' ? 'MARSHALLING_ERROR' : 'UNIMPLEMENTED';
  expect(() => readClientMessage(wire)).toThrow(expect.objectContaining({ code: name }));
  expect(() => readClientMessage(wire)).toThrow(reason);
  expect(readXid(wire)).toBe(xid);
});

const stat = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

test.each<readonly [string, OpCode | undefined, readonly unknown[]]>([
  ['nothing', Op.ping, []],
  ['an answer to no request', undefined, [1, 5, 0]],
  ['a positive code', Op.ping, [1, 5, 3]],
  ['a zxid that is none', Op.ping, [1, -5, 0]],
  ['a result without a stat', Op.exists, [1, 5, 0]],
  ['a short stat', Op.exists, [1, 5, 0, stat.slice(1)]],
  ['a stat with text', Op.exists, [1, 5, 0, [...stat.slice(1), 'x']]],
  ['text as data', Op.getData, [1, 5, 0, 'text', stat]],
  ['names that are none', Op.getChildren, [1, 5, 0, ['a', 7], stat]],
  ['an ACL entry that is none', Op.getAcl, [1, 5, 0, [null], stat]],
  ['an ACL entry of the wrong kinds', Op.getAcl, [1, 5, 0, [['31', 'world', 'anyone']], stat]],
  ['an identity that is none', Op.whoAmI, [1, 5, 0, [null]]],
  ['a number that is none', Op.getAllChildrenNumber, [1, 5, 0, []]],
  ['paths that are none', Op.getEphemerals, [1, 5, 0, '/a']],
  ['an entry of a multi that is none', Op.multi, [1, 5, 0, [7]]],
  ['an entry of a multiRead without a number', Op.multiRead, [1, 5, 0, [['x']]]],
  ['a refusal without a reason', Op.ping, [1, 5, -101]],
  ['an outcome that is none', Op.ping, [1, 5, -101, '', '', 2, -1]],
  ['an event without a path', Op.ping, [-1, 5, 1]],
  ['a goodbye without a code', Op.ping, [-3, 0, '']],
  ['a welcome without a session', Op.ping, [0, 1, false, 0, secret, 1000, 5, 1, 0, 1, 1, 1, 1]],
])('a client refuses %s', (_, op, wire) => {
  expect(() => readServerMessage(wire, () => op)).toThrow(expect.objectContaining({ code: 'MARSHALLING_ERROR' }));
});

test.each([[null], [7], ['x'], [[7]], [[[], null]]])('a frame is an array of arrays, not %j', (frame) => {
  expect(() => frameMessages(frame)).toThrow(expect.objectContaining({ code: 'MARSHALLING_ERROR' }));
});

/** Any value that can come out of bytes. */
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, 0, -1, 1, -3, NaN, Infinity, 1.5, 2 ** 53, '', '/a', new Uint8Array(2)),
    fc.constantFrom(...Object.values(Op)),
    fc.array(tie('value'), { maxLength: 8 }),
  ),
})).value;

test('whatever values come, both sides refuse them with a SynodError or understand them', () => {
  const op = fc.constantFrom(...Object.values(Op));
  fc.assert(
    fc.property(fc.array(anyValue, { maxLength: 14 }), op, fc.constantFrom(0, 1, -1, -3), (rest, at, first) => {
      const wires = [rest, [first, ...rest], [1, at, ...rest], [1, at, 1, 0, ...rest], [1, 5, 0, ...rest]];
      for (const wire of wires) {
        for (const readIt of [() => readClientMessage(wire), () => readServerMessage(wire, () => at)]) {
          try {
            readIt();
          } catch (error) {
            if (!isSynodError(error)) throw error;
          }
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
