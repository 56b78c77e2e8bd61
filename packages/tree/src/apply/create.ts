import { baseName, EventType, parentPath, toBinaryString, type PathStatResult } from '@synod/protocol';
import { ownString } from '../own-string.js';
import type { NodeChange, State } from '../state.js';
import type { CreateChange, TxnOrigin } from '../txn.js';
import { lifetimeOf, statOf, Znode } from '../znode.js';

/** Adds the znode; the parent's count of creates and pzxid move, nothing else of it. */
export function applyCreate(
  state: State,
  origin: TxnOrigin,
  change: CreateChange,
  changes: NodeChange[],
): PathStatResult {
  const { path } = change;
  const zxid = state.zxid;
  const parentAt = parentPath(path);
  const parent = state.find(parentAt);
  const name = baseName(path);
  if (parent === undefined || parent.children?.has(name)) throw new Error(`create of ${path} does not fit the state`);
  const node = new Znode(ownString(name), parent, path, {
    data: change.data === null ? null : toBinaryString(change.data),
    acl: state.acls.acquire(change.acl),
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    ctime: origin.time,
    mtime: origin.time,
    version: 0,
    aversion: 0,
    creates: 0,
    lifetime: lifetimeOf(change.kind, origin.session, change.ttl),
  });
  state.edit(parentAt, parent);
  parent.creates = change.creates;
  parent.pzxid = zxid;
  state.insert(path, node);
  state.commit(parent);
  changes.push(state.change(EventType.nodeCreated, path, node));
  state.quotas.charge(path, 1, node.dataLength);
  return { path, stat: statOf(node) };
}
