/** Where the project is, and how its scripts run other programs: nothing here knows what for. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the root package.json. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A path below the root, from its parts. */
export function inRoot(/** @type {string[]} */ ...parts) {
  return join(root, ...parts);
}

/** What a person can mend: printed without a stack, ends a script with code 1. */
export class Complaint extends Error {
  /** @override */
  name = 'Complaint';
}

/**
 * Runs a program in the root, with the terminal, and waits for it.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {number} its exit code; 1 where a signal ended it or it could not be started
 */
export function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', shell: needsShell(program) });
  if (error) console.error(`${program}: ${error.message}`);
  return status ?? 1;
}

/**
 * Runs a JavaScript program that a package in node_modules brings, in the root, with the terminal.
 *
 * @param {string} script its path below node_modules
 * @param {readonly string[]} args
 * @param {readonly string[]} nodeArgs options for node itself
 * @returns {number} its exit code
 */
export function runTool(script, args, nodeArgs = []) {
  return run(process.execPath, [...nodeArgs, inRoot('node_modules', script), ...args]);
}

/**
 * Runs a program without the terminal.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {{ code: number; output: string }} what it wrote to both outputs
 */
export function capture(program, args) {
  const options = { cwd: root, encoding: /** @type {const} */ ('utf8'), shell: needsShell(program) };
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  return { code: status ?? 1, output: error ? error.message : `${stdout}${stderr}` };
}

/**
 * Runs a JavaScript program of a package in node_modules without the terminal, while others run.
 *
 * @param {string} script its path below node_modules
 * @param {readonly string[]} args
 * @param {readonly string[]} nodeArgs options for node itself
 * @returns {Promise<{ code: number; output: string }>}
 */
export async function captureTool(script, args, nodeArgs = []) {
  const child = spawn(process.execPath, [...nodeArgs, inRoot('node_modules', script), ...args], { cwd: root });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
  }
  const [code] = /** @type {[number | null]} */ (await once(child, 'close'));
  return { code: code ?? 1, output };
}

/** npm is a shell script on Windows. */
function needsShell(/** @type {string} */ program) {
  return process.platform === 'win32' && program === 'npm';
}

/**
 * Runs the body of a script: its result is the exit code, and a Complaint is printed as it is.
 *
 * @param {() => number | Promise<number>} body
 */
export async function main(body) {
  try {
    process.exitCode = await body();
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
