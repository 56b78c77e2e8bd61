/** Each transcript does what it did when it was reviewed. `UPDATE=1` records what it does now, for review. */
import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScript } from './script.js';

const folder = join('tests', 'zab', 'transcripts');

test.each(readdirSync(folder))('%s', (file) => {
  const path = join(folder, file);
  const recorded = readFileSync(path, 'utf8');
  const now = runScript(recorded);
  if (process.env['UPDATE'] === '1') writeFileSync(path, now);
  else expect(now).toBe(recorded);
});
