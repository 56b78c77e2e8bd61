import { EventType, toBinaryString, type EmptyResult } from '@synod/protocol';
import { CONFIG_PATH } from '../builtin.js';
import type { NodeChange, State } from '../state.js';
import type { ConfigureChange, TxnOrigin } from '../txn.js';

/** Replaces the data of `/zookeeper/config`, whose version is −1 from then on, as ZooKeeper has it. */
export function applyConfigure(
  state: State,
  origin: TxnOrigin,
  change: ConfigureChange,
  changes: NodeChange[],
): EmptyResult {
  const node = state.find(CONFIG_PATH)!;
  state.edit(CONFIG_PATH, node);
  state.setData(CONFIG_PATH, node, toBinaryString(change.data));
  node.version = -1;
  node.mzxid = state.zxid;
  node.mtime = origin.time;
  state.commit(node);
  changes.push(state.change(EventType.nodeDataChanged, CONFIG_PATH, node));
  return {};
}
