/** Every record survives being written and read, whatever its fields hold. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  connectRequest,
  connectResponse,
  JuteReader,
  readRequestBody,
  readResponseBody,
  replyHeader,
  requestHeader,
  watcherEvent,
  writeEvent,
  writeReply,
  writeRequest,
  ZooKeeperOp,
} from '@synod/zookeeper';
import * as arbitrary from './arbitraries.js';
import { framed, inside, written } from './bytes.js';

describe.each(Object.entries(ZooKeeperOp).filter(([name]) => name !== 'check'))('%s', (_name, number) => {
  const type = number as (typeof arbitrary.types)[number];

  test('request', () => {
    fc.assert(
      fc.property(arbitrary.int, arbitrary.requests[type], (xid, request) => {
        const input = inside(written((output) => writeRequest(output, xid, request)));
        expect(requestHeader.read(input)).toEqual({ xid, type });
        expect(readRequestBody(type, input)).toEqual(request);
        expect(input.left).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('response', () => {
    fc.assert(
      fc.property(arbitrary.int, arbitrary.long, arbitrary.responses[type], (xid, zxid, body) => {
        const header = { xid, zxid, err: 0 };
        const input = inside(written((output) => writeReply(output, header, type, body)));
        expect(replyHeader.read(input)).toEqual(header);
        expect(readResponseBody(type, input)).toEqual(body);
        expect(input.left).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('an error has no body, but that of sasl', () => {
    const body = type === ZooKeeperOp.sasl ? { token: null } : null;
    const frame = written((output) => writeReply(output, { xid: 1, zxid: 2, err: -115 }, type, body));
    expect(frame).toHaveLength(type === ZooKeeperOp.sasl ? 24 : 20);
  });
});

test('handshakes, with the byte readOnly and without', () => {
  fc.assert(
    fc.property(arbitrary.connectRequest, (request) => {
      expect(connectRequest.read(inside(framed(connectRequest, request)))).toEqual(request);
      const { lastZxidSeen: _, ...response } = request;
      expect(connectResponse.read(inside(framed(connectResponse, response)))).toEqual(response);
    }),
  );
});

test('events', () => {
  fc.assert(
    fc.property(arbitrary.long, arbitrary.int, arbitrary.text, (zxid, type, path) => {
      const input = inside(written((output) => writeEvent(output, zxid, { type, state: 3, path })));
      expect(replyHeader.read(input)).toEqual({ xid: -1, zxid, err: 0 });
      expect(watcherEvent.read(input)).toEqual({ type, state: 3, path });
    }),
  );
});

describe('what ZooKeeper makes of bodies', () => {
  const bodyOf = (type: number, bytes: readonly number[]): unknown =>
    readRequestBody(type, new JuteReader(Uint8Array.from(bytes)));

  test('bytes behind the last field are ignored', () => {
    expect(bodyOf(ZooKeeperOp.getAcl, [0, 0, 0, 1, 47, 9, 9])).toEqual({ type: ZooKeeperOp.getAcl, path: '/' });
    expect(bodyOf(ZooKeeperOp.ping, [1, 2, 3])).toEqual({ type: ZooKeeperOp.ping });
  });

  test.each([0, -1, -10, 10, 13, 20, 23, 99, 108, 2 ** 31 - 1])('operation %i is nothing to ask for', (type) => {
    expect(() => bodyOf(type, [])).toThrow(`UNIMPLEMENTED: there is no request of the type ${type}`);
  });

  const header = (type: number, done: number): number[] => [0, 0, 0, type, done, 255, 255, 255, 255];
  test.each([
    ['a setACL in a multi', ZooKeeperOp.multi, ZooKeeperOp.setAcl],
    ['a read in a multi', ZooKeeperOp.multi, ZooKeeperOp.getData],
    ['a multi in a multi', ZooKeeperOp.multi, ZooKeeperOp.multi],
    ['a write in a multiRead', ZooKeeperOp.multiRead, ZooKeeperOp.delete],
    ['an exists in a multiRead', ZooKeeperOp.multiRead, ZooKeeperOp.exists],
  ])('%s refuses all of it', (_what, outer, inner) => {
    const body = [...header(inner, 0), 0, 0, 0, 1, 47, 0, 0, 0, 0, ...header(0, 1)];
    expect(() => bodyOf(outer, body)).toThrow(/^MARSHALLING_ERROR: multi(Read)?: entry 0 is of the type \d+$/);
  });

  test('a multi may be empty, but not without an end', () => {
    expect(bodyOf(ZooKeeperOp.multi, header(0, 1))).toEqual({ type: ZooKeeperOp.multi, operations: [] });
    expect(() => bodyOf(ZooKeeperOp.multi, [])).toThrow('MARSHALLING_ERROR');
  });
});
