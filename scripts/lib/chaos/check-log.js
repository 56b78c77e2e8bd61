/** The servers' logs among themselves: one history, in one order, each write once. */

/**
 * @typedef {import('./logs.js').ServerLog} ServerLog
 * @typedef {import('./history.js').Violation} Violation
 */

/**
 * All logs hold the same records as far as they reach back; zxids rise.
 *
 * @param {readonly ServerLog[]} logs
 * @param {number} upTo what every server has reached
 * @returns {Violation[]}
 */
export function checkLogs(logs, upTo) {
  /** @type {Violation[]} */
  const violations = [];
  /** @type {Map<number, { server: number; chain: number }>} */
  const known = new Map();
  for (const { server, base, entries } of logs) {
    let last = base;
    for (const { zxid, chain } of entries) {
      if (zxid <= last) violations.push(wrong(`server ${server}: zxid ${hex(zxid)} stands behind ${hex(last)}`));
      last = zxid;
      const other = known.get(zxid);
      if (!other) known.set(zxid, { server, chain });
      else if (other.chain !== chain) {
        violations.push(wrong(`servers ${other.server} and ${server} have different records at ${hex(zxid)}`));
      }
    }
    if (last !== upTo) violations.push(wrong(`server ${server} ends at ${hex(last)} instead of ${hex(upTo)}`));
  }
  const all = [...known.keys()];
  for (const { server, base, entries } of logs) {
    const expected = all.filter((zxid) => zxid > base).length;
    if (expected !== entries.length) {
      violations.push(
        wrong(`server ${server} has ${entries.length} records behind ${hex(base)} instead of ${expected}`),
      );
    }
  }
  return violations;
}

/**
 * The writes of each session are numbered 1, 2, 3 … in the log; none comes before its session or after its end.
 *
 * @param {ServerLog} log one that is complete
 * @returns {Violation[]}
 */
export function checkNumbers({ entries }) {
  /** @type {Violation[]} */
  const violations = [];
  /** @type {Map<number, number>} */
  const last = new Map();
  /** @type {Map<number, number>} */
  const ended = new Map();
  for (const { zxid, txn } of entries) {
    if (txn.type === 'createSession') last.set(zxid, 0);
    if (txn.session !== 0) {
      const before = last.get(txn.session);
      const place = `write ${txn.number} of session ${hex(txn.session)} at ${hex(zxid)}`;
      if (before === undefined) violations.push({ rule: 'C11', text: `${place}: there is no such session` });
      else if (ended.has(txn.session)) {
        violations.push({ rule: 'C11', text: `${place}: the session ended at ${hex(ended.get(txn.session) ?? 0)}` });
      } else if (txn.number !== before + 1) violations.push({ rule: 'C3', text: `${place} follows write ${before}` });
      last.set(txn.session, txn.number);
    }
    if (txn.type === 'closeSession') {
      if (ended.has(txn.target)) violations.push({ rule: 'C11', text: `session ${hex(txn.target)} ends twice` });
      ended.set(txn.target, zxid);
    }
  }
  return violations;
}

export function hex(/** @type {number} */ zxid) {
  return `0x${zxid.toString(16)}`;
}

/** @param {string} text @returns {Violation} */
function wrong(text) {
  return { rule: 'log', text };
}
