/**
 * npm's `node-zookeeper-client` is tested by tests of jest, tests/interop-node, which have servers of their own and run in
 * `npm test` too. `node jest.js synod|zookeeper` says how they went, in the words of program.js.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureTool, inRoot } from '../../project.js';
import { check, finish } from './terminal.js';

/** @typedef {{ fullName: string; status: string; failureMessages: string[] }} Result as jest writes it */

const [against = 'synod'] = process.argv.slice(2);
const manifest = inRoot('node_modules', 'node-zookeeper-client', 'package.json');
const { version } = /** @type {{ version: string }} */ (JSON.parse(readFileSync(manifest, 'utf8')));
console.log(`version ${version}`);
process.env['SYNOD_INTEROP_AGAINST'] = against;
const dir = mkdtempSync(join(tmpdir(), 'synod-jest-'));
const file = join(dir, 'results.json');
const { output } = await captureTool(
  'jest/bin/jest.js',
  ['-c', 'scripts/jest.config.js', 'tests/interop-node', '--json', `--outputFile=${file}`],
  ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
);
console.log(output.replace(/^\{.*\}$/m, ''));
const { testResults } = /** @type {{ testResults: { message: string; assertionResults: Result[] }[] }} */ (
  JSON.parse(readFileSync(file, 'utf8'))
);
for (const { message, assertionResults } of testResults) {
  if (assertionResults.length === 0) check(false, 'a test file', message);
  for (const { fullName, status, failureMessages } of assertionResults) {
    check(status === 'passed', fullName, failureMessages.join(' '));
  }
}
rmSync(dir, { recursive: true });
finish();
