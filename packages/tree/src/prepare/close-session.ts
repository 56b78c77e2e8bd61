import { refuse, type Refusal } from '@synod/protocol';
import type { CloseSessionChange } from '../txn.js';
import { removeFromView, type Scene } from './scene.js';

/** Ends a session that was silent for too long. */
export interface ExpireSessionRequest {
  readonly op: 'expireSession';
  readonly target: number;
}

/**
 * Ends a session, on the client's wish or by expiry: from now on its writes are refused, and its ephemeral znodes,
 * applied or in flight, count as deleted. The transaction does not list them, the session's index does.
 */
export function prepareCloseSession(scene: Scene, target: number, expired: boolean): CloseSessionChange | Refusal {
  const { view } = scene;
  const lastNumber = view.lastNumber(target);
  if (lastNumber === undefined) return refuse('SESSION_EXPIRED', '', 'the session has ended already');
  for (const path of view.ephemerals(target)) removeFromView(view, path);
  view.putSession(target, lastNumber, true);
  return { type: 'closeSession', target, expired };
}
