/**
 * Makes a clone ready to run: dependencies, the native module, the build, the `synod` command. Each step looks first
 * and does nothing where nothing is to do, so every other script begins with this.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled } from './lockfile.js';
import { capture, Complaint, inRoot, run, runTool } from './project.js';

/**
 * Everything: after this the packages can be used.
 *
 * @param {readonly string[]} projects what to build, as folders; all packages and the tests by default
 */
export function prepare(projects = []) {
  checkNode();
  install();
  if (build(projects) !== 0) throw new Complaint('The build failed; see above.');
  provideCommand();
}

/** Node must be new enough for the packages (`engines` in package.json). */
export function checkNode() {
  const { engines } = /** @type {{ engines: { node: string } }} */ (readJson('package.json'));
  const [least = '0'] = /\d[\d.]*/.exec(engines.node) ?? [];
  if (least.localeCompare(process.versions.node, 'en', { numeric: true }) <= 0) return;
  throw new Complaint(
    `Synod needs Node ${least} or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      'Install a newer one from https://nodejs.org or with your version manager, then start again.',
  );
}

/** Installs the dependencies where node_modules is missing or not what package-lock.json says. */
export function install() {
  if (!dependenciesAreThere()) {
    console.log('Installing dependencies (npm ci) …');
    if (run('npm', ['ci']) !== 0) {
      const missing = missingBuildTools();
      throw new Complaint(`npm ci failed; see above.${missing === null ? '' : `\n${missing}`}`);
    }
  }
  checkNativeModule();
}

function dependenciesAreThere() {
  const hidden = join('node_modules', '.package-lock.json');
  if (!existsSync(inRoot(hidden))) return false;
  const [wanted, installed] = ['package-lock.json', hidden].map(
    (file) => /** @type {{ packages: import('./lockfile.js').LockEntries }} */ (readJson(file)).packages,
  );
  return wanted !== undefined && installed !== undefined && isInstalled(wanted, installed);
}

/** SQLite is C: it must have been built for this Node. One that was built for another Node is built again. */
function checkNativeModule() {
  const probe = ['-e', "new (require('better-sqlite3'))(':memory:').close()"];
  if (capture(process.execPath, probe).code === 0) return;
  console.log('Building better-sqlite3 for this Node …');
  const { output } = capture('npm', ['rebuild', 'better-sqlite3', '--foreground-scripts']);
  const { code, output: reason } = capture(process.execPath, probe);
  if (code === 0) return;
  const details =
    missingBuildTools() ?? `Its build said:\n${lastLines(output)}\nLoading it said:\n${lastLines(reason)}`;
  throw new Complaint(`The native module better-sqlite3 does not load.\n${details}`);
}

/** In words, which tools for building C++ this machine lacks; null where all are there. */
function missingBuildTools() {
  const names = process.platform === 'win32' ? ['python'] : ['python3', 'make', process.env['CXX'] ?? 'c++'];
  const missing = names.filter((name) => capture(name, ['--version']).code !== 0);
  if (missing.length === 0) return null;
  return (
    `Building better-sqlite3 needs ${missing.join(', ')}, which this machine does not have. Install the tools for\n` +
    'building C++: on Debian and Ubuntu `apt-get install python3 make g++`, on macOS `xcode-select --install`.'
  );
}

/**
 * Compiles; only what changed.
 *
 * @param {readonly string[]} projects folders; all by default
 * @returns {number} the exit code of the compiler
 */
export function build(projects = []) {
  removeOrphans();
  return runTool('typescript/bin/tsc', ['-b', ...projects]);
}

/** Compiled files whose source is gone would still be found by an import, and ship. */
function removeOrphans() {
  for (const name of readdirSync(inRoot('packages'))) {
    const dist = inRoot('packages', name, 'dist');
    if (!existsSync(dist)) continue;
    for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
      const source = inRoot('packages', name, 'src', file.replace(/\.(d\.ts|js|js\.map)$/, '.ts'));
      if (/\.(d\.ts|js|js\.map)$/.test(file) && !existsSync(source)) rmSync(join(dist, file));
    }
  }
}

/** npm links `synod` only where its program exists, and on a fresh clone it is built after npm has run. */
function provideCommand() {
  const program = inRoot('packages', 'cli', 'dist', 'main.js');
  if (!existsSync(program)) return;
  chmodSync(program, 0o755);
  if (!existsSync(inRoot('node_modules', '.bin', 'synod'))) capture('npm', ['rebuild', '@synod/cli']);
}

/** @returns {unknown} */
function readJson(/** @type {string} */ file) {
  return JSON.parse(readFileSync(inRoot(file), 'utf8'));
}

function lastLines(/** @type {string} */ text) {
  return text.trimEnd().split('\n').slice(-15).join('\n');
}
