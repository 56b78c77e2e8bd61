/** Whether a session is still ours: what a welcome and what a goodbye say about it. */
import { formatZxid, refuse, type Refusal, type Welcome } from '@synod/protocol';

/**
 * Why a welcome does not resume session `id`; undefined where it does. `lastNumber` is the highest write number this
 * client has used, undefined where it has not written in that session yet.
 */
export function resumeProblem(id: number, lastNumber: number | undefined, welcome: Welcome): Refusal | undefined {
  const name = formatZxid(id);
  if (welcome.session !== id || !welcome.resumed) {
    return refuse('SESSION_EXPIRED', '', `the server has begun another session instead of resuming ${name}`);
  }
  if (lastNumber !== undefined && welcome.lastWrite > lastNumber) {
    // Its numbers and ours are the same numbers: an answer could be the answer to the other's write.
    return refuse('SESSION_MOVED', '', `another client has written in session ${name}`);
  }
  return undefined;
}

/**
 * A session may be taken away by a late attempt of our own, so it is taken back, more often the more such attempts there
 * were. But two clients that both did so for ever would never get anywhere.
 */
export const PATIENCE_WITH_OTHERS = 2;
