/** What one session sees, in the order in which it sees it: C4 (first in, first out) and C6 (one system). */
import { formatZxid, Op } from '@synod/protocol';
import type { EventRecord, OpRecord, Violation } from '../history.js';
import { describe } from './describe.js';
import type { Material, Seen } from './material.js';

/**
 * C4: answers come in the order of the calls, and a session's writes in that of their numbers. C6: the states that reads,
 * syncs and events show never get older; a read shows all earlier writes of its session, and none of the later ones
 * unless it had to be sent again.
 */
export function checkOrder({ seen }: Material): Violation[] {
  return seen.flatMap((one) => [...checkFifo(one), ...checkShown(one)]);
}

function checkFifo({ answers }: Seen): Violation[] {
  const violations: Violation[] = [];
  let called: OpRecord | null = null;
  let written: OpRecord | null = null;
  for (const op of answers) {
    if (called && op.called < called.called)
      violations.push({ rule: 'C4', text: `${describe(op)} was called before ${describe(called)} and answered later` });
    called = op;
    if (op.number === 0) continue;
    if (written && op.number <= written.number)
      violations.push({ rule: 'C4', text: `${describe(op)} was answered after ${describe(written)}` });
    written = op;
  }
  return violations;
}

/** Answers that are made when the request arrives, not when its turn comes. */
function isEarly({ request, code }: OpRecord): boolean {
  return request.op === Op.addAuth || code === 'MARSHALLING_ERROR' || code === 'UNIMPLEMENTED';
}

interface Sight {
  readonly zxid: number;
  readonly what: OpRecord | EventRecord;
}

function checkShown({ answers, events }: Seen): Violation[] {
  const violations: Violation[] = [];
  let shown: Sight | null = null;
  let written: OpRecord | null = null;
  /** The highest zxid that was shown to a call that was never sent again. */
  let firm: OpRecord | null = null;
  let next = 0;
  const wrong = (op: OpRecord, before: Sight): void => {
    const what = before.what.t === 'op' ? describe(before.what) : `an event at ${before.what.path}`;
    const text = `${describe(op)} shows ${formatZxid(op.zxid)} after ${what} showed ${formatZxid(before.zxid)}`;
    violations.push({ rule: 'C6', text });
  };
  for (const op of answers) {
    for (let event = events[next]; event && event.seq < op.seq; event = events[++next])
      if (!shown || event.zxid > shown.zxid) shown = { zxid: event.zxid, what: event };
    if (isEarly(op) || op.code === 'SESSION_EXPIRED') continue;
    if (written && op.zxid < written.zxid) wrong(op, { zxid: written.zxid, what: written });
    if (op.write) {
      if (firm && op.zxid <= firm.zxid) {
        const text = `${describe(firm)} shows ${formatZxid(firm.zxid)}, behind ${describe(op)}, which was called later`;
        violations.push({ rule: 'C6', text });
      }
      if (op.number > 0) written = op;
      continue;
    }
    if (shown && op.zxid < shown.zxid) wrong(op, shown);
    else shown = { zxid: op.zxid, what: op };
    if (op.resent === 0 && (!firm || op.zxid > firm.zxid)) firm = op;
  }
  return violations;
}
