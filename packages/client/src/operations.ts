/**
 * The parts of which a {@link Client.multi} and a {@link Client.multiRead} are put together, and what each part gives.
 *
 *     await client.multi([ops.check('/a', 3), ops.set('/a', 'x'), ops.create('/a/log-', null, { mode: 'persistentSequential' })]);
 */
import {
  CreateMode,
  Op,
  OPEN_ACL,
  SynodError,
  type Acl,
  type CheckRequest,
  type CreateRequest,
  type DeleteRequest,
  type EmptyResult,
  type GetChildrenRequest,
  type GetDataRequest,
  type MultiOperation,
  type PathStatResult,
  type SetDataRequest,
  type Stat,
  type StatResult,
} from '@synod/protocol';

/** Data of a znode as it may be given: a string goes as UTF-8; null and nothing are not the same. */
export type Data = string | Uint8Array | null;

/** How a znode is created. */
export interface CreateSettings {
  /** Default `persistent`; `ttl` where a ttl is given. */
  readonly mode?: keyof typeof CreateMode | undefined;
  /** Milliseconds without change and children after which a znode of a `ttl` mode may be removed. */
  readonly ttl?: number | undefined;
  /** Default: everybody may do everything. */
  readonly acl?: Acl | undefined;
}

/** What a get gives. */
export interface GetResult {
  readonly data: Buffer | null;
  readonly stat: Stat;
}

/** What children gives: names, in no particular order, and the parent's Stat. */
export interface ChildrenList {
  readonly children: string[];
  readonly stat: Stat;
}

/** What each operation of a multi gives. */
export type MultiOutcome<O> = O extends CreateRequest
  ? PathStatResult
  : O extends SetDataRequest
    ? StatResult
    : EmptyResult;

export type ReadOperation = GetDataRequest | GetChildrenRequest;

/** What each operation of a multiRead gives: its result, or the error that it alone met. */
export type ReadOutcome<O> = O extends GetDataRequest ? GetResult | SynodError : ChildrenList | SynodError;

/** Builders for the operations of a multi. Version −1 stands for any. */
export const ops = {
  create: (path: string, data: Data = null, settings: CreateSettings = {}): CreateRequest => ({
    op: Op.create,
    path,
    data: toBytes(data),
    acl: settings.acl ?? OPEN_ACL,
    mode: modeOf(settings),
    ttl: settings.ttl ?? 0,
  }),
  set: (path: string, data: Data, version = -1): SetDataRequest => ({
    op: Op.setData,
    path,
    data: toBytes(data),
    version,
  }),
  delete: (path: string, version = -1): DeleteRequest => ({ op: Op.delete, path, version }),
  check: (path: string, version = -1): CheckRequest => ({ op: Op.check, path, version }),
} as const;

/** Builders for the operations of a multiRead. */
export const reads = {
  get: (path: string): GetDataRequest => ({ op: Op.getData, path, watch: false }),
  children: (path: string): GetChildrenRequest => ({ op: Op.getChildren, path, watch: false }),
} as const;

/** True where the server adds a number to the path, which may then end with a slash. */
export function isSequential(operation: MultiOperation): boolean {
  if (operation.op !== Op.create) return false;
  const { mode } = operation;
  return (
    mode === CreateMode.persistentSequential ||
    mode === CreateMode.ephemeralSequential ||
    mode === CreateMode.ttlSequential
  );
}

function modeOf({ mode, ttl }: CreateSettings): CreateMode {
  const name = mode ?? (ttl === undefined ? 'persistent' : 'ttl');
  if (Object.hasOwn(CreateMode, name)) return CreateMode[name];
  const allowed = Object.keys(CreateMode).join(', ');
  throw new SynodError({
    code: 'BAD_ARGUMENTS',
    reason: `there is no create mode ${name}; there are ${allowed}`,
  });
}

/** Bytes are taken as they are, without a copy. */
export function toBytes(data: Data): Uint8Array | null {
  if (data === null || data instanceof Uint8Array) return data;
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  throw new SynodError({ code: 'BAD_ARGUMENTS', reason: `data must be a string, bytes or null, not ${typeof data}` });
}
