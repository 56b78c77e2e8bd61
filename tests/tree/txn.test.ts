/** Transactions as bodies of log records. */
import { OPEN_ACL, type Acl } from '@synod/protocol';
import { decodeTxn, encodeTxn, TREE_MACHINE, type Change, type MultiPart, type Txn } from '@synod/tree';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

const bytesOrNull = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null });
const path = fc.string({ maxLength: 80, unit: 'grapheme' });
const int32 = fc.integer();
const zxid = fc.maxSafeNat();
const acl: fc.Arbitrary<Acl> = fc.oneof(
  fc.constant(OPEN_ACL),
  fc.array(fc.record({ permissions: fc.nat(31), scheme: fc.string(), id: fc.string() }), { maxLength: 4 }),
);

const part: fc.Arbitrary<MultiPart> = fc.oneof(
  fc.record({
    type: fc.constant('create' as const),
    path,
    data: bytesOrNull,
    acl,
    kind: fc.constantFrom(0, 1, 2, 3),
    ttl: fc.nat(2 ** 30),
    creates: int32,
  }),
  fc.record({ type: fc.constant('delete' as const), path }),
  fc.record({ type: fc.constant('setData' as const), path, data: bytesOrNull, version: int32 }),
  fc.record({ type: fc.constant('check' as const), path }),
);

const change: fc.Arbitrary<Change> = fc.oneof(
  part.filter((each) => each.type !== 'check') as fc.Arbitrary<Change>,
  fc.record({ type: fc.constant('setAcl' as const), path, acl, aversion: int32 }),
  fc.record({ type: fc.constant('multi' as const), parts: fc.array(part, { maxLength: 5 }) }),
  fc.record({
    type: fc.constant('error' as const),
    op: fc.constantFrom(0, 1, 2, 14, -11),
    refusal: fc.record({
      code: fc.constantFrom('NO_NODE', 'BAD_VERSION', 'SESSION_EXPIRED', 'QUOTA_EXCEEDED'),
      reason: fc.string(),
      path,
      outcome: fc.constantFrom('not-applied', 'unknown'),
      index: fc.integer({ min: -1, max: 10_000 }),
    }),
  }),
  fc.record({
    type: fc.constant('createSession' as const),
    timeout: fc.nat(),
    secretHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    server: fc.nat(255),
    tag: zxid,
  }),
  fc.record({ type: fc.constant('closeSession' as const), target: zxid, expired: fc.boolean() }),
  fc.record({ type: fc.constant('reap' as const), path }),
  fc.record({ type: fc.constant('configure' as const), data: fc.uint8Array() }),
);

const origin = fc.record({ session: zxid, number: zxid, acked: zxid, time: zxid });

/** Binary values come back as views of one kind or another. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

describe('a transaction', () => {
  test('comes back from its body as it was', () => {
    fc.assert(
      fc.property(origin, change, (from, what) => {
        const txn: Txn = { ...from, ...what };
        const body = encodeTxn(txn);
        expect(body[0]).toBe(TREE_MACHINE);
        expect(plain(decodeTxn(body))).toEqual(plain(txn));
        expect(plain(decodeTxn(Buffer.from(body)))).toEqual(plain(txn));
      }),
      { numRuns: 500 },
    );
  });

  test('has a body of its own, which later ones do not overwrite', () => {
    const txns = Array.from({ length: 200 }, (_, i): Txn => ({
      session: i,
      number: i,
      acked: 0,
      time: 0,
      type: 'delete',
      path: `/${'p'.repeat(i)}`,
    }));
    const bodies = txns.map(encodeTxn);
    expect(bodies.map(decodeTxn)).toEqual(txns);
    expect(new Set(bodies.map(({ buffer }) => buffer)).size).toBe(200);
  });

  test('with the open ACL does not spell it out', () => {
    const body = encodeTxn({
      session: 0,
      number: 0,
      acked: 0,
      time: 0,
      type: 'setAcl',
      path: '/',
      acl: OPEN_ACL,
      aversion: 1,
    });
    expect(body.length).toBeLessThan(20);
    expect(decodeTxn(body)).toHaveProperty('acl', OPEN_ACL);
  });

  test.each([
    ['another machine', Uint8Array.of(2, 0x90)],
    ['an unknown kind', Uint8Array.of(1, 0x91, 99)],
    ['an unknown part', Uint8Array.of(1, 0x96, 5, 0, 0, 0, 0, 0x91, 0x91, 99)],
  ])('of %s is a bug', (_, body) => {
    expect(() => decodeTxn(body)).toThrow(Error);
  });
});
