/**
 * An ensemble of three that is damaged again and again, one server at a time: it is stopped, its data directory comes to
 * harm, it is started while the others go on. It must come back whole, or refuse in words and be filled anew; and then it
 * must carry the ensemble: one of the others is stopped, and is the next to be damaged. Now and then the damaged server and
 * one that is behind are left to themselves: what they do not know between them must not be forgotten.
 */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@synod/client';
import { Random } from '../chaos/random.js';
import { Ensemble } from '../ensemble.js';
import { Content } from './content.js';
import { damage } from './kinds.js';
import { outcomeOf } from './report.js';
import { startMs, startOf } from './start.js';

/** @typedef {import('./report.js').Report} Report */

/** Faults are noticed soon, and the log is cut short, so that it alone is not always enough. */
const settings = { tickTime: 200, syncLimit: 5, logRetainRecords: 1500 };

/** Writes that the ensemble must take with a repaired server as part of its quorum. */
const carriedWrites = 20;

/** How often the damaged server is, besides one that is behind, all there is for a while. */
const outnumberedChance = 0.35;

/** How long the two are left to themselves, in milliseconds, counted from when the damaged one is ready. */
const aloneMs = 1_500;

export class EnsembleRun {
  #ensemble;
  #content;
  #report;
  #random;
  #dir;

  /** @param {string} dir @param {string} seed @param {Report} report @param {Ensemble} ensemble */
  constructor(dir, seed, report, ensemble) {
    this.#dir = dir;
    this.#report = report;
    this.#ensemble = ensemble;
    this.#random = new Random(seed, 'ensemble');
    this.#content = new Content(seed, (words) => report.violation(words));
  }

  /**
   * @param {string} dir
   * @param {string} seed
   * @param {number} count
   * @param {Report} report
   */
  static async run(dir, seed, count, report) {
    const ensemble = await Ensemble.create(join(dir, 'ensemble'), { voters: 3, settings });
    const run = new EnsembleRun(dir, seed, report, ensemble);
    try {
      await run.#all(count);
    } catch (error) {
      report.violation(`the run broke off: ${String(error)}`);
    } finally {
      run.#content.kill();
      await ensemble.stopAll('SIGKILL');
    }
  }

