/**
 * A shell of another product as a child process: lines in, and what it says to each, told apart by a command whose answer
 * is known. And the checks of the programs that drive such shells, in the lines that program.js explains.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How long a shell may take for one command, in milliseconds; one that has to wait for a new leader included. */
const patienceMs = 30_000;

let failed = 0;

/** @param {boolean} held @param {string} text @param {string} why */
export function check(held, text, why) {
  if (!held) failed++;
  console.log(held ? `ok ${text}` : `failed ${text}: ${why.replace(/\s*\n\s*/g, ' | ')}`);
}

/** Ends the program as its checks went; nothing more can be asked for. */
export function finish() {
  process.stdin.destroy();
  process.exitCode = failed === 0 ? 0 : 1;
}

/** What a pattern has to be found in. @param {string} text @param {string} said @param {RegExp} pattern */
export function checkSaid(text, said, pattern) {
  check(pattern.test(said), text, `wanted ${String(pattern)}, it said: ${said.trim()}`);
}

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks whoever runs this program for a fault: `kill leader` or `start`. @param {string} wish */
export async function please(wish) {
  console.log(`please ${wish}`);
  const { value, done } = await answers.next();
  if (done === true || !value.startsWith('done')) throw new Error(`nobody did ${wish}`);
}

/** A command that runs and ends. @param {string} program @param {readonly string[]} args */
export function once(program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: patienceMs });
  return { code: status ?? 1, said: stdout + stderr, out: stdout };
}

export class Terminal {
  #child;
  #said = '';
  #wake = () => {};
  #marker;

  /**
   * @param {string} program
   * @param {readonly string[]} args
   * @param {{ command: string; answer: RegExp }} marker for `say`: a command that changes nothing, and what the shell says to it
   */
  constructor(program, args, marker) {
    this.#marker = marker;
    // Both outputs through one pipe: their order is part of what it says.
    const merged = ['-c', 'exec "$0" "$@" 2>&1', program, ...args];
    this.#child = spawn('sh', merged, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      this.#said += text;
      this.#wake();
    });
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /**
   * Sends a command; what the shell said to it, and what it said on its own before that.
   *
   * @param {string} command
   * @param {RegExp} [event] what it has to say as well, before or after the answer: a watch event comes when it comes
   */
  async say(command, event) {
    this.#child.stdin.write(`${command}\n${this.#marker.command}\n`);
    const said = await this.hears(this.#marker.answer);
    const answer = said.replace(this.#marker.answer, '');
    return event && !event.test(answer) ? answer + (await this.hears(event)) : answer;
  }

  /** Sends a command and waits until the shell has said this. @param {string} command @param {RegExp} pattern */
  async ask(command, pattern) {
    this.#child.stdin.write(`${command}\n`);
    return await this.hears(pattern);
  }

  /** Waits until it has said this; everything up to there, which is forgotten. @param {RegExp} pattern */
  async hears(pattern) {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const found = pattern.exec(this.#said);
      if (found) {
        const end = found.index + found[0].length;
        const said = this.#said.slice(0, end);
        this.#said = this.#said.slice(end);
        return said;
      }
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`waited for ${String(pattern)} in vain; it said: ${this.#said}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve(undefined);
        };
      });
    }
  }

  /** Ends the shell by its own command and waits for its end. */
  async leave() {
    this.#child.stdin.end('quit\n');
    await this.ended;
  }
}
