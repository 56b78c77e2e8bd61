/** setquota, listquota, delquota: the znodes that they write, and what they say, as ZooKeeper's shell does. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '@synod/cli';
import { FakeEnsemble } from '../client/fake-ensemble.js';
import { Terminal } from './terminal.js';

let ensemble: FakeEnsemble;

beforeEach(async () => {
  ensemble = await FakeEnsemble.start();
  await synod('create', '/zookeeper');
  await synod('create', '/zookeeper/quota');
  for (const path of ['/q', '/q/a', '/q/a/b']) await synod('create', path);
});

afterEach(async () => {
  await ensemble.stop();
});

async function synod(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new Terminal(ensemble.connectString);
  const code = await run(argv, terminal);
  return { code, out: terminal.stdout.text, err: terminal.stderr.text };
}

const LIMITS = '/zookeeper/quota/q/zookeeper_limits';
const STATS = '/zookeeper/quota/q/zookeeper_stats';

async function limits(): Promise<string> {
  return (await synod('get', LIMITS)).out.trim();
}

describe('setquota', () => {
  test('makes a quota as ZooKeeper’s shell does, and changes one limit of it at a time', async () => {
    expect(await synod('setquota', '-n', '3', '/q')).toEqual({ code: 0, out: '', err: '' });
    expect(await limits()).toBe('count=3,bytes=-1=;byteHardLimit=-1;countHardLimit=-1');
    expect((await synod('get', STATS)).out).toBe('count=0,bytes=0\n');
    await synod('setquota', '-B', '10', '/q');
    await synod('setquota', '/q', '-b', '7', '-N', '5');
    expect(await limits()).toBe('count=3,bytes=7=;byteHardLimit=10;countHardLimit=5');
  });

  test('makes what is missing above, and what is missing of a quota', async () => {
    await synod('setquota', '-n', '3', '/q/a/b');
    expect((await synod('ls', '-R', '/zookeeper/quota')).out.split('\n')).toContain(
      '/zookeeper/quota/q/a/b/zookeeper_stats',
    );
    await synod('delete', '/zookeeper/quota/q/a/b/zookeeper_limits');
    expect(await synod('setquota', '-n', '4', '/q/a/b')).toMatchObject({ code: 0 });
  });

  test('warns where there is more already', async () => {
    await synod('setquota', '-n', '30', '/q');
    await synod('set', STATS, 'count=5,bytes=8');
    const { out } = await synod('setquota', '-n', '4', '-N', '5', '-b', '7', '/q');
    expect(out).toBe(
      '[Warning]: the count quota you create is less than the existing count:5\n' +
        '[Warning]: the bytes quota you create is less than the existing bytes:8\n',
    );
  });

  test('goes on from limits that are no limits', async () => {
    await synod('setquota', '-n', '3', '/q');
    await synod('set', LIMITS, 'nonsense');
    await synod('setquota', '-N', '3', '/q');
    expect(await limits()).toBe('count=-1,bytes=-1=;countHardLimit=3');
  });

  test.each([
    [['-n', '1', '/none'], '/none does not exist.', 1],
    [['-n', '1', '/'], 'cannot set a quota under the path: /', 1],
    [['-n', '1', '/zookeeper/quota'], 'cannot set a quota under the path: /zookeeper/quota', 1],
    [['/q'], 'one of -n, -b, -N and -B must be there', 2],
    [['-n', '0', '/q'], '-n must be a whole number greater than zero, not "0"', 2],
    [['-B', '-1', '/q'], '-B must be a whole number greater than zero, not "-1"', 2],
    [['-b', 'many', '/q'], '-b must be a whole number greater than zero, not "many"', 2],
    [['-n', '1'], 'path is missing', 2],
  ])('%j is refused', async (words, text, code) => {
    const refused = await synod('setquota', ...words);
    expect(refused).toMatchObject({ code, out: '' });
    expect(refused.err.split('\n')[0]).toBe(text);
    expect((await synod('ls', '/zookeeper/quota')).out).toBe('[]\n');
  });

  test('is refused above and below another quota', async () => {
    await synod('setquota', '-n', '1', '/q/a');
    expect((await synod('setquota', '-n', '1', '/q')).err).toBe('/q has a child /q/a which has a quota\n');
    expect((await synod('setquota', '-n', '1', '/q/a/b')).err).toBe('/q/a/b has a parent /q/a which has a quota\n');
    expect((await synod('setquota', '-n', '2', '/q/a')).code).toBe(0);
  });
});

describe('listquota', () => {
  test('shows limits and usage', async () => {
    await synod('setquota', '-N', '3', '/q');
    expect((await synod('listquota', '/q')).out).toBe(
      `absolute path is ${LIMITS}\n` +
        'Output quota for /q count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=3\n' +
        'Output stat for /q count=0,bytes=0\n',
    );
  });

  test('says where there is none', async () => {
    const { code, out, err } = await synod('listquota', '/q');
    expect([code, out, err]).toEqual([1, `absolute path is ${LIMITS}\n`, 'quota for /q does not exist.\n']);
  });
});

describe('delquota', () => {
  test('removes single limits', async () => {
    await synod('setquota', '-n', '1', '-b', '2', '-N', '3', '-B', '4', '/q');
    expect(await synod('delquota', '-n', '/q')).toEqual({ code: 0, out: '', err: '' });
    await synod('delquota', '-b', '-B', '/q');
    expect(await limits()).toBe('count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=3');
  });

  test('removes a quota with what was made to hold it, and nothing else', async () => {
    await synod('setquota', '-n', '1', '/q/a/b');
    await synod('create', '/zookeeper/quota/q/mine');
    await synod('delquota', '/q/a/b');
    expect((await synod('ls', '-R', '/zookeeper/quota')).out).toBe(
      '/zookeeper/quota\n/zookeeper/quota/q\n/zookeeper/quota/q/mine\n',
    );
    await synod('delete', '/zookeeper/quota/q/mine');
    await synod('setquota', '-n', '1', '/q');
    await synod('delquota', '/q');
    expect((await synod('ls', '/zookeeper/quota')).out).toBe('[]\n');
  });

  test('says where there is none', async () => {
    expect(await synod('delquota', '/q')).toEqual({ code: 1, out: '', err: 'Quota does not exist for /q\n' });
  });
});
