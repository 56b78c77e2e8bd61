/** PROTOCOL.md against the code: its examples byte for byte, and its tables. */
import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  errorCodes,
  eventToWire,
  frameMessages,
  goodbyeToWire,
  helloToWire,
  isRetryable,
  limits,
  Op,
  OPEN_ACL,
  pack,
  readClientMessage,
  readServerMessage,
  replyToWire,
  requestToWire,
  unpackForeign,
  welcomeToWire,
  type ErrorCode,
  type Stat,
} from '@synod/protocol';

const document = readFileSync('packages/protocol/PROTOCOL.md', 'utf8');

/** The examples: blocks of hexadecimal digits, with a comment at the end of a line. */
const examples = new Map(
  [...document.matchAll(/^```hex (\w+)\n(.*?)^```$/gms)].map(([, name = '', block = '']) => {
    const digits = block.replaceAll(/#.*$/gm, '').replaceAll(/\s/g, '');
    return [name, Uint8Array.from(Buffer.from(digits, 'hex'))] as const;
  }),
);

const session = 2 ** 32 + 1;
const secret = Uint8Array.from({ length: 16 }, (_, i) => i);
const data = new TextEncoder().encode('hi');
const created: Stat = {
  czxid: session + 1,
  mzxid: session + 1,
  pzxid: session + 1,
  ctime: 1_700_000_000_000,
  mtime: 1_700_000_000_000,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0,
  dataLength: 2,
  numChildren: 0,
};
const newSession = { versions: [1], timeout: 10_000, lastZxid: 0, session: 0, secret: null };
const welcome = {
  version: 1,
  resumed: false,
  session,
  secret,
  timeout: 10_000,
  zxid: session,
  server: 1,
  lastWrite: 0,
  maxFrameBytes: limits.frameBytes,
  maxOutstandingWrites: limits.outstandingWrites,
  maxOutstandingRequests: limits.outstandingRequests,
  maxMultiOperations: limits.multiOperations,
};
const refusal = {
  code: 'BAD_VERSION',
  reason: 'the version is 0, not the expected 7',
  path: '/a',
  outcome: 'not-applied',
  index: -1,
} as const;

const frames: Readonly<Record<string, readonly unknown[][]>> = {
  hello: [helloToWire(newSession)],
  welcome: [welcomeToWire(welcome)],
  requests: [
    requestToWire(1, { op: Op.create, path: '/a', data, acl: OPEN_ACL, mode: 0, ttl: 0 }, 1, 0),
    requestToWire(2, { op: Op.getData, path: '/a', watch: true }, 0, 0),
    requestToWire(3, { op: Op.setData, path: '/a', data: null, version: 7 }, 2, 0),
  ],
  replies: [
    replyToWire(1, Op.create, { zxid: session + 1, result: { path: '/a', stat: created } }),
    replyToWire(2, Op.getData, { zxid: session + 1, result: { data, stat: created } }),
    replyToWire(3, Op.setData, { zxid: session + 2, result: refusal }),
  ],
  event: [
    eventToWire({ type: 3, path: '/a', zxid: session + 4 }),
    replyToWire(4, Op.ping, { zxid: session + 4, result: {} }),
  ],
  goodbye: [goodbyeToWire({ code: 'CONNECTION_LOSS', reason: 'this server has no leader' })],
  resume: [helloToWire({ ...newSession, lastZxid: session + 4, session, secret })],
};

test('has these examples', () => {
  expect([...examples.keys()]).toEqual(Object.keys(frames));
});

test.each(Object.keys(frames))('example %s is what the codec writes and reads', (name) => {
  const bytes = examples.get(name)!;
  expect(Buffer.from(bytes).toString('hex')).toBe(Buffer.from(pack(frames[name])).toString('hex'));
  const ofClient = ['hello', 'requests', 'resume'].includes(name);
  const ops = new Map<number, (typeof Op)['create' | 'getData' | 'setData' | 'ping']>([
    [1, Op.create],
    [2, Op.getData],
    [3, Op.setData],
    [4, Op.ping],
  ]);
  for (const message of frameMessages(unpackForeign(bytes))) {
    const read = ofClient ? readClientMessage(message) : readServerMessage(message, (xid) => ops.get(xid));
    expect(read).toHaveProperty('type');
  }
});

test('lists every error with its number', () => {
  const rows = [...document.matchAll(/^\| −(\d+) +\| ([A-Z_]+) +\| (yes|) +\|/gm)];
  const listed = rows.map(([, number, code, again]) => [code, -Number(number), again === 'yes']);
  const table = Object.entries(errorCodes).map(([code, number]) => [code, number, isRetryable(code as ErrorCode)]);
  expect(listed.sort()).toEqual(table.sort());
});

test('lists every operation with its number', () => {
  const rows = [...document.matchAll(/^\| (−?\d+) +\| (\w+)(?: ✎)? +\| /gm)].filter(([, , name = '']) => name in Op);
  const listed = rows.map(([, number = '', name]) => [name, Number(number.replace('−', '-'))]);
  expect(listed.sort()).toEqual(Object.entries(Op).sort());
});
