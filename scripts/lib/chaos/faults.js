/**
 * What is done to the servers, their links and their disks. Each fault ends with the server running and reached again; a
 * server that ends by itself, or not when it must, or without words, is a violation.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { isDiskFault, isLinkFault } from './fault-kinds.js';
import { now } from './history.js';
import { planLinks } from './links-plan.js';

/**
 * @typedef {import('./fault-kinds.js').FaultKind} FaultKind
 * @typedef {import('./fault-kinds.js').DiskFault} DiskFault
 * @typedef {import('./fault-kinds.js').ProcessFault} ProcessFault
 *
 * @typedef {object} Fault
 * @property {FaultKind} kind
 * @property {number} at
 * @property {readonly number[]} servers
 * @property {string} words what else there is to say
 * @property {number} ms how long it lasted: until all servers were started, moved, and reached each other
 * @property {number} epoch of the leader at that time
 *
 * @typedef {object} Means what faults are made with
 * @property {import('../ensemble.js').Ensemble} ensemble
 * @property {import('./proxy.js').Links} links
 * @property {import('./disks.js').Disks | null} disks null where disks are not to fail
 * @property {import('./random.js').Random} random
 * @property {import('./fault-kinds.js').Weights} kinds
 * @property {number} noticeMs after which silence of a server is noticed
 * @property {(rule: string, text: string) => void} report
 */

/** How long a server may take to stop in good order, in milliseconds. */
const stopLimitMs = 15_000;

/** How long a server may go on while its disk fails at everything it writes, in milliseconds. */
const diskLimitMs = 10_000;

/** How long the servers may take to find a leader once nothing is done to them, in milliseconds. */
export const recoveryMs = 30_000;

export class Faults {
  /** @type {Fault[]} */
  done = [];
  /** Faults that last. */
  #open = 0;
  /** Servers that stand still. @type {Set<number>} */
  #paused = new Set();
  /** Servers that are meant to end. @type {Set<number>} */
  #ending = new Set();
  /** Servers whose disk fails: nothing else is done to their process meanwhile. @type {Set<number>} */
  #sick = new Set();
  #means;

  /** @param {Means} means */
  constructor(means) {
    this.#means = means;
  }

