/**
 * All checkers on what a run has left. What clients saw is judged by the checkers that the simulator has, too; here is
 * only what concerns real processes: their logs among themselves, and clocks that nobody controls.
 */
import { checkHistory } from '@synod/simulator/check/check-history';
import { checkLogs } from './check-log.js';

/** The leader's clock is read at ticks, and the two clocks of one machine are not read at once: milliseconds. */
const clockSlackMs = 150;

/** A server that is cut off from its leader notices it after so long, and serves clients until then. */
const lostContactMs = 1200;

/** How late a timer of a client may be without a note that its process stood still. */
const timerSlackMs = 400;

/**
 * @param {readonly import('./logs.js').ServerLog[]} logs
 * @param {import('./history.js').History} history
 * @param {{ zxid: number; digest: number | null; counters: readonly string[] }} end where all servers are
 * @returns {import('./history.js').Violation[]}
 */
export function checkAll(logs, history, { zxid, digest, counters }) {
  const violations = checkLogs(logs, zxid);
  const log = logs.find(({ base }) => base === 0);
  if (!log)
    return [...violations, { rule: 'log', text: 'no server has kept all records: nothing else can be checked' }];
  const slack = { touchLag: clockSlackMs, expirySlack: clockSlackMs, lostContact: lostContactMs };
  const options = { counters, ...slack, timerSlack: timerSlackMs };
  return [...violations, ...checkHistory(log.entries, history, { zxid, digest }, options)];
}