  /** @param {number} count */
  async #all(count) {
    const ensemble = this.#ensemble;
    await ensemble.startAll();
    await this.#content.fill(ensemble.connectString);
    await this.#content.write(ensemble.connectString);
    let victim = await ensemble.leader();
    await this.#stop(victim);
    for (let i = 0; i < count; i++) {
      await this.#round(victim);
      const next = this.#random.pick(ensemble.ids.filter((id) => id !== victim));
      await this.#carry(victim, next);
      victim = next;
      if (i + 1 < count && this.#random.chance(outnumberedChance)) {
        await this.#outnumbered(victim);
        i++;
        victim = this.#random.pick(ensemble.ids);
        await this.#stop(victim);
      }
    }
    ensemble.start(victim);
    await ensemble.serving(ensemble.ids);
    await this.#content.pause();
    await ensemble.level();
    await this.#content.close();
  }

  /** Damages a server that is down, starts it, and reads everything through it. */
  async #round(/** @type {number} */ victim) {
    const report = this.#report;
    const { dataDir } = this.#ensemble.member(victim);
    this.#keepOlder(victim);
    const done = damage(this.#random, dataDir, this.#olderDir(victim));
    report.begin(`server ${victim}: ${done.kind} ${done.file}: ${done.detail}`, dataDir);
    const before = this.#ensemble.log(victim).length;
    const refusal = await this.#start(victim);
    if (refusal !== null) await this.#refill(victim, refusal);
    await this.#read(victim, 'just started', false);
    await this.#read(victim, 'started', true);
    const log = this.#ensemble.log(victim).slice(before);
    report.outcome(done, refusal !== null ? 'refused' : outcomeOf(log));
  }

  /**
   * One server is behind, one that knows everything is damaged, and the only other that knows everything is stopped. The
   * first two must not go on by themselves unless the damaged one still proves all it has acknowledged.
   *
   * @param {number} behind a server that is down while the others took writes; afterwards all run
   */
  async #outnumbered(behind) {
    const ensemble = this.#ensemble;
    const others = ensemble.ids.filter((id) => id !== behind);
    const victim = this.#random.pick(others);
    const [keeper = 0] = others.filter((id) => id !== victim);
    await this.#content.progress(carriedWrites);
    await this.#stop(victim);
    const { dataDir } = ensemble.member(victim);
    this.#keepOlder(victim);
    const done = damage(this.#random, dataDir, this.#olderDir(victim));
    this.#report.begin(`server ${victim}, outnumbered: ${done.kind} ${done.file}: ${done.detail}`, dataDir);
    const before = ensemble.log(victim).length;
    await this.#stop(keeper);
    ensemble.start(behind);
    const end = await startOf(ensemble, victim, aloneMs);
    if (end === null) {
      await this.#read(victim, 'outnumbered', true);
      await this.#read(behind, 'beside a damaged one', true);
    }
    ensemble.start(keeper);
    const refusal = end === null || end.waits ? null : this.#report.refusal(end.code, end.log);
    if (refusal !== null) await this.#refill(victim, refusal);
    await ensemble.serving(ensemble.ids);
    for (const id of ensemble.ids) await this.#read(id, 'complete again', true);
    this.#report.outcome(done, refusal !== null ? 'refused' : outcomeOf(ensemble.log(victim).slice(before)));
  }

  /** What is refused is wiped, and filled by the others. */
  async #refill(/** @type {number} */ id, /** @type {string} */ refusal) {
    this.#report.note(`refused: ${refusal}`);
    rmSync(this.#ensemble.member(id).dataDir, { recursive: true, force: true });
    const again = await this.#start(id);
    if (again !== null) this.#report.violation(`server ${id} does not start with an empty directory: ${again}`);
  }

  /** Reads everything through one server. */
  async #read(/** @type {number} */ id, /** @type {string} */ when, /** @type {boolean} */ fresh) {
    const address = this.#ensemble.address(id);
    const reader = await connect(address, { sessionTimeout: 20_000, connectTimeout: startMs });
    try {
      await this.#content.readAll(reader, fresh, `server ${id}, ${when}`);
    } finally {
      await reader.close();
    }
  }

  /** Stops `next`; now the ensemble rests on the repaired server. */
  async #carry(/** @type {number} */ repaired, /** @type {number} */ next) {
    const ensemble = this.#ensemble;
    const isMember = async () => (await ensemble.status(repaired))?.member === true;
    await ensemble.until(isMember, `server ${repaired} is a member again`, startMs);
    await this.#stop(next);
    await this.#content.progress(carriedWrites);
    await this.#read(repaired, 'carrying', true);
    await this.#content.pause();
    await ensemble.level();
    for (const id of ensemble.ids) {
      const status = ensemble.member(id).process ? await ensemble.status(id) : null;
      const diverged = status?.diverged ?? [];
      if (diverged.length > 0) this.#report.violation(`server ${id} says that ${diverged.join(', ')} differ`);
    }
    this.#content.resume();
  }

  async #stop(/** @type {number} */ id) {
    await this.#ensemble.kill(id, this.#random.pick(/** @type {const} */ (['SIGTERM', 'SIGKILL'])));
  }

  /** Starts a server; null when it serves, or the words with which it has ended. */
  async #start(/** @type {number} */ id) {
    const end = await startOf(this.#ensemble, id);
    return end === null ? null : this.#report.refusal(end.code, end.log);
  }

  #olderDir(/** @type {number} */ id) {
    return join(this.#dir, 'older', String(id));
  }

  /** What lies in the directory now will be the older copy of some later round. */
  #keepOlder(/** @type {number} */ id) {
    const latest = join(this.#dir, 'latest', String(id));
    if (existsSync(latest) && this.#random.chance(0.5)) {
      mkdirSync(this.#olderDir(id), { recursive: true });
      cpSync(latest, this.#olderDir(id), { recursive: true });
    }
    rmSync(latest, { recursive: true, force: true });
    cpSync(this.#ensemble.member(id).dataDir, latest, { recursive: true });
  }
}
