/** Arbitrary records of every kind, with everything that their fields can hold, for the tests of this package. */
import fc from 'fast-check';
import {
  ERROR_RESULT,
  longOf,
  ZooKeeperOp,
  type ConnectRequest,
  type MultiOperationRecord,
  type MultiResponse,
  type MultiResultRecord,
  type RequestOf,
  type RequestType,
  type Responses,
} from '@synod/zookeeper';

const { min, max } = { min: -(2 ** 31), max: 2 ** 31 - 1 };
export const int = fc.oneof(fc.constantFrom(0, -1, 1, min, max), fc.integer({ min, max }));
export const long = fc.oneof(
  fc.tuple(int, fc.nat(2 ** 32 - 1)).map(([high, low]) => longOf(high, low)),
  fc.maxSafeInteger(),
);
/** Text that UTF-8 can hold: no halves of surrogate pairs. */
export const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 40 }).map((tail) => `\ufeff${tail}`),
);
const nullable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(arbitrary, { nil: null, freq: 8 });
const path = nullable(text.map((rest) => `/${rest}`));
const string = nullable(text);
const buffer = nullable(fc.uint8Array({ maxLength: 200 }));
const strings = nullable(fc.array(string, { maxLength: 8 }));
const entry = fc.record({ permissions: int, scheme: string, id: string });
const acl = nullable(fc.array(entry, { maxLength: 5 }));
const type = <const T extends number>(value: T): fc.Arbitrary<T> => fc.constant(value);

export const stat = fc.record({
  czxid: long,
  mzxid: long,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: long,
  dataLength: int,
  numChildren: int,
  pzxid: long,
});

export const connectRequest: fc.Arbitrary<ConnectRequest> = fc.record({
  protocolVersion: int,
  lastZxidSeen: long,
  timeOut: int,
  sessionId: long,
  passwd: buffer,
  readOnly: nullable(fc.boolean()),
});

const createFields = { path, data: buffer, acl, flags: fc.oneof(fc.integer({ min: 0, max: 6 }), int) };
const create = fc.record({ type: type(ZooKeeperOp.create), ...createFields });
const create2 = fc.record({ type: type(ZooKeeperOp.create2), ...createFields });
const createContainer = fc.record({ type: type(ZooKeeperOp.createContainer), ...createFields });
const createTtl = fc.record({ type: type(ZooKeeperOp.createTtl), ...createFields, ttl: long });
const remove = fc.record({ type: type(ZooKeeperOp.delete), path, version: int });
const check = fc.record({ type: type(ZooKeeperOp.check), path, version: int });
const setData = fc.record({ type: type(ZooKeeperOp.setData), path, data: buffer, version: int });
const getData = fc.record({ type: type(ZooKeeperOp.getData), path, watch: fc.boolean() });
const getChildren = fc.record({ type: type(ZooKeeperOp.getChildren), path, watch: fc.boolean() });
const operation: fc.Arbitrary<MultiOperationRecord> = fc.oneof(
  ...[create, create2, createContainer, createTtl, remove, check, setData],
);
const lists = { data: strings, exists: strings, children: strings };
const more = { persistent: strings, recursive: strings };

