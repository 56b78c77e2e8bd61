/** The servers' logs among themselves: one history, in one order. */
import { formatZxid } from '@synod/protocol';

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
  /** @type {string[]} */
  const texts = [];
  /** @type {Map<number, { server: number; chain: number }>} */
  const known = new Map();
  for (const { server, base, entries } of logs) {
    let last = base;
    for (const { zxid, chain } of entries) {
      if (zxid <= last) texts.push(`server ${server}: zxid ${formatZxid(zxid)} stands behind ${formatZxid(last)}`);
      last = zxid;
      const other = known.get(zxid);
      if (!other) known.set(zxid, { server, chain });
      else if (other.chain !== chain) {
        texts.push(`servers ${other.server} and ${server} have different records at ${formatZxid(zxid)}`);
      }
    }
    if (last !== upTo) texts.push(`server ${server} ends at ${formatZxid(last)} instead of ${formatZxid(upTo)}`);
  }
  const all = [...known.keys()];
  for (const { server, base, entries } of logs) {
    const expected = all.filter((zxid) => zxid > base).length;
    if (expected !== entries.length) {
      texts.push(`server ${server} has ${entries.length} records behind ${formatZxid(base)} instead of ${expected}`);
    }
  }
  return texts.map((text) => ({ rule: 'log', text }));
}
