/**
 * Draws sequences, plays each against both servers and compares, until so many requests are compared or a difference is
 * found; that one is made as small as it will be.
 */
import { Tally, compare } from './compare.js';
import { describeDifference, describeProgram, nameOf } from './describe.js';
import { drawSequence } from './generate/sequence.js';
import { Player } from './player.js';
import { typeOf } from './program.js';
import { writeRecording } from './recording.js';
import { superUser } from './servers.js';
import { shrink } from './shrink.js';

/** @typedef {import('./program.js').Program} Program */
/** @typedef {import('./compare.js').Difference} Difference */
/** @typedef {import('./servers.js').Server} Server */
/** @typedef {readonly import('./player.js').Entry[]} Entries */

/** How long a difference is made smaller, and how often progress is told, in milliseconds. */
const shrinkMs = 300_000;
const tellMs = 10_000;

/** How much of a reason says of what kind it is. */
const kindLength = 24;

/** Fewest and most connections of a sequence where nothing is said. */
const connections = { least: 3, most: 5 };

/**
 * @typedef {object} Plan
 * @property {string} seed
 * @property {number} requests
 * @property {number | null} connections null: it varies
 * @property {string | null} record the file for what the left servers answer
 * @property {(line: string) => void} log
 */

export class DifferentialRun {
  tally = new Tally();
  #plan;
  #next = 0;
  #isOver = false;
  /** @type {import('./recording.js').Recorded[]} */
  #recorded = [];

  /** @param {Plan} plan */
  constructor(plan) {
    this.#plan = plan;
  }

  /**
   * Several pairs of servers work side by side.
   *
   * @param {readonly (readonly [left: Server, right: Server])[]} pairs
   * @returns {Promise<string | null>} a difference, in words
   */
  async run(pairs) {
    const start = performance.now();
    const teller = setInterval(() => this.#plan.log(this.#progress(start)), tellMs);
    try {
      const found = await Promise.all(pairs.map((pair) => this.#lane(...pair)));
      if (this.#plan.record !== null) writeRecording(this.#plan.record, this.#recorded);
      this.#plan.log(this.#progress(start));
      return found.find((text) => text !== null) ?? null;
    } finally {
      clearInterval(teller);
    }
  }

  /** @param {number} start */
  #progress(start) {
    const seconds = (performance.now() - start) / 1000;
    const { requests, events } = this.tally;
    return `${requests} requests and ${events} events compared in ${this.#next} sequences, ${Math.round(requests / seconds)} requests/s`;
  }

  /** @param {Server} left @param {Server} right @returns {Promise<string | null>} */
  async #lane(left, right) {
    while (!this.#isOver && this.tally.requests < this.#plan.requests) {
      const program = this.#draw(this.#next++);
      const entries = await played(program, left, right);
      const found = typeof entries === 'string' ? entries : compare(...entries, this.tally);
      if (this.#plan.record !== null && typeof entries !== 'string')
        this.#recorded.push({ program, entries: entries[0] });
      if (found === null) continue;
      this.#isOver = true;
      this.#plan.log(`sequence ${program.name} shows a difference; making it smaller …`);
      return this.#report(program, found, left, right);
    }
    return null;
  }

  /** @param {number} number */
  #draw(number) {
    const { seed } = this.#plan;
    const count = this.#plan.connections ?? connections.least + (number % (connections.most - connections.least + 1));
    return drawSequence(`${seed}-${number}`, `/d${number}`, count);
  }

  /** @param {Program} program @param {Difference | string} found @param {Server} left @param {Server} right */
  async #report(program, found, left, right) {
    const sides = /** @type {const} */ ([left.name, right.name]);
    let last = found;
    /** @param {Program} some */
    const shows = async (some) => {
      // Znodes that are always there remember; and a server may have ended.
      if (program.outside || typeof last === 'string') await Promise.all([left.renew(), right.renew()]);
      const entries = await played(some, left, right);
      const difference = typeof entries === 'string' ? entries : compare(...entries, new Tally());
      if (difference === null || kindOf(difference) !== kindOf(found)) return false;
      last = difference;
      return true;
    };
    await Promise.all([left.renew(), right.renew()]);
    if (!(await shows(program)))
      return [text(found, sides), 'It did not show again when the sequence was played once more.'].join('\n');
    const small = await shrink(program, shows, shrinkMs);
    await shows(small);
    return [
      text(last, sides),
      '',
      describeProgram(small),
      '',
      ...[left, right].map(({ name, log }) => `${name} says:\n${log().slice(-2000)}`),
    ].join('\n');
  }
}

/** Two differences of the same kind may well be one. @param {Difference | string} found */
function kindOf(found) {
  if (typeof found === 'string') return 'no end';
  const { reason, request } = found;
  return `${nameOf(request ? typeOf(request) : undefined)} ${reason.replaceAll(/\d/g, '').slice(0, kindLength)}`;
}

/** @param {Difference | string} found @param {readonly [string, string]} sides */
function text(found, sides) {
  return typeof found === 'string' ? found : describeDifference(found, sides);
}

/**
 * @param {Program} program
 * @param {Server} left
 * @param {Server} right
 * @returns {Promise<[Entries, Entries] | string>} in words, why there are none
 */
async function played(program, left, right) {
  const plays = [left, right].map((server) => new Player(server.address, superUser).play(program));
  const [one, other] = await Promise.allSettled(plays);
  if (one?.status === 'fulfilled' && other?.status === 'fulfilled') return [one.value, other.value];
  const failed = [one, other].map((result, at) =>
    result?.status === 'rejected' ? `${[left, right][at]?.name ?? ''}: ${String(result.reason)}` : '',
  );
  return `sequence ${program.name} did not come to its end: ${failed.filter(Boolean).join('; ')}`;
}

/** The counts of a run, as lines. @param {Tally} tally */
export function summary({ kinds, errors, excused, requests, events }) {
  return [
    `${requests} requests, ${events} watch events`,
    `by operation: ${list(kinds)}`,
    `by error: ${list(errors)}`,
    `rows of the table that were used: ${list(excused)}`,
  ];
}

/** @param {ReadonlyMap<string, number>} counts */
function list(counts) {
  const entries = [...counts].sort(([, a], [, b]) => b - a);
  return entries.length === 0 ? 'none' : entries.map(([name, count]) => `${name} ${count}`).join(', ');
}
