/** Bytes of strangers: whatever they are, they end as values, or as MARSHALLING_ERROR, and cost what they weigh. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  frameMessages,
  isSynodError,
  limits,
  Op,
  OPEN_ACL,
  pack,
  readClientMessage,
  readServerMessage,
  requestToWire,
  unpack,
  unpackForeign,
} from '@synod/protocol';
import { ops, requests, text } from './arbitraries.js';

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'));

/** Decodes, where MARSHALLING_ERROR without a stack is an answer too; anything else that is thrown is thrown on. */
function decode(bytes: Uint8Array): { value: unknown } | { reason: string } {
  try {
    return { value: unpackForeign(bytes) };
  } catch (error) {
    if (!isSynodError(error)) throw error;
    expect(error).toMatchObject({ code: 'MARSHALLING_ERROR', outcome: 'not-applied' });
    return { reason: error.reason };
  }
}

/** All that a server, and a client, would do with a frame. */
function readAll(bytes: Uint8Array): void {
  try {
    for (const message of frameMessages(unpackForeign(bytes))) {
      for (const read of [() => readClientMessage(message), () => readServerMessage(message, () => Op.multiRead)]) {
        try {
          read();
        } catch (error) {
          if (!isSynodError(error)) throw error;
        }
      }
    }
  } catch (error) {
    if (!isSynodError(error)) throw error;
  }
}

describe('each form of a value', () => {
  test.each<readonly [string, unknown]>([
    ['c0', null],
    ['c2', false],
    ['c3', true],
    ['00', 0],
    ['7f', 127],
    ['ff', -1],
    ['e0', -32],
    ['cc ff', 255],
    ['cd ff ff', 65535],
    ['ce ff ff ff ff', 4294967295],
    ['cf 00 1f ff ff ff ff ff ff', Number.MAX_SAFE_INTEGER],
    ['d0 80', -128],
    ['d1 80 00', -32768],
    ['d2 80 00 00 00', -2147483648],
    ['d3 ff e0 00 00 00 00 00 01', Number.MIN_SAFE_INTEGER],
    ['d3 ff ff ff ff ff ff ff ff', -1],
    ['d3 00 00 00 01 00 00 00 02', 2 ** 32 + 2],
    ['ca 3f c0 00 00', 1.5],
    ['ca 4b 80 00 00', 2 ** 24],
    ['cb 41 f0 00 00 00 10 00 00', 2 ** 32 + 1],
    ['cb 43 3f ff ff ff ff ff ff', Number.MAX_SAFE_INTEGER],
    ['a0', ''],
    ['a2 c3 bc', 'ü'],
    ['a4 f0 9f 98 80', '\u{1f600}'],
    ['d9 01 61', 'a'],
    ['da 00 01 61', 'a'],
    ['db 00 00 00 01 61', 'a'],
    ['c4 00', new Uint8Array(0)],
    ['c4 02 00 ff', Uint8Array.of(0, 255)],
    ['c5 00 01 07', Uint8Array.of(7)],
    ['c6 00 00 00 01 07', Uint8Array.of(7)],
    ['90', []],
    ['92 01 a1 62', [1, 'b']],
    ['dc 00 01 c0', [null]],
    ['dd 00 00 00 01 91 c0', [[null]]],
  ])('%s', (digits, value) => {
    const bytes = hex(digits);
    expect(decode(bytes)).toEqual({ value });
    // A view that starts somewhere, and a Buffer, read alike.
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decode(shifted.subarray(3))).toEqual({ value });
    const read = unpackForeign(Buffer.from(bytes));
    expect(read instanceof Uint8Array ? Uint8Array.from(read) : read).toEqual(value);
  });
});

