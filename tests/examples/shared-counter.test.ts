/** The shared counter, by several processes at once. */
import { afterEach, describe, expect } from '@jest/globals';
import { EventType } from '@synod/client';
import { increment } from '@synod/examples';
import { scenario } from '../cluster/rig.js';
import { endAll, run } from './program.js';

afterEach(endAll);

describe('the shared counter', () => {
  scenario('is exact in a persistent znode, though the leader is killed', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const client = await guests.connect();
    let events = 0;
    const half = new Promise<void>((resolve) => {
      void client.addWatch('/shared-counter', 'persistent', ({ type }) => {
        if (type === EventType.nodeDataChanged) events++;
        if (events === 200) resolve();
      });
    });
    const programs = ensemble.ids.map(() => run('shared-counter', ensemble.connectString, '--times', '200'));
    await half;
    await ensemble.kill(await ensemble.leader());
    expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    await client.sync();
    expect(String((await client.get('/shared-counter')).data)).toBe('600');
    expect(await increment(client, '/shared-counter')).toBe(601);
  });

  scenario('is exact in an ephemeral znode, and goes with whoever made it', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const args = ['--times', '100', '--ephemeral', '--until', '300'];
    const programs = ensemble.ids.map(() => run('shared-counter', ensemble.connectString, ...args));
    expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    const last = programs.flatMap(({ lines }) => lines.filter((line) => line.startsWith('leaves')));
    expect(last).toEqual(['leaves with the counter at 300']);
    const client = await guests.connect();
    await client.sync();
    expect(await client.exists('/shared-counter')).toBeNull();
    expect(await increment(client, '/shared-counter', 'ephemeral')).toBe(1);
  });
});
