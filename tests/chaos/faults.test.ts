/** Which faults a run has, and what those of the links do. */
import { describe, expect, test } from '@jest/globals';
import { availabilityLines, checkAvailability } from '../../scripts/lib/chaos/availability.js';
import { chooseKinds, linkWeights, type LinkFault } from '../../scripts/lib/chaos/fault-kinds.js';
import { planLinks } from '../../scripts/lib/chaos/links-plan.js';
import { Random } from '../../scripts/lib/chaos/random.js';
import type { Fault, FaultKind } from '../../scripts/lib/chaos/faults.js';

describe('kinds', () => {
  test('names and groups', () => {
    expect(chooseKinds('split, kill-all')).toEqual({ split: linkWeights.split, 'kill-all': 8 });
    expect(chooseKinds('links')).toEqual(linkWeights);
    expect(Object.keys(chooseKinds(undefined))).toEqual(expect.arrayContaining(['kill-leader', 'bridge']));
  });

  test('a name that there is not', () => {
    expect(() => chooseKinds('links,quake')).toThrow(
      /no fault "quake".* groups processes, links, disks, and kill-leader/,
    );
  });
});

describe('links', () => {
  const leader = 2;

  /** The pairs that can talk both ways, and those that can one way, for many choices of chance. */
  function plans(kind: LinkFault, count: number) {
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    const pairs = ids.flatMap((from) => ids.filter((to) => to !== from).map((to) => [from, to] as const));
    return Array.from({ length: 40 }, (_, index) => {
      const { rules, servers } = planLinks(kind, ids, leader, new Random(String(index)));
      const cut = (from: number, to: number): boolean =>
        rules.some(([a, b, mode]) => a === from && b === to && mode.type === 'cut');
      const open = pairs.filter(([from, to]) => !cut(from, to));
      const mutual = open.filter(([from, to]) => from < to && !cut(to, from));
      return { open, mutual, servers, modes: new Set(rules.map(([, , mode]) => mode.type)), pairs, rules };
    });
  }

  /** Servers of the largest set in which each can talk to each. */
  function clique(mutual: readonly (readonly [number, number])[], count: number): number {
    let most = 0;
    for (let set = 0; set < 2 ** count; set++) {
      const ids = Array.from({ length: count }, (_, index) => index + 1).filter((id) => (set >> (id - 1)) & 1);
      const linked = ids.every((a) => ids.every((b) => a >= b || mutual.some(([c, d]) => c === a && d === b)));
      if (linked) most = Math.max(most, ids.length);
    }
    return most;
  }

  test.each([3, 4, 5])('of %i servers: a leader who is cut off, mute or deaf', (count) => {
    for (const { open } of plans('cut-leader', count)) expect(open.filter((pair) => pair.includes(leader))).toEqual([]);
    for (const { open } of plans('mute-leader', count)) expect(open.filter(([from]) => from === leader)).toEqual([]);
    for (const { open } of plans('deaf-leader', count)) expect(open.filter(([, to]) => to === leader)).toEqual([]);
    for (const { open, pairs } of [...plans('mute-leader', count), ...plans('deaf-leader', count)]) {
      expect(pairs.length - open.length).toBe(count - 1);
    }
  });

  test.each([3, 4, 5])('of %i servers: a split and a server that is cut off leave a majority', (count) => {
    for (const { mutual, servers } of [...plans('split', count), ...plans('cut-random', count)]) {
      expect(clique(mutual, count)).toBe(count - servers.length);
      expect(count - servers.length).toBeGreaterThan(count / 2);
    }
  });

  test.each([3, 4, 5])('of %i servers: a bridge sees all, and the sides do not see each other', (count) => {
    for (const { mutual, servers } of plans('bridge', count)) {
      const [bridge] = servers;
      expect(mutual.filter((pair) => pair.includes(bridge!))).toHaveLength(count - 1);
      expect(clique(mutual, count)).toBe(1 + Math.ceil((count - 1) / 2));
    }
  });

  test('one way is one pair; the rest is slow or reset, and cuts nothing', () => {
    for (const { open, pairs } of plans('one-way', 3)) expect(pairs.length - open.length).toBe(1);
    for (const kind of ['delay', 'trickle', 'reset'] as const) {
      for (const { modes, rules } of plans(kind, 3)) {
        expect([...modes]).toEqual([kind]);
        expect(rules.length).toBeGreaterThanOrEqual(4);
      }
    }
  });
});

describe('availability', () => {
  const fault = (kind: FaultKind, ms: number): Fault => ({ kind, at: 1500, servers: [1], words: '', ms, epoch: 1 });
  const course = (...faults: Fault[]) => ({
    faults,
    leaderless: [{ from: 2000, to: 2700 }],
    since: 1000,
    until: 21_000,
  });
  const history = {
    ops: [1000, 1100, 5100, 5200, 20_000].map((end) => ({ write: true, outcome: 'ok', end })),
  };

  test('a fault is blamed for what it did from its beginning to shortly after it', () => {
    const lines = availabilityLines(history, course(fault('cut-leader', 1000)));
    const cells = lines
      .find((line) => line.includes('cut-leader'))!
      .trim()
      .split(/ +/);
    expect(cells).toEqual(['cut-leader', '1', '700', '700', '700', '3600', '3600', '3600']);
    expect(lines.at(-1)).toMatch(/no server led for 0.7 s of 20.0 s \(3.5 %\).* 14.8 s/);
  });

  test.each<[string, Fault[], number]>([
    ['a majority that is whole and stands still', [fault('split', 13_000)], 1],
    ['one that came back in time', [fault('split', 11_000)], 0],
    ['another fault meanwhile', [fault('split', 13_000), fault('kill-all', 100)], 0],
    ['no majority that stays whole', [fault('delay', 13_000)], 0],
  ])('%s', (_, faults, count) => {
    expect(checkAvailability(history, course(...faults))).toHaveLength(count);
  });
});
