/** The primitives of jute, and what their readers and writers refuse. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isSynodError } from '@synod/protocol';
import { highOf, JuteReader, JuteWriter, longOf, lowOf, type Long } from '@synod/zookeeper';
import { long, text } from './arbitraries.js';
import { digits, hex, written } from './bytes.js';

const read = <T>(bytes: string, field: (input: JuteReader) => T): T => field(new JuteReader(hex(bytes)));

const platform = new TextDecoder('utf-8', { ignoreBOM: true });

/** The reason why bytes are refused. */
function reasonOf(bytes: string, field: (input: JuteReader) => unknown): string {
  try {
    read(bytes, field);
  } catch (error) {
    if (isSynodError(error)) return `${error.code} ${error.reason}`;
    throw error;
  }
  return 'taken';
}

describe('longs', () => {
  test.each<readonly [string, Long]>([
    ['0000000000000000', 0],
    ['0000000000000001', 1],
    ['ffffffffffffffff', -1],
    ['00000000ffffffff', 2 ** 32 - 1],
    ['0000000100000003', 2 ** 32 + 3],
    ['ffffffff00000000', -(2 ** 32)],
    ['001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['0020000000000000', 2n ** 53n],
    ['0020000000000001', 2n ** 53n + 1n],
    ['ffe0000000000001', Number.MIN_SAFE_INTEGER],
    ['ffe0000000000000', -(2n ** 53n)],
    ['0100002386d20000', 0x0100002386d20000n],
    ['7fffffffffffffff', 2n ** 63n - 1n],
    ['8000000000000000', -(2n ** 63n)],
  ])('%s', (bytes, value) => {
    expect(read(bytes, (input) => input.long('id'))).toBe(value);
    expect(digits(written((output) => output.long(value)))).toBe(bytes);
  });

  test('survive, all 64 bits of them, in one form each', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (wide) => {
        const bytes = written((output) => output.long(wide));
        expect(BigInt.asIntN(64, BigInt(`0x${digits(bytes)}`))).toBe(wide);
        const value = new JuteReader(bytes).long('id');
        expect(BigInt(value)).toBe(wide);
        expect(typeof value === 'number').toBe(Number.isSafeInteger(Number(wide)) && BigInt(Number(wide)) === wide);
      }),
    );
    fc.assert(fc.property(long, (value) => expect(longOf(highOf(value), lowOf(value))).toBe(value)));
  });
});

describe('ints, booleans, buffers, strings and lists', () => {
  test.each([
    ['00000000', 0],
    ['7fffffff', 2 ** 31 - 1],
    ['80000000', -(2 ** 31)],
    ['ffffff9b', -101],
  ])('int %s', (bytes, value) => {
    expect(read(bytes, (input) => input.int('n'))).toBe(value);
    expect(digits(written((output) => output.int(value)))).toBe(bytes);
  });

  test('any byte but 0 is true', () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
    expect(bytes.filter((byte) => !read(byte, (input) => input.bool('b')))).toEqual(['00']);
    expect(digits(written((output) => output.bool(true)))).toBe('01');
  });

  test('null and empty differ', () => {
    expect(read('ffffffff', (input) => input.buffer('b'))).toBeNull();
    expect(read('00000000', (input) => input.buffer('b'))).toEqual(new Uint8Array(0));
    expect(read('ffffffff', (input) => input.string('s'))).toBeNull();
    expect(read('00000000', (input) => input.string('s'))).toBe('');
    expect(read('ffffffff', (input) => input.vector('v', 4, () => 0))).toBeNull();
    expect(read('00000000', (input) => input.vector('v', 4, () => 0))).toEqual([]);
  });

  test('a list of fewer than −1 entries is empty, as ZooKeeper has it', () => {
    expect(read('fffffffe', (input) => input.vector('v', 4, () => 0))).toEqual([]);
  });

  test('strings are written as the platform writes them', () => {
    const any = fc.oneof(
      text,
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }),
    );
    fc.assert(
      fc.property(any, (value) => {
        const bytes = written((output) => output.string(value));
        expect(digits(bytes.subarray(4))).toBe(digits(new TextEncoder().encode(value)));
        expect(new JuteReader(bytes).string('s')).toBe(platform.decode(bytes.subarray(4)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('what is not UTF-8 reads as U+FFFD', () => {
    expect(read('00000003 61ff62', (input) => input.string('s'))).toBe('a\ufffdb');
    expect(read('00000003 eda080', (input) => input.string('s'))).toMatch(/^\ufffd+$/);
  });

  test('buffers are views', () => {
    const bytes = hex('00000002 0102');
    expect(new JuteReader(bytes).buffer('b')!.buffer).toBe(bytes.buffer);
  });
});

describe('refused', () => {
  test.each<readonly [string, (input: JuteReader) => unknown, string]>([
    ['', (input) => input.bool('b'), 'b: 1 bytes are needed where 0 are left'],
    ['000000', (input) => input.int('n'), 'n: 4 bytes are needed where 3 are left'],
    ['00000000 0000', (input) => input.long('id'), 'id: 4 bytes are needed where 2 are left'],
    ['00000003 0102', (input) => input.buffer('b'), 'b: 3 bytes are needed where 2 are left'],
    ['7fffffff', (input) => input.buffer('b'), 'b: 2147483647 bytes are needed where 0 are left'],
    ['fffffffe', (input) => input.buffer('b'), 'b: -2 is no length'],
    ['80000000', (input) => input.string('s'), 's: -2147483648 is no length'],
    ['00000001', (input) => input.string('s'), 's: 1 bytes are needed where 0 are left'],
    [
      '7fffffff 00000000',
      (input) => input.vector('v', 4, (from) => from.int('n')),
      'v: 2147483647 entries are announced where 4 bytes are left',
    ],
  ])('%s', (bytes, field, reason) => {
    expect(reasonOf(bytes, field)).toBe(`MARSHALLING_ERROR ${reason}`);
  });

  test('what does not fit its field is a bug of the writer', () => {
    for (const value of [2 ** 31, -(2 ** 31) - 1, 0.5, NaN]) {
      expect(() => written((output) => output.int(value))).toThrow('does not fit');
    }
    for (const value of [2 ** 53, 0.5, Infinity, 2n ** 63n, -(2n ** 63n) - 1n]) {
      expect(() => written((output) => output.long(value))).toThrow(/no safe integer|more than 64 bits/);
    }
  });
});

describe('the writer', () => {
  test('takes frames of any size, one behind the other', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { maxLength: 8 }), fc.nat(3), (sizes, every) => {
        const output = new JuteWriter();
        const parts: Uint8Array[] = [];
        for (const [i, size] of sizes.entries()) {
          output.begin();
          output.buffer(new Uint8Array(size).fill(i + 1));
          output.end();
          if (i % (every + 1) === 0) parts.push(output.take());
        }
        parts.push(output.take());
        const input = new JuteReader(Buffer.concat(parts));
        for (const [i, size] of sizes.entries()) {
          expect(input.int('length')).toBe(size + 4);
          expect(input.buffer('b')).toEqual(Buffer.alloc(size, i + 1));
        }
        expect(input.left).toBe(0);
      }),
    );
  });

  test('does not let frames lie in frames', () => {
    const output = new JuteWriter();
    expect(() => output.end()).toThrow('no frame');
    output.begin();
    expect(() => output.begin()).toThrow('open already');
    expect(() => output.take()).toThrow('still open');
  });
});
