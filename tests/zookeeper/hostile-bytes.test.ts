/** Bytes of strangers: whatever they are, they end as values or as a SynodError, and cost what they weigh. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isRefusal, isSynodError, type Result } from '@synod/protocol';
import {
  connectRequest,
  FrameSplitter,
  JuteReader,
  readRequestBody,
  readResponseBody,
  requestHeader,
  toHello,
  toRequest,
  writeRequest,
  ZooKeeperOp,
  type RequestRecord,
} from '@synod/zookeeper';
import { requests, types } from './arbitraries.js';
import { framed, written } from './bytes.js';

/** Runs it, where a SynodError of a reader is an answer too; anything else that is thrown is thrown on. */
function survive(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!isSynodError(error)) throw error;
    expect(['MARSHALLING_ERROR', 'UNIMPLEMENTED']).toContain(error.code);
    expect(error.reason).not.toBe('');
  }
}

function understand(record: RequestRecord): void {
  if (record.type === ZooKeeperOp.sasl) return;
  const request = toRequest(record);
  if ('code' in request) expect(isRefusal(request as unknown as Result)).toBe(true);
}

/** All that a server would do with a frame, as a handshake and as a request. */
function readAll(frame: Uint8Array): void {
  survive(() => toHello(connectRequest.read(new JuteReader(frame))));
  survive(() => {
    const input = new JuteReader(frame);
    const { type } = requestHeader.read(input);
    understand(readRequestBody(type, input));
  });
}

const frames = fc.oneof(
  ...types.map((type) => requests[type].map((request) => written((output) => writeRequest(output, 1, request)))),
);
const samples: RequestRecord[] = [
  {
    type: ZooKeeperOp.createTtl,
    path: '/ü/a',
    data: Uint8Array.of(1, 2, 3),
    acl: [{ permissions: 31, scheme: 'digest', id: 'user:hash' }],
    flags: 5,
    ttl: 2n ** 60n,
  },
  {
    type: ZooKeeperOp.multi,
    operations: [
      { type: ZooKeeperOp.create, path: '/a', data: null, acl: null, flags: 0 },
      { type: ZooKeeperOp.check, path: '/b', version: -1 },
    ],
  },
  {
    type: ZooKeeperOp.setWatches2,
    relativeZxid: 7,
    data: ['/a', null],
    exists: null,
    children: [],
    persistent: ['/b'],
    recursive: [''],
  },
];

describe('real frames', () => {
  const bodies = samples.map((request) => written((output) => writeRequest(output, 1, request)).slice(4));

  test('cut off at every byte are refused', () => {
    for (const body of bodies) {
      for (let length = 0; length < body.length; length++) {
        expect(() => {
          const input = new JuteReader(body.subarray(0, length));
          readRequestBody(requestHeader.read(input).type, input);
        }).toThrow('MARSHALLING_ERROR');
      }
    }
  });

  test('with any byte changed to any other are read or refused', () => {
    for (const body of bodies) {
      const bytes = body.slice();
      for (let at = 0; at < bytes.length; at++) {
        for (let byte = 0; byte < 256; byte++) {
          bytes[at] = byte;
          readAll(bytes);
        }
        bytes[at] = body[at]!;
      }
    }
  });

  test('with many changes are read or refused', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(frames, changes, (frame, list) => {
        const bytes = frame.slice();
        for (const [at, byte] of list) bytes[at % bytes.length] = byte;
        readAll(bytes.subarray(4));
        for (const found of new FrameSplitter().push(bytes)) if (found.kind === 'frame') readAll(found.bytes);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('noise', () => {
  const noise = fc.uint8Array({ maxLength: 120 });
  /** Small numbers get further than large ones, which are no lengths. */
  const small = noise.map((bytes) => bytes.map((byte, i) => (i % 4 === 3 ? byte % 24 : byte < 250 ? 0 : byte)));

  test('is read or refused as a handshake and as any request', () => {
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.oneof(noise, small), (type, bytes) => {
        readAll(bytes);
        survive(() => understand(readRequestBody(type, new JuteReader(bytes))));
      }),
      { numRuns: 10_000 },
    );
  });

  test('is read or refused as any response', () => {
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.oneof(noise, small), (type, bytes) => {
        survive(() => readResponseBody(type, new JuteReader(bytes)));
      }),
      { numRuns: 10_000 },
    );
  });
});

test('what is announced costs nothing before it is there', () => {
  const claim = Uint8Array.of(0x7f, 0xff, 0xff, 0xff);
  const before = process.memoryUsage();
  for (let i = 0; i < 20_000; i++) {
    const input = new JuteReader(claim);
    expect(() => (i % 2 === 0 ? input.buffer('b') : input.vector('v', 1, () => null))).toThrow('MARSHALLING_ERROR');
  }
  expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(50_000_000);
});

test('faults have no stack, so that they cost little', () => {
  try {
    connectRequest.read(new JuteReader(new Uint8Array(3)));
  } catch (error) {
    expect((error as Error).stack).not.toContain('\n    at ');
  }
  expect.assertions(1);
});

test('a handshake that was cut off is refused, but for the byte that may be missing', () => {
  const request = { protocolVersion: 0, lastZxidSeen: 0, timeOut: 1, sessionId: 0, passwd: null, readOnly: true };
  const body = framed(connectRequest, request).slice(4);
  for (let length = 0; length < body.length - 1; length++) {
    expect(() => connectRequest.read(new JuteReader(body.subarray(0, length)))).toThrow('MARSHALLING_ERROR');
  }
  expect(connectRequest.read(new JuteReader(body.subarray(0, -1)))).toEqual({ ...request, readOnly: null });
});
