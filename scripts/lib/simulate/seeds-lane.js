/** A child process that runs seeds, and whoever watches over it: a crash and a hang are violations like others. */
import { fork } from 'node:child_process';
import { Complaint, inRoot } from '../project.js';

/** @typedef {import('./seeds-run.js').SeedJob} SeedJob */
/** @typedef {import('./seed-child.js').SeedReport} SeedReport */
/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** A seed that takes so many milliseconds of real time goes round in circles. */
const hangMs = 600_000;

export class SeedLane {
  /** @type {ChildProcess | null} */
  #child = null;
  #patch;
  #over = false;

  /** @param {string} patch patches of the product, as loader.js takes them; '': none */
  constructor(patch) {
    this.#patch = patch;
  }

  /**
   * Runs a seed. Never fails because of what is simulated; rejects with a Complaint where the process cannot start, and
   * answers null where the lane was ended meanwhile.
   *
   * @param {SeedJob} job
   * @param {number} [ms] how long it may take
   * @returns {Promise<SeedReport | null>}
   */
  async run(job, ms = hangMs) {
    if (this.#over) return null;
    const child = this.#child ?? (await this.#start());
    return new Promise((resolve) => {
      /** @param {SeedReport | null} report */
      const done = (report) => {
        clearTimeout(watchdog);
        child.off('message', answered).off('exit', died);
        resolve(report);
      };
      const answered = (/** @type {unknown} */ message) => {
        const report = /** @type {SeedReport} */ (message);
        if (report.hash === null) this.renew();
        done(report);
      };
      const died = (/** @type {number | null} */ code, /** @type {string | null} */ signal) => {
        done(this.#over ? null : broken(job, 'crash', `the process ended with ${signal ?? `code ${code}`}`));
      };
      const watchdog = setTimeout(() => {
        this.renew();
        done(broken(job, 'hang', `no end after ${Math.round(ms / 1000)} s of real time`));
      }, ms);
      child.once('message', answered).once('exit', died);
      child.send(job);
    });
  }

  /** The next seed runs in a process that has run no other. */
  renew() {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  /** Ends the process, whatever it does; nothing runs here any more. */
  end() {
    this.#over = true;
    this.renew();
  }

  /** @returns {Promise<ChildProcess>} */
  #start() {
    const env = { ...process.env, SYNOD_PATCH: this.#patch };
    const child = fork(inRoot('scripts', 'lib', 'simulate', 'seed-child.js'), { env });
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#child = null;
    });
    return new Promise((resolve, reject) => {
      const failed = () => reject(new Complaint('A process of the simulation did not start; see above.'));
      child.once('exit', failed);
      child.once('message', () => {
        child.off('exit', failed);
        resolve(child);
      });
    });
  }
}

/**
 * @param {SeedJob} job
 * @param {string} rule
 * @param {string} text
 * @returns {SeedReport}
 */
function broken({ seed }, rule, text) {
  const violations = [{ rule, text }];
  const nothing = { hours: 0, events: 0, figures: {}, marks: {}, cpu: 0, seconds: 0 };
  return { seed, config: null, hash: null, violations, ...nothing };
}
