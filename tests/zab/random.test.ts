/**
 * Thousands of short random runs, each from its seed. `SEEDS=100000` runs that many, `SEED=17` runs one and prints what
 * happened.
 */
import { expect, test } from '@jest/globals';
import { runChaos } from './chaos.js';

const only = process.env['SEED'];
const seeds = Number(process.env['SEEDS'] ?? 2000);
const first = Number(process.env['FIRST'] ?? 1);

test(
  'whatever fails and in whatever order, nothing acknowledged is lost and all come right again',
  () => {
    if (only !== undefined) {
      const lines: string[] = [];
      try {
        runChaos(Number(only), (line) => lines.push(line));
      } finally {
        process.stdout.write(`${lines.join('\n')}\n`);
      }
      return;
    }
    const failures: string[] = [];
    const sum = { proposals: 0, committed: 0, faults: 0, wipes: 0, confirmed: 0 };
    for (let seed = first; seed < first + seeds && failures.length < 10; seed++) {
      try {
        const tally = runChaos(seed);
        for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += tally[key];
      } catch (error) {
        failures.push(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    expect(failures).toEqual([]);
    expect(sum.committed).toBeGreaterThan(seeds);
    expect(sum.wipes).toBeGreaterThan(seeds / 10);
    expect(sum.confirmed).toBeGreaterThan(seeds / 10);
  },
  20_000 + seeds * 50,
);
