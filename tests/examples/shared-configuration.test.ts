/** The shared configuration: one process writes, two follow. */
import { afterEach, describe, expect } from '@jest/globals';
import { follow, publish } from '@synod/examples';
import { followers, scenario } from '../cluster/rig.js';
import { endAll, run } from './program.js';

afterEach(endAll);

describe('the shared configuration', () => {
  scenario('reaches all who follow it, also past the loss of their server', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const [first, second] = (await followers(ensemble)) as [number, number];
    const servers = [first, second].map((id) => ensemble.address(id)).join(',');
    const programs = [servers, ensemble.connectString].map((list) => run('shared-configuration', list, 'follow'));
    await Promise.all(programs.map((program) => program.line(/^there is no configuration$/)));
    const writer = run('shared-configuration', ensemble.connectString, 'write', 'blue');
    expect(await writer.ended).toBe(0);
    await Promise.all(programs.map((program) => program.line(/^now blue$/)));
    await ensemble.kill(first);
    const client = await guests.connect([second]);
    // Faster than anybody reads: values in between may be skipped, never the last.
    await Promise.all(Array.from({ length: 100 }, (_, i) => publish(client, '/shared-configuration', `green ${i}`)));
    await Promise.all(programs.map((program) => program.line(/^now green 99$/)));
    await client.delete('/shared-configuration');
    await publish(client, '/shared-configuration', 'red');
    await Promise.all(programs.map((program) => program.line(/^now red$/)));
    for (const program of programs) program.kill('SIGTERM');
    expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([0, 0]);
  });

  scenario('ends to be followed with the signal, or with the session', { voters: 1 }, async (ensemble, guests) => {
    await ensemble.startAll();
    const client = await guests.connect();
    await publish(client, '/c', 'one');
    const stop = new AbortController();
    const seen: (string | null)[] = [];
    const stopAtFirst = (value: string | null): void => {
      seen.push(value);
      stop.abort();
    };
    await follow(client, '/c', stopAtFirst, stop.signal);
    expect(seen).toEqual(['one']);
    const following = follow(client, '/c', () => client.kill());
    await expect(following).rejects.toMatchObject({ name: 'SynodError' });
  });
});
