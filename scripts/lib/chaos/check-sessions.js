/** What one session sees, and when sessions end: C6, C7, C11, C12. */
import { hex } from './check-log.js';
import { describe } from './check-writes.js';

/**
 * @typedef {import('./logs.js').ServerLog} ServerLog
 * @typedef {import('./history.js').History} History
 * @typedef {import('./history.js').OpRecord} OpRecord
 * @typedef {import('./history.js').Violation} Violation
 */

/** The leader's clock is read at ticks, and the two clocks of one machine are not read at once: milliseconds. */
const clockSlackMs = 150;

/**
 * C6: what a session is shown never gets older, and its writes are carried out in order: the zxids of its reads and syncs
 * never fall, nor do those of its writes, and a read shows the writes before it. See {@link overtaken} for the rest. C7:
 * what follows a sync shows every write that was answered before the sync was sent.
 *
 * @param {History} history
 * @returns {Violation[]}
 */
export function checkOrder(history) {
  /** @type {Violation[]} */
  const violations = [];
  /** @type {Map<string, { shown: OpRecord | null; written: OpRecord | null }>} */
  const sessions = new Map();
  for (const op of answeredInOrder(history)) {
    const last = sessions.get(op.client) ?? { shown: null, written: null };
    sessions.set(op.client, last);
    for (const before of op.write ? [last.written] : [last.shown, last.written]) {
      if (!before || op.zxid >= before.zxid) continue;
      const text = `${describe(op)} shows ${hex(op.zxid)} after ${describe(before)} showed ${hex(before.zxid)}`;
      violations.push({ rule: 'C6', text });
    }
    last[op.write ? 'written' : 'shown'] = op;
  }
  const syncs = history.ops
    .filter(({ op, outcome }) => op === 'sync' && outcome === 'ok')
    .sort((a, b) => a.sent - b.sent);
  const ends = history.ops.filter(({ write, zxid }) => write && zxid > 0).sort((a, b) => a.end - b.end);
  let highest = 0;
  let next = 0;
  for (const sync of syncs) {
    for (let ended = ends[next]; ended && ended.end < sync.sent; ended = ends[++next])
      highest = Math.max(highest, ended.zxid);
    if (sync.zxid >= highest) continue;
    violations.push({
      rule: 'C7',
      text: `${describe(sync)} shows ${hex(sync.zxid)}; ${hex(highest)} was answered before`,
    });
  }
  return violations;
}

/**
 * How many writes were carried out before a read that their session had asked for earlier. A read that had to be asked
 * for again (after a reconnect or a change of leadership), or stands behind a sync, is answered from what is there by
 * then.
 *
 * @param {History} history
 */
export function overtaken(history) {
  /** @type {Map<string, number>} */
  const shown = new Map();
  return answeredInOrder(history).filter(({ client, write, zxid }) => {
    const before = shown.get(client) ?? 0;
    if (!write) shown.set(client, zxid);
    return write && zxid < before;
  }).length;
}

/** Answers of servers in the order in which their clients saw them. */
function answeredInOrder(/** @type {History} */ history) {
  return history.ops.filter(({ zxid }) => zxid > 0).sort((a, b) => a.seq - b.seq);
}

/**
 * C12: a session expires only where its client was silent for the whole timeout. Every other session ends as its owner
 * wished; one that was abandoned has expired by the end.
 *
 * @param {ServerLog} log a complete one
 * @param {History} history
 * @returns {Violation[]}
 */
export function checkEnds(log, history) {
  /** @type {Violation[]} */
  const violations = [];
  /** @type {Map<number, { zxid: number; expired: boolean; time: number }>} */
  const closed = new Map();
  for (const { zxid, txn } of log.entries) {
    if (txn.type === 'closeSession') closed.set(txn.target, { zxid, expired: txn.expired, time: txn.time });
  }
  const timeouts = new Map(history.sessions.map(({ session, timeout }) => [session, timeout]));
  const contacts = new Map(
    history.states.filter(({ state }) => state !== 'connected').map((one) => [one.session, one]),
  );
  for (const { session, client, how } of history.ends) {
    if (session === 0) continue;
    const end = closed.get(session);
    if (!end) {
      violations.push({ rule: 'C11', text: `session ${hex(session)} of ${client} was ${how} and never ended` });
      continue;
    }
    if (how !== 'expired' || !end.expired) continue;
    const contact = contacts.get(session);
    const silent = contact ? end.time - contact.wall : 0;
    const timeout = timeouts.get(session) ?? 0;
    if (silent >= timeout - clockSlackMs) continue;
    const text = `session ${hex(session)} of ${client} expired at ${hex(end.zxid)}, ${Math.round(silent)} ms after its last answered request was sent; its timeout is ${timeout} ms`;
    violations.push({ rule: 'C12', text });
  }
  return violations;
}
