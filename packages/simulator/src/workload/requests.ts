/** Requests in few words. */
import {
  CreateMode,
  Op,
  OPEN_ACL,
  toBinaryString,
  type Acl,
  type CreateRequest,
  type DeleteRequest,
  type ExistsRequest,
  type GetChildrenRequest,
  type GetDataRequest,
  type SetDataRequest,
  type SyncRequest,
} from '@synod/protocol';

const encoder = new TextEncoder();

export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Data of a znode as text; null data is empty. */
export function text(data: Uint8Array | null): string {
  return data === null ? '' : toBinaryString(data);
}

export function create(
  path: string,
  data: string,
  mode: CreateMode = CreateMode.persistent,
  acl: Acl = OPEN_ACL,
): CreateRequest {
  return { op: Op.create, path, data: bytes(data), acl, mode, ttl: 0 };
}

export function set(path: string, data: string, version = -1): SetDataRequest {
  return { op: Op.setData, path, data: bytes(data), version };
}

export function remove(path: string, version = -1): DeleteRequest {
  return { op: Op.delete, path, version };
}

export function get(path: string, watch = false): GetDataRequest {
  return { op: Op.getData, path, watch };
}

export function exists(path: string, watch = false): ExistsRequest {
  return { op: Op.exists, path, watch };
}

export function children(path: string, watch = false): GetChildrenRequest {
  return { op: Op.getChildren, path, watch };
}

export function sync(path: string): SyncRequest {
  return { op: Op.sync, path };
}
