/** Arbitrary messages of every kind, within the ranges of PROTOCOL.md, for the tests of this package. */
import fc from 'fast-check';
import {
  errorCodes,
  EventType,
  limits,
  MAX_ZXID,
  OPEN_ACL,
  Op,
  type Acl,
  type ErrorCode,
  type Goodbye,
  type Hello,
  type MultiOperation,
  type MultiReadResult,
  type OpCode,
  type Refusal,
  type Request,
  type Result,
  type Stat,
  type WatchEvent,
  type Welcome,
} from '@synod/protocol';

export const zxid = fc.oneof(fc.integer({ min: 0, max: 2 ** 33 }), fc.integer({ min: 0, max: MAX_ZXID }));
export const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 90 }),
  fc.string({ maxLength: 70 }).map((tail) => `\ufeff${tail}`),
);
export const path = text.map((rest) => `/${rest}`);
export const version = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
export const bytes = fc.uint8Array({ maxLength: 300 });
export const data = fc.option(bytes, { nil: null });
const id = fc.string({ unit: 'binary', maxLength: 20 });
export const identity = fc.record({ scheme: id, id });
export const acl: fc.Arbitrary<Acl> = fc.array(
  fc.record({ permissions: fc.integer({ min: 0, max: 2 ** 31 - 1 }), scheme: id, id }),
  { maxLength: 5 },
);
const paths = fc.array(path, { maxLength: 20 });
const oneOf = <const T extends number>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const create = fc.record({
  op: oneOf(Op.create),
  path,
  data,
  acl: fc.oneof(fc.constant(OPEN_ACL), acl),
  mode: oneOf(0, 1, 2, 3, 4, 5, 6),
  ttl: fc.integer({ min: 0, max: limits.ttlMs }),
});
const remove = fc.record({ op: oneOf(Op.delete), path, version });
const setData = fc.record({ op: oneOf(Op.setData), path, data, version });
const check = fc.record({ op: oneOf(Op.check), path, version });
const getData = fc.record({ op: oneOf(Op.getData), path, watch: fc.boolean() });
const getChildren = fc.record({ op: oneOf(Op.getChildren), path, watch: fc.boolean() });
const operation: fc.Arbitrary<MultiOperation> = fc.oneof(create, remove, setData, check);

/** Every request, by its operation. */
export const requests: Readonly<Record<Exclude<OpCode, typeof Op.check>, fc.Arbitrary<Request>>> = {
  [Op.create]: create,
  [Op.delete]: remove,
  [Op.setData]: setData,
  [Op.setAcl]: fc.record({ op: oneOf(Op.setAcl), path, acl, version }),
  [Op.multi]: fc.record({ op: oneOf(Op.multi), operations: fc.array(operation, { maxLength: 6 }) }),
  [Op.closeSession]: fc.record({ op: oneOf(Op.closeSession) }),
  [Op.exists]: fc.record({ op: oneOf(Op.exists), path, watch: fc.boolean() }),
  [Op.getData]: getData,
  [Op.getChildren]: getChildren,
  [Op.getAcl]: fc.record({ op: oneOf(Op.getAcl), path }),
  [Op.sync]: fc.record({ op: oneOf(Op.sync), path }),
  [Op.getAllChildrenNumber]: fc.record({ op: oneOf(Op.getAllChildrenNumber), path }),
  [Op.multiRead]: fc.record({
    op: oneOf(Op.multiRead),
    operations: fc.array(fc.oneof(getData, getChildren), { maxLength: 6 }),
  }),
  [Op.getEphemerals]: fc.record({ op: oneOf(Op.getEphemerals), prefix: text }),
  [Op.checkWatches]: fc.record({ op: oneOf(Op.checkWatches), path, type: oneOf(1, 2, 3, 4, 5) }),
  [Op.removeWatches]: fc.record({ op: oneOf(Op.removeWatches), path, type: oneOf(1, 2, 3, 4, 5) }),
  [Op.addWatch]: fc.record({ op: oneOf(Op.addWatch), path, mode: oneOf(0, 1) }),
  [Op.addAuth]: fc.record({ op: oneOf(Op.addAuth), scheme: id, credentials: bytes }),
  [Op.setWatches]: fc.record({
    op: oneOf(Op.setWatches),
    since: zxid,
    data: paths,
    exists: paths,
    children: paths,
    persistent: paths,
    recursive: paths,
  }),
  [Op.ping]: fc.record({ op: oneOf(Op.ping) }),
  [Op.whoAmI]: fc.record({ op: oneOf(Op.whoAmI) }),
};

