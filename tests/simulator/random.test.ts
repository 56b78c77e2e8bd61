/** Seeded chance: the same everywhere, apart by purpose, and evenly spread. */
import { describe, expect, test } from '@jest/globals';
import { Random } from '@synod/simulator/random';

function draws(random: Random, count = 8): number[] {
  return Array.from({ length: count }, () => random.uint32());
}

describe('Random', () => {
  test('the same seed and purpose give the same numbers, others give others', () => {
    expect(draws(new Random(7, 'network'))).toEqual(draws(new Random(7, 'network')));
    expect(draws(new Random('7', 'network'))).toEqual(draws(new Random(7, 'network')));
    const streams = [
      new Random(7, 'network'),
      new Random(8, 'network'),
      new Random(7, 'disk'),
      new Random(7, 'network').fork('disk'),
      new Random(7, 'network').fork('link'),
    ].map((random) => draws(random).join());
    expect(new Set(streams).size).toBe(streams.length);
  });

  test('the numbers of a seed are for ever', () => {
    expect(draws(new Random(1, 'a'), 3)).toEqual([646_603_440, 3_338_531_516, 2_741_915_251]);
  });

  test('a fork does not depend on what was drawn before', () => {
    const random = new Random(7, 'network');
    const early = draws(random.fork('link'));
    draws(random, 100);
    expect(draws(random.fork('link'))).toEqual(early);
  });

  test('ranges are reached at both ends and not left', () => {
    const random = new Random(1, 'ranges');
    const seen = new Set<number>();
    for (let i = 0; i < 1000; i++) seen.add(random.int(-2, 3));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
    expect(random.int(5, 5)).toBe(5);
    expect(() => random.int(5, 4)).toThrow('between 5 and 4');
    for (let i = 0; i < 1000; i++) {
      const wide = random.int(0, 2 ** 52);
      expect(Number.isSafeInteger(wide) && wide >= 0 && wide <= 2 ** 52).toBe(true);
      const scaled = random.logUniform(0.1, 1000);
      expect(scaled >= 0.1 && scaled <= 1000).toBe(true);
      expect(random.exponential(5)).toBeGreaterThanOrEqual(0);
    }
  });

  test('means and shares are what was asked for', () => {
    const random = new Random(2, 'shares');
    const count = 20_000;
    let sum = 0;
    let hits = 0;
    let exponential = 0;
    const picked = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < count; i++) {
      sum += random.float();
      if (random.chance(0.3)) hits++;
      exponential += random.exponential(10);
      picked[
        random.weighted([
          [1, 'a'],
          [0, 'b'],
          [3, 'c'],
        ] as const)
      ]++;
    }
    expect(sum / count).toBeCloseTo(0.5, 1);
    expect(hits / count).toBeCloseTo(0.3, 1);
    expect(exponential / count / 10).toBeCloseTo(1, 1);
    expect([picked.b, Math.round((picked.c / picked.a) * 2) / 2]).toEqual([0, 3]);
    expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
  });

  test('lists', () => {
    const random = new Random(3, 'lists');
    const list = [1, 2, 3, 4, 5];
    expect(random.shuffle(list)).toBe(list);
    expect([...list].sort()).toEqual([1, 2, 3, 4, 5]);
    expect(list).toContain(random.pick(list));
    expect(() => random.pick([])).toThrow('nothing');
    expect(() => random.weighted([[0, 'a']])).toThrow('nothing');
    expect(random.bytes(5)).toHaveLength(5);
    expect(new Set(random.bytes(1000)).size).toBeGreaterThan(200);
  });
});
