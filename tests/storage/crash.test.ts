/** A process that is killed in the middle of writing: everything it had reported durable is there afterwards. */
import { describe, expect, test } from '@jest/globals';
import { epochOf, makeZxid } from '@synod/protocol';
import { ORIGIN } from '@synod/zab';
import { runChild } from './child.js';
import { chainOf, endOf, freshDir, plain, Rig, seeded } from './support.js';

/** Runs the child until it has printed `lines` lines, kills it, and returns all it printed. */
async function runAndKill(mode: string, dir: string, lines: number): Promise<string[]> {
  const printed: string[] = [];
  const signal = await runChild([mode, dir], (line, child) => {
    printed.push(line);
    if (printed.length === lines) child.kill('SIGKILL');
  });
  expect([signal, printed.at(-1)]).toEqual(['SIGKILL', expect.stringMatching(/^[0-9]+$/)]);
  return printed;
}

describe('kill -9', () => {
  test('appending and folding: nothing durable is missing, nothing unknown is there', async () => {
    const dir = freshDir();
    const random = seeded(11);
    const all = chainOf(ORIGIN, 1, 1, 20_000, 3);
    let promised = 0;
    for (let round = 0; round < 4; round++) {
      const printed = await runAndKill('append', dir, 30 + Math.floor(random() * 200));
      promised = Math.max(promised, ...printed.map(Number));
      const rig = await Rig.open(dir);
      const { damage, last, base, state } = rig.storage.recovered;
      expect(damage).toBeNull();
      expect(last.zxid).toBeGreaterThanOrEqual(makeZxid(1, promised));
      expect(state.position.zxid).toBeGreaterThanOrEqual(base.zxid);
      const index = (zxid: number): number => (zxid === 0 ? 0 : zxid - makeZxid(1, 0));
      const records = await rig.storage.readLog(base.zxid, 1e9);
      expect(plain(records!)).toEqual(plain(all.slice(index(base.zxid), index(last.zxid))));
      expect(last).toEqual(endOf(all.slice(0, index(last.zxid))));
      const rows = await rig.rows();
      expect(rows.map(({ key }) => Number(key.slice(1)))).toEqual(
        state.position.zxid === 0 ? [] : [index(state.position.zxid)],
      );
      await rig.storage.close();
    }
    expect(promised).toBeGreaterThan(200);
  });

  test('truncating, adopting and changing epochs: never a false damage, never a lost promise', async () => {
    const dir = freshDir();
    const random = seeded(12);
    let promised = 0;
    for (let round = 0; round < 5; round++) {
      const printed = await runAndKill('turmoil', dir, 20 + Math.floor(random() * 100));
      promised = Math.max(promised, ...printed.map(Number));
      const rig = await Rig.open(dir);
      const { damage, acceptedEpoch, last, base, state } = rig.storage.recovered;
      expect(damage).toBeNull();
      expect(acceptedEpoch).toBeGreaterThanOrEqual(promised);
      expect(epochOf(last.zxid)).toBeLessThanOrEqual(acceptedEpoch);
      expect(state.position.zxid).toBe(base.zxid);
      await rig.rows();
      await rig.storage.close();
      expect(rig.failures).toEqual([]);
    }
    expect(promised).toBeGreaterThan(100);
  });
});
