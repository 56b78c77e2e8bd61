/** The text form of quotas, case by case as ZooKeeper's class StatsTrack reads and writes it. */
import { describe, expect, test } from '@jest/globals';
import { movedText, readTrack, trackText, usageText } from '@synod/protocol';

function rewritten(text: string | null): string | null {
  const track = readTrack(text);
  return track === null ? null : trackText(track);
}

describe('reading and writing', () => {
  test.each([
    ['', 'count=-1,bytes=-1'],
    ['count=5,bytes=10', 'count=5,bytes=10'],
    ['count=5;bytes=10', 'count=5,bytes=10'],
    ['bytes=3,count=4', 'count=4,bytes=3'],
    ['count=5,bytes=10=;byteHardLimit=7;countHardLimit=9', 'count=5,bytes=10=;byteHardLimit=7;countHardLimit=9'],
    ['countHardLimit=9,byteHardLimit=7', 'count=-1,bytes=-1=;byteHardLimit=7;countHardLimit=9'],
    ['count=5,', 'count=5,bytes=-1'],
    ['count=5,,;bytes=6', 'count=5,bytes=6'],
    ['count=5,foo=7,bytes=2,bar=1', 'count=5,bytes=2=;bar=1;foo=7'],
    ['count=5,count=6', 'count=6,bytes=-1'],
    ['count=-7,bytes=+5', 'count=-7,bytes=5'],
    ['count=5,bytes=6=7', 'count=5,bytes=6'],
    ['count=5,bytes=10=;x=1=9', 'count=5,bytes=10=;x=1'],
    ['=5', 'count=-1,bytes=-1=;=5'],
    ['count==5', 'count=-1,bytes=-1'],
    [';', 'count=-1,bytes=-1'],
    ['count=9223372036854775807', 'count=9223372036854775807,bytes=-1'],
    ['count=-9223372036854775808', 'count=-9223372036854775808,bytes=-1'],
  ])('%j is %j', (text, expected) => {
    expect(rewritten(text)).toBe(expected);
  });

  test.each([
    ...[
      null,
      'count=',
      'count',
      'x',
      'count=abc',
      ',count=5',
      'count= 5,bytes=5',
      'count=5\n',
      'count=5,bytes=2;=;q=1',
    ],
    ...['; ;', 'count=0x10', 'count=9223372036854775808', 'count=-9223372036854775809', 'count=1.5', 'count=--1'],
    `count=${'9'.repeat(100_000)}`,
  ])('%j is none of these texts', (text) => {
    expect(rewritten(text)).toBeNull();
  });
});

describe('a usage', () => {
  test('is a text of count and bytes', () => {
    expect(usageText({ count: 3, bytes: 0 })).toBe('count=3,bytes=0');
  });

  test.each([
    ['count=3,bytes=5', 1, 10, 'count=4,bytes=15'],
    ['count=3,bytes=5', -1, -5, 'count=2,bytes=0'],
    ['count=3;bytes=5;more=1', 0, 1, 'count=3,bytes=6=;more=1'],
    ['', 1, 1, 'count=0,bytes=0'],
    ['count=9223372036854775807,bytes=0', 1, 0, 'count=-9223372036854775808,bytes=0'],
    ['garbage', 1, 0, null],
    [null, 1, 0, null],
  ])('%j moves by %i and %i to %j', (text, count, bytes, expected) => {
    expect(movedText(text, count, bytes)).toBe(expected);
  });
});
