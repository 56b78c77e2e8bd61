/**
 * What is done to the servers. Each fault ends with the server running again; one that ends by itself, or not when it is
 * told to, is a violation.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { now } from './history.js';

/**
 * @typedef {'kill-leader' | 'kill-random' | 'kill-all' | 'pause-leader' | 'pause-random' | 'stop-random'} FaultKind
 *
 * @typedef {object} Fault
 * @property {FaultKind} kind
 * @property {number} at
 * @property {readonly number[]} servers
 * @property {number} ms how long the servers were away
 * @property {number} epoch of the leader at that time
 */

/** How often which fault. @type {Readonly<Record<FaultKind, number>>} */
const weights = {
  'kill-leader': 30,
  'kill-random': 15,
  'kill-all': 8,
  'pause-leader': 22,
  'pause-random': 13,
  'stop-random': 12,
};

/** How long a server may take to stop in good order, in milliseconds. */
const stopLimitMs = 15_000;

/** How long the servers may take to find a leader once nothing is done to them, in milliseconds. */
export const recoveryMs = 30_000;

export class Faults {
  /** @type {Fault[]} */
  done = [];
  /** Servers that stand still. @type {Set<number>} */
  #paused = new Set();
  /** Servers that are meant to end. @type {Set<number>} */
  #ending = new Set();
  #ensemble;
  #random;
  #noticeMs;
  #report;

  /**
   * @param {import('../ensemble.js').Ensemble} ensemble
   * @param {import('./random.js').Random} random
   * @param {number} noticeMs after which silence of a server is noticed
   * @param {(rule: string, text: string) => void} report
   */
  constructor(ensemble, random, noticeMs, report) {
    this.#ensemble = ensemble;
    this.#random = random;
    this.#noticeMs = noticeMs;
    this.#report = report;
  }

  /** Starts a server that is watched: it must not end by itself. */
  start(/** @type {number} */ id) {
    this.#ending.delete(id);
    const child = this.#ensemble.start(id);
    child.once('exit', (code, signal) => {
      if (this.#ending.has(id)) return;
      this.#report(
        'servers',
        `server ${id} ended by itself (${signal ?? `exit code ${code}`})\n${this.#ensemble.logTails(8)}`,
      );
      setTimeout(() => this.#ensemble.member(id).process ?? this.start(id), 500);
    });
  }

  /** Servers that run and move. */
  get #moving() {
    return this.#ensemble.ids.filter((id) => this.#ensemble.member(id).process && !this.#paused.has(id));
  }

  /** The server that leads in the highest epoch, null while none does. */
  async leader() {
    const all = await Promise.all(this.#moving.map((id) => this.#ensemble.status(id)));
    /** @type {{ id: number; epoch: number } | null} */
    let highest = null;
    for (const status of all) {
      if (!status?.serving || status.role !== 'leading' || (highest && highest.epoch >= status.epoch)) continue;
      highest = { id: status.server, epoch: status.epoch };
    }
    return highest;
  }

  /** Waits for a leader. */
  async untilLed() {
    const end = now() + recoveryMs;
    for (;;) {
      const leader = await this.leader();
      if (leader || now() > end) return leader;
      await delay(20);
    }
  }

  /**
   * Does one fault, chosen by chance.
   *
   * @returns {Promise<{ over: Promise<void> } | null>} when the servers are back; null where no leader is found before
   */
  async next() {
    const kind = this.#random.weighted(weights);
    const leader = await this.untilLed();
    if (!leader) return null;
    const other = this.#random.pick(this.#ensemble.ids);
    const servers = kind === 'kill-all' ? this.#ensemble.ids : [kind.endsWith('leader') ? leader.id : other];
    const away = kind.startsWith('pause') ? this.#random.spread(0.3, 3) * this.#noticeMs : this.#absence();
    /** @type {Fault} */
    const fault = { kind, at: now(), servers, ms: 0, epoch: leader.epoch };
    this.done.push(fault);
    const over = kind.startsWith('pause')
      ? this.#pause(servers, away)
      : this.#comeBack(await this.#end(kind, servers), away);
    return { over: over.then(() => void (fault.ms = now() - fault.at)) };
  }

  /** How long a server that ended is away: half of them come back at once. */
  #absence() {
    return this.#random.chance(0.5) ? this.#random.between(0, 200) : this.#random.between(200, 2500);
  }

  /** @param {readonly number[]} ids @param {number} away */
  async #pause(ids, away) {
    const moving = ids.filter((id) => this.#moving.includes(id));
    for (const id of moving) {
      this.#paused.add(id);
      this.#ensemble.signal(id, 'SIGSTOP');
    }
    await delay(away);
    for (const id of moving) {
      this.#ensemble.signal(id, 'SIGCONT');
      this.#paused.delete(id);
    }
  }

  /** @param {FaultKind} kind @param {readonly number[]} ids */
  async #end(kind, ids) {
    const running = ids.filter((id) => this.#ensemble.member(id).process);
    for (const id of running) this.#ending.add(id);
    if (kind === 'stop-random') await Promise.all(running.map((id) => this.#stop(id)));
    else await Promise.all(running.map((id) => this.#ensemble.kill(id)));
    return running;
  }

  /** @param {readonly number[]} ids @param {number} away */
  async #comeBack(ids, away) {
    await delay(away);
    for (const id of ids) if (!this.#ensemble.member(id).process) this.start(id);
  }

  /** Ends a server in good order: it must say so by its exit code, in time. */
  async #stop(/** @type {number} */ id) {
    const child = this.#ensemble.member(id).process;
    if (!child) return;
    // One that is only just starting may end by the signal itself.
    const started = (await this.#ensemble.status(id)) !== null;
    const late = setTimeout(() => {
      this.#report('servers', `server ${id} did not stop within ${stopLimitMs} ms\n${this.#ensemble.logTails(8)}`);
      child.kill('SIGKILL');
    }, stopLimitMs);
    // A server that stands still stops when it goes on.
    await this.#ensemble.kill(id, 'SIGTERM');
    clearTimeout(late);
    if (started && child.exitCode !== 0 && child.signalCode !== 'SIGKILL') {
      this.#report('servers', `server ${id} stopped with ${child.signalCode ?? `exit code ${child.exitCode}`}`);
    }
  }

  /** Lets all servers run. */
  heal() {
    for (const id of this.#ensemble.ids) {
      this.#ensemble.signal(id, 'SIGCONT');
      if (!this.#ensemble.member(id).process) this.start(id);
    }
    this.#paused.clear();
  }

  /** Ends all servers in good order. */
  async stopAll() {
    for (const id of this.#ensemble.ids) this.#ending.add(id);
    await Promise.all(this.#ensemble.ids.map((id) => this.#stop(id)));
  }
}
