import { EventType, toBinaryString, type StatResult } from '@synod/protocol';
import type { NodeChange, State } from '../state.js';
import type { SetDataChange, TxnOrigin } from '../txn.js';
import { contentHash, statOf } from '../znode.js';

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
  const data = change.data === null ? null : toBinaryString(change.data);
  state.dataBytes += (data?.length ?? 0) - (node.data?.length ?? 0);
  node.data = data;
  node.content = contentHash(path, data);
  node.version = change.version;
  node.mzxid = state.zxid;
  node.mtime = origin.time;
  state.commit(node);
  changes.push(state.change(EventType.nodeDataChanged, path, node));
  return { stat: statOf(node) };
}
