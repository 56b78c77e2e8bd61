/**
 * Runs a program of a foreign client and follows what it says. A program is given the servers' addresses and talks to
 * whoever runs it in lines: on its standard output
 *
 *     version 3.8.0          which version of the client it uses
 *     ok TEXT                a check that held
 *     failed TEXT: WHY       a check that did not; the program goes on where it can
 *     please kill leader     a server must die now by SIGKILL: the one that leads, or the one at a client port
 *     please start           every dead server must be started again
 *
 * and after each `please` it waits for a line on its standard input: `done PORT` when the process is gone, `done` when all
 * servers serve. Other lines are for people and shown where something failed. It ends with 0 where every check held.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * @typedef {object} Command
 * @property {string} program
 * @property {readonly string[]} args
 *
 * @typedef {object} Outcome
 * @property {boolean} passed
 * @property {string} version
 * @property {number} checks those that held
 * @property {number} seconds
 * @property {readonly string[]} failures what went wrong, in words
 * @property {readonly string[]} lines all that it wrote
 *
 * @typedef {object} Servers what a program may have done to the ensemble
 * @property {(which: string) => Promise<string>} kill
 * @property {() => Promise<string>} start
 */

/**
 * @param {Command} command
 * @param {Servers} servers
 * @param {number} limitMs after so long it is killed, which is a failure
 * @returns {Promise<Outcome>}
 */
export async function runProgram(command, servers, limitMs) {
  const started = performance.now();
  const child = spawn(command.program, command.args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const talk = new Talk(child.stdin, servers);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => talk.hear(line));
  }
  child.stdin.on('error', () => talk.hear('(does not listen any more)'));
  const patience = setTimeout(() => {
    talk.failures.push(`not finished within ${limitMs / 1000} s`);
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, limitMs);
  const [code, signal] = await ended(child);
  clearTimeout(patience);
  await talk.settled;
  if (code !== 0) talk.failures.push(signal === null ? `exit code ${code}` : `ended by ${signal}`);
  const { version, checks, failures, lines } = talk;
  const seconds = (performance.now() - started) / 1000;
  return { passed: failures.length === 0 && checks > 0, version, checks, seconds, failures, lines };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<[number | string, string | null]>}
 */
async function ended(child) {
  try {
    const [code, signal] = /** @type {[number | null, string | null]} */ (await once(child, 'close'));
    return [code ?? 1, signal];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error), null];
  }
}

/** Understands a program's lines, and does what it asks for. */
class Talk {
  version = '';
  checks = 0;
  /** @type {string[]} */
  failures = [];
  /** @type {string[]} */
  lines = [];
  /** Settles when everything that was asked for is done. @type {Promise<void>} */
  settled = Promise.resolve();
  #input;
  #servers;

  /** @param {NodeJS.WritableStream} input @param {Servers} servers */
  constructor(input, servers) {
    this.#input = input;
    this.#servers = servers;
  }

  /** @param {string} line */
  hear(line) {
    this.lines.push(line);
    const [, word = '', rest = ''] = /^(version|ok|failed|please) (.*)$/.exec(line) ?? [];
    if (word === 'version') this.version = rest;
    else if (word === 'ok') this.checks++;
    else if (word === 'failed') this.failures.push(rest);
    else if (word === 'please') this.settled = this.settled.then(() => this.#obey(rest));
  }

  /** @param {string} wish */
  async #obey(wish) {
    const [verb, which = ''] = wish.split(' ');
    try {
      const answer = verb === 'kill' ? await this.#servers.kill(which) : await this.#servers.start();
      this.lines.push(`done ${answer}`);
      this.#input.write(`done ${answer}\n`);
    } catch (error) {
      this.failures.push(`${wish}: ${error instanceof Error ? error.message : String(error)}`);
      this.#input.end();
    }
  }
}
