/** All checkers of what clients saw: C1 to C14 and counters. One for simulated runs and for those of real processes. */
import type { History, LogEntry, Violation } from '../history.js';
import { checkCounters } from './counters.js';
import { checkDigest } from './digest.js';
import { Identities } from './identities.js';
import { checkLocks } from './locks.js';
import { collect } from './material.js';
import { checkNumbers } from './numbers.js';
import { defaultOptions, type CheckOptions } from './options.js';
import { checkOrder } from './order.js';
import { checkRecency } from './recency.js';
import { replay } from './replay.js';
import { checkSessions } from './sessions.js';
import { checkWatches } from './watches.js';
import { checkWrites } from './writes.js';

/**
 * @param log everything that was committed, from the first transaction on
 * @param end where the servers are in the end; their digest, or null where it is not to be compared
 */
export function checkHistory(
  log: readonly LogEntry[],
  history: History,
  end: { readonly zxid: number; readonly digest: number | null },
  options: Partial<CheckOptions> = {},
): Violation[] {
  const material = collect(log, history, { ...defaultOptions, ...options });
  const identities = new Identities(material);
  const { violations, changes, state } = replay(material, identities);
  return [
    ...checkNumbers(log, end.zxid),
    ...checkWrites(material),
    ...checkOrder(material),
    ...checkRecency(material),
    ...violations,
    ...(end.digest === null ? [] : checkDigest(log, end.digest, state)),
    ...checkWatches(material, identities, changes),
    ...checkSessions(material),
    ...checkLocks(history, material.options.lostContact),
    ...checkCounters(material),
  ];
}
