/** What all workloads share: pace, stopping, and a client that is replaced when its session is over. */
import { setTimeout as delay } from 'node:timers/promises';
import { RecordedClient } from './recorded-client.js';

/** Session timeouts of clients that want to live, in milliseconds: longer than a change of leadership takes. */
const timeouts = /** @type {const} */ ([3000, 4000, 6000, 10_000]);

export class Workload {
  #clients = 0;

  /**
   * @param {import('./recorded-client.js').Surroundings} around
   * @param {string} name
   * @param {import('./random.js').Random} random
   * @param {{ stopping: boolean }} run
   */
  constructor(around, name, random, run) {
    this.around = around;
    this.name = name;
    this.random = random;
    this.run = run;
  }

  get stopping() {
    return this.run.stopping;
  }

  /** Waits a random time. */
  async pause(/** @type {number} */ low, /** @type {number} */ high) {
    await delay(this.random.between(low, high));
  }

  /** A new client with a session. */
  async client(/** @type {number} */ timeout = this.random.pick(timeouts)) {
    const client = new RecordedClient(this.around, `${this.name}.${++this.#clients}`, timeout);
    await client.opened();
    return client;
  }

  /**
   * Runs `body` with one client after the other until the run stops; it returns when it or its client is done.
   *
   * @param {(client: RecordedClient) => Promise<void>} body
   */
  async withClients(body) {
    while (!this.stopping) {
      const client = await this.client();
      if (!client.over) await body(client);
      if (!client.over) await client.close();
    }
  }
}
