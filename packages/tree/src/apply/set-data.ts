import { EventType, toBinaryString, type StatResult } from '@synod/protocol';
import type { NodeChange, State } from '../state.js';
import type { SetDataChange, TxnOrigin } from '../txn.js';
import { statOf } from '../znode.js';

/** Replaces the data; also equal data is a change. */
export function applySetData(
  state: State,
  origin: TxnOrigin,
  change: SetDataChange,
  changes: NodeChange[],
): StatResult {
  const { path } = change;
  const node = state.find(path);
  if (node === undefined) throw new Error(`setData of ${path} does not fit the state`);
  state.edit(path, node);
  const before = node.dataLength;
  state.setData(path, node, change.data === null ? null : toBinaryString(change.data));
  node.version = change.version;
  node.mzxid = state.zxid;
  node.mtime = origin.time;
  state.commit(node);
  changes.push(state.change(EventType.nodeDataChanged, path, node));
  state.quotas.charge(path, 0, node.dataLength - before);
  return { stat: statOf(node) };
}
