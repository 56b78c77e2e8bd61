/** One chaos run: servers and clients as processes, faults between them, and peace at the end. */
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@synod/client';
import { Ensemble } from '../ensemble.js';
import { ClientProcess } from './clients.js';
import { Disks } from './disks.js';
import { isDiskFault } from './fault-kinds.js';
import { Faults } from './faults.js';
import { historyFile, writeEnd } from './folder.js';
import { now } from './history.js';
import { LeadershipWatch } from './leadership.js';
import { Links } from './proxy.js';
import { Random } from './random.js';
import { counters } from './writers.js';

/**
 * @typedef {object} Plan
 * @property {string} dir
 * @property {string} seed
 * @property {number} minutes
 * @property {number} servers
 * @property {number} faults
 * @property {import('./fault-kinds.js').Weights} kinds
 * @property {(line: string) => void} log
 */

const processes = 2;
const tickMs = 200;
const syncTicks = 5;

/** Everything stays in the logs, for the checkers read them at the end. */
const retain = 100_000_000;

const settings = {
  tickTime: tickMs,
  initLimit: 25,
  syncLimit: syncTicks,
  minSessionTimeout: 1000,
  maxSessionTimeout: 60_000,
  logRetainRecords: retain,
  logRetainBytes: retain * 1000,
};

/** Writes that must be answered between two faults. */
const workBetween = 20;

/** How long the sessions of clients that are gone may live on once nothing is done to the servers, in milliseconds. */
const expiryMs = 20_000;

const progressMs = 15_000;

/** How likely another fault is while one lasts. */
const overlap = 0.2;

export class ChaosRun {
  /** @type {import('./history.js').Violation[]} */
  violations = [];
  #plan;
  #random;
  /** @type {ClientProcess[]} */
  #clients = [];