  get #ensemble() {
    return this.#means.ensemble;
  }

  get #random() {
    return this.#means.random;
  }

  /** Starts a server that is watched: it must not end by itself. */
  start(/** @type {number} */ id) {
    this.#ending.delete(id);
    const child = this.#spawn(id);
    child.once('exit', (code, signal) => {
      if (this.#ending.has(id)) return;
      this.#means.report(
        'servers',
        `server ${id} ended by itself (${signal ?? `exit code ${code}`})\n${this.#ensemble.logTails(8)}`,
      );
      setTimeout(() => this.#ensemble.member(id).process ?? this.start(id), 500);
    });
  }

  /** @param {number} id */
  #spawn(id) {
    return this.#ensemble.start(id, this.#means.disks?.env(this.#ensemble.member(id)));
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
    const kinds = /** @type {Readonly<Record<FaultKind, number>>} */ (this.#means.kinds);
    const kind = this.#random.weighted(kinds);
    const leader = await this.untilLed();
    if (!leader) return null;
    /** @type {Fault} */
    const fault = { kind, at: now(), servers: [], words: '', ms: 0, epoch: leader.epoch };
    const over = this.#begin(kind, leader.id, fault);
    this.done.push(fault);
    this.#open++;
    const after = async () => {
      await over;
      fault.ms = now() - fault.at;
      this.#open--;
    };
    return { over: after() };
  }

  /** @param {FaultKind} kind @param {number} leader @param {Fault} fault */
  #begin(kind, leader, fault) {
    if (isLinkFault(kind)) return this.#disturbLinks(kind, leader, fault);
    const well = this.#ensemble.ids.filter((id) => !this.#sick.has(id));
    const other = this.#random.pick(well.length > 0 ? well : this.#ensemble.ids);
    const one = kind.endsWith('leader') && well.includes(leader) ? leader : other;
    fault.servers = kind === 'kill-all' ? this.#ensemble.ids : [one];
    if (isDiskFault(kind)) return this.#sicken(kind, one, fault);
    const away = kind.startsWith('pause') ? this.#random.spread(0.3, 3) * this.#means.noticeMs : this.#absence();
    return kind.startsWith('pause') ? this.#pause(fault.servers, away) : this.#bounce(kind, fault.servers, away);
  }

  /** How long a server that ended is away: half of them come back at once. */
  #absence() {
    return this.#random.chance(0.5) ? this.#random.between(0, 200) : this.#random.between(200, 2500);
  }

  /** @param {readonly number[]} ids @param {number} away */
  async #pause(ids, away) {
    const moving = ids.filter((id) => this.#moving.includes(id) && !this.#sick.has(id));
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

  /** Ends servers and starts them again. @param {ProcessFault} kind @param {readonly number[]} ids @param {number} away */
  async #bounce(kind, ids, away) {
    const running = ids.filter((id) => this.#ensemble.member(id).process && !this.#sick.has(id));
    for (const id of running) this.#ending.add(id);
    if (kind === 'stop-random') await Promise.all(running.map((id) => this.#stop(id)));
    else await Promise.all(running.map((id) => this.#ensemble.kill(id)));
    await delay(away);
    for (const id of running) if (!this.#ensemble.member(id).process) this.start(id);
  }

  /** Ends a server in good order: it must say so by its exit code, in time. */
  async #stop(/** @type {number} */ id) {
    const child = this.#ensemble.member(id).process;
    if (!child) return;
    // One that is only just starting may end by the signal itself.
    const started = (await this.#ensemble.status(id)) !== null;
    const late = setTimeout(() => {
      this.#means.report(
        'servers',
        `server ${id} did not stop within ${stopLimitMs} ms\n${this.#ensemble.logTails(8)}`,
      );
      child.kill('SIGKILL');
    }, stopLimitMs);
    // A server that stands still stops when it goes on.
    await this.#ensemble.kill(id, 'SIGTERM');
    clearTimeout(late);
    if (started && child.exitCode !== 0 && child.signalCode !== 'SIGKILL') {
      this.#means.report('servers', `server ${id} stopped with ${child.signalCode ?? `exit code ${child.exitCode}`}`);
    }
  }

  /** @param {import('./fault-kinds.js').LinkFault} kind @param {number} leader @param {Fault} fault */
  async #disturbLinks(kind, leader, fault) {
    const { links, noticeMs } = this.#means;
    const { servers, words, rules, flaps } = planLinks(kind, this.#ensemble.ids, leader, this.#random);
    const away = kind === 'reset' ? this.#random.between(0, 500) : this.#random.spread(0.3, 12) * noticeMs;
    fault.servers = servers;
    fault.words = words;
    const end = now() + away;
    // What lasts long enough breaks the link; what does not comes late, in order.
    do {
      const lift = links.impose(rules);
      await delay(Math.min(end - now(), flaps ? this.#random.between(50, 500) : away));
      lift();
      if (flaps) await delay(this.#random.between(50, 500));
    } while (flaps && now() < end);
  }

  /**
   * Lets the disk of a server fail: its process must end in words. Now and then it is started while the disk is still
   * full, and must either do without writing or end in words again.
   *
   * @param {DiskFault} kind
   * @param {number} id
   * @param {Fault} fault
   */
  async #sicken(kind, id, fault) {
    const { disks, report } = this.#means;
    const child = this.#ensemble.member(id).process;
    const again = kind === 'disk-full' && this.#random.chance(0.5);
    const away = this.#absence();
    if (!disks || !child || this.#sick.has(id)) {
      fault.words = 'it was down';
      return;
    }
    this.#sick.add(id);
    this.#ending.add(id);
    const alone = this.#open === 0;
    const said = this.#ensemble.log(id).length;
    disks.fail(id, kind);
    if (await this.#ends(child, diskLimitMs)) this.#hear(id, child, said);
    else if (alone && this.#open === 1 && this.done.at(-1) === fault) {
      report(
        'servers',
        `server ${id} went on for ${diskLimitMs} ms on a disk that fails\n${this.#ensemble.logTails(8)}`,
      );
    }
    if (again && !this.#ensemble.member(id).process) await this.#startFull(id, away, fault);
    else await delay(away);
    // One that had nothing to write may be about to.
    await this.#ensemble.kill(id);
    disks.heal(id);
    this.#sick.delete(id);
    if (!this.#ensemble.member(id).process) this.start(id);
  }

  /** @param {number} id @param {number} ms @param {Fault} fault */
  async #startFull(id, ms, fault) {
    const said = this.#ensemble.log(id).length;
    const child = this.#spawn(id);
    const ended = await this.#ends(child, ms + this.#means.noticeMs);
    fault.words = `started on a full disk: ${ended ? 'ended' : 'went on'}`;
    if (ended) this.#hear(id, child, said);
  }

  /** Whether a process ends in time. @param {import('node:child_process').ChildProcess} child @param {number} ms */
  async #ends(child, ms) {
    if (child.exitCode !== null || child.signalCode !== null) return true;
    const late = new AbortController();
    const ended = once(child, 'exit', { signal: late.signal }).then(
      () => true,
      () => false,
    );
    const timer = setTimeout(() => late.abort(), ms);
    const result = await ended;
    clearTimeout(timer);
    return result;
  }

  /**
   * A server whose disk fails ends with exit code 1 and says why.
   *
   * @param {number} id
   * @param {import('node:child_process').ChildProcess} child
   * @param {number} said length of its log before
   */
  #hear(id, { exitCode, signalCode }, said) {
    const words = this.#ensemble.log(id).slice(said);
    if (exitCode === 1 && / ERROR .*event=(fatal|not-started) cause=/.test(words)) return;
    const how = signalCode ?? `exit code ${exitCode}`;
    this.#means.report(
      'servers',
      `server ${id} ended on a disk that fails with ${how}, saying:\n${words.slice(-1000)}`,
    );
  }

  /** Lets all servers run and reach each other. */
  heal() {
    this.#means.links.heal();
    for (const id of this.#ensemble.ids) {
      this.#means.disks?.heal(id);
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
