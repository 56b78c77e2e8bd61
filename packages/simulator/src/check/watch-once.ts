/** One-shot watches: told once, of the first change behind the state in which they were armed, before it can be seen. */
import { formatZxid } from '@synod/protocol';
import { describeChange } from './describe.js';
import { firstBehind, isSame, type Watch, type Wrong } from './watch.js';

/**
 * A watch whose first change its client may not read is used up at the server without a word, and armed again by the next
 * reconnect: then it may tell of a later change, or of none (and see {@link Watch.unheard}).
 */
export function checkOnce({ op, due: all, events, around, removal, sight, unheard }: Watch): Wrong | null {
  const [event, another] = events;
  if (another) return { rule: 'C10', text: `told again: ${describeChange(another)}` };
  if (event && event.conn !== op.conn && unheard.has(event.path)) return null;
  const first = firstBehind(all, op.zxid);
  const due = all[first];
  if (event && !due) return { rule: 'C10', text: `told without reason: ${describeChange(event)}` };
  if (!due) return null;
  const seen = sight(due);
  if (seen !== 'yes') {
    const later = event && all.slice(first).find((one) => isSame(one, event));
    if (!event || (later && sight(later) !== 'no')) return null;
    return { rule: 'C10', text: `told ${describeChange(event)}, which its client may not read` };
  }
  const late = around.firstShowing(due.zxid, op);
  const unsure = around.isUnsure(op, event, late);
  if (event) {
    if (late && late.seq < event.seq && !unsure) {
      return { rule: 'C9', text: `${describeChange(event)} came after an answer at ${formatZxid(late.zxid)}` };
    }
    if (isSame(due, event) || (unsure && event.zxid >= due.zxid)) return null;
    return { rule: 'C10', text: `told ${describeChange(event)} instead of ${describeChange(due)}` };
  }
  if (!late || unsure || (removal && late.end >= removal.called)) return null;
  const text = `an answer at ${formatZxid(late.zxid)} came, but never ${describeChange(due)}`;
  return { rule: 'C10', text };
}
