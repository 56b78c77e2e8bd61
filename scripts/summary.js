/**
 * `node scripts/summary.js FILE`: one line, `N passed, N failed`, from what `jest --json --outputFile=FILE` wrote, for
 * programs that read a run's last line. A test file that could not even be loaded counts as one failed test, and so does
 * a run that wrote no results.
 */
import { readFileSync } from 'node:fs';

/** @typedef {Record<'numPassedTests' | 'numFailedTests' | 'numRuntimeErrorTestSuites' | 'numPendingTests', number>} Results */

const [, , file = ''] = process.argv;
console.log(summary(readText(file)));

function readText(/** @type {string} */ path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function summary(/** @type {string} */ text) {
  if (text === '') return '0 passed, 1 failed';
  const results = /** @type {Results} */ (JSON.parse(text));
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests === 0 ? '' : `, ${results.numPendingTests} skipped`;
  return `${results.numPassedTests} passed, ${failed} failed${skipped}`;
}
