/** What a server refuses to start with, always in words that say what to do, and always with exit code 1. */
import { describe, expect } from '@jest/globals';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { answers, noneServes, runToEnd, scenario, stays, type Ensemble } from './rig.js';

/** Changes the configuration of one server. */
function reconfigure(ensemble: Ensemble, id: number, change: (text: string) => string): void {
  const { configFile } = ensemble.member(id);
  writeFileSync(configFile, change(readFileSync(configFile, 'utf8')));
}

describe('a server does not start', () => {
  scenario('on the data of another cluster or server, or on data in use', { voters: 1 }, async (ensemble, guests) => {
    await ensemble.startAll();
    await (await guests.connect()).create('/a');
    // A second process on the same directory, with ports of its own.
    const { configFile, dataDir, process: first } = ensemble.member(1);
    const twin = await runTwin(ensemble, configFile);
    expect(twin.code).toBe(1);
    expect(twin.log).toContain(`${dataDir} is in use by process ${String(first?.pid)}; one server at a time`);
    expect(await ensemble.health(1)).toBe(true);

    await ensemble.kill(1, 'SIGTERM');
    reconfigure(ensemble, 1, (text) => `${text}clusterName=another\n`);
    const foreign = await runToEnd(ensemble, 1);
    expect(foreign.code).toBe(1);
    expect(foreign.log).toMatch(/belongs to server 1 of cluster \\?"synod\\?", not to server 1 of cluster \\?"another/);

    reconfigure(ensemble, 1, (text) => text.replace('clusterName=another', '').replace('serverId=1', 'serverId=9'));
    const renamed = await runToEnd(ensemble, 1);
    expect(renamed.code).toBe(1);
    expect(renamed.log).toMatch(/belongs to server 1 of cluster \\?"synod\\?", not to server 9/);

    reconfigure(ensemble, 1, (text) => text.replace('serverId=9', 'serverId=1'));
    ensemble.start(1);
    await ensemble.serving([1]);
  });

  scenario('with a setting it does not know, nor on a port that is taken', { voters: 1 }, async (ensemble) => {
    reconfigure(ensemble, 1, (text) => `${text}tickTme=200\n`);
    const misspelled = await runToEnd(ensemble, 1);
    expect(misspelled.code).toBe(1);
    expect(misspelled.log).toMatch(/synod\.cfg:\d+: unknown key tickTme; did you mean tickTime\?/);
    reconfigure(ensemble, 1, (text) => text.replace('tickTme=200\n', ''));

    const { clientPort } = ensemble.member(1);
    const squatter = createServer().listen(clientPort, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const taken = await runToEnd(ensemble, 1);
      expect(taken.code).toBe(1);
      expect(taken.log).toMatch(
        new RegExp(`cannot listen on 127\\.0\\.0\\.1:${clientPort} \\(clientPort\\): another process listens there`),
      );
    } finally {
      squatter.close();
    }
  });

  scenario('alone on a damaged directory, which it leaves as it is', { voters: 1 }, async (ensemble, guests) => {
    await ensemble.startAll();
    await (await guests.connect()).create('/a', 'precious');
    await ensemble.kill(1, 'SIGTERM');
    const log = join(ensemble.member(1).dataDir, 'log.db');
    const whole = readFileSync(log);
    truncateSync(log, 8_192);
    for (let time = 1; time <= 2; time++) {
      const { code, log: words } = await runToEnd(ensemble, 1);
      expect(code).toBe(1);
      expect(words).toMatch(
        /is damaged \(.*a standalone server has no other copy: restore the directory from a backup/,
      );
    }
    writeFileSync(log, whole);
    ensemble.start(1);
    await ensemble.serving([1]);
    expect(String((await (await guests.connect()).get('/a')).data)).toBe('precious');
  });
});

describe('an ensemble does not take in', () => {
  scenario('a server with another secret or of another cluster', {}, async (ensemble) => {
    await ensemble.startAll();
    await ensemble.kill(3);
    const other = join(ensemble.dir, 'another-secret');
    writeFileSync(other, 'this is the secret of somebody else', { mode: 0o600 });
    reconfigure(ensemble, 3, (text) => text.replace(/^peerSecretFile=.*$/m, `peerSecretFile=${other}`));
    ensemble.start(3);
    await answers(ensemble, [3]);
    const told = async (): Promise<boolean> =>
      Promise.resolve(
        [1, 2, 3].every((id) => /peer-[a-z]+-failed .*the secrets of the two servers differ/.test(ensemble.log(id))),
      );
    await ensemble.until(told, 'that all say that the secrets differ', 10_000);
    await stays(300, () => noneServes(ensemble, [3]));
    await ensemble.kill(3);

    reconfigure(ensemble, 3, (text) =>
      `${text}clusterName=another\n`
        .replace(other, join(ensemble.dir, 'secret'))
        .replace(/^dataDir=.*$/m, `dataDir=${join(ensemble.dir, 'other-data')}`),
    );
    ensemble.start(3);
    await answers(ensemble, [3]);
    const named = async (): Promise<boolean> =>
      Promise.resolve(
        [1, 2, 3].every((id) => /peer-[a-z]+-failed .*the clusters differ: server \d/.test(ensemble.log(id))),
      );
    await ensemble.until(named, 'that all say that the clusters differ', 10_000);
    await stays(300, () => noneServes(ensemble, [3]));
    // Those two have long found their leader, or are about to, where the third was it.
    await ensemble.serving([1, 2]);
  });
});

/** Runs a second server process with the directory of server 1, on any free port. */
async function runTwin(ensemble: Ensemble, original: string): Promise<{ code: number | null; log: string }> {
  const twin = ensemble.member(1);
  const home = join(ensemble.dir, '2');
  mkdirSync(home);
  const configFile = join(home, 'synod.cfg');
  writeFileSync(configFile, readFileSync(original, 'utf8').replace(/^clientPort=.*$/m, 'clientPort=0'));
  ensemble.members.set(2, { ...twin, id: 2, configFile, logFile: join(home, 'log'), process: null });
  try {
    return await runToEnd(ensemble, 2);
  } finally {
    ensemble.members.delete(2);
  }
}
