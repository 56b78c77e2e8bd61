/** The lock, by several processes; its holder is killed. */
import { afterEach, describe, expect } from '@jest/globals';
import { acquire } from '@synod/examples';
import { scenario } from '../cluster/rig.js';
import { endAll, run, type Program } from './program.js';

afterEach(endAll);

async function token(program: Program): Promise<number> {
  return Number((await program.line(/^holds the lock, fencing token (\d+)$/))[0]);
}

describe('the lock', () => {
  scenario('goes to one after the other, and on when its holder is killed', {}, async (ensemble) => {
    await ensemble.startAll();
    const start = (hold: number): Program =>
      run('lock', ensemble.connectString, '--hold', String(hold), '--timeout', '3000');
    const first = start(60_000);
    const tokens = [await token(first)];
    const second = start(60_000);
    await second.line(/^waits behind lock-0000000000$/);
    const third = start(1);
    await third.line(/^waits behind lock-0000000001$/);
    first.kill('SIGKILL');
    tokens.push(await token(second));
    expect(await first.ended).toBeNull();
    expect(third.lines).toHaveLength(1);
    // A holder that ends in good order frees it at once.
    second.kill('SIGTERM');
    tokens.push(await token(third));
    expect(await second.ended).toBe(0);
    expect(await third.ended).toBe(0);
    expect(third.lines.at(-1)).toBe('released the lock');
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(new Set(tokens).size).toBe(3);
  });

  scenario('is kept past a change of leaders; a lost session loses it', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const holder = run('lock', ensemble.connectString, '--hold', '60000', '--timeout', '3000');
    await token(holder);
    await ensemble.kill(await ensemble.leader());
    const client = await guests.connect();
    const waits = new Promise<string>((resolve) => {
      void acquire(client, '/lock', resolve).then(
        ({ token: next }) => resolve(`holds with ${next}`),
        () => undefined,
      );
    });
    expect(await waits).toBe('lock-0000000000');

    holder.kill('SIGSTOP');
    const gone = new Promise<void>((resolve) => {
      void client.exists('/lock/lock-0000000000', { watch: () => resolve() });
    });
    await gone;
    holder.kill('SIGCONT');
    await holder.line(/^lost its session \(.+\), and the lock or its place in the queue with it$/);
    expect(await holder.ended).toBe(1);
  });
});
