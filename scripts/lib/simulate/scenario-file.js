/** Scenario files: failures to be run again (see packages/simulator/src/scenario.ts). */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseScenario, ScenarioError, UNEXPLAINED } from '@synod/simulator/scenario';
import { Complaint } from '../project.js';

/** A path as whoever typed it meant it: npm runs scripts in the project's folder, wherever it was called. */
export function fromHere(/** @type {string} */ path) {
  return resolve(process.env['INIT_CWD'] ?? '.', path);
}

/**
 * Reads a scenario; a Complaint where it is none.
 *
 * @param {string} file
 */
export function readScenario(file) {
  try {
    return parseScenario(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof ScenarioError || error instanceof SyntaxError || reason.startsWith('E')) {
      throw new Complaint(`${file}: ${reason}`);
    }
    throw error;
  }
}

/**
 * Writes a failure as a scenario into a folder, in a file named after its seed.
 *
 * @param {string} folder
 * @param {import('./scenario-shrink.js').Failure} failure
 * @returns {string} the file
 */
export function writeScenario(folder, { seed, config, violation: { rule, text } }) {
  const file = resolve(folder, `simulated-${seed}.json`);
  const scenario = { seed, rule, text, found: UNEXPLAINED, expect: 'clean', config };
  writeFileSync(file, `${JSON.stringify(scenario, null, 2)}\n`);
  return file;
}
