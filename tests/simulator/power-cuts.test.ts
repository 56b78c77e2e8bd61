/** The power-cut run on both kinds of disk, and that it notices what it is there to notice. */
import { describe, expect, test } from '@jest/globals';
import { powerCut, type CutResult, type CutRig } from '@synod/simulator/disk/power-cuts';
import { recordRig, sqliteRig } from '@synod/simulator/disk/power-rigs';
import { loadSqlite } from '@synod/simulator/disk/sqlite-module';

const sqlite = await loadSqlite();

function run(rig: CutRig, count: number): CutResult[] {
  return Array.from({ length: count }, (_, index) => powerCut(index + 1, rig));
}

function violations(results: readonly CutResult[]): string[] {
  return results.flatMap(({ seed, violation }) => (violation === null ? [] : [`seed ${seed}: ${violation}`]));
}

describe.each([
  ['SQLite', () => sqliteRig(sqlite)],
  ['records', recordRig],
])('power cuts on disks of %s', (_, rig) => {
  const results = run(rig(), 150);

  test('leave what was acknowledged, and nothing that is half done', () => {
    expect(violations(results)).toEqual([]);
  });

  test('come everywhere', () => {
    const places = new Set(results.flatMap(({ cuts }) => cuts));
    expect([...places]).toEqual(
      expect.arrayContaining(['start', 'append', 'epochs', 'truncate', 'fold', 'stage', 'close']),
    );
    expect(results.reduce((sum, { steps }) => sum + steps, 0)).toBeGreaterThan(600);
  });

  test('are the same for the same seed', () => {
    const again = rig();
    for (const seed of [150, 7, 77, 7]) expect(powerCut(seed, again)).toEqual(results[seed - 1]);
  });
});

describe('the run notices', () => {
  test.each([
    ['a disk that lies about syncs', () => sqliteRig(sqlite, 'lie')],
    ['a disk of records that lies about syncs', () => recordRig(true)],
    ['synchronous = NORMAL', () => sqliteRig(sqlite, 'normal')],
  ])('%s', (_, rig) => {
    expect(violations(run(rig(), 40)).length).toBeGreaterThan(10);
  });
});