/** Every request, by its operation. */
export const requests: { readonly [T in RequestType]: fc.Arbitrary<RequestOf<T>> } = {
  [ZooKeeperOp.create]: create,
  [ZooKeeperOp.create2]: create2,
  [ZooKeeperOp.createContainer]: createContainer,
  [ZooKeeperOp.createTtl]: createTtl,
  [ZooKeeperOp.delete]: remove,
  [ZooKeeperOp.exists]: fc.record({ type: type(ZooKeeperOp.exists), path, watch: fc.boolean() }),
  [ZooKeeperOp.getData]: getData,
  [ZooKeeperOp.setData]: setData,
  [ZooKeeperOp.getAcl]: fc.record({ type: type(ZooKeeperOp.getAcl), path }),
  [ZooKeeperOp.setAcl]: fc.record({ type: type(ZooKeeperOp.setAcl), path, acl, version: int }),
  [ZooKeeperOp.getChildren]: getChildren,
  [ZooKeeperOp.getChildren2]: fc.record({ type: type(ZooKeeperOp.getChildren2), path, watch: fc.boolean() }),
  [ZooKeeperOp.sync]: fc.record({ type: type(ZooKeeperOp.sync), path }),
  [ZooKeeperOp.ping]: fc.record({ type: type(ZooKeeperOp.ping) }),
  [ZooKeeperOp.multi]: fc.record({
    type: type(ZooKeeperOp.multi),
    operations: fc.array(operation, { maxLength: 6 }),
  }),
  [ZooKeeperOp.multiRead]: fc.record({
    type: type(ZooKeeperOp.multiRead),
    operations: fc.array(fc.oneof(getData, getChildren), { maxLength: 6 }),
  }),
  [ZooKeeperOp.reconfig]: fc.record({
    type: type(ZooKeeperOp.reconfig),
    joiningServers: string,
    leavingServers: string,
    newMembers: string,
    curConfigId: long,
  }),
  [ZooKeeperOp.checkWatches]: fc.record({ type: type(ZooKeeperOp.checkWatches), path, watcher: int }),
  [ZooKeeperOp.removeWatches]: fc.record({
    type: type(ZooKeeperOp.removeWatches),
    path,
    watcher: fc.oneof(int, fc.nat(6)),
  }),
  [ZooKeeperOp.auth]: fc.record({ type: type(ZooKeeperOp.auth), authType: int, scheme: string, auth: buffer }),
  [ZooKeeperOp.sasl]: fc.record({ type: type(ZooKeeperOp.sasl), token: buffer }),
  [ZooKeeperOp.setWatches]: fc.record({ type: type(ZooKeeperOp.setWatches), relativeZxid: long, ...lists }),
  [ZooKeeperOp.setWatches2]: fc.record({ type: type(ZooKeeperOp.setWatches2), relativeZxid: long, ...lists, ...more }),
  [ZooKeeperOp.addWatch]: fc.record({ type: type(ZooKeeperOp.addWatch), path, mode: fc.oneof(int, fc.nat(2)) }),
  [ZooKeeperOp.getEphemerals]: fc.record({ type: type(ZooKeeperOp.getEphemerals), prefix: string }),
  [ZooKeeperOp.getAllChildrenNumber]: fc.record({ type: type(ZooKeeperOp.getAllChildrenNumber), path }),
  [ZooKeeperOp.whoAmI]: fc.record({ type: type(ZooKeeperOp.whoAmI) }),
  [ZooKeeperOp.closeSession]: fc.record({ type: type(ZooKeeperOp.closeSession) }),
};

/** All operations that are requests. */
export const types = Object.values(ZooKeeperOp).filter((one): one is RequestType => one !== ZooKeeperOp.check);

const result: fc.Arbitrary<MultiResultRecord> = fc.oneof<fc.Arbitrary<MultiResultRecord>[]>(
  fc.record({ type: type(ZooKeeperOp.create), path }),
  fc.record({ type: type(ZooKeeperOp.create2), path, stat }),
  fc.record({ type: fc.constantFrom(ZooKeeperOp.delete, ZooKeeperOp.check) }),
  fc.record({ type: type(ZooKeeperOp.setData), stat }),
  fc.record({ type: type(ZooKeeperOp.getData), data: buffer, stat }),
  fc.record({ type: type(ZooKeeperOp.getChildren), children: strings }),
  fc.record({ type: type(ERROR_RESULT), err: int }),
);
const empty = fc.constant(null);
const data = fc.record({ data: buffer, stat });
const created = fc.record({ path, stat });
const multi: fc.Arbitrary<MultiResponse> = fc.record({ results: fc.array(result, { maxLength: 6 }) });
const ids = nullable(fc.array(fc.record({ scheme: string, id: string }), { maxLength: 5 }));

/** Every response, by its operation. */
export const responses: { readonly [T in RequestType]: fc.Arbitrary<Responses[T]> } = {
  [ZooKeeperOp.create]: fc.record({ path }),
  [ZooKeeperOp.create2]: created,
  [ZooKeeperOp.createContainer]: created,
  [ZooKeeperOp.createTtl]: created,
  [ZooKeeperOp.delete]: empty,
  [ZooKeeperOp.exists]: fc.record({ stat }),
  [ZooKeeperOp.getData]: data,
  [ZooKeeperOp.setData]: fc.record({ stat }),
  [ZooKeeperOp.getAcl]: fc.record({ acl, stat }),
  [ZooKeeperOp.setAcl]: fc.record({ stat }),
  [ZooKeeperOp.getChildren]: fc.record({ children: strings }),
  [ZooKeeperOp.getChildren2]: fc.record({ children: strings, stat }),
  [ZooKeeperOp.sync]: fc.record({ path }),
  [ZooKeeperOp.ping]: empty,
  [ZooKeeperOp.multi]: multi,
  [ZooKeeperOp.multiRead]: multi,
  [ZooKeeperOp.reconfig]: data,
  [ZooKeeperOp.checkWatches]: empty,
  [ZooKeeperOp.removeWatches]: empty,
  [ZooKeeperOp.auth]: empty,
  [ZooKeeperOp.sasl]: fc.record({ token: buffer }),
  [ZooKeeperOp.setWatches]: empty,
  [ZooKeeperOp.setWatches2]: empty,
  [ZooKeeperOp.addWatch]: fc.record({ err: int }),
  [ZooKeeperOp.getEphemerals]: fc.record({ paths: strings }),
  [ZooKeeperOp.getAllChildrenNumber]: fc.record({ number: int }),
  [ZooKeeperOp.whoAmI]: fc.record({ identities: ids }),
  [ZooKeeperOp.closeSession]: empty,
};
