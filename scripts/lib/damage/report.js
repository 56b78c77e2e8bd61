/** What came of the damages: a table of kinds and outcomes, the violations, and what a server says when it refuses. */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { kinds } from './kinds.js';

/** @typedef {'harmless' | 'by log' | 'whole state' | 'refused'} Outcome */

/** @type {readonly Outcome[]} */
const outcomes = ['harmless', 'by log', 'whole state', 'refused'];

export class Report {
  /** @type {string[]} */
  violations = [];
  #dir;
  #say;
  #current = '';
  /** @type {Map<string, number>} */
  #counts = new Map();
  #done = 0;

  /**
   * @param {string} dir where damaged directories are kept that led to a violation
   * @param {(line: string) => void} say
   */
  constructor(dir, say) {
    this.#dir = dir;
    this.#say = say;
  }

  /** Damages so far. */
  get count() {
    return this.#done;
  }

  /** A directory is damaged; a copy is kept until the next. */
  begin(/** @type {string} */ words, /** @type {string} */ dataDir) {
    this.#current = `${this.#done + 1}. ${words}`;
    const kept = join(this.#dir, 'damaged');
    rmSync(kept, { recursive: true, force: true });
    cpSync(dataDir, kept, { recursive: true });
  }

  note(/** @type {string} */ words) {
    this.#say(`${this.#current} – ${words}`);
  }

  /**
   * @param {import('./kinds.js').Damage} damage
   * @param {Outcome} outcome
   */
  outcome({ kind }, outcome) {
    this.#done++;
    const key = `${kind}/${outcome}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (this.#done % 10 === 0) this.#say(`${this.#done} damages`);
  }

  violation(/** @type {string} */ words) {
    const whole = `${this.#current} – VIOLATION: ${words}`;
    this.violations.push(whole);
    this.#say(whole);
    const kept = join(this.#dir, 'damaged');
    if (existsSync(kept))
      cpSync(kept, join(this.#dir, `violation-${this.violations.length}`), { recursive: true, force: true });
  }

  /**
   * The words of a process that has ended; it is a violation if there are none, or if it ended in another way.
   *
   * @param {number | null} code null: it had to be killed
   * @param {string} log
   */
  refusal(code, log) {
    const [, words] = / ERROR .*event=(?:not-started|fatal) cause="?(.*)/.exec(log) ?? [];
    if (code !== 1 || words === undefined || /internal error|StorageError INTERNAL/i.test(words)) {
      this.violation(
        `ended with code ${String(code)} and without fitting words: ${log.trimEnd().split('\n').slice(-8).join(' | ')}`,
      );
    }
    return words ?? '';
  }

  /** The table, with sums. */
  table() {
    const count = (/** @type {string} */ kind, /** @type {string} */ outcome) =>
      this.#counts.get(`${kind}/${outcome}`) ?? 0;
    const sum = (/** @type {number[]} */ numbers) => numbers.reduce((total, number) => total + number, 0);
    const rows = kinds.map((kind) => {
      const numbers = outcomes.map((outcome) => count(kind, outcome));
      return [kind, ...numbers, sum(numbers)];
    });
    const totals = outcomes.map((outcome) => sum(kinds.map((kind) => count(kind, outcome))));
    const lines = [['damage', ...outcomes, 'all'], ...rows, ['all', ...totals, sum(totals)]];
    return lines
      .map(([first, ...rest]) => String(first).padEnd(14) + rest.map((cell) => String(cell).padStart(13)).join(''))
      .join('\n');
  }
}

/** How a server that serves has come to it, by its log since it was started. @returns {Outcome} */
export function outcomeOf(/** @type {string} */ log) {
  if (/ event=state-adopted /.test(log)) return 'whole state';
  if (/ event=(repaired|damaged|damage-found) /.test(log)) return 'by log';
  // A server that was down has always something to catch up with; one that begins at nothing has lost everything.
  return / event=recovered zxid=(0x)?0 /.test(log) ? 'by log' : 'harmless';
}
