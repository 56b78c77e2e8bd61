/**
 * Thousands of short random runs, each from its seed. `SEEDS=100000` runs that many, `SEED=17` runs one and prints what
 * happened.
 */
import { expect, test } from '@jest/globals';
import { runChaos } from './chaos.js';

const only = process.env['SEED'];
const wanted = process.env['SEEDS'];
const seeds = Number(wanted ?? 2000);
const first = Number(process.env['FIRST'] ?? 1);
/** A busy machine runs fewer seeds rather than longer, unless a number is asked for. */
const limitMs = wanted === undefined ? 20_000 : Infinity;

function runOne(seed: number): void {
  const lines: string[] = [];
  try {
    runChaos(seed, (line) => lines.push(line));
  } finally {
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

test(
  'whatever fails and in whatever order, nothing acknowledged is lost and all come right again',
  () => {
    if (only !== undefined) {
      runOne(Number(only));
      return;
    }
    const failures: string[] = [];
    const sum = { proposals: 0, committed: 0, faults: 0, wipes: 0, confirmed: 0 };
    const end = performance.now() + limitMs;
    let runs = 0;
    for (; runs < seeds && failures.length < 10 && performance.now() < end; runs++) {
      const seed = first + runs;
      try {
        const tally = runChaos(seed);
        for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += tally[key];
      } catch (error) {
        failures.push(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    expect(failures).toEqual([]);
    // Runs that do nothing would prove nothing.
    expect(sum.committed).toBeGreaterThan(runs);
    expect(sum.wipes).toBeGreaterThan(runs / 10);
    expect(sum.confirmed).toBeGreaterThan(runs / 10);
  },
  60_000 + seeds * 60,
);
