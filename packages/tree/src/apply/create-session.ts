import type { EmptyResult } from '@synod/protocol';
import { SessionState } from '../session.js';
import type { State } from '../state.js';
import type { CreateSessionChange } from '../txn.js';

/** Opens a session whose id is the zxid of this transaction. */
export function applyCreateSession(state: State, change: CreateSessionChange): EmptyResult {
  // The hash is a view into a log record, which must not live as long as the session.
  state.open(new SessionState(state.zxid, change.timeout, change.secretHash.slice()));
  return {};
}
