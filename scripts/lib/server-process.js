/** One server as a child process: started, watched, its log lines passed on with its number in front, stopped. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { inRoot, root } from './project.js';

/** How long a server may take to stop before it is killed, in milliseconds. */
const stopMs = 10_000;

/** How often a starting server is asked, in milliseconds. */
const pollMs = 100;

/** How long an answer may take, in milliseconds. */
const answerMs = 2000;

/** @typedef {{ serving: boolean; role: string; detail: string }} Health as GET /health answers */

export class ServerProcess {
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  #stopping = false;

  /**
   * @param {import('@synod/server/config').Config} config
   * @param {(server: ServerProcess, how: string) => void} onDeath when it ended without having been told to
   */
  constructor(config, onDeath) {
    this.config = config;
    const program = inRoot('packages', 'cli', 'dist', 'main.js');
    const args = [program, 'server', '--config', config.file];
    // In a process group of its own: Ctrl-C reaches this script alone, which then stops the servers in good order.
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => console.log(`[${config.serverId}] ${line}`));
    }
    /** Settles when the process has ended and its last line is printed. */
    this.ended = once(child, 'close').then(([code, signal]) => {
      if (!this.#stopping) onDeath(this, signal === null ? `exit code ${String(code)}` : `signal ${String(signal)}`);
    });
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Where clients on this machine reach it. */
  get address() {
    const { host, port } = this.config.clientAddress;
    const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    return `${near.includes(':') ? `[${near}]` : near}:${port}`;
  }

  /**
   * Waits until it serves clients, has ended, or `limitMs` is over.
   *
   * @returns {Promise<boolean>} whether it serves
   */
  async serves(/** @type {number} */ limitMs) {
    const end = performance.now() + limitMs;
    while (this.isRunning && performance.now() < end) {
      const health = await this.health();
      if (health?.serving) return true;
      await delay(pollMs);
    }
    return false;
  }

  /** What it says about itself; null where it does not answer. @returns {Promise<Health | null>} */
  async health() {
    try {
      const answer = await fetch(`http://${this.address}/health`, { signal: AbortSignal.timeout(answerMs) });
      return /** @type {Health} */ (await answer.json());
    } catch {
      return null;
    }
  }

  /** Asks it to stop and waits; one that does not stop is killed. */
  async stop() {
    this.#stopping = true;
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    const patience = setTimeout(() => {
      console.log(`Server ${this.config.serverId} did not stop within ${stopMs / 1000} s; it is killed.`);
      this.#child.kill('SIGKILL');
    }, stopMs);
    await this.ended;
    clearTimeout(patience);
  }
}
