/** How ensembles of all sizes start, and what they say of themselves. */
import { describe, expect } from '@jest/globals';
import { answers, healthOf, linked, noneServes, scenario, stays } from './rig.js';

describe('the start of an ensemble', () => {
  scenario('three servers find one leader; /health and /status tell who is what', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    // The first transaction says who the servers are.
    await ensemble.until(
      async () => (await ensemble.status(1))?.committed === '0x100000001',
      'the first transaction of epoch 1',
      30_000,
    );
    await ensemble.level();
    // Two that follow need no link between them to begin with.
    await linked(ensemble, ensemble.ids);
    const leader = await ensemble.leader();
    for (const id of ensemble.ids) {
      const role = id === leader ? 'leading' : 'following';
      expect(await healthOf(ensemble, id)).toEqual({
        code: 200,
        serving: true,
        role,
        detail: `epoch 1, leader ${leader}`,
      });
      const status = (await ensemble.status(id))!;
      expect(status).toMatchObject({
        ...{ server: id, cluster: 'synod', role, phase: 'broadcast', serving: true, member: true, epoch: 1, leader },
        ...{ sessions: 0, ephemerals: 0, connections: 0, watches: 0, diverged: [] },
      });
      for (const key of ['zxid', 'logged', 'durable', 'committed', 'folded'] as const) {
        expect(status[key]).toMatch(/^0x[0-9a-f]+$/);
      }
      for (const key of ['znodes', 'dataBytes', 'uptimeMs', 'memoryBytes'] as const)
        expect(status[key]).toBeGreaterThan(0);
      const { peers } = status;
      expect(peers.map(({ server }) => server)).toEqual(ensemble.ids.filter((other) => other !== id));
      for (const peer of peers) {
        expect(peer).toMatchObject({ role: 'participant', connected: true });
        if (id === leader) expect(peer).toMatchObject({ stage: 'live', behind: 0 });
      }
    }
    for (const id of ensemble.ids) {
      const client = await guests.connect([id]);
      const { data } = await client.get('/zookeeper/config');
      const lines = Buffer.from(data!).toString().split('\n');
      const expected = ensemble.ids.map((one) => new RegExp(`^server.${one}=127.0.0.1:\\d+:\\d+:participant$`));
      expect(lines).toEqual([...expected.map((line) => expect.stringMatching(line)), 'version=100000001']);
    }
    await ensemble.level();
  });

  scenario('the first start needs all voters, and /health says so', {}, async (ensemble, guests) => {
    ensemble.start(1);
    ensemble.start(2);
    await answers(ensemble, [1, 2]);
    await linked(ensemble, [1, 2]);
    await stays(700, () => noneServes(ensemble, [1, 2]));
    const health = await healthOf(ensemble, 1);
    expect(health).toMatchObject({ code: 503, serving: false, role: 'looking' });
    expect(health.detail).toMatch(/^no leader; .*2 of 3 voters are connected.*first start needs all of them/);

    ensemble.start(3);
    await ensemble.serving([1, 2, 3]);
    const client = await guests.connect();
    expect(await client.exists('/')).toMatchObject({ version: 0 });
  });

  scenario('one server alone serves, restarts, and keeps what it has', { voters: 1 }, async (ensemble, guests) => {
    await ensemble.startAll();
    expect(await healthOf(ensemble, 1)).toMatchObject({ code: 200, role: 'standalone' });
    const client = await guests.connect();
    await client.create('/kept', 'before');
    await ensemble.kill(1);
    ensemble.start(1);
    // The same client goes on, in the same session.
    await client.set('/kept', 'after', { version: 0 });
    expect(String((await client.get('/kept')).data)).toBe('after');
    await ensemble.kill(1, 'SIGTERM');
    expect(ensemble.log(1)).toContain('event=stopped');
  });

  for (const voters of [5, 7]) {
    const lost = (voters - 1) / 2;
    scenario(
      `${voters} servers serve with ${lost} lost, the leader among them`,
      { voters },
      async (ensemble, guests) => {
        await ensemble.startAll();
        const client = await guests.connect();
        await client.create('/a', '1');
        const leader = await ensemble.leader();
        const others = ensemble.ids.filter((id) => id !== leader);
        await Promise.all([leader, ...others.slice(1, lost)].map((id) => ensemble.kill(id)));
        await client.set('/a', '2', { version: 0 });
        await ensemble.level();
        // One more, and there is no majority any longer.
        await ensemble.kill(others[0]!);
        const left = others.slice(lost);
        await ensemble.until(() => noneServes(ensemble, left), 'that nobody serves without a majority', 10_000);
        ensemble.start(leader);
        await ensemble.serving([leader, ...left]);
        expect(String((await client.get('/a')).data)).toBe('2');
      },
    );
  }
});
