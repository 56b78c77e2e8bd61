/** Requests in short, for the tests that speak to a server. */
import { ZooKeeperOp, type AclEntryRecord, type RequestOf, type RequestType } from '@synod/zookeeper';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const open: readonly AclEntryRecord[] = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

/** Flags of a create. */
export const Flags = {
  persistent: 0,
  ephemeral: 1,
  sequential: 2,
  ephemeralSequential: 3,
  container: 4,
  ttl: 5,
} as const;

interface CreateOptions {
  readonly flags?: number;
  readonly data?: Uint8Array | null;
  readonly acl?: readonly AclEntryRecord[];
}

export function create(path: string, options: CreateOptions = {}): RequestOf<typeof ZooKeeperOp.create> {
  const { flags = Flags.persistent, data = bytes('x'), acl = open } = options;
  return { type: ZooKeeperOp.create, path, data, acl: [...acl], flags };
}

export function create2(path: string, options: CreateOptions = {}): RequestOf<typeof ZooKeeperOp.create2> {
  return { ...create(path, options), type: ZooKeeperOp.create2 };
}

export function createContainer(path: string): RequestOf<typeof ZooKeeperOp.createContainer> {
  return { ...create(path, { flags: Flags.container }), type: ZooKeeperOp.createContainer };
}

export function createTtl(path: string, ttl: number): RequestOf<typeof ZooKeeperOp.createTtl> {
  return { ...create(path, { flags: Flags.ttl }), type: ZooKeeperOp.createTtl, ttl };
}

export function remove(path: string, version = -1): RequestOf<typeof ZooKeeperOp.delete> {
  return { type: ZooKeeperOp.delete, path, version };
}

export function setData(path: string, text = 'y', version = -1): RequestOf<typeof ZooKeeperOp.setData> {
  return { type: ZooKeeperOp.setData, path, data: bytes(text), version };
}

export function check(path: string, version = -1) {
  return { type: ZooKeeperOp.check, path, version } as const;
}

type Watched =
  | typeof ZooKeeperOp.exists
  | typeof ZooKeeperOp.getData
  | typeof ZooKeeperOp.getChildren
  | typeof ZooKeeperOp.getChildren2;

const watched =
  <T extends Watched>(type: T) =>
  (path: string, watch = false): RequestOf<T> => ({ type, path, watch });

export const exists = watched(ZooKeeperOp.exists);
export const getData = watched(ZooKeeperOp.getData);
export const getChildren = watched(ZooKeeperOp.getChildren);
export const getChildren2 = watched(ZooKeeperOp.getChildren2);

type OfPath = typeof ZooKeeperOp.getAcl | typeof ZooKeeperOp.sync | typeof ZooKeeperOp.getAllChildrenNumber;

const ofPath =
  <T extends OfPath>(type: T) =>
  (path: string): RequestOf<T> => ({ type, path });

export const getAcl = ofPath(ZooKeeperOp.getAcl);
export const sync = ofPath(ZooKeeperOp.sync);
export const getAllChildrenNumber = ofPath(ZooKeeperOp.getAllChildrenNumber);

export function setAcl(
  path: string,
  acl: readonly AclEntryRecord[],
  version = -1,
): RequestOf<typeof ZooKeeperOp.setAcl> {
  return { type: ZooKeeperOp.setAcl, path, acl: [...acl], version };
}

export function multi(
  ...operations: RequestOf<typeof ZooKeeperOp.multi>['operations']
): RequestOf<typeof ZooKeeperOp.multi> {
  return { type: ZooKeeperOp.multi, operations };
}

export function auth(scheme: string | null, credentials: string): RequestOf<typeof ZooKeeperOp.auth> {
  return { type: ZooKeeperOp.auth, authType: 0, scheme, auth: bytes(credentials) };
}

export function addWatch(path: string, mode: number): RequestOf<typeof ZooKeeperOp.addWatch> {
  return { type: ZooKeeperOp.addWatch, path, mode };
}

export function setWatches(
  relativeZxid: number,
  lists: { data?: string[]; exists?: string[]; children?: string[] },
): RequestOf<typeof ZooKeeperOp.setWatches> {
  const { data = [], exists: missing = [], children = [] } = lists;
  return { type: ZooKeeperOp.setWatches, relativeZxid, data, exists: missing, children };
}

export function getEphemerals(prefix: string): RequestOf<typeof ZooKeeperOp.getEphemerals> {
  return { type: ZooKeeperOp.getEphemerals, prefix };
}

const empty = <T extends RequestType>(type: T): RequestOf<T> => ({ type }) as RequestOf<T>;

export const ping = empty(ZooKeeperOp.ping);
export const whoAmI = empty(ZooKeeperOp.whoAmI);
export const closeSession = empty(ZooKeeperOp.closeSession);
