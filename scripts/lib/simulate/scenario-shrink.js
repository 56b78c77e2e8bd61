/** Drives the search for a smaller failure (shrink.ts) as long as there is time, in a process that may hang or crash. */
import { shrinking } from '@synod/simulator/shrink';

/** @typedef {import('./seeds-lane.js').SeedLane} SeedLane */
/** @typedef {import('@synod/simulator').Violation} Violation */
/** @typedef {import('@synod/simulator').SwarmConfig} SwarmConfig */

/**
 * A run that broke a promise, and for which one. `at`: in virtual milliseconds.
 *
 * @typedef {{ seed: string; config: SwarmConfig; at: number; violation: Violation }} Failure
 */

/**
 * What tells a violation from others: its rule; where a check of the product's own failed, which one; where something did
 * not happen in time, what.
 *
 * @param {Violation} violation
 */
function signature({ rule, text }) {
  if (rule === 'assertion') return `${rule}: ${text.split('\n')[0]?.replace(/\d+/g, '0')}`;
  return rule === 'Z12' ? `${rule}: ${text.split(' within ')[0]}` : rule;
}

/**
 * @param {Failure} failure
 * @param {SeedLane} lane where to run
 * @param {number} seconds how long it may take
 * @returns {Promise<Failure & { runs: number; ended: boolean }>} the smallest one; `ended`: nothing more would help
 */
export async function shrinkFailure(failure, lane, seconds) {
  const end = performance.now() + seconds * 1_000;
  const wanted = signature(failure.violation);
  const search = shrinking(failure);
  let smallest = failure;
  let runs = 0;
  for (let step = search.next(); step.done !== true;) {
    const left = end - performance.now();
    if (left <= 0) return { ...smallest, runs, ended: false };
    const { config } = step.value;
    const report = await lane.run({ seed: failure.seed, config }, left);
    if (report === null) return { ...smallest, runs, ended: false };
    runs++;
    const violation = report.violations.find((found) => signature(found) === wanted);
    const at = report.hours * 3_600_000;
    if (violation !== undefined) smallest = { seed: failure.seed, config, at, violation };
    step = search.next(violation === undefined ? null : at);
  }
  return { ...smallest, runs, ended: true };
}
