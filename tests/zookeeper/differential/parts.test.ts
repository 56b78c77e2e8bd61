/** The parts of the differential test: the generator, what zxids, times and sessions have to do with each other, shrinking. */
import { describe, expect, test } from '@jest/globals';
import { ZooKeeperOp } from '@synod/zookeeper';
import { drawSequence } from '../../../scripts/lib/differential/generate/sequence.js';
import { requestsOf, typeOf } from '../../../scripts/lib/differential/program.js';
import { Relations } from '../../../scripts/lib/differential/relations.js';
import { shrink } from '../../../scripts/lib/differential/shrink.js';

describe('the generator', () => {
  const programs = Array.from({ length: 40 }, (_, i) => drawSequence(`seed-${i}`, `/r${i}`, 3 + (i % 3)));

  test('draws the same from the same seed, and otherwise something else', () => {
    expect(drawSequence('seed-7', '/r7', 4)).toEqual(programs[7]);
    expect(drawSequence('seed-8', '/r7', 4)).not.toEqual(programs[7]);
  });

  test('draws every operation, and some that there are not', () => {
    const types = new Set(programs.flatMap(({ steps }) => steps.flatMap(requestsOf)).map(typeOf));
    const own: readonly number[] = Object.values(ZooKeeperOp).filter((type) => type !== ZooKeeperOp.check);
    expect(own.filter((type) => !types.has(type))).toEqual([]);
    expect([...types].filter((type) => type !== undefined && !own.includes(type)).length).toBeGreaterThan(3);
  });

  test('names each request once, and stays within its connections', () => {
    for (const { steps, connections } of programs) {
      const ids = steps.flatMap(requestsOf).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(steps.every(({ on }) => on >= 0 && on < connections)).toBe(true);
    }
  });
});

describe('relations', () => {
  test('a zxid always meets the same, in the same order', () => {
    const relations = new Relations();
    expect(relations.zxid(10, 110)).toBeUndefined();
    expect(relations.zxid(20, 120)).toBeUndefined();
    expect(relations.zxid(15, 112)).toBeUndefined();
    expect(relations.zxid(10, 110)).toBeUndefined();
    expect(relations.zxid(10, 111)).toMatch(/has met 110/);
    expect(relations.zxid(11, 110)).toMatch(/has met 110/);
    expect(relations.zxid(16, 111)).toMatch(/has met 112/);
    expect(relations.zxid(14, 130)).toMatch(/14 meets 130/);
    expect(relations.zxid(0, 0)).toBeUndefined();
    expect(relations.zxid(0, 5)).toEqual(expect.any(String));
    expect(relations.zxid(-1, 140)).toEqual(expect.any(String));
  });

  test('a zxid that one server alone has used up counts for nothing', () => {
    const relations = new Relations();
    expect(relations.zxid(10, 110)).toBeUndefined();
    expect(relations.zxidBehind(11, 110)).toBeUndefined();
    expect(relations.zxid(11, 110)).toBeUndefined();
    expect(relations.zxid(12, 111)).toBeUndefined();
    // Unseen, 13 is used up too.
    expect(relations.zxidBehind(14, 111)).toBeUndefined();
    expect(relations.zxid(14, 112)).toEqual(expect.any(String));
    expect(relations.zxidBehind(12, 110)).toEqual(expect.any(String));
    expect(relations.zxid(15, 112)).toBeUndefined();
    relations.pass(16);
    relations.pass(16);
    expect(relations.zxid(16, 112)).toBeUndefined();
  });

  test('a transaction has one time, and time goes on', () => {
    const relations = new Relations();
    expect(relations.time([10, 1_000], [110, 2_000])).toBeUndefined();
    expect(relations.time([12, 1_000], [112, 2_001])).toBeUndefined();
    expect(relations.time([10, 1_001], [110, 2_000])).toMatch(/10 is of 1000 and of 1001/);
    expect(relations.time([13, 999], [113, 2_001])).toEqual(expect.any(String));
    expect(relations.time([14, 1_005], [111, 2_002])).toEqual(expect.any(String));
  });

  test('a session is known by how it was made', () => {
    const relations = new Relations();
    relations.newSession(2n ** 60n, 7);
    expect(relations.session(2n ** 60n, 7)).toBeUndefined();
    expect(relations.session(0, 0)).toBeUndefined();
    expect(relations.session(2n ** 60n, 0)).toEqual(expect.any(String));
    expect(relations.session(5, 7)).toEqual(expect.any(String));
  });
});

describe('shrinking', () => {
  test('leaves the steps and requests that matter', async () => {
    const program = drawSequence('shrink', '/s', 3);
    const all = program.steps.flatMap(requestsOf).map(({ id }) => id);
    const [one = 0, other = 0] = [all[20], all[200]];
    let tries = 0;
    const small = await shrink(
      program,
      ({ steps }) => {
        tries++;
        const ids = steps.flatMap(requestsOf).map(({ id }) => id);
        return Promise.resolve(ids.includes(one) && ids.includes(other));
      },
      60_000,
    );
    expect(small.steps.flatMap(requestsOf).map(({ id }) => id)).toEqual([one, other]);
    expect(small.steps.every((step) => step.kind === 'connect' || requestsOf(step).length === 1)).toBe(true);
    expect(tries).toBeLessThan(500);
  });

  test('is content where there is no time', async () => {
    const program = drawSequence('late', '/s', 3);
    expect((await shrink(program, () => Promise.resolve(true), 0)).steps).toEqual(program.steps);
  });
});
