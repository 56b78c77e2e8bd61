/**
 * Quotas among everything else that happens: a usage is always what one counts; transactions in flight change nothing in
 * what requests become; and a tree that was replayed or loaded has the same usages.
 */
import { describe, expect, test } from '@jest/globals';
import { decodeTxn, Tree } from '@synod/tree';
import fc from 'fast-check';
import { outcome, picture, Program, step, type Step } from './program.js';
import { counted, limitsOf, statsOf, textAt } from './quota-world.js';
import { create, del, foldAll, load, multi, set, World, type Disk } from './world.js';

const limits = fc
  .record({ count: fc.integer({ min: -1, max: 6 }), bytes: fc.integer({ min: -1, max: 20 }), hard: fc.boolean() })
  .map(({ count, bytes, hard }) =>
    hard ? `count=-1,bytes=-1=;byteHardLimit=${bytes};countHardLimit=${count}` : `count=${count},bytes=${bytes}`,
  );

/** What clients do about the quotas of these subtrees; `written`: also to the usage itself. */
function quotaSteps(roots: readonly string[], written: boolean): fc.Arbitrary<Step> {
  const request = fc
    .record({ root: fc.constantFrom(...roots), text: limits, what: fc.nat(written ? 8 : 6) })
    .map(({ root, text, what }) => {
      const home = `/zookeeper/quota${root}`;
      const both = [create(limitsOf(root), { data: text }), create(statsOf(root), { data: 'count=0,bytes=0' })];
      switch (what) {
        case 0:
        case 1:
        case 2:
          return multi(create(home), ...both);
        case 3:
          return multi(...both, create(`${root}/q`, { data: 'q' }));
        case 4:
          return set(limitsOf(root), text);
        case 5:
          return del(limitsOf(root));
        case 6:
          return del(statsOf(root));
        case 7:
          return set(statsOf(root), 'nonsense');
        default:
          return set(statsOf(root), text);
      }
    });
  const by = { by: fc.integer({ min: -1, max: 1 }), again: fc.constant(0), lag: fc.nat(3), alice: fc.boolean() };
  return fc.record({ type: fc.constant('write' as const), request, ...by });
}

function programs(roots: readonly string[], written: boolean): fc.Arbitrary<Step[]> {
  const one = fc.oneof({ weight: 3, arbitrary: step }, { weight: 1, arbitrary: quotaSteps(roots, written) });
  return fc.array(one, { maxLength: 80 });
}

const enforced = { quotas: { noted: (): void => undefined } };

describe('a random program', () => {
  const apart = ['/a', '/b', '/long-enough-to-be-sliced'];

  test.each([
    ['with limits', enforced],
    ['without', {}],
  ])('leaves every usage as one counts it, %s', (_, settings) => {
    fc.assert(
      fc.property(programs(apart, false), (steps) => {
        const world = new World(settings);
        const program = new Program();
        for (const next of steps) {
          program.prepare(world, next);
          world.applyNext();
          for (const root of apart) {
            if (!world.tree.find(limitsOf(root)) || !world.tree.find(statsOf(root))) continue;
            expect(textAt(world.tree, statsOf(root))).toBe(counted(world.tree, root));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('never goes beyond a hard limit that stays', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
        (steps, depths) => {
          const world = new World(enforced);
          const program = new Program();
          for (const request of [
            create('/zookeeper/quota/a'),
            create(limitsOf('/a'), { data: 'countHardLimit=3,byteHardLimit=10' }),
            create(statsOf('/a')),
          ]) {
            world.must(request);
          }
          for (const [i, next] of steps.entries()) {
            program.prepare(world, next);
            while (world.inFlight > depths[i % depths.length]!) world.applyNext();
            const { count, bytes } = world.tree.measure('/a');
            expect(count).toBeLessThanOrEqual(3);
            expect(bytes).toBeLessThanOrEqual(10);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('becomes the same transactions with any number of them in flight', () => {
    fc.assert(
      fc.property(
        programs(['/a', '/a/a', '/b', '/ü'], true),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
        (steps, depths) => {
          const [calm, busy] = [new World(enforced), new World(enforced)];
          const [calmProgram, busyProgram] = [new Program(), new Program()];
          for (const [i, next] of steps.entries()) {
            calmProgram.prepare(calm, next);
            calm.applyNext();
            busyProgram.prepare(busy, next);
            while (busy.inFlight > depths[i % depths.length]!) busy.applyNext();
          }
          while (busy.inFlight > 0) busy.applyNext();
          expect(busy.log.map(({ body }) => [...body])).toEqual(calm.log.map(({ body }) => [...body]));
          expect(picture(busy.tree)).toEqual(picture(calm.tree));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('gives the same tree live, replayed, and loaded half way', () => {
    fc.assert(
      fc.property(programs(['/a', '/a/a', '/b'], true), fc.nat(80), (steps, half) => {
        const world = new World(enforced);
        const program = new Program();
        const disk: Disk = new Map();
        let loaded = new Tree();
        for (const [i, next] of steps.entries()) {
          program.prepare(world, next);
          const applied = outcome(world.applyNext());
          const { zxid, body } = world.log.at(-1)!;
          expect(outcome(loaded.apply(zxid, decodeTxn(body)))).toEqual(applied);
          if (i === half) loaded = load(disk, foldAll(world.tree, disk));
        }
        expect(picture(loaded)).toEqual(picture(world.tree));
      }),
      { numRuns: 200 },
    );
  });
});
