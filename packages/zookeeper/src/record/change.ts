/** delete, check, setData and setACL: what changes a znode, or insists on its version. */
import type { Codec } from '../codec.js';
import { ZooKeeperOp } from '../op.js';
import { acl, type AclRecord } from './acl.js';
import { stat, type StatRecord } from './stat.js';

type Versioned = typeof ZooKeeperOp.delete | typeof ZooKeeperOp.check;

/** delete, and check (within a multi). */
export interface VersionedRecord {
  readonly type: Versioned;
  readonly path: string | null;
  /** Expected version, −1 for any. */
  readonly version: number;
}

export interface SetDataRecord {
  readonly type: typeof ZooKeeperOp.setData;
  readonly path: string | null;
  readonly data: Uint8Array | null;
  readonly version: number;
}

export interface SetAclRecord {
  readonly type: typeof ZooKeeperOp.setAcl;
  readonly path: string | null;
  readonly acl: AclRecord;
  /** Expected aversion, −1 for any. */
  readonly version: number;
}

export interface StatResponse {
  readonly stat: StatRecord;
}

export function versioned<T extends Versioned>(type: T): Codec<VersionedRecord & { readonly type: T }> {
  return {
    read: (input) => ({ type, path: input.string('path'), version: input.int('version') }),
    write(output, value) {
      output.string(value.path);
      output.int(value.version);
    },
  };
}

export const setData: Codec<SetDataRecord> = {
  read: (input) => ({
    type: ZooKeeperOp.setData,
    path: input.string('path'),
    data: input.buffer('data'),
    version: input.int('version'),
  }),
  write(output, value) {
    output.string(value.path);
    output.buffer(value.data);
    output.int(value.version);
  },
};

export const setAcl: Codec<SetAclRecord> = {
  read: (input) => ({
    type: ZooKeeperOp.setAcl,
    path: input.string('path'),
    acl: acl.read(input),
    version: input.int('version'),
  }),
  write(output, value) {
    output.string(value.path);
    acl.write(output, value.acl);
    output.int(value.version);
  },
};

export const statResponse: Codec<StatResponse> = {
  read: (input) => ({ stat: stat.read(input) }),
  write: (output, value) => stat.write(output, value.stat),
};
