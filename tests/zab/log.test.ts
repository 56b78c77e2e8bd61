/** The part of the history in memory, step by step. */
import { describe, expect, test } from '@jest/globals';
import { makeZxid, shortZxid } from '@synod/protocol';
import { nextRecord, ORIGIN, type LogRecord, type Position } from '@synod/zab';
import { Log } from '@synod/zab/log';

function records(after: Position, ...places: string[]): LogRecord[] {
  let last = after;
  return places.map((place) => {
    const [epoch = 0, counter = 0] = place.split(':').map(Number);
    const record = nextRecord(last, makeZxid(epoch, counter), new TextEncoder().encode(place));
    last = record;
    return record;
  });
}

const all = records(ORIGIN, '1:1', '1:2', '1:3', '2:1', '2:2', '4:1');
const at = (place: string): LogRecord => all.find(({ zxid }) => shortZxid(zxid) === place)!;
const position = (place: string): Position => ({ zxid: at(place).zxid, chain: at(place).chain });

function filled(): Log {
  const log = new Log(0, ORIGIN, [], ORIGIN, []);
  for (const record of all) log.append(record);
  return log;
}

const shortEnds = (log: Log): string => log.ends.map(({ zxid }) => shortZxid(zxid)).join(' ');
const held = (log: Log, after = 0, upTo = Infinity, bytes = Infinity): string =>
  log
    .slice(after, upTo, bytes)
    .map(({ zxid }) => shortZxid(zxid))
    .join(' ');

describe('log', () => {
  test('keeps where it ends and where each epoch ends', () => {
    const log = filled();
    expect(shortZxid(log.last.zxid)).toBe('4:1');
    expect(shortEnds(log)).toBe('1:3 2:2 4:1');
    expect(held(log)).toBe('1:1 1:2 1:3 2:1 2:2 4:1');
  });

  test.each([
    ['4:1', '1:3 2:2 4:1'],
    ['2:2', '1:3 2:2'],
    ['2:1', '1:3 2:1'],
    ['1:3', '1:3'],
    ['1:1', '1:1'],
  ])('is cut at %s', (place, ends) => {
    const log = filled();
    log.truncate(position(place));
    expect(log.last).toEqual(position(place));
    expect(shortEnds(log)).toBe(ends);
    expect(held(log).endsWith(place)).toBe(true);
  });

  test('is cut away whole', () => {
    const log = filled();
    log.truncate(ORIGIN);
    expect(log.last).toEqual(ORIGIN);
    expect(log.ends).toEqual([]);
    expect(held(log)).toBe('');
  });

  test('knows what continues it', () => {
    const log = filled();
    log.truncate(position('2:1'));
    expect(log.follows(at('2:2'))).toBe(true);
    expect(log.follows(at('4:1'))).toBe(false);
    expect(log.follows(at('2:1'))).toBe(false);
    expect(log.follows({ ...at('2:2'), body: new Uint8Array(1) })).toBe(false);
    expect(() => log.append(at('2:1'))).toThrow('does not follow');
  });

  test('gives slices between two places, by bytes, at least one record', () => {
    const log = filled();
    expect(held(log, at('1:2').zxid)).toBe('1:3 2:1 2:2 4:1');
    expect(held(log, at('1:2').zxid, at('2:1').zxid)).toBe('1:3 2:1');
    expect(held(log, 0, Infinity, 1)).toBe('1:1');
    expect(held(log, 0, Infinity, 70)).toBe('1:1 1:2');
    expect(held(log, at('4:1').zxid)).toBe('');
  });

  test('forgets beyond its bounds, but nothing that is not delivered', () => {
    const log = filled();
    log.trim(at('1:2').zxid, 3, 1_000_000);
    expect(held(log)).toBe('1:3 2:1 2:2 4:1');
    expect(log.cachedBehind).toEqual(position('1:2'));
    log.trim(at('4:1').zxid, 3, 1_000_000);
    expect(held(log)).toBe('2:1 2:2 4:1');
    log.trim(at('4:1').zxid, 1000, 7);
    expect(held(log)).toBe('2:2 4:1');
    log.trim(at('4:1').zxid, 0, 0);
    expect(held(log)).toBe('');
    expect(log.cachedBehind).toEqual(position('4:1'));
  });

  test('forgets many and still finds the rest', () => {
    const log = new Log(0, ORIGIN, [], ORIGIN, []);
    let last: Position = ORIGIN;
    for (let counter = 1; counter <= 20_000; counter++) {
      const record = nextRecord(last, makeZxid(1, counter), new Uint8Array(1));
      log.append(record);
      last = record;
      log.trim(makeZxid(1, counter), 100, 1_000_000);
    }
    expect(log.slice(makeZxid(1, 19_990), Infinity, Infinity)).toHaveLength(10);
    expect(log.slice(0, Infinity, Infinity)).toHaveLength(100);
    expect(log.cachedBehind.zxid).toBe(makeZxid(1, 19_900));
  });

  test('knows by chain which places it holds', () => {
    const log = filled();
    log.trim(at('4:1').zxid, 3, 1_000_000);
    expect(log.holds(position('1:3'))).toBe(true);
    expect(log.holds({ zxid: at('1:3').zxid, chain: 7 })).toBe(false);
    expect(log.holds(position('2:2'))).toBe(true);
    expect(log.holds({ zxid: at('2:2').zxid, chain: 7 })).toBe(false);
    expect(log.holds({ zxid: makeZxid(3, 1), chain: 7 })).toBe(false);
    expect(filled().holds(ORIGIN)).toBe(true);
  });

  test('starts anew behind a state, goes on behind it, and is pruned', () => {
    const log = filled();
    log.reset(position('2:1'));
    expect([log.base, log.last, log.cachedBehind]).toEqual([at('2:1').zxid, position('2:1'), position('2:1')]);
    expect(shortEnds(log)).toBe('2:1');
    log.append(at('2:2'));
    log.append(at('4:1'));
    expect(shortEnds(log)).toBe('2:2 4:1');
    log.pruned(at('2:2').zxid);
    expect(shortEnds(log)).toBe('2:2 4:1');
    log.pruned(at('4:1').zxid);
    expect([shortEnds(log), log.base]).toEqual(['4:1', at('4:1').zxid]);
    log.pruned(at('2:2').zxid);
    expect(log.base).toBe(at('4:1').zxid);
  });

  test('goes on where storage left off', () => {
    const log = new Log(at('1:2').zxid, position('2:2'), [position('1:3'), position('2:2')], position('1:3'), [
      at('2:1'),
      at('2:2'),
    ]);
    expect(held(log)).toBe('2:1 2:2');
    expect(log.follows(at('4:1'))).toBe(true);
    expect(log.holds(position('1:3'))).toBe(true);
  });
});
