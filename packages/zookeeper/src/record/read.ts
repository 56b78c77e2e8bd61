/** What changes nothing: exists, getData, getACL, both getChildren, getEphemerals, getAllChildrenNumber, whoAmI, sync. */
import type { Codec } from '../codec.js';
import { ZooKeeperOp } from '../op.js';
import { acl, ids, type AclRecord, type IdRecord } from './acl.js';
import { stat, type StatRecord } from './stat.js';
import { strings, type StringsRecord } from './strings.js';

type Watched =
  | typeof ZooKeeperOp.exists
  | typeof ZooKeeperOp.getData
  | typeof ZooKeeperOp.getChildren
  | typeof ZooKeeperOp.getChildren2;
type OfPath = typeof ZooKeeperOp.getAcl | typeof ZooKeeperOp.sync | typeof ZooKeeperOp.getAllChildrenNumber;
type Empty = typeof ZooKeeperOp.ping | typeof ZooKeeperOp.whoAmI | typeof ZooKeeperOp.closeSession;

/** exists, getData, getChildren, getChildren2. */
export interface WatchedRecord {
  readonly type: Watched;
  readonly path: string | null;
  readonly watch: boolean;
}

/** getACL, sync, getAllChildrenNumber. */
export interface OfPathRecord {
  readonly type: OfPath;
  readonly path: string | null;
}

export interface GetEphemeralsRecord {
  readonly type: typeof ZooKeeperOp.getEphemerals;
  /** null, blank and `/` mean all. */
  readonly prefix: string | null;
}

/** ping, whoAmI, closeSession: no fields. */
export interface EmptyRecord {
  readonly type: Empty;
}

export interface DataResponse {
  readonly data: Uint8Array | null;
  readonly stat: StatRecord;
}
export interface AclResponse {
  readonly acl: AclRecord;
  readonly stat: StatRecord;
}
export interface ChildrenResponse {
  readonly children: StringsRecord;
}
export interface ChildrenStatResponse {
  readonly children: StringsRecord;
  readonly stat: StatRecord;
}
export interface PathsResponse {
  readonly paths: StringsRecord;
}
export interface NumberResponse {
  readonly number: number;
}
export interface IdentitiesResponse {
  readonly identities: readonly IdRecord[] | null;
}

export function watched<T extends Watched>(type: T): Codec<WatchedRecord & { readonly type: T }> {
  return {
    read: (input) => ({ type, path: input.string('path'), watch: input.bool('watch') }),
    write(output, value) {
      output.string(value.path);
      output.bool(value.watch);
    },
  };
}

export function ofPath<T extends OfPath>(type: T): Codec<OfPathRecord & { readonly type: T }> {
  return {
    read: (input) => ({ type, path: input.string('path') }),
    write: (output, value) => output.string(value.path),
  };
}

export function empty<T extends Empty>(type: T): Codec<EmptyRecord & { readonly type: T }> {
  return { read: () => ({ type }), write: () => undefined };
}

export const getEphemerals: Codec<GetEphemeralsRecord> = {
  read: (input) => ({ type: ZooKeeperOp.getEphemerals, prefix: input.string('prefixPath') }),
  write: (output, value) => output.string(value.prefix),
};

export const dataResponse: Codec<DataResponse> = {
  read: (input) => ({ data: input.buffer('data'), stat: stat.read(input) }),
  write(output, value) {
    output.buffer(value.data);
    stat.write(output, value.stat);
  },
};

export const aclResponse: Codec<AclResponse> = {
  read: (input) => ({ acl: acl.read(input), stat: stat.read(input) }),
  write(output, value) {
    acl.write(output, value.acl);
    stat.write(output, value.stat);
  },
};

const names = strings('children');

export const childrenResponse: Codec<ChildrenResponse> = {
  read: (input) => ({ children: names.read(input) }),
  write: (output, value) => names.write(output, value.children),
};

export const childrenStatResponse: Codec<ChildrenStatResponse> = {
  read: (input) => ({ children: names.read(input), stat: stat.read(input) }),
  write(output, value) {
    names.write(output, value.children);
    stat.write(output, value.stat);
  },
};

const paths = strings('ephemerals');

export const pathsResponse: Codec<PathsResponse> = {
  read: (input) => ({ paths: paths.read(input) }),
  write: (output, value) => paths.write(output, value.paths),
};

export const numberResponse: Codec<NumberResponse> = {
  read: (input) => ({ number: input.int('totalNumber') }),
  write: (output, value) => output.int(value.number),
};

export const identitiesResponse: Codec<IdentitiesResponse> = {
  read: (input) => ({ identities: ids.read(input) }),
  write: (output, value) => ids.write(output, value.identities),
};
