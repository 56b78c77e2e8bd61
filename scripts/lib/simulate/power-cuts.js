/**
 * The power-cut run on all cores: seeds are handed out in portions to child processes, which run them one after the other;
 * figures of all at the end, and for each violation the command that shows it again.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { inRoot } from '../project.js';

/** Seeds that a child is given at once. */
const PORTION = 200;
/** Milliseconds between two lines of progress. */
const PROGRESS_EVERY = 10_000;
/** Violations after which no more seeds are begun. */
const ENOUGH = 20;

/** @typedef {{ seed: number; words: string }} CutViolation */

/**
 * What a child has made of a portion, and all of them of the whole. `cuts`: how many there were while what went on;
 * `steps`: requests that were acknowledged; `damages`: of seeds that end with one; `cpu`: seconds.
 *
 * @typedef {{
 *   seeds: number;
 *   cuts: Record<string, number>;
 *   steps: number;
 *   damages: number;
 *   violations: CutViolation[];
 *   cpu: number;
 * }} CutFigures
 */

/**
 * Runs the seeds `seed` to `seed + count - 1` and prints what came of them. Rejects where a child dies.
 *
 * @param {{ count: number; seed: number; jobs?: number; tier?: 'A' | 'B'; say?: (line: string) => void }} options `jobs`:
 *   child processes, as many as there are cores where it is missing; tier A: disks of records, B (the default): SQLite
 *   over sectors
 * @returns {Promise<CutFigures & { seconds: number }>}
 */
export async function runPowerCuts({ count, seed, jobs = availableParallelism(), tier = 'B', say = console.log }) {
  const began = performance.now();
  /** @type {CutFigures} */
  const total = { seeds: 0, cuts: {}, steps: 0, damages: 0, violations: [], cpu: 0 };
  let next = seed;
  const end = seed + count;
  const portion = () => {
    const first = next;
    next = total.violations.length >= ENOUGH ? end : Math.min(end, next + PORTION);
    return first < end && next > first ? { first, end: next } : null;
  };
  /** @param {CutFigures} figures */
  const add = (figures) => {
    total.seeds += figures.seeds;
    total.steps += figures.steps;
    total.damages += figures.damages;
    total.cpu += figures.cpu;
    for (const [place, cuts] of Object.entries(figures.cuts)) total.cuts[place] = (total.cuts[place] ?? 0) + cuts;
    for (const violation of figures.violations) {
      total.violations.push(violation);
      say(`seed ${violation.seed}: ${violation.words}\n  ${commandFor(violation.seed, tier)}`);
    }
  };
  const progress = setInterval(() => {
    say(`${total.seeds} of ${count} seeds, ${sum(total.cuts)} cuts, ${total.violations.length} violations`);
  }, PROGRESS_EVERY);
  try {
    const children = Math.max(1, Math.min(jobs, Math.ceil(count / PORTION)));
    await Promise.all(Array.from({ length: children }, () => child(tier, portion, add)));
  } finally {
    clearInterval(progress);
  }
  const result = { ...total, seconds: (performance.now() - began) / 1000 };
  for (const line of powerCutFigures(result, seed)) say(line);
  return result;
}

/**
 * The command that runs one seed again.
 *
 * @param {number} seed
 * @param {'A' | 'B'} tier
 */
function commandFor(seed, tier) {
  return `npm run simulate -- --power-cuts 1 --seed ${seed}${tier === 'B' ? '' : ` --tier ${tier}`}`;
}

/**
 * @param {CutFigures & { seconds: number }} figures
 * @param {number} seed the first
 */
function powerCutFigures({ seeds, cuts, steps, damages, violations, cpu, seconds }, seed) {
  const all = sum(cuts);
  const places = Object.entries(cuts)
    .sort(([, a], [, b]) => b - a)
    .map(([place, number]) => `${place} ${number}`);
  return [
    `${seeds} seeds from ${seed} on: ${all} power cuts, ${steps} requests acknowledged, ${damages} damages, ${violations.length} violations`,
    `cut during: ${places.join(', ')}`,
    `${seconds.toFixed(0)} s, ${(all / cpu).toFixed(0)} cuts a second and core`,
  ];
}

/**
 * Starts a child and gives it portions until there are no more.
 *
 * @param {'A' | 'B'} tier
 * @param {() => { first: number; end: number } | null} portion
 * @param {(figures: CutFigures) => void} add
 * @returns {Promise<void>}
 */
function child(tier, portion, add) {
  const worker = fork(inRoot('scripts', 'lib', 'simulate', 'power-cuts-child.js'), [tier]);
  return new Promise((resolve, reject) => {
    let done = false;
    const go = () => {
      const range = portion();
      if (range !== null) {
        worker.send(range);
        return;
      }
      done = true;
      worker.disconnect();
    };
    worker.on('message', (/** @type {CutFigures} */ figures) => {
      add(figures);
      go();
    });
    worker.on('error', reject);
    worker.on('exit', (code, signal) => {
      if (done && code === 0) resolve();
      else reject(new Error(`a child of the power-cut run ended with ${signal ?? `code ${code}`}`));
    });
    go();
  });
}

/** @param {Record<string, number>} numbers */
function sum(numbers) {
  return Object.values(numbers).reduce((all, number) => all + number, 0);
}
