/** How the interop run understands the programs that it starts: what they say, ask for, and how they end. */
import { describe, expect, test } from '@jest/globals';
import { runProgram, type Servers } from '../../scripts/lib/interop/program.js';

const nobody: Servers = {
  kill: () => Promise.reject(new Error('nothing was to be killed')),
  start: () => Promise.reject(new Error('nothing was to be started')),
};

/** Runs a few lines of JavaScript as a program. */
function program(text: string, servers = nobody, limitMs = 20_000): ReturnType<typeof runProgram> {
  return runProgram({ program: process.execPath, args: ['-e', text] }, servers, limitMs);
}

describe('a program', () => {
  test('passes with checks that held', async () => {
    const outcome = await program(`console.log('version 1.2\\nok one\\nsomething else\\nok two')`);
    expect(outcome).toMatchObject({ passed: true, version: '1.2', checks: 2, failures: [] });
    expect(outcome.lines).toContain('something else');
  });

  test('fails without any check, which is no proof', async () => {
    expect(await program('')).toMatchObject({ passed: false, failures: [] });
  });

  test('fails with a check that did not hold, however it ends', async () => {
    const outcome = await program(`console.log('ok one\\nfailed two: because')`);
    expect(outcome).toMatchObject({ passed: false, checks: 1, failures: ['two: because'] });
  });

  test('fails with its exit code', async () => {
    const outcome = await program(`console.log('ok one'); process.exitCode = 3`);
    expect(outcome).toMatchObject({ passed: false, failures: ['exit code 3'] });
  });

  test('fails where it cannot be started', async () => {
    const outcome = await runProgram({ program: '/nowhere/at/all', args: [] }, nobody, 20_000);
    expect(outcome).toMatchObject({ passed: false, checks: 0 });
    expect(outcome.failures.join()).toContain('ENOENT');
  });

  test('is ended when it takes too long', async () => {
    const outcome = await program(`console.log('ok one'); setInterval(() => {}, 1000)`, nobody, 500);
    expect(outcome).toMatchObject({ passed: false, checks: 1 });
    expect(outcome.failures).toEqual(['not finished within 0.5 s', 'ended by SIGKILL']);
  });
});

describe('faults', () => {
  const asks = `
    const { createInterface } = require('node:readline');
    const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    const please = async (wish) => { console.log('please ' + wish); return (await answers.next()).value; };
    (async () => {
      console.log('ok ' + (await please('kill leader')));
      console.log('ok ' + (await please('start')));
      process.stdin.destroy();
    })();`;

  test('happen in the order in which they were asked for', async () => {
    const wishes: string[] = [];
    const outcome = await program(asks, {
      kill: (which: string) => Promise.resolve(String(wishes.push(`kill ${which}`) + 2180)),
      start: () => Promise.resolve(String(wishes.push('start')).slice(1)),
    });
    expect(wishes).toEqual(['kill leader', 'start']);
    expect(outcome).toMatchObject({ passed: true, checks: 2 });
    expect(outcome.lines).toContain('ok done 2181');
  });

  test('that cannot be had are a failure', async () => {
    const outcome = await program(asks);
    expect(outcome.passed).toBe(false);
    expect(outcome.failures[0]).toBe('kill leader: nothing was to be killed');
  });
});
