/** Frames as a ZooKeeper server and its clients exchanged them, byte for byte, read and written. */
import { describe, expect, test } from '@jest/globals';
import {
  connectRequest,
  connectResponse,
  readRequestBody,
  readResponseBody,
  replyHeader,
  requestHeader,
  watcherEvent,
  writeEvent,
  writeReply,
  writeRequest,
  ZooKeeperOp,
  type ReplyHeader,
  type RequestRecord,
  type RequestType,
  type Responses,
} from '@synod/zookeeper';
import { digits, framed, hex, inside, written } from './bytes.js';

const stat = {
  czxid: 2,
  mzxid: 3,
  ctime: 1_700_000_000_000,
  mtime: 1_700_000_000_001,
  version: 1,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0x0100002386d20000n,
  dataLength: 2,
  numChildren: 0,
  pzxid: 2,
};
const statDigits = `0000000000000002 0000000000000003 0000018bcfe56800 0000018bcfe56801 00000001 00000000 00000000
  0100002386d20000 00000002 00000000 0000000000000002`;
const hi = new TextEncoder().encode('hi');
const open = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

describe('the handshake', () => {
  const request = {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeOut: 10_000,
    sessionId: 0,
    passwd: new Uint8Array(16),
    readOnly: false,
  };
  const requestFrame = hex(`0000002d 00000000 0000000000000000 00002710 0000000000000000 00000010
    00000000000000000000000000000000 00`);
  const response = {
    protocolVersion: 0,
    timeOut: 10_000,
    sessionId: 0x0100002386d20000n,
    passwd: hex('5c69b289b9b504a19a61d2662a33dee6'),
    readOnly: false,
  };
  const responseFrame = hex('00000025 00000000 00002710 0100002386d20000 00000010 5c69b289b9b504a19a61d2662a33dee6 00');

  test('of the client', () => {
    expect(connectRequest.read(inside(requestFrame))).toEqual(request);
    expect(digits(framed(connectRequest, request))).toBe(digits(requestFrame));
  });

  test('of the server', () => {
    expect(connectResponse.read(inside(responseFrame))).toEqual(response);
    expect(digits(framed(connectResponse, response))).toBe(digits(responseFrame));
  });

  test('without the byte readOnly, 44 and 36 bytes', () => {
    const old = { ...request, readOnly: null };
    const frame = framed(connectRequest, old);
    expect(frame).toHaveLength(4 + 44);
    expect(connectRequest.read(inside(frame))).toEqual(old);
    const answer = { ...response, readOnly: null };
    expect(framed(connectResponse, answer)).toHaveLength(4 + 36);
    expect(connectResponse.read(inside(framed(connectResponse, answer)))).toEqual(answer);
  });
});

type Row = readonly [name: string, xid: number, request: RequestRecord, frame: string];

describe('requests', () => {
  test.each<Row>([
    [
      'create /a with "hi" and the open ACL',
      1,
      { type: ZooKeeperOp.create, path: '/a', data: hi, acl: open, flags: 0 },
      `00000033 00000001 00000001 00000002 2f61 00000002 6869 00000001 0000001f 00000005 776f726c64
       00000006 616e796f6e65 00000000`,
    ],
    [
      'getData /a with a watch',
      2,
      { type: ZooKeeperOp.getData, path: '/a', watch: true },
      '0000000f 00000002 00000004 00000002 2f61 01',
    ],
    [
      'auth digest u:p',
      -4,
      { type: ZooKeeperOp.auth, authType: 0, scheme: 'digest', auth: new TextEncoder().encode('u:p') },
      '0000001d fffffffc 00000064 00000000 00000006 646967657374 00000003 753a70',
    ],
    ['ping', -2, { type: ZooKeeperOp.ping }, '00000008 fffffffe 0000000b'],
    [
      'multi of check /a and delete /zz',
      5,
      {
        type: ZooKeeperOp.multi,
        operations: [
          { type: ZooKeeperOp.check, path: '/a', version: 1 },
          { type: ZooKeeperOp.delete, path: '/zz', version: -1 },
        ],
      },
      `00000038 00000005 0000000e | 0000000d 00 ffffffff 00000002 2f61 00000001 |
       00000002 00 ffffffff 00000003 2f7a7a ffffffff | ffffffff 01 ffffffff`,
    ],
    ['closeSession', 6, { type: ZooKeeperOp.closeSession }, '00000008 00000006 fffffff5'],
  ])('%s', (_name, xid, request, frame) => {
    const input = inside(hex(frame));
    expect(requestHeader.read(input)).toEqual({ xid, type: request.type });
    expect(readRequestBody(request.type, input)).toEqual(request);
    expect(input.left).toBe(0);
    expect(digits(written((output) => writeRequest(output, xid, request)))).toBe(digits(hex(frame)));
  });
});

describe('replies', () => {
  function reply<T extends RequestType>(
    name: string,
    type: T,
    header: ReplyHeader,
    body: Responses[T] | null,
    frame: string,
  ): void {
    test(name, () => {
      const input = inside(hex(frame));
      expect(replyHeader.read(input)).toEqual(header);
      if (header.err === 0) expect(readResponseBody(type, input)).toEqual(body);
      expect(input.left).toBe(0);
      expect(digits(written((output) => writeReply(output, header, type, body)))).toBe(digits(hex(frame)));
    });
  }

  const { create, getData, setData, multi } = ZooKeeperOp;
  const created = '00000016 00000001 0000000000000002 00000000 00000002 2f61';
  reply('create', create, { xid: 1, zxid: 2, err: 0 }, { path: '/a' }, created);
  const read = `0000005a 00000002 0000000000000002 00000000 00000002 6869 ${statDigits}`;
  reply('getData', getData, { xid: 2, zxid: 2, err: 0 }, { data: hi, stat }, read);
  const set = `00000054 00000003 0000000000000003 00000000 ${statDigits}`;
  reply('setData', setData, { xid: 3, zxid: 3, err: 0 }, { stat }, set);
  const missing = '00000010 00000004 0000000000000004 ffffff9b';
  reply('delete of what is missing', ZooKeeperOp.delete, { xid: 4, zxid: 4, err: -101 }, null, missing);
  const auth = '00000010 fffffffc 0000000000000000 00000000';
  reply('auth', ZooKeeperOp.auth, { xid: -4, zxid: 0, err: 0 }, null, auth);
  const ping = '00000010 fffffffe 0000000000000004 00000000';
  reply('ping', ZooKeeperOp.ping, { xid: -2, zxid: 4, err: 0 }, null, ping);
  const failed = `00000033 00000005 0000000000000005 00000000 | ffffffff 00 00000000 00000000 |
    ffffffff 00 ffffff9b ffffff9b | ffffffff 01 ffffffff`;
  const errors = [0, -101].map((err) => ({ type: -1, err }) as const);
  reply('multi that failed', multi, { xid: 5, zxid: 5, err: 0 }, { results: errors }, failed);
  const closed = '00000010 00000006 0000000000000006 00000000';
  reply('closeSession', ZooKeeperOp.closeSession, { xid: 6, zxid: 6, err: 0 }, null, closed);
});

test('an event', () => {
  const frame = hex('0000001e ffffffff 0000000000000003 00000000 00000003 00000003 00000002 2f61');
  const event = { type: 3, state: 3, path: '/a' };
  const input = inside(frame);
  expect(replyHeader.read(input)).toEqual({ xid: -1, zxid: 3, err: 0 });
  expect(watcherEvent.read(input)).toEqual(event);
  expect(digits(written((output) => writeEvent(output, 3, event)))).toBe(digits(frame));
});