export const stat: fc.Arbitrary<Stat> = fc.record({
  czxid: zxid,
  mzxid: zxid,
  pzxid: zxid,
  ctime: fc.integer({ min: 0, max: 2 ** 43 }),
  mtime: fc.integer({ min: 0, max: 2 ** 43 }),
  version,
  cversion: version,
  aversion: version,
  ephemeralOwner: zxid,
  dataLength: fc.nat(),
  numChildren: fc.nat(),
});

export const refusal: fc.Arbitrary<Refusal> = fc.record({
  code: fc.constantFrom(...(Object.keys(errorCodes) as ErrorCode[])),
  reason: text,
  path: text,
  outcome: fc.constantFrom('not-applied' as const, 'unknown' as const),
  index: fc.integer({ min: -1, max: 10_000 }),
});

const empty: fc.Arbitrary<Result> = fc.constant({});
const created = fc.record({ path, stat });
const withStat = fc.record({ stat });
const read = fc.record({ data, stat });
const listed = fc.record({ children: fc.array(text, { maxLength: 20 }), stat });
const answers: fc.Arbitrary<MultiReadResult['answers']> = fc.array(
  fc.oneof<fc.Arbitrary<Result | Refusal>[]>(read, listed, refusal),
  { maxLength: 6 },
);

/** Every result, by its operation. */
export const results: Readonly<Record<Exclude<OpCode, typeof Op.check>, fc.Arbitrary<Result>>> = {
  [Op.create]: created,
  [Op.delete]: empty,
  [Op.setData]: withStat,
  [Op.setAcl]: withStat,
  [Op.multi]: fc.record({
    results: fc.array(fc.oneof<fc.Arbitrary<Result>[]>(created, withStat, empty), { maxLength: 6 }),
  }),
  [Op.closeSession]: empty,
  [Op.exists]: withStat,
  [Op.getData]: read,
  [Op.getChildren]: listed,
  [Op.getAcl]: fc.record({ acl, stat }),
  [Op.sync]: empty,
  [Op.getAllChildrenNumber]: fc.record({ number: fc.nat() }),
  [Op.multiRead]: fc.record({ answers }),
  [Op.getEphemerals]: fc.record({ paths }),
  [Op.checkWatches]: empty,
  [Op.removeWatches]: empty,
  [Op.addWatch]: empty,
  [Op.addAuth]: empty,
  [Op.setWatches]: empty,
  [Op.ping]: empty,
  [Op.whoAmI]: fc.record({ identities: fc.array(identity, { maxLength: 5 }) }),
};

/** All operations that can be asked for by themselves. */
export const ops = Object.values(Op).filter((op): op is keyof typeof requests => op !== Op.check);

const secret = fc.uint8Array({ minLength: 16, maxLength: 16 });
const milliseconds = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const versions = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 64 });
const session = fc.integer({ min: 1, max: MAX_ZXID });

export const hello: fc.Arbitrary<Hello> = fc.oneof(
  fc.record({ versions, timeout: milliseconds, lastZxid: zxid, session: fc.constant(0), secret: fc.constant(null) }),
  fc.record({ versions, timeout: milliseconds, lastZxid: zxid, session, secret }),
);
const count = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
export const welcome: fc.Arbitrary<Welcome> = fc.record({
  version: fc.integer({ min: 0, max: 1_000_000 }),
  resumed: fc.boolean(),
  session,
  secret,
  timeout: milliseconds,
  zxid,
  server: fc.integer({ min: 0, max: 1_000_000 }),
  lastWrite: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  maxFrameBytes: count,
  maxOutstandingWrites: count,
  maxOutstandingRequests: count,
  maxMultiOperations: count,
});
export const event: fc.Arbitrary<WatchEvent> = fc.record({
  type: fc.constantFrom(...Object.values(EventType)),
  path,
  zxid,
});
export const goodbye: fc.Arbitrary<Goodbye> = fc.record({
  code: fc.constantFrom(...(Object.keys(errorCodes) as ErrorCode[])),
  reason: text,
});
