/** The table of what may differ: that it is what the README tells, and that a row excuses no more than it says. */
import { describe, expect, test } from '@jest/globals';
import { ZooKeeperOp, type RequestRecord } from '@synod/zookeeper';
import { readFileSync } from 'node:fs';
import { eventRows, excuse, newerRows, ownRows, unseen, type Case } from '../../../scripts/lib/differential/allowed.js';

const readme = readFileSync('packages/zookeeper/README.md', 'utf8');

describe('the README', () => {
  const [, section = ''] = /^## What differs from ZooKeeper\n(.*?)^## /ms.exec(readme) ?? [];
  const told = [...section.matchAll(/^- (.*(?:\n {2}.*)*)/gm)].map(([, text = '']) => text.replaceAll(/\s+/g, ' '));

  test('tells each row, and nothing else', () => {
    const { missed, removal, zxid } = eventRows;
    const rows = [...ownRows, missed, removal, ...newerRows, zxid, ...unseen];
    expect(told).toEqual(rows.map(({ name, text }) => `**${name}:** ${text}`));
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });
});

interface Sides {
  readonly left: number | null;
  readonly right: number | null;
}

/** A request with the errors with which it was answered; null: not at all, and the connection ended. */
function answered(record: RequestRecord, { left, right }: Sides): Case {
  const request = { id: 0, frame: new Uint8Array([0, 0, 0, 1, 0, 0, 0, record.type & 255]) };
  const read = (err: number | null) =>
    err === null ? undefined : { kind: 'reply' as const, header: { xid: 1, zxid: 5, err }, body: null, rest: 0 };
  return {
    step: { kind: 'send', on: 0, requests: [request], until: 'either', pieces: 1 },
    request,
    type: record.type,
    record,
    left: read(left),
    right: read(right),
    leftState: left === null ? 'closed' : 'open',
    rightState: right === null ? 'closed' : 'open',
  };
}

const open = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const create = { type: ZooKeeperOp.create, path: '/a', data: null, acl: open, flags: 0 };
const long = `/${'x'.repeat(16_384)}`;
const nothing = { type: ZooKeeperOp.exists, path: '/a', watch: false } as const;
const watcher = (type: 17 | 18, kind: number) => ({ type, path: '/a', watcher: kind });
const many = Array.from({ length: 65 }, (_, permissions) => ({ permissions, scheme: 'ip', id: '1.2.3.4' }));

describe('a row excuses', () => {
  test.each<readonly [string, RequestRecord, Sides]>([
    ['Zxids of refused writes', create, { left: -8, right: -8 }],
    ['Flags of a create', { ...create, flags: 4 }, { left: -101, right: -8 }],
    ['Long paths', { ...nothing, path: long }, { left: -101, right: -8 }],
    ['Large access lists', { ...create, acl: many }, { left: -101, right: -114 }],
    ['Null in access lists', { ...create, acl: [{ ...open[0]!, id: null }] }, { left: -5, right: -114 }],
    ['IPv6', { ...create, acl: [{ permissions: 1, scheme: 'ip', id: '::1' }] }, { left: -114, right: -101 }],
    ['`checkWatches` and `removeWatches`', watcher(18, 5), { left: -5, right: -121 }],
    ['`checkWatches`', watcher(17, 1), { left: 0, right: -121 }],
    ['`exists`', nothing, { left: 0, right: -102 }],
    ['Wrong passwords', { type: ZooKeeperOp.sync, path: '/' }, { left: null, right: 0 }],
    ['Null as the token of SASL', { type: ZooKeeperOp.sasl, token: null }, { left: null, right: 0 }],
  ])('%s', (name, record, sides) => {
    expect(excuse(answered(record, sides), () => false)?.name).toBe(name);
    expect(excuse(answered(record, { left: sides.right, right: sides.left }), () => false)?.name).toBe(
      sides.left === sides.right ? name : undefined,
    );
  });

  test.each<readonly [RequestRecord, Sides]>([
    [create, { left: -110, right: -110 }],
    [create, { left: -101, right: -8 }],
    [create, { left: 0, right: -8 }],
    [
      { ...create, flags: 4 },
      { left: 0, right: -8 },
    ],
    [
      { ...create, path: long },
      { left: 0, right: -8 },
    ],
    [
      { ...nothing, path: long },
      { left: 0, right: -8 },
    ],
    [
      { ...create, acl: many },
      { left: 0, right: -114 },
    ],
    [create, { left: -101, right: -114 }],
    [
      { ...create, acl: [{ ...open[0]!, scheme: 'auth', id: null }] },
      { left: -5, right: -114 },
    ],
    [watcher(18, 3), { left: -5, right: -121 }],
    [watcher(18, 5), { left: -5, right: 0 }],
    [watcher(18, 1), { left: 0, right: -121 }],
    [nothing, { left: -101, right: -102 }],
    [nothing, { left: 0, right: -101 }],
    [
      { ...nothing, type: ZooKeeperOp.getData },
      { left: 0, right: -102 },
    ],
    [
      { type: ZooKeeperOp.getData, path: '/', watch: false },
      { left: null, right: 0 },
    ],
    [
      { type: ZooKeeperOp.sasl, token: new Uint8Array(1) },
      { left: null, right: 0 },
    ],
  ])('not %.120j with %j', (record, sides) => {
    expect(excuse(answered(record, sides), () => true)).toBeUndefined();
  });
});
