/** The processes of the clients, as the chaos run sees them. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./worker.js', import.meta.url));

/** One process of clients. */
export class ClientProcess {
  acked = 0;
  answered = 0;
  sessions = 0;
  /** Age of the oldest call without an answer, in milliseconds. */
  slowest = 0;
  #child;
  #done;
  #output = '';

  /** @param {import('./worker.js').Task} task */
  constructor(task) {
    this.task = task;
    const child = fork(program, [JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child = child;
    child.stderr?.on('data', (/** @type {Buffer} */ text) => (this.#output += text.toString()));
    /** @type {string[] | null} */
    let stuck = null;
    child.on('message', (message) => {
      const news = /** @type {import('./worker.js').News} */ (message);
      if (news.type === 'done') stuck = news.stuck;
      else Object.assign(this, news);
    });
    this.#done = once(child, 'exit').then(([code]) => {
      if (stuck) return stuck;
      throw new Error(`the client process ${task.name} ended with exit code ${String(code)}:\n${this.#output}`);
    });
    // Whoever waits gets the error; until then it is not unhandled.
    this.#done.catch(() => undefined);
  }

  get isRunning() {
    return this.#child.exitCode === null;
  }

  /** Tells it to come to an end and waits for it: the clients that could not, in words. */
  stop() {
    if (this.isRunning) this.#child.send('stop');
    return this.#done;
  }

  kill() {
    this.#child.kill('SIGKILL');
  }
}
