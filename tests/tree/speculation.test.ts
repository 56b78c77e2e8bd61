/**
 * Preparing ahead: with any number of transactions in flight, the leader makes of requests just what it would make if it
 * applied each one before it looked at the next.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { outcome, picture, Program, step } from './program.js';
import { create, line, set, txnLine, World } from './world.js';

describe('transactions in flight', () => {
  test('change nothing in what requests become', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
        (steps, depths) => {
          const [calm, busy] = [new World(), new World()];
          const [calmProgram, busyProgram] = [new Program(), new Program()];
          const calmly: unknown[] = [];
          const busily: unknown[] = [];
          for (const [i, next] of steps.entries()) {
            calmProgram.prepare(calm, next);
            calmly.push(outcome(calm.applyNext()));
            busyProgram.prepare(busy, next);
            while (busy.inFlight > depths[i % depths.length]!) busily.push(outcome(busy.applyNext()));
          }
          while (busy.inFlight > 0) busily.push(outcome(busy.applyNext()));
          expect(busy.log.map(({ body }) => [...body])).toEqual(calm.log.map(({ body }) => [...body]));
          expect(busily).toEqual(calmly);
          expect(picture(busy.tree)).toEqual(picture(calm.tree));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('are forgotten with a new leadership', () => {
    const world = new World();
    const session = world.open();
    world.prepare(create('/a'), { session });
    expect(world.preparer.lastNumber(session)).toBe(1);
    world.preparer.reset();
    expect(world.preparer.lastNumber(session)).toBe(0);
    expect(txnLine(world.prepare(set('/a'), { session }))).toBe('error NO_NODE');
  });

  test('are forgotten once applied, also if several were applied at once', () => {
    const world = new World();
    for (let i = 0; i < 5; i++) world.prepare(i === 0 ? create('/a') : set('/a'));
    for (let i = 0; i < 5; i++) world.applyNext();
    // A change that this leader has not prepared shows at once where nothing is left in flight.
    const origin = { session: 0, number: 0, acked: 0, time: 0 };
    world.tree.apply(world.lastZxid + 0.5, { ...origin, type: 'setData', path: '/a', data: null, version: 40 });
    expect(line(world.do(set('/a', 'x', 40)).reply.result)).toBe('version 41');
  });
});
