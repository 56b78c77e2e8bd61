/**
 * `npm test [-- PATTERN … | jest's options]`: builds, then runs all tests, or those whose path has the pattern in it
 * (`npm test -- tests/tree`). Jest needs a flag of Node for ES modules; its warning that they are experimental is known.
 */
import { prepare } from './lib/prepare.js';
import { main, runTool } from './lib/project.js';

await main(() => {
  prepare();
  return runTool(
    'jest/bin/jest.js',
    ['-c', 'scripts/jest.config.js', ...process.argv.slice(2)],
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  );
});
