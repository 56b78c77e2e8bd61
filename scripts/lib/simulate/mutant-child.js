/**
 * The program that mutant-run.js starts for each mutant, with the mutant's modules in place of the built ones: runs seeds
 * until one breaks a promise, and says so in one line of JSON for each seed.
 *
 * Its one argument is JSON: `{ "from": 1, "to": 2000, "swarm": {} }`.
 */
import { hintedConfig } from './mutant-hints.js';
import { runJob } from './seeds-run.js';

/** @typedef {import('@synod/simulator').Violation} Violation */

/**
 * What became of one seed. `hours` of virtual time.
 *
 * @typedef {{ seed: number; hours: number; violations: readonly Violation[] }} SeedLine
 */

/** Violations of a seed that are told; the first one is the one that counts. */
const told = 5;

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

const { from, to, swarm } = /** @type {{ from: number; to: number; swarm: import('./mutants.js').Hints }} */ (
  JSON.parse(process.argv[2] ?? '{}')
);

for (current = from; current <= to; current++) {
  const { hours, violations } = await runJob({ seed: String(current), config: hintedConfig(current, swarm) });
  tell({ seed: current, hours, violations: violations.slice(0, told) });
  if (violations.length > 0) break;
}
