/**
 * ZooKeeper's requests to Synod's. What ZooKeeper refuses as soon as it has read a request, and what lies outside of
 * Synod's limits, is refused here; everything that depends on the tree is left to the tree, paths of writes included.
 * What passes is within the ranges of the protocol (packages/protocol/src/check.ts), so that it can be forwarded, but for
 * the number of paths in setWatches, which the frame bounds and which is not forwarded.
 *
 * ZooKeeper trips over most null paths and answers MARSHALLING_ERROR; so does this.
 */
import {
  limits,
  MAX_ZXID,
  Op,
  refuse,
  WatcherType,
  WatchMode,
  type Refusal,
  type Request,
  type SetWatchesRequest,
} from '@synod/protocol';
import type { Long } from '../long.js';
import { ZooKeeperOp } from '../op.js';
import type { AuthRecord, SaslRecord } from '../record/auth.js';
import type { SetAclRecord, SetDataRecord } from '../record/change.js';
import type { EmptyRecord, OfPathRecord, WatchedRecord } from '../record/read.js';
import type { StringsRecord } from '../record/strings.js';
import type { AddWatchRecord, OfWatcherRecord, SetWatches2Record, SetWatchesRecord } from '../record/watch.js';
import type { RequestRecord } from '../request.js';
import { aclOf, createOf } from './create.js';
import { multiOf, multiReadOf } from './multi.js';
import { judgedPathOf, pathOf, readPathOf } from './path.js';

/**
 * What a request asks of Synod, or the refusal to answer it with. sasl has no counterpart: who holds the connection
 * answers it with a null token, which tells clients that the server knows no SASL.
 */
export function toRequest(record: Exclude<RequestRecord, SaslRecord>): Request | Refusal {
  switch (record.type) {
    case ZooKeeperOp.create:
    case ZooKeeperOp.create2:
    case ZooKeeperOp.createContainer:
    case ZooKeeperOp.createTtl:
      return createOf(record);
    case ZooKeeperOp.delete:
      return withPath(record, (path) => ({ op: Op.delete, path, version: record.version }));
    case ZooKeeperOp.setData:
      return setDataOf(record);
    case ZooKeeperOp.setAcl:
      return setAclOf(record);
    case ZooKeeperOp.multi:
      return multiOf(record);
    case ZooKeeperOp.reconfig:
      return refuse('RECONFIG_DISABLED', '', 'the members of this ensemble cannot be changed while it runs');
    case ZooKeeperOp.exists:
    case ZooKeeperOp.getData:
    case ZooKeeperOp.getChildren:
    case ZooKeeperOp.getChildren2:
      return watchedOf(record);
    case ZooKeeperOp.getAcl:
    case ZooKeeperOp.getAllChildrenNumber:
    case ZooKeeperOp.sync:
      return ofPath(record);
    case ZooKeeperOp.multiRead:
      return multiReadOf(record);
    case ZooKeeperOp.getEphemerals:
      return { op: Op.getEphemerals, prefix: record.prefix ?? '' };
    default:
      return connectionRequestOf(record);
  }
}

function connectionRequestOf(record: ConnectionRecord): Request | Refusal {
  switch (record.type) {
    case ZooKeeperOp.ping:
      return { op: Op.ping };
    case ZooKeeperOp.whoAmI:
      return { op: Op.whoAmI };
    case ZooKeeperOp.closeSession:
      return { op: Op.closeSession };
    case ZooKeeperOp.auth:
      return authOf(record);
    case ZooKeeperOp.setWatches:
    case ZooKeeperOp.setWatches2:
      return setWatchesOf(record);
    case ZooKeeperOp.addWatch:
      return withPath(record, (path) => addWatchOf(record, path));
    case ZooKeeperOp.checkWatches:
    case ZooKeeperOp.removeWatches:
      return withPath(record, (path) => ofWatcher(record, path));
  }
}

type ConnectionRecord =
  EmptyRecord | AuthRecord | SetWatchesRecord | SetWatches2Record | AddWatchRecord | OfWatcherRecord;