  /** @param {Plan} plan */
  constructor(plan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed, 'faults');
  }

  /** @param {string} rule @param {string} text */
  #violation(rule, text) {
    this.violations.push({ rule, text });
    this.#plan.log(`VIOLATION ${rule}: ${text}`);
  }

  /** Leaves in the folder what the checkers need; what went wrong meanwhile is in {@link violations}. */
  async run() {
    const { dir, servers, seed, kinds } = this.#plan;
    const ensemble = await Ensemble.create(dir, { voters: servers, settings, routed: true });
    const jitter = new Random(seed, 'jitter');
    const links = await Links.open(ensemble.routes, () => jitter.next());
    const disks = Object.keys(kinds).some(isDiskFault) ? new Disks(dir) : null;
    const report = (/** @type {string} */ rule, /** @type {string} */ text) => this.#violation(rule, text);
    const means = { ensemble, links, disks, random: this.#random, kinds, noticeMs: tickMs * syncTicks, report };
    try {
      await this.#work(ensemble, new Faults(means));
    } finally {
      for (const client of this.#clients) client.kill();
      await ensemble.stopAll('SIGKILL');
      await links.close();
    }
  }

  /** @param {Ensemble} ensemble @param {Faults} faults */
  async #work(ensemble, faults) {
    for (const id of ensemble.ids) faults.start(id);
    await ensemble.serving(ensemble.ids);
    await this.#prepare(ensemble);
    const watch = new LeadershipWatch(ensemble);
    const since = now();
    await this.#disturb(faults);
    faults.heal();
    await ensemble.serving(ensemble.ids);
    const until = now();
    await watch.stop();
    const end = await this.#settle(ensemble);
    await faults.stopAll();
    const clients = this.#clients.map(({ task }) => task.name);
    const { leaderless } = watch;
    const run = { since, until, leaderless, counters, servers: ensemble.ids, clients, faults: faults.done };
    writeEnd(this.#plan.dir, { ...end, ...run });
  }

  /** Lays out the tree and starts the clients. @param {Ensemble} ensemble */
  async #prepare(ensemble) {
    const { dir, seed } = this.#plan;
    const names = Array.from({ length: processes }, (_, index) => `p${index}`);
    const client = await connect(ensemble.connectString);
    for (const path of ['/data', '/seq', '/eph', '/watched', '/locks', '/counters']) await client.create(path);
    for (const path of counters) await client.create(path, '0');
    for (const name of names) for (const lock of [0, 1]) await client.create(`/locks/${name}-${lock}`);
    await client.close();
    this.#clients = names.map(
      (name) => new ClientProcess({ name, servers: ensemble.connectString, seed, history: historyFile(dir, name) }),
    );
  }

  get #acked() {
    return this.#clients.reduce((sum, { acked }) => sum + acked, 0);
  }

  /** @param {Faults} faults */
  async #disturb(faults) {
    const { minutes, log } = this.#plan;
    const start = now();
    const every = (minutes * 60_000) / this.#plan.faults;
    let shown = start;
    while (faults.done.length < this.#plan.faults && this.#clients.every(({ isRunning }) => isRunning)) {
      await delay(Math.max(50, start + (faults.done.length + this.#random.between(0, 0.8)) * every - now()));
      const before = this.#acked;
      if (!(await this.#strike(faults, start)) || !(await this.#progress(before, faults))) return;
      if (now() - shown < progressMs) continue;
      shown = now();
      log(`${seconds(shown - start)} ${this.#summary()}`);
    }
    await delay(Math.max(0, start + minutes * 60_000 - now()));
  }

  /**
   * One fault, now and then with others at once while it lasts: one server stands still, another is restarted.
   *
   * @param {Faults} faults
   * @param {number} start
   * @returns {Promise<boolean>} false where no leader was found
   */
  async #strike(faults, start) {
    /** @type {Promise<void>[]} */
    const open = [];
    do {
      const fault = await faults.next();
      const latest = faults.done.at(-1);
      if (!fault || !latest) {
        this.#violation('liveness', 'the servers have found no leader');
        return false;
      }
      const { kind, servers, words } = latest;
      const which = [servers.join(' '), words].filter((part) => part !== '').join(', ');
      this.#plan.log(`${seconds(now() - start)} fault ${faults.done.length}: ${kind} ${which}`);
      open.push(fault.over);
    } while (this.#random.chance(overlap));
    await Promise.all(open);
    return true;
  }

  #summary() {
    const sum = (/** @type {'acked' | 'answered' | 'sessions'} */ key) =>
      this.#clients.reduce((all, client) => all + client[key], 0);
    const slowest = Math.max(...this.#clients.map((client) => client.slowest));
    return `${sum('answered')} answers, ${sum('acked')} writes, ${sum('sessions')} clients, oldest call ${seconds(slowest)}`;
  }

  /** Waits until clients get work done again; false where they do not. @param {number} before @param {Faults} faults */
  async #progress(before, faults) {
    const end = now() + 30_000;
    while (this.#acked < before + workBetween) {
      if (now() > end) {
        const leader = await faults.leader();
        this.#violation('liveness', `no progress for 30 s; leader: ${leader?.id ?? 'none'}; ${this.#summary()}`);
        return false;
      }
      await delay(20);
    }
    return true;
  }

  /**
   * Ends the clients; waits until the sessions of those that are gone have expired and all servers are at one place.
   *
   * @param {Ensemble} ensemble
   */
  async #settle(ensemble) {
    const stuck = (await Promise.all(this.#clients.map((client) => client.stop()))).flat();
    for (const text of stuck) this.#violation('liveness', `never answered: ${text}`);
    const level = await ensemble.level();
    const end = now() + expiryMs;
    for (;;) {
      const { sessions } = (await ensemble.status(1)) ?? { sessions: -1 };
      if (sessions === 0) break;
      if (now() > end) {
        this.#violation('C11', `${sessions} sessions are left ${seconds(expiryMs)} after their clients went`);
        break;
      }
      await delay(50);
    }
    const after = await ensemble.level();
    for (const id of ensemble.ids) {
      const { diverged } = (await ensemble.status(id)) ?? { diverged: [] };
      if (diverged.length > 0)
        this.#violation('digest', `server ${id} says that ${diverged.join(', ')} differ from it`);
    }
    this.#plan.log(`all servers at ${after.zxid} (${level.zxid} when the clients had ended), digest ${after.digest}`);
    return { zxid: Number(after.zxid), digest: parseInt(after.digest, 16) };
  }
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
