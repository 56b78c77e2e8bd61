/** Bytes to frames: the same from any chunks, nothing on credit, and words in the place of the first length. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '@synod/protocol';
import { fourLetterWord, FrameSplitter, type Incoming } from '@synod/zookeeper';
import { cut, digits, hex } from './bytes.js';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const frame = (bytes: Uint8Array): Uint8Array => {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setInt32(0, bytes.length);
  return join(length, bytes);
};

/** What came out, in one line each. */
function shown(incoming: readonly Incoming[]): string[] {
  return incoming.map((one) => {
    if (one.kind === 'frame') return `frame ${digits(one.bytes)}`;
    return one.kind === 'word' ? `word ${one.word}` : `fault ${one.error.code} ${one.error.reason}`;
  });
}

function split(chunks: readonly Uint8Array[], maxBytes?: number): string[] {
  const splitter = new FrameSplitter(maxBytes);
  return chunks.flatMap((chunk) => shown(splitter.push(chunk)));
}

const refused = (length: number, max: number = limits.frameBytes): string =>
  `fault MARSHALLING_ERROR a frame of ${length} bytes; from 0 to ${max} are allowed`;

describe('frames', () => {
  test('come out as they are, empty ones too', () => {
    const bytes = join(frame(hex('0102')), frame(hex('')), frame(hex('03')));
    expect(split([bytes])).toEqual(['frame 0102', 'frame ', 'frame 03']);
    expect(split([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(['frame 0102', 'frame ', 'frame 03']);
  });

  test('lie in the chunk where they came in one piece', () => {
    const chunk = frame(hex('0102'));
    const [found] = new FrameSplitter().push(chunk);
    expect(found?.kind === 'frame' && found.bytes.buffer === chunk.buffer).toBe(true);
  });

  test('are the same from any chunks, a fault or a word included', () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 6 });
    const ending = fc.constantFrom(hex(''), hex('000000'), hex('7fffffff 01'), hex('ffffffff'), ascii('ruok'));
    const places = fc.array(fc.nat(), { maxLength: 12 });
    fc.assert(
      fc.property(contents, ending, places, (list, end, at) => {
        const bytes = join(...list.map(frame), end);
        expect(split(cut(bytes, at))).toEqual(split([bytes]));
      }),
      { numRuns: 500 },
    );
  });

  test('are the same from any chunks where the bytes are noise', () => {
    const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.map((byte) => (byte < 200 ? byte % 3 : byte)));
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 8 }), (bytes, at) => {
        expect(split(cut(bytes, at), 1_000)).toEqual(split([bytes], 1_000));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('lengths', () => {
  test('up to the limit of jute.maxbuffer are taken', () => {
    const largest = frame(new Uint8Array(0xfffff).fill(7));
    const splitter = new FrameSplitter();
    const found = [largest.subarray(0, 70_000), largest.subarray(70_000)].flatMap((chunk) => splitter.push(chunk));
    const [only] = found.map((one) => (one.kind === 'frame' ? one.bytes : new Uint8Array(0)));
    expect(found).toHaveLength(1);
    expect(Buffer.compare(only!, largest.subarray(4))).toBe(0);
    expect(split([frame(new Uint8Array(10))], 10)).toEqual([`frame ${'00'.repeat(10)}`]);
  });

  test.each([
    ['00100000', refused(0x100000)],
    ['7fffffff', refused(0x7fffffff)],
    ['ffffffff', refused(-1)],
    ['80000000', refused(-(2 ** 31))],
  ])('%s ends the connection', (length, fault) => {
    expect(split([hex(length)])).toEqual([fault]);
  });

  test('that are refused end it behind the frames before, and whatever follows is not read', () => {
    const splitter = new FrameSplitter(10);
    const bytes = join(frame(hex('01')), hex('0000000b'), frame(hex('02')));
    expect(shown(splitter.push(bytes))).toEqual(['frame 01', refused(11, 10)]);
    expect(splitter.push(frame(hex('03')))).toEqual([]);
  });

  test('that only claim cost nothing', () => {
    const claims = Array.from({ length: 4_000 }, () => {
      const splitter = new FrameSplitter();
      splitter.push(hex('000fffff 00'));
      return splitter;
    });
    const before = process.memoryUsage();
    for (const splitter of claims) splitter.push(hex('00'));
    const after = process.memoryUsage();
    expect(claims).toHaveLength(4_000);
    // A megabyte for each would be four gigabytes.
    expect(after.arrayBuffers).toBeLessThan(400_000_000);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(100_000_000);
  });
});

describe('four-letter words', () => {
  const words = 'ruok srvr stat mntr cons conf envi wchs wchc wchp dump isro crst srst dirs'.split(' ');

  test.each(words)('%s is one in the place of the first length', (word) => {
    expect(split([ascii(word)])).toEqual([`word ${word}`]);
    expect(split([...ascii(`${word}\n`)].map((byte) => Uint8Array.of(byte)))).toEqual([`word ${word}`]);
  });

  test('are no words behind the first frame', () => {
    expect(split([join(frame(hex('01')), ascii('ruok'))])).toEqual(['frame 01', refused(0x72756f6b)]);
  });

  test.each(['RUOK', 'quit', 'GET ', 'ruo\n'])('%j is none', (text) => {
    expect(split([ascii(text)])).toEqual([refused(new DataView(ascii(text).buffer).getInt32(0))]);
  });

  test('are none where they are not complete', () => {
    expect(split([ascii('ruo')])).toEqual([]);
  });

  test('are no lengths within any limit', () => {
    for (const word of words) expect(new DataView(ascii(word).buffer).getInt32(0)).toBeGreaterThan(limits.frameBytes);
    expect(fourLetterWord(45)).toBeUndefined();
  });
});
