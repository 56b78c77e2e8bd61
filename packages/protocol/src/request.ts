/**
 * What a client can ask: one interface for each operation. `op` is ZooKeeper's opcode where ZooKeeper has the
 * operation; the wire form of each stands in PROTOCOL.md and in check.ts.
 */
import type { Acl } from './acl.js';
import type { Zxid } from './zxid.js';

/** Operation numbers. */
export const Op = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getAcl: 6,
  setAcl: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  check: 13,
  multi: 14,
  checkWatches: 17,
  removeWatches: 18,
  multiRead: 22,
  addAuth: 100,
  setWatches: 101,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  addWatch: 106,
  whoAmI: 107,
  closeSession: -11,
} as const;

/** Kinds of znodes, with ZooKeeper's flag numbers. */
export const CreateMode = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
  ttl: 5,
  ttlSequential: 6,
} as const;
export type CreateMode = (typeof CreateMode)[keyof typeof CreateMode];

/** Persistent watches: of one znode and its list of children, or of a whole subtree. */
export const WatchMode = { persistent: 0, persistentRecursive: 1 } as const;
export type WatchMode = (typeof WatchMode)[keyof typeof WatchMode];

/** Which watches to check or remove. */
export const WatcherType = { children: 1, data: 2, any: 3, persistent: 4, persistentRecursive: 5 } as const;
export type WatcherType = (typeof WatcherType)[keyof typeof WatcherType];

export interface CreateRequest {
  readonly op: typeof Op.create;
  readonly path: string;
  /** null and empty data differ. */
  readonly data: Uint8Array | null;
  readonly acl: Acl;
  readonly mode: CreateMode;
  /** Milliseconds, for the TTL modes only; otherwise 0. */
  readonly ttl: number;
}
export interface DeleteRequest {
  readonly op: typeof Op.delete;
  readonly path: string;
  /** Expected version, −1 for any. */
  readonly version: number;
}
export interface SetDataRequest {
  readonly op: typeof Op.setData;
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly version: number;
}
export interface SetAclRequest {
  readonly op: typeof Op.setAcl;
  readonly path: string;
  readonly acl: Acl;
  /** Expected aversion, −1 for any. */
  readonly version: number;
}
/** Only inside a multi. */
export interface CheckRequest {
  readonly op: typeof Op.check;
  readonly path: string;
  readonly version: number;
}
export type MultiOperation = CreateRequest | DeleteRequest | SetDataRequest | CheckRequest;
export interface MultiRequest {
  readonly op: typeof Op.multi;
  readonly operations: readonly MultiOperation[];
}
export interface CloseSessionRequest {
  readonly op: typeof Op.closeSession;
}

export interface ExistsRequest {
  readonly op: typeof Op.exists;
  readonly path: string;
  readonly watch: boolean;
}
export interface GetDataRequest {
  readonly op: typeof Op.getData;
  readonly path: string;
  readonly watch: boolean;
}
export interface GetAclRequest {
  readonly op: typeof Op.getAcl;
  readonly path: string;
}
export interface GetChildrenRequest {
  readonly op: typeof Op.getChildren;
  readonly path: string;
  readonly watch: boolean;
}
export interface MultiReadRequest {
  readonly op: typeof Op.multiRead;
  /** The watch flags are ignored, as in ZooKeeper. */
  readonly operations: readonly (GetDataRequest | GetChildrenRequest)[];
}
export interface SyncRequest {
  readonly op: typeof Op.sync;
  readonly path: string;
}
export interface PingRequest {
  readonly op: typeof Op.ping;
}
export interface CheckWatchesRequest {
  readonly op: typeof Op.checkWatches;
  readonly path: string;
  readonly type: WatcherType;
}
export interface RemoveWatchesRequest {
  readonly op: typeof Op.removeWatches;
  readonly path: string;
  readonly type: WatcherType;
}
export interface AddAuthRequest {
  readonly op: typeof Op.addAuth;
  readonly scheme: string;
  /** Secret of the scheme; for `digest`: `user:password` as UTF-8. */
  readonly credentials: Uint8Array;
}
/** Arms watches again after a reconnect, each list holding paths; what changed since `since` fires at once. */
export interface SetWatchesRequest {
  readonly op: typeof Op.setWatches;
  /** The last zxid the client has seen. */
  readonly since: Zxid;
  readonly data: readonly string[];
  readonly exists: readonly string[];
  readonly children: readonly string[];
  readonly persistent: readonly string[];
  readonly recursive: readonly string[];
}
export interface GetEphemeralsRequest {
  readonly op: typeof Op.getEphemerals;
  /** A raw string prefix; '/' for all of the session's ephemerals. */
  readonly prefix: string;
}
export interface GetAllChildrenNumberRequest {
  readonly op: typeof Op.getAllChildrenNumber;
  readonly path: string;
}
export interface AddWatchRequest {
  readonly op: typeof Op.addWatch;
  readonly path: string;
  readonly mode: WatchMode;
}
export interface WhoAmIRequest {
  readonly op: typeof Op.whoAmI;
}

/** Goes through the log. On the wire a write carries its number within the session. */
export type WriteRequest =
  CreateRequest | DeleteRequest | SetDataRequest | SetAclRequest | MultiRequest | CloseSessionRequest;

/** Answered from the applied state of the server the client is connected to. */
export type ReadRequest =
  | ExistsRequest
  | GetDataRequest
  | GetAclRequest
  | GetChildrenRequest
  | MultiReadRequest
  | GetEphemeralsRequest
  | GetAllChildrenNumberRequest;

/** Concerns the connection: identities and watches. */
export type ConnectionRequest =
  | PingRequest
  | SyncRequest
  | CheckWatchesRequest
  | RemoveWatchesRequest
  | AddAuthRequest
  | SetWatchesRequest
  | AddWatchRequest
  | WhoAmIRequest;

export type Request = WriteRequest | ReadRequest | ConnectionRequest;
export type OpCode = Request['op'] | CheckRequest['op'];

/** True for the operations that go through the log. */
export function isWrite(request: Request): request is WriteRequest {
  switch (request.op) {
    case Op.create:
    case Op.delete:
    case Op.setData:
    case Op.setAcl:
    case Op.multi:
    case Op.closeSession:
      return true;
    default:
      return false;
  }
}

const opNames = new Map<number, string>(Object.entries(Op).map(([name, number]) => [number, name]));

/** The name of an operation, for messages and logs. */
export function opName(op: number): string {
  return opNames.get(op) ?? `operation ${op}`;
}
