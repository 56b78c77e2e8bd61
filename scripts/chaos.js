/**
 * `npm run chaos -- --minutes N [--seed X] [--servers N] [--faults N] [--kinds A,B] [--keep]`: real servers and clients on
 * this machine, killed, paused and restarted, their links cut and slowed down, their disks full and failing while they
 * work; afterwards every promise of the service is checked against the servers' logs. `--kinds` chooses faults, by name or
 * by group (processes, links, disks). `--check FOLDER` repeats the check of a folder that was kept.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { availabilityLines } from './lib/chaos/availability.js';
import { ChaosRun } from './lib/chaos/chaos-run.js';
import { chooseKinds } from './lib/chaos/fault-kinds.js';
import { checkFolder } from './lib/chaos/folder.js';
import { faultLines, gapLines, operationLines } from './lib/chaos/report.js';
import { prepare } from './lib/prepare.js';
import { Complaint, main } from './lib/project.js';

/** Seconds between two faults where nothing else is said. */
const everySeconds = 3;

/** Violations of one rule that are printed. */
const shown = 5;

function readOptions() {
  const text = /** @type {const} */ ({ type: 'string' });
  const options = { minutes: text, seed: text, servers: text, faults: text, kinds: text, check: text };
  const values = parsed({ ...options, keep: /** @type {const} */ ({ type: 'boolean', default: false }) });
  const minutes = number('minutes', values.minutes ?? '2');
  const faults = number('faults', values.faults ?? String(Math.max(1, Math.round((minutes * 60) / everySeconds))));
  const servers = number('servers', values.servers ?? '3');
  if (servers < 3 || !Number.isInteger(servers)) throw new Complaint('--servers must be a whole number from 3 on.');
  const kinds = chooseKinds(values.kinds);
  const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 32));
  const chosen = values.kinds ?? '';
  const { keep, check = null } = values;
  return { minutes, faults: Math.max(1, Math.round(faults)), servers, seed, kinds, chosen, keep, check };
}

/**
 * The values of the command line; what it does not know, it says.
 *
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} O
 * @param {O} options
 */
function parsed(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Complaint(error instanceof Error ? error.message : String(error));
  }
}

/** @param {string} name @param {string} text */
function number(name, text) {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Complaint(`--${name} must be a number above 0, not "${text}".`);
}

/** Prints violations: each rule's first ones. @param {readonly import('./lib/chaos/history.js').Violation[]} violations */
function printViolations(violations) {
  for (const rule of new Set(violations.map((violation) => violation.rule))) {
    const of = violations.filter((violation) => violation.rule === rule);
    console.log(`\n${rule}: violated ${of.length} times`);
    for (const { text } of of.slice(0, shown)) console.log(`  ${text}`);
  }
}

/** @param {string} dir @param {readonly import('./lib/chaos/history.js').Violation[]} before */
async function judge(dir, before) {
  const { violations, history, end, records } = await checkFolder(dir);
  const all = [...before, ...violations];
  const gaps = gapLines(history, end.faults, end.until);
  const lines = [faultLines(end.faults), operationLines(history), gaps, availabilityLines(history, end)];
  console.log(`\n${lines.map((part) => part.join('\n')).join('\n\n')}`);
  console.log(
    `\n${records} transactions in the log; ${all.length === 0 ? 'no promise was broken' : `${all.length} violations`}`,
  );
  printViolations(all);
  return all.length === 0;
}

await main(async () => {
  const { check, keep, chosen, ...plan } = readOptions();
  if (check !== null) return (await judge(check, [])) ? 0 : 1;
  prepare();
  const dir = mkdtempSync(join(tmpdir(), 'synod-chaos-'));
  console.log(
    `${plan.servers} servers, ${plan.faults} faults in ${plan.minutes} minutes, seed ${plan.seed}, in ${dir}`,
  );
  const run = new ChaosRun({ ...plan, dir, log: (line) => console.log(line) });
  let fine = false;
  try {
    await run.run();
    fine = (await judge(dir, run.violations)) && run.violations.length === 0;
  } catch (error) {
    printViolations(run.violations);
    console.log(error);
  }
  if (fine && !keep) rmSync(dir, { recursive: true });
  else console.log(`\nkept: ${dir}`);
  const { minutes, faults, servers, seed } = plan;
  const kinds = chosen === '' ? '' : ` --kinds ${chosen}`;
  console.log(
    `repeat: npm run chaos -- --minutes ${minutes} --seed ${seed} --servers ${servers} --faults ${faults}${kinds}`,
  );
  return fine ? 0 : 1;
});
