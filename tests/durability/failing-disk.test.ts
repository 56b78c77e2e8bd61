/**
 * A disk that fails: one sync that reports an error (and would work again if it were tried again), or no space left. The
 * server must end with words and acknowledge nothing more, the others go on, and nothing acknowledged is lost when it is
 * started again on a disk that works.
 */
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Client } from '@synod/client';
import { violations } from './checker.js';
import { impossible, RecordedEnsemble } from './rig.js';

const FAULTS = [
  ['a sync of the log fails once', 'sync', 'EIO', 'log.db-wal', 1],
  ['a sync of the watermark fails once', 'sync', 'EIO', 'watermark', 1],
  ['no space is left for the log', 'write', 'ENOSPC', 'log.db-wal', 1_000_000],
  ['no space is left for the watermark', 'write', 'ENOSPC', 'watermark', 1_000_000],
] as const;

let rig: RecordedEnsemble | null = null;

afterEach(async () => {
  await rig?.end();
  rig = null;
});

/** Creates `<folder>/<n>` one after the other until told to stop or refused; what was acknowledged. */
class Writer {
  readonly acknowledged: string[] = [];
  readonly done: Promise<void>;
  stopped = false;

  constructor(client: Client, folder: string) {
    this.done = this.#run(client, folder);
  }

  async #run(client: Client, folder: string): Promise<void> {
    await client.create(folder);
    for (let n = 0; !this.stopped; n++) {
      try {
        await client.create(`${folder}/${n}`, `written ${n}`, { timeout: 3_000 });
      } catch {
        return;
      }
      this.acknowledged.push(`${folder}/${n}`);
    }
  }

  async reach(count: number): Promise<void> {
    while (this.acknowledged.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function expectAll(client: Client, paths: readonly string[]): Promise<void> {
  await client.sync();
  const found = await Promise.all(paths.map((path) => client.exists(path)));
  expect(paths.filter((_, i) => found[i] === null)).toEqual([]);
}

/** Starts the server's disk trouble and waits until the process has ended by itself. */
async function sicken(ensemble: RecordedEnsemble, id: number, fault: (typeof FAULTS)[number]): Promise<void> {
  const child = ensemble.ensemble.member(id).process!;
  const ended = once(child, 'exit');
  const [, what, code, suffix, times] = fault;
  ensemble.fail(id, what, code, suffix, times);
  expect(await ended).toEqual([1, null]);
  const words = ensemble.ensemble
    .log(id)
    .split('\n')
    .filter((line) => line.includes(' ERROR '))
    .join('\n');
  expect(words).toMatch(/event=fatal cause="?storage failed: /);
  expect(words).toMatch(code === 'EIO' ? /I\/O error|EIO/i : /full|no space|ENOSPC/i);
}

/** No byte of a WebSocket frame left a process after it was told of the failure. */
function claimsAfterFailure(ensemble: RecordedEnsemble, id: number): string[] {
  const server = ensemble.recorded().find((one) => one.id === id)!;
  const failed = server.trace.findIndex(({ kind }) => kind === 'failed');
  expect(failed).toBeGreaterThan(0);
  // What was durable before may still be said; what the failed sync should have covered may not.
  return violations([server]).filter((words) => !words.includes('durable at'));
}

if (impossible !== null) test(`cannot be tested here: ${impossible}`, () => console.warn(impossible));
else {
  describe.each(FAULTS.map((fault) => [fault[0], fault] as const))('%s', (_, fault) => {
    test.each(['leading', 'following'])('at a server that is %s', async (role) => {
      rig = await RecordedEnsemble.create(3);
      await rig.startAll();
      const leader = await rig.ensemble.leader();
      const id = role === 'leading' ? leader : rig.ensemble.ids.find((one) => one !== leader)!;
      const others = rig.ensemble.ids.filter((one) => one !== id);
      const near = new Writer(await rig.client(id), '/near');
      const far = new Writer(await rig.client(others[0]!), '/far');
      await Promise.all([near.reach(20), far.reach(20)]);
      await sicken(rig, id, fault);
      const before = far.acknowledged.length;
      await far.reach(before + 20);
      far.stopped = true;
      near.stopped = true;
      await far.done;
      expect(claimsAfterFailure(rig, id)).toEqual([]);
      rig.heal(id);
      rig.start(id);
      await rig.ensemble.serving(rig.ensemble.ids);
      await rig.ensemble.level();
      await expectAll(await rig.client(id), [...near.acknowledged, ...far.acknowledged]);
      expect(violations(rig.recorded())).toEqual([]);
    });

    test('at a server alone', async () => {
      rig = await RecordedEnsemble.create(1);
      await rig.startAll();
      const writer = new Writer(await rig.client(1), '/near');
      await writer.reach(20);
      await sicken(rig, 1, fault);
      writer.stopped = true;
      expect(claimsAfterFailure(rig, 1)).toEqual([]);
      rig.heal(1);
      rig.start(1);
      await rig.ensemble.serving([1]);
      await expectAll(await rig.client(1), writer.acknowledged);
    });
  });
}
