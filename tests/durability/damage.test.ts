/** A small run of `npm run damage`: see scripts/damage.js for what it holds servers to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runDamage } from '../../scripts/lib/damage/run.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'synod-damage-test-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

test.each([
  ['servers of an ensemble', 8, 0],
  ['a server alone', 0, 7],
])(
  '%s: damages are harmless, repaired, or refused in words',
  async (_, count, alone) => {
    const lines: string[] = [];
    const { ensemble, standalone } = await runDamage(dir, '4711', count, alone, (line) => lines.push(line));
    expect([...ensemble.violations, ...standalone.violations]).toEqual([]);
    expect(ensemble.count + standalone.count).toBe(count + alone);
  },
  // Twenty seconds of work for an idle machine, ten times as much for a busy one; whatever hangs is noticed before.
  600_000,
);
