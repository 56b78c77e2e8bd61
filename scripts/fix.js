/** `npm run fix`: mends what a program can mend of what `npm run check` finds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { completeLockFile } from './lib/lockfile.js';
import { checkNode, install } from './lib/prepare.js';
import { inRoot, main, runTool } from './lib/project.js';

await main(() => {
  checkNode();
  install();
  const lockFile = inRoot('package-lock.json');
  const text = readFileSync(lockFile, 'utf8');
  const complete = completeLockFile(text);
  if (complete !== text) writeFileSync(lockFile, complete);
  const lint = runTool('eslint/bin/eslint.js', ['-c', 'scripts/eslint.config.js', '--fix', '.']);
  return runTool('prettier/bin/prettier.cjs', ['--write', '--log-level=warn', '.']) || lint;
});
