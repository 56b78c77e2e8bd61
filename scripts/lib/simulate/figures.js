/** What all seeds of a run came to, and the lines that say so. */
import { faultKinds } from '@synod/simulator';

/** @typedef {import('./seed-child.js').SeedReport} SeedReport */

export class Figures {
  seeds = 0;
  hours = 0;
  events = 0;
  /** Seconds of processors. */
  cpu = 0;
  /** Seeds that broke a promise. */
  failed = 0;
  /** Seeds that were run twice, and those of them that came out differently. */
  twice = 0;
  different = 0;
  /** @type {Map<string, number>} */
  counts = new Map();
  /** @type {Map<string, number>} */
  marks = new Map();
  /** @type {{ seed: string; seconds: number }} */
  slowest = { seed: '', seconds: 0 };

  /** @param {SeedReport} report */
  add({ seed, hours, events, violations, figures, marks, cpu, seconds }) {
    this.seeds++;
    this.hours += hours;
    this.events += events;
    this.cpu += cpu;
    if (violations.length > 0) this.failed++;
    for (const [name, count] of Object.entries(figures)) increase(this.counts, name, count);
    for (const [name, count] of Object.entries(marks)) increase(this.marks, name, count);
    if (seconds > this.slowest.seconds) this.slowest = { seed, seconds };
  }

  /** Simulated hours per minute and core. */
  get speed() {
    return this.cpu === 0 ? 0 : this.hours / (this.cpu / 60);
  }

  /** @param {number | null} of how many seeds there will be */
  progress(of) {
    const seeds = of === null ? `${this.seeds}` : `${this.seeds} of ${of}`;
    const speed = `${this.speed.toFixed(2)} h per minute and core`;
    return `${seeds} seeds, ${this.hours.toFixed(2)} simulated hours, ${speed}, ${this.failed} with violations`;
  }

  /** @param {number} seconds that the whole run took */
  lines(seconds) {
    const { counts, slowest } = this;
    const faults = faultKinds.flatMap((kind) => (counts.has(kind) ? [`${kind} ${counts.get(kind)}`] : []));
    const of = (/** @type {string} */ name) => `${counts.get(name) ?? 0}`;
    const done = `${of('transactions')} transactions, ${of('answers')} answers, ${of('watchEvents')} watch events`;
    return [
      `${this.seeds} seeds in ${seconds.toFixed(0)} s: ${this.hours.toFixed(2)} simulated hours, ${this.events} events, ` +
        `${this.speed.toFixed(2)} simulated hours per minute and core`,
      `${done}, ${of('sessions')} sessions; ${of('linear')} operations checked for linearizability`,
      `faults: ${faults.length > 0 ? faults.join(', ') : 'none'}`,
      `slowest seed: ${slowest.seed}, ${slowest.seconds.toFixed(1)} s`,
      `run twice: ${this.twice} seeds, ${this.different} with another outcome`,
      `${this.failed} seeds with violations`,
    ];
  }

  /** @param {readonly string[]} names of all marks @returns {string[]} those that were never reached */
  missed(names) {
    return names.filter((name) => !this.marks.has(name));
  }
}

/** @param {Map<string, number>} counts @param {string} name @param {number} by */
function increase(counts, name, by) {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
