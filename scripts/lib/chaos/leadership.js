/** Who leads, looked at all the time: when no server did. A server that does not answer at once is taken not to lead. */
import { setTimeout as delay } from 'node:timers/promises';
import { now } from './history.js';

/** @typedef {{ from: number; to: number }} Span times on the clock of the history */

/** Milliseconds between two questions to a server. */
const everyMs = 100;

/** An answer counts for so long, in milliseconds. */
const freshMs = 300;

export class LeadershipWatch {
  /** When there was no leader. @type {Span[]} */
  leaderless = [];
  /** When each server last said that it leads and serves. @type {Map<number, number>} */
  #said = new Map();
  #over = false;
  #loops;

  /** @param {import('../ensemble.js').Ensemble} ensemble that has a leader */
  constructor(ensemble) {
    for (const id of ensemble.ids) this.#said.set(id, now());
    this.#loops = Promise.all(ensemble.ids.map((id) => this.#watch(ensemble, id)));
  }

  /** Ends the watch. */
  async stop() {
    this.#over = true;
    await this.#loops;
  }

  /** @param {import('../ensemble.js').Ensemble} ensemble @param {number} id */
  async #watch(ensemble, id) {
    while (!this.#over) {
      const status = ensemble.member(id).process ? await ensemble.status(id) : null;
      if (status?.serving && status.role === 'leading') this.#leads(id);
      await delay(everyMs);
    }
  }

  /** @param {number} id */
  #leads(id) {
    const at = now();
    const before = Math.max(...this.#said.values());
    if (at - before > freshMs) this.leaderless.push({ from: before + everyMs, to: at });
    this.#said.set(id, at);
  }
}
