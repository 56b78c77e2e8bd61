/** The hash of checksums, chains and digests: its values are on disk, so they are pinned. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addHash, formatHash, Hasher, removeHash } from '@synod/protocol';

const ofBytes = (bytes: Uint8Array): number => new Hasher().bytes(bytes).value();
const hash = fc.integer({ min: 0, max: 2 ** 52 - 1 });

describe('known values', () => {
  test.each([
    ['nothing', new Hasher(), '882eeff7afd06'],
    ['a seed', new Hasher(1), '3723291ead32f'],
    ['no bytes', new Hasher().bytes(new Uint8Array(0)), '7fc9f481a702f'],
    ['one byte', new Hasher().bytes(Uint8Array.of(0)), '7c5ada01c6f5a'],
    ['some bytes', new Hasher().bytes(Uint8Array.from({ length: 100 }, (_, i) => i)), '4232914b4cd87'],
    ['ASCII', new Hasher().string('/app/config'), '3a164fa86ec91'],
    ['other text', new Hasher().string('ü漢\ud800'), 'ca97c3f50b94f'],
    ['a zxid', new Hasher().number(2 ** 32 + 1), '66097e73cf9ef'],
    ['the largest number', new Hasher().number(Number.MAX_SAFE_INTEGER), 'd40e1a046c90a'],
    ['minus one', new Hasher().number(-1), 'ba2d1ff39d9c6'],
    ['all of it', new Hasher(7).number(1).string('a').bytes(Uint8Array.of(1, 2)), '12b10267dfeba'],
  ])('%s', (_, hasher, value) => {
    expect(formatHash(hasher.value())).toBe(value);
  });
});

test('every hash is an integer of 52 bits', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const value = ofBytes(bytes);
      expect(Number.isInteger(value) && value >= 0 && value < 2 ** 52).toBe(true);
      expect(formatHash(value)).toMatch(/^[0-9a-f]{13}$/);
    }),
  );
});

test('a single flipped bit always changes it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
      const before = ofBytes(bytes);
      const seen = new Set([before]);
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        seen.add(ofBytes(bytes));
        bytes[bit >> 3]! ^= 1 << (bit & 7);
      }
      expect(seen.size).toBe(bytes.length * 8 + 1);
    }),
  );
});

test('a single flipped bit changes about half of the bits of the hash', () => {
  let changed = 0;
  let flips = 0;
  for (let seed = 0; seed < 64; seed++) {
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + seed * 101) & 0xff);
    const before = BigInt(ofBytes(bytes));
    for (let bit = 0; bit < 256; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      changed += (BigInt(ofBytes(bytes)) ^ before).toString(2).replaceAll('0', '').length;
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      flips++;
    }
  }
  expect(changed / flips).toBeGreaterThan(24);
  expect(changed / flips).toBeLessThan(28);
});

test('neighbouring fields do not run into each other', () => {
  const texts = [
    ['ab', 'c'],
    ['a', 'bc'],
    ['abc', ''],
    ['', 'abc'],
  ];
  const values = texts.map(([first, second]) => new Hasher().string(first!).string(second!).value());
  expect(new Set(values).size).toBe(texts.length);
});

test('what comes first matters', () => {
  const number = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(number, number, (a, b) => {
      fc.pre(a !== b);
      expect(new Hasher().number(a).number(b).value()).not.toBe(new Hasher().number(b).number(a).value());
      expect(new Hasher().number(a).value()).not.toBe(new Hasher().number(b).value());
    }),
  );
});

test('a hasher may be fed further', () => {
  const hasher = new Hasher().string('a');
  const first = hasher.value();
  expect(hasher.value()).toBe(first);
  expect(hasher.string('b').value()).toBe(new Hasher().string('a').string('b').value());
});

test('a sum of hashes has no order, and gives back what was put in', () => {
  fc.assert(
    fc.property(hash, hash, hash, (a, b, c) => {
      expect(addHash(addHash(a, b), c)).toBe(addHash(addHash(c, a), b));
      expect(removeHash(addHash(a, b), b)).toBe(a);
      expect(addHash(a, b)).toBeLessThan(2 ** 52);
      expect(removeHash(a, b)).toBeGreaterThanOrEqual(0);
    }),
  );
});
