/** What is printed, by tables. */
import { describe, expect, test } from '@jest/globals';
import { SynodError, type SynodErrorInit } from '@synod/protocol';
import {
  escapeData,
  formatAcl,
  formatError,
  formatEvent,
  formatList,
  formatStat,
  formatState,
  formatTime,
  parseAcl,
} from '@synod/cli/output';
import { reportOf } from '@synod/cli/report';
import { UsageError } from '@synod/cli/usage';

test('a Stat, as in ZooKeeper', () => {
  const stat = {
    czxid: 0x100000002,
    mzxid: 0x100000003,
    pzxid: 0x100000004,
    ctime: 0,
    mtime: 0,
    version: 1,
    cversion: 2,
    aversion: 3,
    ephemeralOwner: 0x100000001,
    dataLength: 4,
    numChildren: 5,
  };
  expect(formatStat(stat).split('\n')).toEqual([
    'cZxid = 0x100000002',
    `ctime = ${formatTime(0)}`,
    'mZxid = 0x100000003',
    `mtime = ${formatTime(0)}`,
    'pZxid = 0x100000004',
    'cversion = 2',
    'dataVersion = 1',
    'aclVersion = 3',
    'ephemeralOwner = 0x100000001',
    'dataLength = 4',
    'numChildren = 5',
  ]);
});

test('times read as in Java', () => {
  expect(formatTime(Date.UTC(2026, 0, 2, 13, 4, 5))).toMatch(/^(Thu|Fri|Sat) Jan 0[123] \d\d:\d\d:05 \S+ 2026$/);
});

test.each([
  [[], '[]'],
  [['b', 'a', 'C'], '[C, a, b]'],
  [['evil\x1b[2J'], '[evil\\x1b[2J]'],
])('a list of %j', (names, printed) => {
  expect(formatList(names)).toBe(printed);
});

describe('ACLs', () => {
  test.each([
    ['world:anyone:cdrwa', [{ scheme: 'world', id: 'anyone', permissions: 31 }], "'world,'anyone\n: cdrwa"],
    ['digest:u:hash=:wr', [{ scheme: 'digest', id: 'u:hash=', permissions: 3 }], "'digest,'u:hash=\n: rw"],
    ['ip:::1:r', [{ scheme: 'ip', id: '::1', permissions: 1 }], "'ip,'::1\n: r"],
    ['auth::a', [{ scheme: 'auth', id: '', permissions: 16 }], "'auth,'\n: a"],
    [
      'world:anyone:r,ip:10.0.0.0/8:cd',
      [
        { scheme: 'world', id: 'anyone', permissions: 1 },
        { scheme: 'ip', id: '10.0.0.0/8', permissions: 12 },
      ],
      "'world,'anyone\n: r\n'ip,'10.0.0.0/8\n: cd",
    ],
  ])('%s', (text, acl, printed) => {
    expect(parseAcl(text)).toEqual(acl);
    expect(formatAcl(acl)).toBe(printed);
  });

  test.each([
    ['world', /not an ACL entry: "world"/],
    ['world:anyone', /not an ACL entry|not permissions/],
    ['world:anyone:', /not permissions: ""/],
    ['world:anyone:x', /not permissions: "x"/],
    [':id:r', /not an ACL entry/],
    ['world:anyone:r,', /not an ACL entry: ""/],
  ])('%s is refused', (text, message) => {
    expect(() => parseAcl(text)).toThrow(message);
  });
});

test('watch events and states', () => {
  expect(formatEvent({ type: 3, path: '/a', zxid: 7 })).toBe(
    '\nWATCHER::\n\nWatchedEvent state:SyncConnected type:NodeDataChanged path:/a zxid: 7',
  );
  expect(formatState('Expired')).toBe('\nWATCHER::\n\nWatchedEvent state:Expired type:None path:null zxid: -1');
});

test.each([
  ['text', 'text'],
  ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
  ['äöü €', 'äöü €'],
  ['\x1b[31m\x07\x9b', '\\x1b[31m\\x07\\x9b'],
  [Buffer.from([0xff, 0x41, 0x5c, 0x00]), '\\xffA\\\\\\x00'],
  ['', ''],
])('data on a terminal: %j', (data, printed) => {
  expect(escapeData(typeof data === 'string' ? Buffer.from(data) : data)).toBe(printed);
});

describe('errors', () => {
  const error = (init: Partial<SynodErrorInit>): SynodError =>
    new SynodError({ code: 'SYSTEM_ERROR', reason: 'because', ...init });

  test.each([
    [error({ code: 'NO_NODE', path: '/p' }), 'Node does not exist: /p', 1],
    [error({ code: 'NODE_EXISTS', path: '/p' }), 'Node already exists: /p', 1],
    [error({ code: 'NOT_EMPTY', path: '/p' }), 'Node not empty: /p', 1],
    [error({ code: 'NO_AUTH', path: '/p' }), 'Insufficient permission : /p', 1],
    [error({ code: 'BAD_VERSION', path: '/p' }), 'version No is not valid : /p', 1],
    [error({ code: 'NO_CHILDREN_FOR_EPHEMERALS', path: '/p' }), 'Ephemerals cannot have children: /p', 1],
    [error({ code: 'INVALID_ACL', path: '/p' }), 'Acl is not valid : /p', 1],
    [error({ code: 'QUOTA_EXCEEDED', path: '/p' }), 'Quota has exceeded : /p', 1],
    [error({ code: 'NO_NODE' }), 'Node does not exist: /asked', 1],
    [error({ path: '/p' }), 'SYSTEM_ERROR: because (/p)', 1],
    [
      error({ code: 'SESSION_EXPIRED', outcome: 'unknown' }),
      'SESSION_EXPIRED: because; it may have been carried out all the same',
      3,
    ],
    [error({ code: 'CONNECTION_LOSS' }), 'CONNECTION_LOSS: because', 3],
    [error({ code: 'OPERATION_TIMEOUT' }), 'OPERATION_TIMEOUT: because', 3],
  ])('%s', (thrown, text, code) => {
    expect(formatError(thrown, '/asked')).toBe(text);
    expect(reportOf(thrown, 'usage', '/asked')).toEqual({ text, code });
  });

  test('a usage error shows the usage', () => {
    expect(reportOf(new UsageError('path is missing'), 'get path', undefined)).toEqual({
      text: 'path is missing\nusage: get path',
      code: 2,
    });
  });

  test('a bug is not hidden', () => {
    expect(() => reportOf(new TypeError('oops'), undefined, undefined)).toThrow('oops');
  });
});
