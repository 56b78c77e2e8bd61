import { refuse, type EmptyResult, type Refusal } from '@synod/protocol';
import type { NodeChange, State } from '../state.js';
import type { CloseSessionChange } from '../txn.js';
import { applyDelete } from './delete.js';

/** Deletes the session's ephemeral znodes, in the order of their paths so that all servers tell the same story, and ends it. */
export function applyCloseSession(
  state: State,
  change: CloseSessionChange,
  changes: NodeChange[],
): EmptyResult | Refusal {
  const session = state.sessions.get(change.target);
  if (session === undefined) return refuse('SESSION_EXPIRED', '', 'the session has ended already');
  for (const path of [...session.ephemerals].sort()) applyDelete(state, path, changes);
  state.close(session);
  return {};
}
