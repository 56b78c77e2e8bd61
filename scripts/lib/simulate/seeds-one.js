/** One seed, in this process, to be looked at: its trace, its diagram. Prints nothing that differs between two runs. */
import { writeFileSync } from 'node:fs';
import { formatEvent } from '@synod/simulator';
import { renderDiagram } from '@synod/simulator/diagram';
import { fromHere, readScenario, writeScenario } from './scenario-file.js';
import { shrinkFailure } from './scenario-shrink.js';
import { SeedLane } from './seeds-lane.js';
import { countMarks, runJob, takeMarks } from './seeds-run.js';
import { shrunkLines } from './seeds.js';

/** @typedef {import('./args.js').Looks} Looks */
/** @typedef {import('@synod/simulator').RunResult} RunResult */

/**
 * @param {{ seed: string; config: object; shrink: number } & Looks} plan
 * @returns {Promise<boolean>} whether all was well
 */
export async function runOneSeed({ seed, config, shrink, ...looks }) {
  const result = await look({ seed, config }, looks);
  const [violation] = result.violations;
  if (violation === undefined) return true;
  if (shrink > 0) {
    const lane = new SeedLane(process.env['SYNOD_PATCH'] ?? '');
    const failure = { seed, config: result.config, at: result.hours * 3_600_000, violation };
    const smallest = await shrinkFailure(failure, lane, shrink);
    lane.end();
    console.log(shrunkLines(smallest, writeScenario(fromHere('.'), smallest)));
  }
  return false;
}

/**
 * Runs scenario files; each of them has to come out clean.
 *
 * @param {{ files: string[] } & Looks} plan
 * @returns {Promise<boolean>} whether all was well
 */
export async function runScenarios({ files, ...looks }) {
  let well = true;
  for (const file of files) {
    const { seed, config, rule, found } = readScenario(fromHere(file));
    console.log(`${file}: ${rule}, ${found}`);
    const { violations } = await look({ seed, config }, looks);
    well &&= violations.length === 0;
  }
  return well;
}

/**
 * Runs, and writes what is wanted of it.
 *
 * @param {{ seed: string; config: object }} job
 * @param {Looks} looks
 */
async function look(job, { trace, diagram, last }) {
  countMarks();
  const keep = trace !== null ? Infinity : diagram !== null ? last : undefined;
  const result = await runJob({ ...job, ...(keep === undefined ? {} : { trace: keep }) });
  if (trace !== null) {
    const lines = result.trace.map((event) => `${formatEvent(event)}\n`).join('');
    if (trace === '') process.stdout.write(lines);
    else writeFileSync(fromHere(trace), lines);
  }
  if (diagram !== null) writeFileSync(fromHere(diagram), renderDiagram(result, last));
  tell(result);
  return result;
}

/** @param {RunResult} result */
function tell({ seed, config, hash, hours, events, violations, figures }) {
  const { voters, observers, tier } = config;
  const size = `${voters} voters, ${observers} observers, tier ${tier}`;
  const span = `${(hours * 3600).toFixed(3)} virtual seconds, ${events} events`;
  console.log(`seed ${seed}: ${size}; ${span}; hash ${hash.toString(16).padStart(8, '0')}`);
  const counts = Object.entries(figures).map(([name, count]) => `${name} ${Math.round(count)}`);
  if (counts.length > 0) console.log(counts.join(', '));
  const marks = Object.keys(takeMarks());
  if (marks.length > 0) console.log(`marks: ${marks.sort().join(', ')}`);
  for (const { rule, text } of violations) console.log(`${rule}: ${text}`);
  if (violations.length === 0) console.log('no promise was broken');
}
