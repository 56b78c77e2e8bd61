/** ZooKeeper's requests as Synod's, and Synod's answers as ZooKeeper's. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  errorCodes,
  EventType,
  limits,
  MAX_ZXID,
  Op,
  OPEN_ACL,
  pack,
  readClientMessage,
  refuse,
  requestToWire,
  unpackForeign,
  type ErrorCode,
  type Refusal,
  type Request,
  type Result,
} from '@synod/protocol';
import {
  modeOf,
  toRequest,
  toResponse,
  toWatcherEvent,
  ZooKeeperOp,
  type MultiOperationRecord,
  type RequestOf,
  type RequestType,
} from '@synod/zookeeper';
import * as arbitrary from './arbitraries.js';

type Translatable = Exclude<RequestType, typeof ZooKeeperOp.sasl>;
type Record = RequestOf<Translatable>;

const translatable = arbitrary.types.filter((type): type is Translatable => type !== ZooKeeperOp.sasl);
const open = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const data = Uint8Array.of(1);
const create = { path: '/a', data, acl: open, flags: 0 };
const long = `/${'a'.repeat(limits.pathLength)}`;

describe('requests', () => {
  test.each<readonly [Record, Request]>([
    [
      { type: ZooKeeperOp.create, ...create, flags: 3 },
      { op: Op.create, path: '/a', data, acl: OPEN_ACL, mode: 3, ttl: 0 },
    ],
    [
      { type: ZooKeeperOp.create2, ...create, data: null, acl: null },
      { op: Op.create, path: '/a', data: null, acl: [], mode: 0, ttl: 0 },
    ],
    [
      { type: ZooKeeperOp.createContainer, ...create, flags: 4 },
      { op: Op.create, path: '/a', data, acl: OPEN_ACL, mode: 4, ttl: 0 },
    ],
    [
      { type: ZooKeeperOp.createTtl, ...create, flags: 6, ttl: 5_000 },
      { op: Op.create, path: '/a', data, acl: OPEN_ACL, mode: 6, ttl: 5_000 },
    ],
    [
      { type: ZooKeeperOp.create, ...create, acl: [{ permissions: 31, scheme: 'auth', id: null }] },
      { op: Op.create, path: '/a', data, acl: [{ permissions: 31, scheme: 'auth', id: '' }], mode: 0, ttl: 0 },
    ],
    [
      { type: ZooKeeperOp.delete, path: 'x', version: -2 },
      { op: Op.delete, path: 'x', version: -2 },
    ],
    [
      { type: ZooKeeperOp.setData, path: '/a', data: null, version: 1 },
      { op: Op.setData, path: '/a', data: null, version: 1 },
    ],
    [
      { type: ZooKeeperOp.setAcl, path: '/a', acl: open, version: 1 },
      { op: Op.setAcl, path: '/a', acl: OPEN_ACL, version: 1 },
    ],
    [
      { type: ZooKeeperOp.exists, path: '', watch: true },
      { op: Op.exists, path: '/', watch: true },
    ],
    [
      { type: ZooKeeperOp.getData, path: 'no//path', watch: false },
      { op: Op.getData, path: 'no//path', watch: false },
    ],
    [
      { type: ZooKeeperOp.getChildren, path: '/a', watch: true },
      { op: Op.getChildren, path: '/a', watch: true },
    ],
    [
      { type: ZooKeeperOp.getChildren2, path: '/a', watch: true },
      { op: Op.getChildren, path: '/a', watch: true },
    ],
    [
      { type: ZooKeeperOp.getAcl, path: '/a' },
      { op: Op.getAcl, path: '/a' },
    ],
    [
      { type: ZooKeeperOp.getAllChildrenNumber, path: '' },
      { op: Op.getAllChildrenNumber, path: '/' },
    ],
    [
      { type: ZooKeeperOp.getEphemerals, prefix: null },
      { op: Op.getEphemerals, prefix: '' },
    ],
    [
      { type: ZooKeeperOp.sync, path: 'anything' },
      { op: Op.sync, path: '/' },
    ],
    [
      { type: ZooKeeperOp.addWatch, path: '/a', mode: 1 },
      { op: Op.addWatch, path: '/a', mode: 1 },
    ],
    [
      { type: ZooKeeperOp.checkWatches, path: '/a', watcher: 5 },
      { op: Op.checkWatches, path: '/a', type: 5 },
    ],
    [
      { type: ZooKeeperOp.removeWatches, path: '/a', watcher: 1 },
      { op: Op.removeWatches, path: '/a', type: 1 },
    ],
    [
      { type: ZooKeeperOp.auth, authType: 7, scheme: 'digest', auth: data },
      { op: Op.addAuth, scheme: 'digest', credentials: data },
    ],
    [
      { type: ZooKeeperOp.setWatches, relativeZxid: 7, data: ['/d'], exists: ['/e'], children: ['/c'] },
      {
        ...{ op: Op.setWatches, since: 7, data: ['/d'], exists: ['/e'], children: ['/c'] },
        ...{ persistent: [], recursive: [] },
      },
    ],
    [{ type: ZooKeeperOp.whoAmI }, { op: Op.whoAmI }],
    [{ type: ZooKeeperOp.ping }, { op: Op.ping }],
    [{ type: ZooKeeperOp.closeSession }, { op: Op.closeSession }],
    [
      {
        type: ZooKeeperOp.multi,
        operations: [
          { type: ZooKeeperOp.create2, ...create },
          { type: ZooKeeperOp.delete, path: '/b', version: 0 },
          { type: ZooKeeperOp.setData, path: '/c', data, version: 1 },
          { type: ZooKeeperOp.check, path: '/d', version: 2 },
        ],
      },
      {
        op: Op.multi,
        operations: [
          { op: Op.create, path: '/a', data, acl: OPEN_ACL, mode: 0, ttl: 0 },
          { op: Op.delete, path: '/b', version: 0 },
          { op: Op.setData, path: '/c', data, version: 1 },
          { op: Op.check, path: '/d', version: 2 },
        ],
      },
    ],
    [
      { type: ZooKeeperOp.multiRead, operations: [{ type: ZooKeeperOp.getData, path: '', watch: true }] },
      { op: Op.multiRead, operations: [{ op: Op.getData, path: '/', watch: true }] },
    ],
  ])('%j', (record, request) => {
    expect(toRequest(record)).toEqual(request);
  });

  test('an open ACL is the constant', () => {
    expect(toRequest({ type: ZooKeeperOp.setAcl, path: '/a', acl: open, version: 1 })).toHaveProperty('acl', OPEN_ACL);
    const request = toRequest({ type: ZooKeeperOp.create, ...create }) as { acl: unknown };
    expect(request.acl).toBe(OPEN_ACL);
  });

  test('of a time to live that cannot be, the tree makes the refusal', () => {
    for (const ttl of [0, -1, 2 ** 40, 2n ** 60n, -(2n ** 60n)]) {
      expect(toRequest({ type: ZooKeeperOp.createTtl, ...create, flags: 5, ttl })).toHaveProperty('ttl', 0);
    }
  });

  test('know any zxid as before or behind those of Synod', () => {
    for (const [relativeZxid, since] of [
      [-1, 0],
      [-(2n ** 63n), 0],
      [MAX_ZXID, MAX_ZXID],
      [2n ** 60n, MAX_ZXID],
    ] as const) {
      const record = { type: ZooKeeperOp.setWatches, relativeZxid, data: [], exists: [], children: [] };
      expect(toRequest(record)).toHaveProperty('since', since);
    }
  });

  test('are refused or can be forwarded, whatever they hold', () => {
    for (const type of translatable) {
      fc.assert(
        fc.property(arbitrary.requests[type], (record) => {
          const request = toRequest(record);
          if ('code' in request) {
            expect(errorCodes).toHaveProperty(request.code);
            return;
          }
          const wire = unpackForeign(pack(requestToWire(1, request, 1, 0)));
          expect(readClientMessage(wire as unknown[])).toMatchObject({ request });
        }),
        { numRuns: 100 },
      );
    }
  });
});

describe('refused at once', () => {
  const many = Array.from({ length: limits.aclEntries + 1 }, () => open[0]!);
  test.each<readonly [ErrorCode, Record]>([
    ['MARSHALLING_ERROR', { type: ZooKeeperOp.create, ...create, path: null }],
    ['MARSHALLING_ERROR', { type: ZooKeeperOp.exists, path: null, watch: false }],
    ['MARSHALLING_ERROR', { type: ZooKeeperOp.addWatch, path: null, mode: 0 }],
    ['MARSHALLING_ERROR', { type: ZooKeeperOp.addWatch, path: '/a', mode: 2 }],
    ['MARSHALLING_ERROR', { type: ZooKeeperOp.removeWatches, path: '/a', watcher: 6 }],
    ['MARSHALLING_ERROR', { type: ZooKeeperOp.checkWatches, path: '/a', watcher: 0 }],
    ['MARSHALLING_ERROR', { type: ZooKeeperOp.setWatches, relativeZxid: 1, data: null, exists: [], children: [] }],
    [
      'MARSHALLING_ERROR',
      { type: ZooKeeperOp.setWatches, relativeZxid: 1, data: [], exists: [], children: ['/a', null] },
    ],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.setData, path: null, data, version: 0 }],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.setAcl, path: null, acl: open, version: 0 }],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.create, ...create, flags: 7 }],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.create, ...create, flags: 4 }],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.create, ...create, path: null, flags: 7 }],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.create2, ...create, flags: 5 }],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.createContainer, ...create, flags: 0 }],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.createTtl, ...create, flags: 0, ttl: 1 }],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.exists, path: '/a\0', watch: false }],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.getData, path: long, watch: false }],
    ['BAD_ARGUMENTS', { type: ZooKeeperOp.delete, path: long, version: 0 }],
    ['INVALID_ACL', { type: ZooKeeperOp.create, ...create, acl: many }],
    ['INVALID_ACL', { type: ZooKeeperOp.setAcl, path: '/a', acl: [{ ...open[0]!, permissions: -1 }], version: 0 }],
    ['INVALID_ACL', { type: ZooKeeperOp.setAcl, path: '/a', acl: [{ ...open[0]!, id: long }], version: 0 }],
    ['AUTH_FAILED', { type: ZooKeeperOp.auth, authType: 0, scheme: null, auth: data }],
    ['AUTH_FAILED', { type: ZooKeeperOp.auth, authType: 0, scheme: 'digest', auth: null }],
    ['AUTH_FAILED', { type: ZooKeeperOp.auth, authType: 0, scheme: 'digest', auth: new Uint8Array(2_000) }],
    [
      'RECONFIG_DISABLED',
      { type: ZooKeeperOp.reconfig, joiningServers: null, leavingServers: null, newMembers: '', curConfigId: -1 },
    ],
  ])('%s: %.100j', (code, record) => {
    const refusal = toRequest(record) as Refusal;
    expect(refusal).toMatchObject({ code, outcome: 'not-applied', index: -1 });
    expect(toResponse(record, refusal)).toEqual({ err: errorCodes[code], body: null });
  });

  test.each<readonly [ErrorCode, number, MultiOperationRecord]>([
    ['MARSHALLING_ERROR', -1, { type: ZooKeeperOp.create, ...create, flags: 7 }],
    ['MARSHALLING_ERROR', -1, { type: ZooKeeperOp.create2, ...create, flags: 5 }],
    ['MARSHALLING_ERROR', -1, { type: ZooKeeperOp.delete, path: null, version: 0 }],
    ['BAD_ARGUMENTS', 1, { type: ZooKeeperOp.check, path: null, version: 0 }],
    ['BAD_ARGUMENTS', 1, { type: ZooKeeperOp.setData, path: null, data, version: 0 }],
    ['BAD_ARGUMENTS', 1, { type: ZooKeeperOp.setData, path: long, data, version: 0 }],
    ['INVALID_ACL', 1, { type: ZooKeeperOp.create, ...create, acl: many }],
  ])('in a multi, %s at %i', (code, index, part) => {
    const good = { type: ZooKeeperOp.delete, path: '/a', version: 0 } as const;
    const record = { type: ZooKeeperOp.multi, operations: [good, part, good] };
    const refusal = toRequest(record) as Refusal;
    expect(refusal).toMatchObject({ code, index });
    const errors = [0, errorCodes[code], errorCodes.RUNTIME_INCONSISTENCY].map((err) => ({ type: -1, err }));
    const failed = { err: 0, body: { results: errors } };
    expect(toResponse(record, refusal)).toEqual(index < 0 ? { err: errorCodes[code], body: null } : failed);
  });

  test('a crowded multi', () => {
    const operations = Array.from({ length: limits.multiOperations + 1 }, () => {
      return { type: ZooKeeperOp.delete, path: '/a', version: 0 } as const;
    });
    expect(toRequest({ type: ZooKeeperOp.multi, operations })).toMatchObject({ code: 'BAD_ARGUMENTS', index: -1 });
    const reads = operations.map(({ path }) => ({ type: ZooKeeperOp.getData, path, watch: false }) as const);
    expect(toRequest({ type: ZooKeeperOp.multiRead, operations: reads })).toHaveProperty('code', 'BAD_ARGUMENTS');
  });
});

describe('answers', () => {
  const stat = {
    ...{ czxid: 1, mzxid: 2, pzxid: 3, ctime: 4, mtime: 5, version: 6, cversion: 7, aversion: 8 },
    ...{ ephemeralOwner: 9, dataLength: 10, numChildren: 11 },
  };
  const { multi, multiRead } = ZooKeeperOp;
  test.each<readonly [Record, Result, unknown]>([
    [
      { type: ZooKeeperOp.create2, ...create },
      { path: '/a', stat },
      { path: '/a', stat },
    ],
    [
      { type: ZooKeeperOp.getData, path: '/a', watch: true },
      { data: null, stat },
      { data: null, stat },
    ],
    [
      { type: ZooKeeperOp.getChildren2, path: '/a', watch: true },
      { children: ['b'], stat },
      { children: ['b'], stat },
    ],
    [
      { type: ZooKeeperOp.getAcl, path: '/a' },
      { acl: OPEN_ACL, stat },
      { acl: open, stat },
    ],
    [{ type: ZooKeeperOp.getEphemerals, prefix: null }, { paths: ['/e'] }, { paths: ['/e'] }],
    [{ type: ZooKeeperOp.getAllChildrenNumber, path: '/' }, { number: 3 }, { number: 3 }],
    [
      { type: ZooKeeperOp.whoAmI },
      { identities: [{ scheme: 'ip', id: '::1' }] },
      { identities: [{ scheme: 'ip', id: '::1' }] },
    ],
    [{ type: ZooKeeperOp.sync, path: 'anything' }, {}, { path: 'anything' }],
    [{ type: ZooKeeperOp.addWatch, path: '/a', mode: 0 }, {}, { err: 0 }],
    [{ type: ZooKeeperOp.delete, path: '/a', version: 0 }, {}, null],
    [{ type: ZooKeeperOp.closeSession }, {}, null],
    [{ type: multi, operations: [] }, { results: [] }, { results: [] }],
    [
      {
        type: multi,
        operations: [
          { type: ZooKeeperOp.create, ...create },
          { type: ZooKeeperOp.createContainer, ...create, flags: 4 },
          { type: ZooKeeperOp.check, path: '/a', version: 0 },
          { type: ZooKeeperOp.setData, path: '/a', data, version: 0 },
        ],
      },
      { results: [{ path: '/a', stat }, { path: '/a', stat }, {}, { stat }] },
      {
        results: [
          { type: ZooKeeperOp.create, path: '/a', stat },
          { type: ZooKeeperOp.create2, path: '/a', stat },
          { type: ZooKeeperOp.check },
          { type: ZooKeeperOp.setData, stat },
        ],
      },
    ],
    [
      { type: multiRead, operations: [] },
      { answers: [{ data, stat }, { children: ['b'], stat }, refuse('NO_NODE', '/x', 'none')] },
      {
        results: [
          { type: ZooKeeperOp.getData, data, stat },
          { type: ZooKeeperOp.getChildren, children: ['b'], stat },
          { type: -1, err: -101 },
        ],
      },
    ],
  ])('%.80j', (record, result, body) => {
    expect(toResponse(record, result)).toEqual({ err: 0, body });
  });

  test('errors have the numbers that ZooKeeper gives them', () => {
    for (const [code, err] of Object.entries(errorCodes)) {
      const refusal = refuse(code as ErrorCode, '/a', 'why');
      expect(toResponse({ type: ZooKeeperOp.getData, path: '/a', watch: false }, refusal)).toEqual({ err, body: null });
    }
  });
});

test.each([
  [ZooKeeperOp.create, [0, 1, 2, 3]],
  [ZooKeeperOp.create2, [0, 1, 2, 3]],
  [ZooKeeperOp.createContainer, [4]],
  [ZooKeeperOp.createTtl, [5, 6]],
] as const)('operation %i creates by the flags %j', (type, flags) => {
  const all = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 2 ** 31 - 1];
  expect(all.filter((one) => modeOf(type, one) !== undefined)).toEqual(flags);
});

test('events', () => {
  for (const type of [1, 2, 3, 4] as const) {
    expect(toWatcherEvent({ type, path: '/a', zxid: 7 })).toEqual({ type, state: 3, path: '/a' });
  }
  expect(toWatcherEvent({ type: EventType.resync, path: '/a', zxid: 7 })).toBeUndefined();
});
