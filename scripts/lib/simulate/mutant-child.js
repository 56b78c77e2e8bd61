/**
 * The program that mutant-run.js starts for each mutant, with the mutant's modules in place of the built ones: runs seeds
 * until one breaks a promise, and says so in one line of JSON for each seed.
 *
 * Its one argument is JSON: `{ "from": 1, "to": 2000, "swarm": {}, "cuts": null }`.
 */
import { powerCut } from '@synod/simulator/disk/power-cuts';
import { recordRig, sqliteRig } from '@synod/simulator/disk/power-rigs';
import { loadSqlite } from '@synod/simulator/disk/sqlite-module';
import { hintedConfig } from './mutant-hints.js';
import { runJob } from './seeds-run.js';

/** @typedef {import('@synod/simulator').Violation} Violation */

/**
 * What became of one seed. `hours` of virtual time.
 *
 * @typedef {{ seed: number; hours: number; violations: readonly Violation[] }} SeedLine
 */

/**
 * Which seeds, under which hints; `cuts`: of the power-cut run, on disks of this tier.
 *
 * @typedef {{ from: number; to: number; swarm: import('./mutants.js').Hints; cuts: 'A' | 'B' | null }} Span
 */

/** Violations of a seed that are told; the first one is the one that counts. */
const told = 5;

/** Power cuts that count as one seed. */
const cutsPerSeed = 100;

let current = 0;

/** @param {SeedLine} line */
function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// An exception that nothing in the simulator has caught is a check of the product's own.
process.on('uncaughtException', (error) => {
  tell({ seed: current, hours: 0, violations: [{ rule: 'assertion', text: error.stack ?? error.message }] });
  process.exit(0);
});

/** @param {number} seed @param {import('@synod/simulator/disk/power-cuts').CutRig} rig */
function cutSeed(seed, rig) {
  for (let cut = (seed - 1) * cutsPerSeed; cut < seed * cutsPerSeed; cut++) {
    const { violation } = powerCut(cut, rig);
    if (violation !== null) return { hours: 0, violations: [{ rule: 'cut', text: `power cut ${cut}: ${violation}` }] };
  }
  return { hours: 0, violations: [] };
}

const { from, to, swarm, cuts } = /** @type {Span} */ (JSON.parse(process.argv[2] ?? '{}'));
const rig = cuts === null ? null : cuts === 'A' ? recordRig() : sqliteRig(await loadSqlite());

for (current = from; current <= to; current++) {
  const { hours, violations } =
    rig === null
      ? await runJob({ seed: String(current), config: hintedConfig(current, swarm) })
      : cutSeed(current, rig);
  tell({ seed: current, hours, violations: violations.slice(0, told) });
  if (violations.length > 0) break;
}
