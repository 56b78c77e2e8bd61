/** zxids, access rights, errors and events: tables of the small things. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  aclFromWire,
  aclToWire,
  badMessage,
  counterOf,
  CREATOR_ACL,
  epochOf,
  errorCodes,
  errorName,
  eventName,
  EventType,
  formatPermissions,
  formatZxid,
  fromBinaryString,
  isRetryable,
  isSynodError,
  isWrite,
  isZxid,
  makeZxid,
  MAX_COUNTER,
  MAX_EPOCH,
  MAX_ZXID,
  Op,
  OPEN_ACL,
  opName,
  parsePermissions,
  READ_ACL,
  shortZxid,
  statFromWire,
  statToWire,
  SynodError,
  toBinaryString,
  type ErrorCode,
} from '@synod/protocol';
import { acl, stat } from './arbitraries.js';

describe('zxid', () => {
  test.each([
    [0, 0, 0, '0x0', '0:0'],
    [0, 1, 1, '0x1', '0:1'],
    [0, MAX_COUNTER, 0xffffffff, '0xffffffff', '0:4294967295'],
    [1, 0, 2 ** 32, '0x100000000', '1:0'],
    [2, 3, 2 * 2 ** 32 + 3, '0x200000003', '2:3'],
    [MAX_EPOCH, MAX_COUNTER, Number.MAX_SAFE_INTEGER, '0x1fffffffffffff', '2097151:4294967295'],
  ])('epoch %d, counter %d', (epoch, counter, zxid, hexadecimal, short) => {
    expect(makeZxid(epoch, counter)).toBe(zxid);
    expect([epochOf(zxid), counterOf(zxid)]).toEqual([epoch, counter]);
    expect([formatZxid(zxid), shortZxid(zxid)]).toEqual([hexadecimal, short]);
    expect(isZxid(zxid)).toBe(true);
  });

  test.each([
    [-1, 0],
    [MAX_EPOCH + 1, 0],
    [0, -1],
    [0, MAX_COUNTER + 1],
    [0.5, 0],
    [0, NaN],
  ])('there is none of epoch %d, counter %d', (epoch, counter) => {
    expect(() => makeZxid(epoch, counter)).toThrow(RangeError);
  });

  test.each([[-1], [0.5], [NaN], [Infinity], [MAX_ZXID + 1], ['1'], [1n], [null], [undefined]])(
    '%p is none',
    (value) => {
      expect(isZxid(value)).toBe(false);
    },
  );

  test('is ordered by epoch, then counter', () => {
    const part = fc.tuple(fc.integer({ min: 0, max: MAX_EPOCH }), fc.integer({ min: 0, max: MAX_COUNTER }));
    fc.assert(
      fc.property(part, part, ([e1, c1], [e2, c2]) => {
        expect(Math.sign(makeZxid(e1, c1) - makeZxid(e2, c2))).toBe(Math.sign(e1 - e2) || Math.sign(c1 - c2));
      }),
    );
  });
});

describe('access rights', () => {
  test.each([
    [31, 'cdrwa'],
    [1, 'r'],
    [2, 'w'],
    [4, 'c'],
    [8, 'd'],
    [16, 'a'],
    [1 | 16, 'ra'],
  ])('%d is %s', (bits, letters) => {
    expect(formatPermissions(bits)).toBe(letters);
    expect(parsePermissions(letters)).toBe(bits);
    expect(parsePermissions([...letters].reverse().join(''))).toBe(bits);
  });

  test.each(['', 'x', 'rx', 'R', ' r'])('%j are none', (letters) => {
    expect(parsePermissions(letters)).toBeUndefined();
  });

  test('there and back', () => {
    fc.assert(fc.property(acl, (list) => expect(aclFromWire(aclToWire(list))).toEqual(list)));
    expect(aclToWire(OPEN_ACL)).toEqual([[31, 'world', 'anyone']]);
    expect(aclToWire(READ_ACL)).toEqual([[1, 'world', 'anyone']]);
    expect(aclToWire(CREATOR_ACL)).toEqual([[31, 'auth', '']]);
  });
});

describe('errors', () => {
  /** KeeperException.Code of ZooKeeper 3.9; the wire depends on every number. */
  const table: Readonly<Record<ErrorCode, number>> = {
    SYSTEM_ERROR: -1,
    RUNTIME_INCONSISTENCY: -2,
    DATA_INCONSISTENCY: -3,
    CONNECTION_LOSS: -4,
    MARSHALLING_ERROR: -5,
    UNIMPLEMENTED: -6,
    OPERATION_TIMEOUT: -7,
    BAD_ARGUMENTS: -8,
    UNKNOWN_SESSION: -12,
    NO_NODE: -101,
    NO_AUTH: -102,
    BAD_VERSION: -103,
    NO_CHILDREN_FOR_EPHEMERALS: -108,
    NODE_EXISTS: -110,
    NOT_EMPTY: -111,
    SESSION_EXPIRED: -112,
    INVALID_ACL: -114,
    AUTH_FAILED: -115,
    SESSION_MOVED: -118,
    NOT_READ_ONLY: -119,
    NO_WATCHER: -121,
    RECONFIG_DISABLED: -123,
    QUOTA_EXCEEDED: -125,
    THROTTLED: -127,
  };
  const codes = Object.keys(table) as ErrorCode[];

  test('have these numbers', () => {
    expect(errorCodes).toEqual(table);
    for (const code of codes) expect(errorName(table[code])).toBe(code);
  });

  test.each([0, 1, -9, -1000])('number %d reads as SYSTEM_ERROR', (number) => {
    expect(errorName(number)).toBe('SYSTEM_ERROR');
  });

  test('that may go away by themselves', () => {
    const retryable = codes.filter(isRetryable);
    expect(retryable).toEqual(['CONNECTION_LOSS', 'OPERATION_TIMEOUT', 'SESSION_MOVED', 'THROTTLED']);
  });

  test('carry everything', () => {
    const cause = new Error('deeper');
    const error = new SynodError({ code: 'NO_NODE', reason: 'gone', path: '/a', outcome: 'unknown', index: 3, cause });
    expect(error).toMatchObject({ code: 'NO_NODE', number: -101, reason: 'gone', path: '/a', outcome: 'unknown' });
    expect(error).toMatchObject({ index: 3, cause, retryable: false, name: 'SynodError' });
    expect(error.message).toBe('NO_NODE: gone (/a)');
    expect(isSynodError(error)).toBe(true);
  });

  test('have changed nothing unless they say otherwise', () => {
    const error = new SynodError({ code: 'CONNECTION_LOSS', reason: 'r' });
    expect(error).toMatchObject({ outcome: 'not-applied', path: undefined, index: undefined, retryable: true });
    expect(error).not.toHaveProperty('cause');
  });

  test.each([
    ['/a b', 'BAD_ARGUMENTS: r ("/a b")'],
    ['/\n', 'BAD_ARGUMENTS: r ("/\\n")'],
    [`/${'a'.repeat(300)}`, `BAD_ARGUMENTS: r ("/${'a'.repeat(199)}…")`],
  ])('show the path %j in one line', (path, message) => {
    expect(new SynodError({ code: 'BAD_ARGUMENTS', reason: 'r', path }).message).toBe(message);
  });

  test.each([[new Error('x')], ['NO_NODE'], [null], [{ name: 'SynodError', code: 'NO_NODE', outcome: 'unknown' }]])(
    'are not %p',
    (value) => {
      expect(isSynodError(value)).toBe(false);
    },
  );

  test('about bad bytes have no stack, and leave the stacks of others alone', () => {
    const { stackTraceLimit } = Error;
    expect(badMessage('r').stack).not.toContain('\n');
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });
});

describe('operations and events', () => {
  test('have names', () => {
    for (const [name, op] of Object.entries(Op)) expect(opName(op)).toBe(name);
    expect(opName(99)).toBe('operation 99');
    expect(Object.values(EventType).map(eventName)).toEqual([
      'NodeCreated',
      'NodeDeleted',
      'NodeDataChanged',
      'NodeChildrenChanged',
      'Resync',
    ]);
  });

  test('are writes where they go through the log', () => {
    const writes = Object.entries(Op).filter(([, op]) => isWrite({ op } as Parameters<typeof isWrite>[0]));
    expect(writes.map(([name]) => name)).toEqual(['create', 'delete', 'setData', 'setAcl', 'multi', 'closeSession']);
  });
});

test('a stat there and back', () => {
  fc.assert(fc.property(stat, (one) => expect(statFromWire(statToWire(one))).toEqual(one)));
});

test('bytes as a binary string there and back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
      const text = toBinaryString(bytes);
      expect(text).toHaveLength(bytes.length);
      expect(toBinaryString(Buffer.from(bytes))).toBe(text);
      expect(Uint8Array.from(fromBinaryString(text))).toEqual(bytes);
    }),
  );
});
