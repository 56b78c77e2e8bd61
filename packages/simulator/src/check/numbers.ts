/** The order of the log itself: rising zxids, and within each session writes 1, 2, 3 … between its begin and its end. */
import { formatZxid } from '@synod/protocol';
import type { LogEntry, Violation } from '../history.js';

/**
 * A write that stands there twice breaks C3; a gap or another order C4; a write outside its session C11. Refusals behind
 * the end are none: they have changed nothing.
 */
export function checkNumbers(log: readonly LogEntry[], last: number): Violation[] {
  const violations: Violation[] = [];
  const wrong = (rule: string, text: string): void => void violations.push({ rule, text });
  const numbers = new Map<number, number>();
  const ended = new Map<number, number>();
  let before = 0;
  for (const { zxid, txn } of log) {
    if (zxid <= before) wrong('log', `zxid ${formatZxid(zxid)} stands behind ${formatZxid(before)}`);
    before = zxid;
    if (txn.type === 'createSession') numbers.set(zxid, 0);
    if (txn.session !== 0) {
      const place = `write ${txn.number} of session ${formatZxid(txn.session)} at ${formatZxid(zxid)}`;
      const number = numbers.get(txn.session);
      const end = ended.get(txn.session);
      if (number === undefined) wrong('C11', `${place}: there is no such session`);
      else if (end !== undefined) {
        if (txn.type !== 'error') wrong('C11', `${place}: the session ended at ${formatZxid(end)}`);
      } else if (txn.number <= number) wrong('C3', `${place} follows write ${number}`);
      else if (txn.number !== number + 1) wrong('C4', `${place} follows write ${number}`);
      numbers.set(txn.session, Math.max(number ?? 0, txn.number));
    }
    if (txn.type === 'closeSession') {
      if (!numbers.has(txn.target)) wrong('C11', `${formatZxid(zxid)} ends session ${formatZxid(txn.target)}: unknown`);
      if (ended.has(txn.target)) wrong('C11', `session ${formatZxid(txn.target)} ends twice`);
      ended.set(txn.target, zxid);
    }
  }
  if (before !== last) wrong('log', `the log ends at ${formatZxid(before)}, the servers at ${formatZxid(last)}`);
  return violations;
}
