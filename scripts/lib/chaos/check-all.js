/** All checkers on what a run has left: the servers' logs and the clients' history. */
import { checkCounters, checkLocks } from './check-locks.js';
import { checkLogs, checkNumbers } from './check-log.js';
import { checkReplay } from './check-replay.js';
import { checkEnds, checkOrder } from './check-sessions.js';
import { checkWatches } from './check-watches.js';
import { checkWrites } from './check-writes.js';

/**
 * @param {readonly import('./logs.js').ServerLog[]} logs
 * @param {import('./history.js').History} history
 * @param {{ zxid: number; digest: number; counters: readonly string[] }} end where all servers are
 * @returns {import('./history.js').Violation[]}
 */
export function checkAll(logs, history, { zxid, digest, counters }) {
  const violations = checkLogs(logs, zxid);
  const log = logs.find(({ base }) => base === 0);
  if (!log)
    return [...violations, { rule: 'log', text: 'no server has kept all records: nothing else can be checked' }];
  return [
    ...violations,
    ...checkNumbers(log),
    ...checkWrites(log, history),
    ...checkOrder(history),
    ...checkEnds(log, history),
    ...checkReplay(log, history, digest),
    ...checkWatches(log, history),
    ...checkLocks(history),
    ...checkCounters(log, history, counters),
  ];
}
