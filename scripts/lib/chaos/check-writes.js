/** What clients were told of their writes, against the log: C1, C3, C4 and the promise that an answered write stays. */
import { hex } from './check-log.js';

/**
 * @typedef {import('./logs.js').ServerLog} ServerLog
 * @typedef {import('./history.js').History} History
 * @typedef {import('./history.js').OpRecord} OpRecord
 * @typedef {import('./history.js').Violation} Violation
 */

/** Errors that tell a client nothing about its write: its session remembers results so that none is needed. */
const lost = new Set([
  'RUNTIME_INCONSISTENCY',
  'DATA_INCONSISTENCY',
  'SYSTEM_ERROR',
  'BAD_ARGUMENTS',
  'MARSHALLING_ERROR',
]);

/**
 * Every answered write stands in the log at the zxid of its answer; one of unknown outcome stands there once or not at all
 * (that none stands there twice is checkNumbers'), and not before what had ended when it was sent.
 *
 * @param {ServerLog} log a complete one
 * @param {History} history
 * @returns {Violation[]}
 */
export function checkWrites(log, history) {
  /** @type {Violation[]} */
  const violations = [];
  /** @type {Map<string, import('./logs.js').Entry>} */
  const entries = new Map();
  for (const entry of log.entries) {
    if (entry.txn.session !== 0) entries.set(`${entry.txn.session} ${entry.txn.number}`, entry);
  }
  for (const op of history.ops) {
    if (!op.write) continue;
    const entry = op.number > 0 ? entries.get(`${op.session} ${op.number}`) : undefined;
    if (op.zxid > 0) violations.push(...answered(op, entry));
    else if (op.outcome !== 'unknown' && entry) {
      violations.push({
        rule: 'C3',
        text: `${describe(op)} counts as not carried out, but stands at ${hex(entry.zxid)}`,
      });
    } else if (entry && entry.txn.type !== 'error' && typeOf(op) !== entry.txn.type) {
      violations.push({ rule: 'C3', text: `${describe(op)} stands in the log as ${entry.txn.type}` });
    }
  }
  return [...violations, ...checkRealTime(history, entries)];
}

/** @param {OpRecord} op @param {import('./logs.js').Entry | undefined} entry @returns {Violation[]} */
function answered(op, entry) {
  if (op.code === 'SESSION_EXPIRED') return [];
  if (op.outcome === 'unknown' || lost.has(op.code))
    return [{ rule: 'C3', text: `${describe(op)}: its result was lost` }];
  if (!entry) return [{ rule: 'durability', text: `${describe(op)} was answered and is not in the log` }];
  if (entry.zxid !== op.zxid) {
    return [
      {
        rule: 'durability',
        text: `${describe(op)} was answered with ${hex(op.zxid)}, but stands at ${hex(entry.zxid)}`,
      },
    ];
  }
  const { txn } = entry;
  const told = op.outcome === 'ok' ? typeOf(op) : 'error';
  if (txn.type === told) return [];
  return [{ rule: 'C2', text: `${describe(op)} stands in the log as ${txn.type}` }];
}

/**
 * C1: a write that ended before another was sent has a lower zxid; also for writes of unknown outcome that took effect,
 * as the later one (C3). C4: within a session zxids rise with the numbers.
 *
 * @param {History} history
 * @param {ReadonlyMap<string, import('./logs.js').Entry>} entries
 * @returns {Violation[]}
 */
function checkRealTime(history, entries) {
  /** @type {Violation[]} */
  const violations = [];
  const writes = history.ops.filter(({ write, number }) => write && number > 0);
  const ends = writes.filter(({ zxid }) => zxid > 0).sort((a, b) => a.end - b.end);
  /** @type {OpRecord | null} */
  let highest = null;
  let next = 0;
  for (const op of writes.sort((a, b) => a.sent - b.sent)) {
    for (let ended = ends[next]; ended && ended.end < op.sent; ended = ends[++next]) {
      if (!highest || ended.zxid > highest.zxid) highest = ended;
    }
    const zxid = entries.get(`${op.session} ${op.number}`)?.zxid;
    if (zxid === undefined || !highest || zxid > highest.zxid) continue;
    const text = `${describe(op)} at ${hex(zxid)} was sent after the end of ${describe(highest)} at ${hex(highest.zxid)}`;
    violations.push({ rule: 'C1', text });
  }
  return violations;
}

export function describe(/** @type {OpRecord} */ op) {
  const write = op.write ? ` (write ${op.number} of session ${hex(op.session)})` : ` (session ${hex(op.session)})`;
  return `${op.client} ${op.op} ${op.path}${write}`;
}

/** The kind of transaction that a call becomes. */
function typeOf(/** @type {OpRecord} */ { op }) {
  return op === 'set' ? 'setData' : op === 'close' ? 'closeSession' : op;
}
