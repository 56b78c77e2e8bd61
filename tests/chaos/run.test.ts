/** A short run with partitions and a failing disk: the machinery holds together, and every promise is kept. */
import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChaosRun } from '../../scripts/lib/chaos/chaos-run.js';
import { checkFolder } from '../../scripts/lib/chaos/folder.js';
import { chooseKinds } from '../../scripts/lib/chaos/fault-kinds.js';
import { unrecordable } from '../../scripts/lib/recorder.js';

test('partitions, and a disk that fails, break no promise', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'synod-chaos-'));
  const disks = unrecordable === null ? ',sync-fails' : '';
  const lines: string[] = [];
  const run = new ChaosRun({
    ...{ dir, seed: 'short', minutes: 0.1, servers: 3, faults: 5, log: (line: string) => void lines.push(line) },
    kinds: chooseKinds(`cut-leader,mute-leader,split,flap,bridge${disks}`),
  });
  await run.run();
  const { violations, history, end } = await checkFolder(dir);
  expect([...run.violations, ...violations]).toEqual([]);
  expect(end.faults.length).toBeGreaterThanOrEqual(5);
  expect(history.ops.length).toBeGreaterThan(500);
  expect(lines.join('\n')).toMatch(/fault 1: [a-z-]+ \d/);
  rmSync(dir, { recursive: true });
}, 120_000);