describe('strings', () => {
  const long = 'a'.repeat(300);

  test.each([
    '',
    'a',
    '/bench/node-12',
    'ü',
    '漢字',
    '\u{1f600}',
    '\ufeff',
    '\ufeffa',
    '\0',
    long,
    `\ufeff${long}`,
    `${long}ü`,
  ])('%j comes as it went', (value) => {
    expect(unpack(pack([value, value]))).toEqual([value, value]);
    expect(unpackForeign(pack([[value], value]))).toEqual([[value], value]);
  });

  test('of every length and place come as they went', () => {
    fc.assert(fc.property(fc.array(text), (texts) => expect(unpackForeign(pack(texts))).toEqual(texts)));
  });

  test('lose nothing but lone surrogates, which read as U+FFFD, once and for all', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 100 }),
        (value) => {
          const once = unpack(pack(value));
          expect(unpack(pack(once))).toBe(once);
          const lenient = (one: string): string =>
            Buffer.from(one)
              .toString()
              .replaceAll(/\ufffd+/g, '?');
          expect(lenient(once as string)).toBe(lenient(value));
        },
      ),
    );
  });

  test.each([
    'a1 ff',
    'a2 c0 80',
    'a3 ed a0 80',
    'a4 f4 90 80 80',
    'a2 e2 82',
    'a1 e2',
    'a3 e2 28 a1',
    'a4 f8 88 80 80',
  ])('not in UTF-8 (%s) read the same on every platform', (digits) => {
    const bytes = hex(digits);
    expect(decode(bytes)).toEqual({ value: new TextDecoder().decode(bytes.subarray(1)) });
    expect(decode(hex(`92 ${digits} 01`))).toEqual({ value: [new TextDecoder().decode(bytes.subarray(1)), 1] });
  });
});

describe('what is not part of the protocol', () => {
  test.each([
    ...['80', '81 a1 61 01', '8f', 'de 00 00', 'df 00 00 00 00', 'de ff ff', 'df ff ff ff ff'],
    ...['c1', 'c7 00 01', 'c8 00 00 01', 'c9 00 00 00 00 01', 'c9 ff ff ff ff 01'],
    ...['d4 00 00', 'd5 01 00 00', 'd6 ff 00 00 00 00', `d7 ff${' 00'.repeat(8)}`, `d8 00${' 00'.repeat(16)}`],
  ])('%s is refused, also inside an array', (digits) => {
    expect(decode(hex(digits))).toEqual({ reason: expect.stringMatching(/not part of the protocol/) });
    expect(decode(hex(`92 01 ${digits}`))).toEqual({ reason: expect.stringMatching(/not part of the protocol/) });
  });

  test.each([undefined, { a: 1 }, new Map(), new Date(0)])('%p does not pass', (value) => {
    expect(decode(Uint8Array.from(pack([value])))).toEqual({ reason: expect.any(String) });
  });
});

describe('lengths', () => {
  const claims = [
    ...['9f', 'dc ff ff', 'dd ff ff ff ff', 'dd 7f ff ff ff', 'dd 00 ff ff ff'],
    ...['bf', 'd9 ff', 'da ff ff', 'db ff ff ff ff', 'db 7f ff ff ff'],
    ...['c4 ff', 'c5 ff ff', 'c6 ff ff ff ff', 'c6 7f ff ff ff'],
  ];

  test.each(claims)('%s claims more than there is', (digits) => {
    expect(decode(hex(digits))).toEqual({ reason: expect.stringMatching(/claims/) });
    expect(decode(hex(`${digits} 01`))).toEqual({ reason: expect.stringMatching(/claims/) });
    expect(decode(hex(`93 c0 ${digits} 01`))).toEqual({ reason: expect.any(String) });
  });

  test('that are claimed cost no memory', () => {
    const frames = claims.map(hex);
    // Arrays in arrays, each of which claims all that is left.
    const nested = new Uint8Array(100_000);
    for (let depth = 0; depth < 7; depth++) nested.set(hex('dd 00 01 86 00'), depth * 5);
    for (const frame of frames) decode(frame);
    const before = process.memoryUsage();
    for (let round = 0; round < 1_000; round++) for (const frame of frames) decode(frame);
    expect(decode(nested)).toEqual({ reason: expect.stringMatching(/claims/) });
    const after = process.memoryUsage();
    expect(after.heapUsed - before.heapUsed).toBeLessThan(64 * 1_048_576);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 1_048_576);
    expect(after.rss - before.rss).toBeLessThan(128 * 1_048_576);
  });

  test('binary values are views, not copies', () => {
    const bytes = Uint8Array.from(pack([new Uint8Array(1000)]));
    const [view] = unpackForeign(bytes) as [Uint8Array];
    expect(view.buffer).toBe(bytes.buffer);
  });
});

