/**
 * Servers that come back: behind, wiped, damaged, or with a history that the others never agreed to. Whether a whole state
 * was sent shows in the log of the server that took it (`state-adopted`).
 */
import { describe, expect } from '@jest/globals';
import { Op, OPEN_ACL } from '@synod/protocol';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { followers, healthOf, linked, noneServes, scenario, stays, type Ensemble } from './rig.js';

/** What a server has written into its log since it started last. */
function sinceStart(ensemble: Ensemble, id: number): string {
  return ensemble.log(id).split('event=recovered').at(-1)!;
}

/** Waits for the epoch from which on a server without a history of its own counts again. */
async function countsAgain(ensemble: Ensemble, id: number): Promise<void> {
  await ensemble.until(async () => (await ensemble.status(id))?.member === true, `${id} to count again`, 30_000);
  await ensemble.serving(ensemble.ids);
}

describe('a follower that comes back', () => {
  scenario('gets what it missed', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const [id] = (await followers(ensemble)) as [number];
    const client = await guests.connect();
    await client.create('/a');
    await ensemble.kill(id);
    await Promise.all(Array.from({ length: 500 }, (_, i) => client.create(`/a/${i}`, `value ${i}`)));
    ensemble.start(id);
    await ensemble.serving(ensemble.ids);
    await ensemble.level();
    expect(sinceStart(ensemble, id)).not.toContain('state-adopted');
    const late = await guests.connect([id]);
    expect((await late.children('/a')).children).toHaveLength(500);
  });

  scenario('with nothing is filled from the log', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const [id] = (await followers(ensemble)) as [number];
    const client = await guests.connect();
    await client.create('/a');
    await Promise.all(Array.from({ length: 500 }, (_, i) => client.create(`/a/${i}`, `value ${i}`)));
    await ensemble.kill(id);
    rmSync(ensemble.member(id).dataDir, { recursive: true });
    ensemble.start(id);
    await ensemble.serving(ensemble.ids);
    await ensemble.level();
    expect(sinceStart(ensemble, id)).toContain('cause="started empty"');
    await countsAgain(ensemble, id);
  });

  scenario('without a state it can prove takes the whole state', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const [id] = (await followers(ensemble)) as [number];
    const client = await guests.connect();
    await client.create('/a');
    await Promise.all(Array.from({ length: 500 }, (_, i) => client.create(`/a/${i}`, `value ${i}`)));
    await ensemble.kill(id);
    rmSync(join(ensemble.member(id).dataDir, 'log.db'));
    ensemble.start(id);
    await ensemble.serving(ensemble.ids);
    await ensemble.level();
    expect(sinceStart(ensemble, id)).toMatch(/damaged cause="log\.db: it is missing[^]*state-adopted/);
    // Without the leader it is half of the majority.
    await countsAgain(ensemble, id);
    await ensemble.kill(await ensemble.leader());
    await client.set('/a', 'with two');
  });

  const shortLog = { settings: { logRetainRecords: 20 } };
  scenario(
    'with nothing, when the log does not reach back, takes the whole state',
    shortLog,
    async (ensemble, guests) => {
      await ensemble.startAll();
      const [id] = (await followers(ensemble)) as [number];
      const client = await guests.connect();
      await client.create('/a');
      await ensemble.kill(id);
      rmSync(ensemble.member(id).dataDir, { recursive: true });
      await Promise.all(Array.from({ length: 500 }, (_, i) => client.create(`/a/${i}`, `value ${i}`)));
      const leader = await ensemble.leader();
      // Only what is folded into the state at rest leaves the log.
      for (let fold = 1; fold <= 2; fold++) {
        const { folded } = (await ensemble.status(leader))!;
        await client.set('/a', `fold ${fold}`);
        const moved = async (): Promise<boolean> => ((await ensemble.status(leader))?.folded ?? folded) !== folded;
        await ensemble.until(moved, 'a fold', 30_000);
      }
      ensemble.start(id);
      await ensemble.serving(ensemble.ids);
      await ensemble.level();
      expect(sinceStart(ensemble, id)).toContain('state-adopted');
      const late = await guests.connect([id]);
      expect((await late.children('/a')).children).toHaveLength(500);
      expect(String((await late.get('/a')).data)).toBe('fold 2');
    },
  );
});

