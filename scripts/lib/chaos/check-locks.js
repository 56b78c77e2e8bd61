/** Locks and counters: what programs build on the service. C14, and that increments count once each. */
import { hex } from './check-log.js';

/**
 * @typedef {import('./logs.js').ServerLog} ServerLog
 * @typedef {import('./history.js').History} History
 * @typedef {import('./history.js').LockRecord} LockRecord
 * @typedef {import('./history.js').Violation} Violation
 *
 * @typedef {{ client: string; token: number; from: number; to: number }} Holding
 */

/**
 * C14: who takes a lock later has a higher token; two never hold one at once by what they know themselves (a holder gives
 * up when its connection is lost); and the guarded resource refuses nobody who holds it.
 *
 * @param {History} history
 * @returns {Violation[]}
 */
export function checkLocks(history) {
  /** @type {Violation[]} */
  const violations = [];
  for (const lock of new Set(history.locks.map((record) => record.lock))) {
    const records = history.locks.filter((record) => record.lock === lock).sort((a, b) => a.at - b.at);
    for (const { what, accepted, client, token } of records) {
      if (what !== 'access' || accepted) continue;
      violations.push({
        rule: 'C14',
        text: `${client} holds ${lock} with ${hex(token)}, and a later holder was there before`,
      });
    }
    violations.push(...overlaps(lock, holdings(records), history.stalls));
  }
  return violations;
}

/** @param {readonly LockRecord[]} records in order of time @returns {Holding[]} in the order of taking */
function holdings(records) {
  /** @type {Holding[]} */
  const list = [];
  for (const { what, client, token, at } of records) {
    if (what === 'acquired') list.push({ client, token, from: at, to: Infinity });
    else if (what !== 'access') for (const one of list) if (one.client === client && one.to === Infinity) one.to = at;
  }
  // Whoever was abandoned while it held uses it no more after its last access.
  for (const one of list) {
    if (one.to !== Infinity) continue;
    const uses = records.filter((record) => record.client === one.client && record.token === one.token);
    one.to = uses.at(-1)?.at ?? one.from;
  }
  return list;
}

/**
 * @param {string} lock
 * @param {readonly Holding[]} list
 * @param {History['stalls']} stalls
 * @returns {Violation[]}
 */
function overlaps(lock, list, stalls) {
  /** @type {Violation[]} */
  const violations = [];
  for (const [index, later] of list.entries()) {
    const earlier = list[index - 1];
    if (!earlier) continue;
    if (later.token <= earlier.token) {
      const text = `${lock}: ${later.client} took it with ${hex(later.token)} after ${earlier.client} with ${hex(earlier.token)}`;
      violations.push({ rule: 'C14', text });
    }
    // A process that stood still learns too late that it has lost its connection: for that there is the fence.
    const excused = stalls.some(({ at, ms }) => at - ms < earlier.to && at > later.from - 1000);
    if (later.from < earlier.to && !excused) {
      const text = `${lock}: ${later.client} took it ${(earlier.to - later.from).toFixed(1)} ms before ${earlier.client} gave it up`;
      violations.push({ rule: 'C14', text });
    }
  }
  return violations;
}

/**
 * Every change of a counter adds one, and it ends as high as increments were answered, give or take those of unknown
 * outcome.
 *
 * @param {ServerLog} log a complete one
 * @param {History} history
 * @param {readonly string[]} paths the counters, each of which starts at 0
 * @returns {Violation[]}
 */
export function checkCounters(log, history, paths) {
  /** @type {Violation[]} */
  const violations = [];
  const values = new Map(paths.map((path) => [path, 0]));
  for (const { zxid, txn } of log.entries) {
    const value = txn.type === 'setData' ? values.get(txn.path) : undefined;
    if (txn.type !== 'setData' || value === undefined) continue;
    const next = Number(Buffer.from(txn.data ?? []).toString());
    if (next !== value + 1)
      violations.push({ rule: 'counter', text: `${txn.path} goes from ${value} to ${next} at ${hex(zxid)}` });
    values.set(txn.path, next);
  }
  for (const [path, value] of values) {
    const sets = history.ops.filter((op) => op.op === 'set' && op.path === path && op.number > 0);
    const sure = sets.filter(({ outcome }) => outcome === 'ok').length;
    const most = sure + sets.filter(({ outcome }) => outcome === 'unknown').length;
    if (value >= sure && value <= most) continue;
    violations.push({
      rule: 'counter',
      text: `${path} is ${value}; ${sure} increments were answered, ${most} were sent`,
    });
  }
  return violations;
}