describe('limits', () => {
  test('a frame has a length', () => {
    expect(decode(new Uint8Array(limits.frameBytes + 1))).toEqual({
      reason: expect.stringMatching(/more than 1048575/),
    });
    expect(() => unpackForeign(new Uint8Array(11), 10)).toThrow(/more than 10/);
    const longest = pack(new Uint8Array(limits.frameBytes - 5));
    expect(longest).toHaveLength(limits.frameBytes);
    expect(decode(longest)).toHaveProperty('value');
  });

  test('a frame has a number of values', () => {
    const array = (count: number): Uint8Array => {
      const bytes = new Uint8Array(count + 5);
      bytes[0] = 0xdd;
      new DataView(bytes.buffer).setUint32(1, count);
      return bytes;
    };
    expect(decode(array(limits.frameValues - 1))).toHaveProperty('value');
    expect(decode(array(limits.frameValues))).toEqual({ reason: expect.stringMatching(/more than 262144 values/) });
    expect(unpackForeign(array(limits.frameValues), limits.peerFrameBytes)).toHaveLength(limits.frameValues);
    // Many small arrays count like one large one.
    const many = array(limits.frameValues - 1).fill(0x91, 5);
    expect(decode(many)).toEqual({ reason: expect.any(String) });
  });

  test('arrays are nested so deep and no deeper', () => {
    const nested = (depth: number): Uint8Array => new Uint8Array(depth + 1).fill(0x91, 0, depth);
    expect(decode(nested(limits.depth))).toHaveProperty('value');
    expect(decode(nested(limits.depth + 1))).toEqual({ reason: expect.stringMatching(/nested deeper/) });
    expect(decode(nested(1_000_000))).toEqual({ reason: expect.stringMatching(/nested deeper/) });
    // The deepest message there is fits.
    const acl = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
    const create = { op: Op.create, path: '/a', data: null, acl, mode: 0, ttl: 0 } as const;
    readAll(pack([requestToWire(1, { op: Op.multi, operations: [create] }, 1, 0)]));
    expect(decode(pack([requestToWire(1, { op: Op.multi, operations: [create] }, 1, 0)]))).toHaveProperty('value');
  });

  test('after the value comes nothing', () => {
    expect(decode(hex('90 00'))).toEqual({ reason: '1 bytes follow the message' });
    expect(decode(hex('01 02 03'))).toEqual({ reason: '2 bytes follow the message' });
    expect(decode(new Uint8Array(0))).toEqual({ reason: expect.stringMatching(/ends in the middle/) });
  });
});

describe('real frames', () => {
  const frame = fc
    .tuple(...ops.map((op) => requests[op]))
    .map((all) => Uint8Array.from(pack(all.map((request, i) => requestToWire(i + 1, request, i + 1, 0)))));
  const data = Buffer.from('data');
  const acl = [{ permissions: 31, scheme: 'digest', id: 'user:hash' }];
  const small = Uint8Array.from(
    pack([
      requestToWire(1, { op: Op.create, path: '/ü/a', data, acl: OPEN_ACL, mode: 5, ttl: 2 ** 35 }, 2 ** 33, 300),
      requestToWire(2, { op: Op.setAcl, path: `/${'long'.repeat(20)}`, acl, version: -1 }, 70_000, 0),
      requestToWire(3, { op: Op.getData, path: '/a', watch: true }, 0, 0),
    ]),
  );

  test('cut off at every byte are refused', () => {
    for (let length = 0; length < small.length; length++) {
      expect(decode(small.slice(0, length))).toHaveProperty('reason');
      expect(decode(small.subarray(0, length))).toHaveProperty('reason');
    }
    expect(decode(small)).toHaveProperty('value');
  });

  test('with any byte changed to any other are read or refused', () => {
    const bytes = small.slice();
    for (let at = 0; at < bytes.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        bytes[at] = byte;
        readAll(bytes);
      }
      bytes[at] = small[at]!;
    }
  });

  test('with many changes are read or refused', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(frame, changes, (bytes, list) => {
        for (const [at, byte] of list) bytes[at % bytes.length] = byte;
        readAll(bytes);
      }),
      { numRuns: 300 },
    );
  });

  test('that are noise are read or refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readAll), { numRuns: 5_000 });
    const marked = fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.of(0x91, 0x98, 1, ...bytes));
    fc.assert(fc.property(marked, readAll), { numRuns: 5_000 });
  });
});
