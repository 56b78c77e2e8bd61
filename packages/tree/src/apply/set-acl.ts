import type { StatResult } from '@synod/protocol';
import type { State } from '../state.js';
import type { SetAclChange } from '../txn.js';
import { statOf } from '../znode.js';

/** Replaces the ACL. Only aversion moves, neither a zxid nor a time, and nobody is told. */
export function applySetAcl(state: State, change: SetAclChange): StatResult {
  const { path } = change;
  const node = state.find(path);
  if (node === undefined) throw new Error(`setAcl of ${path} does not fit the state`);
  state.edit(path, node);
  const old = node.acl;
  node.acl = state.acls.acquire(change.acl);
  state.acls.release(old);
  node.aversion = change.aversion;
  state.commit(node);
  return { stat: statOf(node) };
}
