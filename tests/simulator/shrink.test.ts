/** The search for a smaller failure, against failures of which it is known what they need. */
import { describe, expect, test } from '@jest/globals';
import { drawConfig, type SwarmConfig } from '@synod/simulator';
import { plannedFaults } from '@synod/simulator/faults';
import { shrinking } from '@synod/simulator/shrink';

const seed = 'shrink';

/** Runs the search to its end; `at`: when a configuration fails, null where it does not. */
function shrink(
  config: SwarmConfig,
  at: (config: SwarmConfig) => number | null,
): { smallest: SwarmConfig; tried: number } {
  const search = shrinking({ seed, config, at: at(config)! });
  let tried = 0;
  for (let step = search.next(); ; step = search.next(at(step.value.config))) {
    if (step.done === true) return { smallest: step.value, tried };
    tried++;
  }
}

const names = (config: SwarmConfig): string[] => plannedFaults(seed, config).map(({ name }) => name);

const faults = { ...drawConfig(seed).faults, kill: 4_000, split: 9_000, power: 5_000, damage: 20_000, wipe: 30_000 };
const config = drawConfig(seed, { voters: 5, faults, faultMs: 120_000 });

describe('making a failure smaller', () => {
  test('ends with the smallest run where everything fails', () => {
    const { smallest } = shrink(config, () => 1_000);
    expect(smallest).toMatchObject({ voters: 1, observers: 0, faultMs: 0, outside: 0, clockError: 0 });
    expect(smallest.workload).toMatchObject({ clients: 1, programsEach: 1, depth: 1, watched: 0 });
    expect(Object.values(smallest.faults).filter((rate) => rate > 0)).toEqual([]);
    expect(smallest.network).toMatchObject({ tail: 0, loss: 0 });
  });

  test('ends with what it began with where nothing less fails', () => {
    const { smallest } = shrink(config, (tried) => (tried === config ? config.faultMs + 1 : null));
    expect(smallest).toBe(config);
  });

  test('finds the faults that it takes, and neither moves nor renames them', () => {
    const needed = ['kill 7', 'power 3', 'split 2'];
    const before = plannedFaults(seed, config).filter(({ name }) => needed.includes(name));
    expect(before).toHaveLength(3);
    const { smallest, tried } = shrink(config, (one) =>
      needed.every((name) => names(one).includes(name)) ? 90_000 : null,
    );
    expect(names(smallest).sort()).toEqual(needed);
    const after = plannedFaults(seed, smallest);
    expect(after.map(({ at }) => at)).toEqual(before.map(({ at }) => at));
    expect(after.map(({ random }) => random.uint32())).toEqual(before.map(({ random }) => random.uint32()));
    expect(smallest.faults).toMatchObject({ damage: 0, wipe: 0 });
    expect(tried).toBeLessThan(400);
  });

  test('lets faults end right behind the violation', () => {
    const at = 40_000;
    const { smallest } = shrink(config, ({ faultMs }) => (faultMs >= at ? at : null));
    expect(smallest.faultMs).toBe(at);
  });

  test('keeps the clients, servers and requests that it takes', () => {
    const { smallest } = shrink(config, ({ voters, observers, workload }) =>
      voters + observers >= 3 && workload.clients >= 2 && workload.programs.random > 0 ? 5_000 : null,
    );
    expect(smallest).toMatchObject({ voters: 3, observers: 0 });
    expect(smallest.workload.clients).toBe(2);
    const { random, ...others } = smallest.workload.programs;
    expect(random).toBeGreaterThan(0);
    expect(Object.values(others).every((weight) => weight === 0)).toBe(true);
    expect(Object.values(smallest.workload.requests).filter((weight) => weight > 0)).toHaveLength(1);
  });

  test('leaves a server that stands alone what it has', () => {
    const { smallest } = shrink(config, ({ faultMs }) => (faultMs > 100_000 ? faultMs : null));
    expect(smallest.voters).toBe(1);
    expect(smallest.faults).toMatchObject({ damage: 0, wipe: 0 });
  });
});
