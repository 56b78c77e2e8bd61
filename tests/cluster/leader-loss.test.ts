/** What clients notice, and what they keep, when leaders and whole ensembles go. */
import { describe, expect } from '@jest/globals';
import type { WatchEvent } from '@synod/client';
import { expectExactly, followers, healthOf, Load, noneServes, scenario } from './rig.js';

describe('a leader that goes', () => {
  scenario('loses no acknowledged write, no session, no ephemeral, no watch', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const leader = await ensemble.leader();
    const clients = await Promise.all(ensemble.ids.map((id) => guests.connect([id, ...ensemble.ids])));
    const [first] = clients as [(typeof clients)[number]];
    await first.create('/load');
    const loads: Load[] = [];
    const events: WatchEvent[] = [];
    let heard = (): void => undefined;
    const all = new Promise<void>((resolve) => (heard = resolve));
    for (const [index, client] of clients.entries()) {
      await client.create(`/load/${index}`);
      await client.create(`/alive-${index}`, null, { mode: 'ephemeral' });
      const watch = (event: WatchEvent): void => {
        events.push(event);
        if (events.length === clients.length) heard();
      };
      expect(await client.exists('/awaited', { watch })).toBeNull();
      loads.push(new Load(client, `/load/${index}`));
    }
    await Promise.all(loads.map((load) => load.more(50)));
    const sessions = clients.map((client) => client.session.id);
    await ensemble.kill(leader);
    await Promise.all(loads.map((load) => load.more(50)));
    await Promise.all(loads.map((load) => load.stop()));
    for (const [index, load] of loads.entries()) {
      expect(load.errors).toEqual([]);
      await expectExactly(clients[index]!, `/load/${index}`, load.acknowledged);
    }
    expect(clients.map((client) => client.session.id)).toEqual(sessions);
    const { children } = await first.children('/');
    expect(children.filter((name) => name.startsWith('alive-')).sort()).toEqual(['alive-0', 'alive-1', 'alive-2']);

    await first.create('/awaited');
    await all;
    expect(new Set(events.map(({ type, path, zxid }) => `${type} ${path} ${zxid}`)).size).toBe(1);
    ensemble.start(leader);
    await ensemble.serving(ensemble.ids);
    await ensemble.level();
  });

  // A server without a leader keeps its clients for two ticks; a loss without a word is noticed after five.
  const patient = { settings: { tickTime: 2_000 } };
  scenario('and is told to stop hands over first: a short pause, no error', patient, async (ensemble, guests) => {
    await ensemble.startAll();
    const leader = await ensemble.leader();
    const others = await followers(ensemble);
    const stable = await guests.connect(others);
    const moving = await guests.connect([leader, ...others]);
    await stable.create('/load');
    await stable.create('/moving');
    const loads = [new Load(stable, '/load'), new Load(moving, '/moving')] as const;
    const states: string[] = [];
    stable.on('state', (state) => states.push(state));
    await Promise.all(loads.map((load) => load.more(30)));
    await ensemble.kill(leader, 'SIGTERM');
    await Promise.all(loads.map((load) => load.more(30)));
    for (const load of loads) {
      await load.stop();
      expect(load.errors).toEqual([]);
      // Far below any time-out by which a loss would be noticed.
      expect(load.longestMs).toBeLessThan(4_000);
    }
    // Whoever is connected to another server does not even lose the connection.
    expect(states).toEqual([]);
    await expectExactly(stable, '/load', loads[0].acknowledged);
    await expectExactly(moving, '/moving', loads[1].acknowledged);
    expect(ensemble.log(leader)).toMatch(/cause="resigned[^"]*"[^]*event=stopped/);
  });

  scenario('to sleep is replaced; its clients move, and awake it follows', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const leader = await ensemble.leader();
    const others = await followers(ensemble);
    const client = await guests.connect([leader, ...others], { sessionTimeout: 1_500 });
    const { id } = client.session;
    await client.create('/a', 'before', { mode: 'ephemeral' });
    ensemble.signal(leader, 'SIGSTOP');
    await client.set('/a', 'after', { version: 0 });
    expect(client.server).not.toBe(ensemble.address(leader));
    expect(client.session.id).toBe(id);
    ensemble.signal(leader, 'SIGCONT');
    await ensemble.until(async () => (await healthOf(ensemble, leader)).role === 'following', 'a follower', 10_000);
    await ensemble.level();
    expect(String((await client.get('/a')).data)).toBe('after');
  });

  // Two and a half seconds of syncLimit.
  const slower = { settings: { tickTime: 500 } };
  scenario('without a quorum stops to serve within the limit', slower, async (ensemble, guests) => {
    await ensemble.startAll();
    const leader = await ensemble.leader();
    const others = await followers(ensemble);
    // With so long a timeout it does not leave by itself.
    const client = await guests.connect([leader], { sessionTimeout: 20_000 });
    await client.create('/a', 'old');
    const lost = new Promise<void>((resolve) => {
      client.on('state', (state) => {
        if (state === 'suspended') resolve();
      });
    });
    for (const id of others) ensemble.signal(id, 'SIGSTOP');
    const started = performance.now();
    const write = client.set('/a', 'new');
    await ensemble.until(() => noneServes(ensemble, [leader]), 'that the leader serves no longer', 10_000);
    // One tick more is for noticing; a limit that applied twice would be beyond this.
    expect(performance.now() - started).toBeLessThan(5_000);
    await lost;
    // The clients are sent away two ticks later.
    expect(performance.now() - started).toBeLessThan(6_000);
    for (const id of others) ensemble.signal(id, 'SIGCONT');
    await write;
    await ensemble.level();
    expect(String((await client.get('/a')).data)).toBe('new');
  });
});

describe('all servers at once', () => {
  scenario('are killed and started: all that was acknowledged is there', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const client = await guests.connect();
    await client.create('/load');
    await client.create('/alive', null, { mode: 'ephemeral' });
    const { id } = client.session;
    const load = new Load(client, '/load');
    await load.more(200);
    await ensemble.stopAll('SIGKILL');
    for (const server of ensemble.ids) ensemble.start(server);
    await load.more(50);
    await load.stop();
    expect(load.errors).toEqual([]);
    await expectExactly(client, '/load', load.acknowledged);
    expect(client.session.id).toBe(id);
    expect((await client.exists('/alive'))?.ephemeralOwner).toBe(id);
    await ensemble.serving(ensemble.ids);
    await ensemble.level();
  });
});
