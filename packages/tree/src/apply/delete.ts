import { EventType, parentPath, type EmptyResult } from '@synod/protocol';
import type { NodeChange, State } from '../state.js';

/** Removes the znode; the parent's pzxid moves, nothing else of it. */
export function applyDelete(state: State, path: string, changes: NodeChange[]): EmptyResult {
  const node = state.find(path);
  if (!node?.parent || node.children !== null) throw new Error(`delete of ${path} does not fit the state`);
  changes.push(state.change(EventType.nodeDeleted, path, node));
  state.remove(path, node);
  state.edit(parentPath(path), node.parent);
  node.parent.pzxid = state.zxid;
  state.commit(node.parent);
  state.quotas.charge(path, -1, -node.dataLength);
  return {};
}