function withPath(
  record: { readonly path: string | null },
  make: (path: string) => Request | Refusal,
): Request | Refusal {
  const path = pathOf(record.path);
  return typeof path === 'string' ? make(path) : path;
}

function setDataOf({ path: given, data, version }: SetDataRecord): Request | Refusal {
  const path = judgedPathOf(given);
  return typeof path === 'string' ? { op: Op.setData, path, data, version } : path;
}

function setAclOf(record: SetAclRecord): Request | Refusal {
  const path = judgedPathOf(record.path);
  if (typeof path !== 'string') return path;
  const acl = aclOf(record.acl, path);
  return 'code' in acl ? acl : { op: Op.setAcl, path, acl, version: record.version };
}

function watchedOf(record: WatchedRecord): Request | Refusal {
  const path = readPathOf(record.path);
  if (typeof path !== 'string') return path;
  const { watch } = record;
  switch (record.type) {
    case ZooKeeperOp.exists:
      if (!path.includes('\0')) return { op: Op.exists, path, watch };
      return refuse('BAD_ARGUMENTS', path, 'a path must not contain the character U+0000');
    case ZooKeeperOp.getData:
      return { op: Op.getData, path, watch };
    case ZooKeeperOp.getChildren:
    case ZooKeeperOp.getChildren2:
      return { op: Op.getChildren, path, watch };
  }
}

function ofPath(record: OfPathRecord): Request | Refusal {
  // Which path a sync names has no bearing on it: it only comes back in the answer.
  if (record.type === ZooKeeperOp.sync) return { op: Op.sync, path: '/' };
  const path = readPathOf(record.path);
  if (typeof path !== 'string') return path;
  return { op: record.type === ZooKeeperOp.getAcl ? Op.getAcl : Op.getAllChildrenNumber, path };
}

function authOf({ scheme, auth }: AuthRecord): Request | Refusal {
  if (scheme === null || auth === null) return refuse('AUTH_FAILED', '', 'scheme or credentials are missing');
  if (scheme.length > limits.idLength || auth.length > limits.idLength) {
    return refuse('AUTH_FAILED', '', `scheme or credentials are longer than ${limits.idLength}`);
  }
  return { op: Op.addAuth, scheme, credentials: auth };
}

function addWatchOf(record: AddWatchRecord, path: string): Request | Refusal {
  const mode = Object.values(WatchMode).find((one) => one === record.mode);
  if (mode !== undefined) return { op: Op.addWatch, path, mode };
  return refuse('MARSHALLING_ERROR', path, `there is no watch mode ${record.mode}`);
}

function ofWatcher(record: OfWatcherRecord, path: string): Request | Refusal {
  const type = Object.values(WatcherType).find((one) => one === record.watcher);
  if (type !== undefined) return { op: record.type, path, type };
  return refuse('MARSHALLING_ERROR', path, `there is no kind of watches ${record.watcher}`);
}

function setWatchesOf(record: SetWatchesRecord | SetWatches2Record): SetWatchesRequest | Refusal {
  const data = pathsOf(record.data);
  const exists = pathsOf(record.exists);
  const children = pathsOf(record.children);
  const persistent = 'persistent' in record ? pathsOf(record.persistent) : [];
  const recursive = 'recursive' in record ? pathsOf(record.recursive) : [];
  for (const list of [data, exists, children, persistent, recursive]) if ('code' in list) return list;
  return {
    op: Op.setWatches,
    since: sinceOf(record.relativeZxid),
    data: data as readonly string[],
    exists: exists as readonly string[],
    children: children as readonly string[],
    persistent: persistent as readonly string[],
    recursive: recursive as readonly string[],
  };
}

function pathsOf(list: StringsRecord): readonly string[] | Refusal {
  if (list === null) return refuse('MARSHALLING_ERROR', '', 'a list of paths is missing');
  for (const given of list) {
    const path = pathOf(given);
    if (typeof path !== 'string') return path;
  }
  return list as readonly string[];
}

/** Any 64 bits to a zxid that lies on the same side of every zxid there is. */
export function sinceOf(zxid: Long): number {
  if (zxid <= 0) return 0;
  return typeof zxid === 'number' ? zxid : MAX_ZXID;
}
