/** The mutants and marks of the simulator fit the sources of today, and the loader gives out what they make of them. */
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { isSteady } from '@synod/simulator/swarm';
import { hintedConfig } from '../../scripts/lib/simulate/mutant-hints.js';
import { insertionsOf, marks } from '../../scripts/lib/simulate/marks.js';
import { absent, mutants, patchesOf, scenarios } from '../../scripts/lib/simulate/mutants.js';
import { change, occurrences, patchedModules, readSource } from '../../scripts/lib/simulate/patch.js';

const known = [
  ...Array.from({ length: 13 }, (_, index) => `Z${index + 1}`),
  ...Array.from({ length: 14 }, (_, index) => `C${index + 1}`),
  ...['append', 'assertion', 'counter', 'cut', 'digest', 'durability', 'hang', 'linear', 'start', 'state'],
];

/** Runs a piece of JavaScript in a process with these patches. */
function run(patch: string, code: string): { status: number | null; out: string; words: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', './scripts/lib/simulate/loader.js', '--input-type=module', '--eval', code],
    { env: { ...process.env, SYNOD_PATCH: patch }, encoding: 'utf8' },
  );
  return { status, out: stdout.trim(), words: stderr };
}

describe('the table of mutants', () => {
  test('has every scenario', () => {
    const wanted = Array.from({ length: 56 }, (_, index) => `S${String(index + 1).padStart(2, '0')}`);
    const ids = scenarios.map(({ id }) => id);
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
    expect(ids.filter((id) => !/^[SM]\d\d[a-z]?$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('names rules that there are', () => {
    expect(mutants.filter(({ expect: rules }) => rules.length === 0).map(({ id }) => id)).toEqual([]);
    expect(mutants.flatMap(({ expect: rules }) => rules).filter((rule) => !known.includes(rule))).toEqual([]);
  });

  test.each(absent.map((one) => [one.id, one] as const))('says why there is no %s, and what holds it', (_, one) => {
    expect(one.cannot.length).toBeGreaterThan(40);
    expect(existsSync(one.heldBy.file)).toBe(true);
    expect(readFileSync(one.heldBy.file, 'utf8')).toContain(`'${one.heldBy.test}'`);
  });

  test.each(mutants.map((one) => [one.id, one.title] as const))('%s fits the sources: %s', (id) => {
    const patches = patchesOf(id);
    for (const { file, find, replace } of patches) {
      expect([file, find, occurrences(readSource(file), find)]).toEqual([file, find, 1]);
      expect(replace).not.toBe(find);
    }
    expect(patchedModules(patches, []).size).toBeGreaterThan(0);
  });
});

test('steady is a configuration in which nothing parts a server from its leader, and no other', () => {
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);
  const all = { clients: true, clock: true };
  expect(seeds.filter((seed) => !isSteady(hintedConfig(seed, { steady: true, faults: all })))).toEqual([]);
  for (const fault of ['crash', 'delay', 'pause', 'slow', 'wipe'] as const) {
    expect(seeds.filter((seed) => isSteady(hintedConfig(seed, { faults: { [fault]: true }, servers: 3 })))).toEqual([]);
  }
});

describe('the marks', () => {
  test('have names of their own, and each stands in its source once', () => {
    expect(new Set(marks.map(({ name }) => name)).size).toBe(marks.length);
    const misfits = marks.filter(({ file, find }) => occurrences(readSource(file), find) !== 1);
    expect(misfits.map(({ name }) => name)).toEqual([]);
  });

  test('can be put in all at once, also beside a mutant', () => {
    expect(patchedModules([], insertionsOf()).size).toBeGreaterThan(20);
    for (const { id } of mutants) expect(() => patchedModules(patchesOf(id), insertionsOf())).not.toThrow();
  });
});

describe('a text with changes', () => {
  const insertion = { file: 'f', find: 'b;', from: 0, to: 2, before: '{ m(); ', after: ' }' };

  test.each([
    ['a patch', [{ file: 'f', find: 'a;', replace: 'x;' }], [], 'x; b; c;'],
    ['an insertion', [], [insertion], 'a; { m(); b; } c;'],
    ['both, apart', [{ file: 'f', find: 'c;', replace: 'x;' }], [insertion], 'a; { m(); b; } x;'],
    ['an insertion into what is replaced', [{ file: 'f', find: 'b; c', replace: 'x' }], [insertion], 'a; x;'],
    ['one patch twice', [1, 2].map(() => ({ file: 'f', find: 'a;', replace: 'x;' })), [], 'x; b; c;'],
  ])('%s', (_, patches, insertions, expected) => {
    expect(change('f', 'a; b; c;', patches, insertions)).toBe(expected);
  });

  test.each([
    ['text that is missing', ['z'], /0 times/],
    ['text that stands there twice', [';'], /3 times/],
    ['two patches of one place', ['a; b', 'b;'], /same place/],
  ])('%s is refused', (_, finds, words) => {
    const patches = finds.map((find) => ({ file: 'f', find, replace: 'x' }));
    expect(() => change('f', 'a; b; c;', patches, [])).toThrow(words);
  });
});

describe('the loader', () => {
  const majority = "const { majority } = await import('@synod/zab/quorum'); console.log(majority(3));";

  test('gives out the product where nothing is asked for', () => {
    expect(run('', majority)).toMatchObject({ status: 0, out: '2' });
  });

  test('gives out a mutant', () => {
    expect(run('S52b', majority)).toMatchObject({ status: 0, out: '1' });
  });

  test('gives out the setting of a mutant by itself', () => {
    const code = "const { MAX_COUNTER } = await import('@synod/protocol'); console.log(MAX_COUNTER);";
    expect(run('S20:setting', code)).toMatchObject({ status: 0, out: '511' });
  });

  test('gives out marks, which tell what is reached', () => {
    const code = `
      const reached = [];
      globalThis.__synodMark = (name) => reached.push(name);
      const { planSync } = await import('@synod/zab/leader/sync-plan');
      const last = { zxid: 7, chain: 1 };
      planSync({ base: 0, ends: [last] }, { last, ends: [last], base: 0 });
      planSync({ base: 0, ends: [last] }, { last, ends: null, base: 0 });
      console.log(reached.join());`;
    expect(run('marks', code)).toMatchObject({ status: 0, out: 'state-for-the-unproven' });
    expect(run('marks,S52b', majority)).toMatchObject({ status: 0, out: '1' });
  });

  test('refuses in words what it does not know', () => {
    const { status, words } = run('S99', majority);
    expect(status).toBe(2);
    expect(words).toContain('SYNOD_PATCH=S99: there is no mutant S99');
  });
});
