/**
 * `npm run simulate -- --mutants`: the proof that the simulator finds what it is for. Each mutant (mutants.js) runs in a
 * process of its own, one seed after the other, until a promise is broken; a mutant that survives all seeds is a hole in
 * the checkers or in what the seeds bring about.
 *
 * A seed that breaks a promise also without the mutant proves nothing: each kill is repeated with the product as it is (and
 * the mutant's setting, where it has one), and counts only if that run is clean.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Complaint, root } from '../project.js';
import { absent, mutants } from './mutants.js';

/** @typedef {import('./mutants.js').Mutant} Mutant */
/** @typedef {import('./mutant-child.js').SeedLine} SeedLine */
/** @typedef {import('./mutant-child.js').Violation} Violation */

/**
 * How a mutant ended. `seeds`: how many it took, or survived. `unsound`: seeds that break a promise without it as well.
 *
 * @typedef {{
 *   mutant: Mutant;
 *   killed: (Violation & { seed: number }) | null;
 *   seeds: number;
 *   hours: number;
 *   unsound: number[];
 * }} MutantResult
 */

const loader = new URL('./loader.js', import.meta.url).href;
const child = fileURLToPath(new URL('./mutant-child.js', import.meta.url));

/** A seed that says nothing for so long goes round in circles. */
const hangMs = 300_000;

/**
 * Runs seeds in a process with that patch; resolves when it has ended.
 *
 * @param {string} patch
 * @param {import('./mutant-child.js').Span} what
 * @returns {Promise<SeedLine[]>} one line for each seed; only the last one may have violations
 */
async function runSeeds(patch, what) {
  /** @type {SeedLine[]} */
  const lines = [];
  let words = '';
  const watch = { hangs: false };
  const running = spawn(process.execPath, ['--import', loader, child, JSON.stringify(what)], {
    cwd: root,
    env: { ...process.env, SYNOD_PATCH: patch },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.stderr
    .setEncoding('utf8')
    .on('data', (/** @type {string} */ text) => (words = `${words}${text}`.slice(-4_000)));
  const watchdog = setTimeout(() => {
    watch.hangs = true;
    running.kill('SIGKILL');
  }, hangMs);
  const ended = new Promise((resolve) => running.once('close', resolve));
  for await (const line of createInterface({ input: running.stdout })) {
    const told = /** @type {SeedLine} */ (JSON.parse(line));
    lines.push(told);
    watchdog.refresh();
  }
  const code = /** @type {number | null} */ (await ended);
  clearTimeout(watchdog);
  const seed = what.from + lines.length;
  if (watch.hangs) lines.push({ seed, hours: 0, violations: [{ rule: 'hang', text: `no end after ${hangMs} ms` }] });
  else if (code !== 0) throw new Complaint(`the run of ${patch || 'the product'} failed at seed ${seed}:\n${words}`);
  return lines;
}

/**
 * Runs one mutant.
 *
 * @param {Mutant} mutant
 * @param {number} seeds at most so many, from seed 1 on
 * @returns {Promise<MutantResult>}
 */
export async function runMutant(mutant, seeds) {
  const { swarm = {}, cuts = null } = mutant;
  const control = mutant.setting ? `${mutant.id}:setting` : '';
  /** @type {MutantResult} */
  const result = { mutant, killed: null, seeds: 0, hours: 0, unsound: [] };
  for (let from = 1; from <= seeds;) {
    const lines = await runSeeds(mutant.id, { from, to: seeds, swarm, cuts });
    result.seeds += lines.length;
    for (const { hours } of lines) result.hours += hours;
    const last = lines.at(-1);
    const violation = last?.violations[0];
    if (!last || !violation) return result;
    const [clean] = await runSeeds(control, { from: last.seed, to: last.seed, swarm, cuts });
    if (clean?.violations.length === 0) return { ...result, killed: { ...violation, seed: last.seed } };
    result.unsound.push(last.seed);
    from = last.seed + 1;
  }
  return result;
}

/** @param {MutantResult} result */
function resultLine({ mutant, killed, seeds, hours, unsound }) {
  const survives = mutant.rare === undefined ? 'SURVIVES' : `SURVIVES (${mutant.rare})`;
  const outcome = killed ? `${killed.rule} at seed ${killed.seed}` : survives;
  const expected = killed && !mutant.expect.includes(killed.rule) ? ` (expected ${mutant.expect.join(', ')})` : '';
  const doubt = unsound.length > 0 ? `; seeds that fail without it: ${unsound.join(', ')}` : '';
  return `${mutant.id.padEnd(6)} ${outcome}, ${seeds} seeds, ${hours.toFixed(2)} h${expected}${doubt}: ${mutant.title}`;
}

/**
 * All mutants, or those named, so many at a time. Prints a line for each and a summary.
 *
 * @param {{ only?: readonly string[]; seeds: number; jobs: number; print?: (line: string) => void }} options
 * @returns {Promise<MutantResult[]>} in the order of the table
 */
export async function runMutants({ only = [], seeds, jobs, print = console.log }) {
  const unknown = only.filter((id) => !mutants.some((mutant) => mutant.id === id));
  if (unknown.length > 0) throw new Complaint(`There is no mutant ${unknown.join(', ')}.`);
  const chosen = only.length === 0 ? mutants : mutants.filter((mutant) => only.includes(mutant.id));
  /** @type {Map<Mutant, MutantResult>} */
  const results = new Map();
  const queue = [...chosen];
  const worker = async () => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const result = await runMutant(mutant, seeds);
      results.set(mutant, result);
      print(resultLine(result));
      if (result.killed) print(`       ${result.killed.text.split('\n')[0] ?? ''}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  const all = chosen.flatMap((mutant) => results.get(mutant) ?? []);
  for (const line of summary(all)) print(line);
  return all;
}

/** @param {readonly MutantResult[]} results */
function summary(results) {
  const killed = results.filter((result) => result.killed);
  const needed = killed.map((result) => result.seeds).sort((a, b) => a - b);
  const survivors = results.filter((result) => !result.killed).map(({ mutant }) => mutant.id);
  const median = needed[needed.length >>> 1] ?? 0;
  return [
    `${killed.length} of ${results.length} mutants killed; seeds needed: median ${median}, most ${needed.at(-1) ?? 0}`,
    ...(survivors.length > 0 ? [`survivors: ${survivors.join(', ')}`] : []),
    ...absent.map(({ id, cannot, heldBy }) => `${id}: no mutant. ${cannot} Held by ${heldBy.file}.`),
  ];
}