describe('a leader that comes back', () => {
  // Five seconds in which it goes on alone: enough to log what it cannot commit.
  const stubborn = { settings: { syncLimit: 25 } };
  scenario('with writes that nobody else has drops them', stubborn, async (ensemble, guests) => {
    await ensemble.startAll();
    const leader = await ensemble.leader();
    const others = await followers(ensemble);
    const client = await guests.connect();
    await client.create('/agreed');
    await ensemble.level();
    const raw = await guests.dial(leader);
    const { session, secret } = await raw.hello();
    await ensemble.level();
    await Promise.all(others.map((id) => ensemble.kill(id)));
    const before = Number((await ensemble.status(leader))!.durable);
    for (let number = 1; number <= 20; number++) {
      raw.send({ op: Op.create, path: `/lost-${number}`, data: null, acl: OPEN_ACL, mode: 0, ttl: 0 }, number);
    }
    const durable = async (): Promise<boolean> => Number((await ensemble.status(leader))?.durable) >= before + 20;
    await ensemble.until(durable, 'the writes in the log of the leader', 5_000);
    await ensemble.kill(leader);
    expect(raw.inbox).toEqual([]);

    for (const id of others) ensemble.start(id);
    await ensemble.serving(others);
    await client.create('/agreed-without');
    ensemble.start(leader);
    await ensemble.serving(ensemble.ids);
    await ensemble.level();
    expect(sinceStart(ensemble, leader)).not.toContain('state-adopted');
    const { children } = await (await guests.connect([leader])).children('/');
    expect(children.sort()).toEqual(['agreed', 'agreed-without', 'zookeeper']);

    // The session lives, and its first write is still to be made: it is, once, where it is sent again.
    const again = await guests.dial(others[0]!);
    expect(await again.hello({ session, secret })).toMatchObject({ resumed: true, session, lastWrite: 0 });
    await again.ask({ op: Op.create, path: '/lost-1', data: null, acl: OPEN_ACL, mode: 0, ttl: 0 }, 1);
    await ensemble.level();
  });
});

describe('an empty server', () => {
  scenario('does not help to elect a leader', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const client = await guests.connect();
    await client.create('/precious', 'still here');
    await ensemble.level();
    await ensemble.stopAll('SIGKILL');
    for (const id of [2, 3]) renameSync(ensemble.member(id).dataDir, `${ensemble.member(id).dataDir}.aside`);

    // One with the history and one wiped; then the other wiped one as well.
    ensemble.start(1);
    ensemble.start(2);
    await linked(ensemble, [1, 2]);
    await stays(500, () => noneServes(ensemble, [1, 2]));
    ensemble.start(3);
    await linked(ensemble, [1, 2, 3]);
    await stays(500, () => noneServes(ensemble, [1, 2, 3]));
    expect((await healthOf(ensemble, 2)).detail).toMatch(/3 of 3 voters are connected; this one has no history/);
    expect((await healthOf(ensemble, 1)).detail).toMatch(/3 of 3 voters are connected$/);

    // The disk of 2 is found: two with the history elect, and fill the third.
    await ensemble.kill(2);
    rmSync(ensemble.member(2).dataDir, { recursive: true });
    renameSync(`${ensemble.member(2).dataDir}.aside`, ensemble.member(2).dataDir);
    ensemble.start(2);
    await ensemble.serving([1, 2, 3]);
    await ensemble.level();
    expect(String((await (await guests.connect([3])).get('/precious')).data)).toBe('still here');
  });
});
