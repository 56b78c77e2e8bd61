/**
 * `npm run check`: everything that must hold before a change is done, short of running all tests. Changes no source; what
 * can be mended by a program, `npm run fix` mends. The build comes first, since the others read what it makes; then all
 * of them run side by side, also where one fails.
 */
import { build, checkNode, install } from './lib/prepare.js';
import { captureTool, main } from './lib/project.js';

/** @typedef {{ code: number; output: string }} Result */

/** @type {readonly [title: string, ...command: Parameters<typeof captureTool>][]} */
const steps = [
  ['lint (eslint)', 'eslint/bin/eslint.js', ['-c', 'scripts/eslint.config.js', '--max-warnings=0', '.']],
  [
    'layers (dependency-cruiser)',
    'dependency-cruiser/bin/dependency-cruise.mjs',
    ['-c', 'scripts/dependencies.cjs', 'packages'],
  ],
  ['format (prettier)', 'prettier/bin/prettier.cjs', ['--check', '--log-level=warn', '.']],
  [
    'house rules (tests/tidy.test.ts)',
    'jest/bin/jest.js',
    ['-c', 'scripts/jest.config.js', 'tests/tidy'],
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  ],
];

await main(async () => {
  checkNode();
  install();
  const types = await report('types (tsc -b)', () => ({ code: build(), output: '' }));
  // One after the other would take twice as long; lint alone keeps one core busy.
  const rest = steps.map(([title, ...command]) => {
    const result = captureTool(...command);
    return () => report(title, () => result);
  });
  const verdicts = [types];
  for (const step of rest) verdicts.push(await step());
  const failed = verdicts.filter((title) => title !== null);
  if (failed.length === 0) console.log('check: everything is fine');
  else console.error(`check failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
});

/**
 * Waits for a step and prints how it went; what it has written only where it failed.
 *
 * @param {string} title
 * @param {() => Result | Promise<Result>} step
 * @returns {Promise<string | null>} the title of a failed step
 */
async function report(title, step) {
  console.log(`— ${title}`);
  const { code, output } = await step();
  if (code !== 0) console.log(output.trimEnd());
  console.log(code === 0 ? '  fine' : '  FAILED');
  return code === 0 ? null : title;
}
