/** create, create2 and createContainer have the same fields, createTTL one more; all but create answer with a Stat too. */
import type { Codec } from '../codec.js';
import type { Long } from '../long.js';
import { ZooKeeperOp } from '../op.js';
import { acl, type AclRecord } from './acl.js';
import { stat, type StatRecord } from './stat.js';

type PlainCreate = typeof ZooKeeperOp.create | typeof ZooKeeperOp.create2 | typeof ZooKeeperOp.createContainer;

export interface CreateRecord {
  readonly type: PlainCreate;
  readonly path: string | null;
  readonly data: Uint8Array | null;
  readonly acl: AclRecord;
  /** A number of CreateMode, or any other. */
  readonly flags: number;
}

export interface CreateTtlRecord {
  readonly type: typeof ZooKeeperOp.createTtl;
  readonly path: string | null;
  readonly data: Uint8Array | null;
  readonly acl: AclRecord;
  readonly flags: number;
  /** Milliseconds. */
  readonly ttl: Long;
}

export interface PathResponse {
  readonly path: string | null;
}
export interface PathStatResponse {
  readonly path: string | null;
  readonly stat: StatRecord;
}

export function create<T extends PlainCreate>(type: T): Codec<CreateRecord & { readonly type: T }> {
  return {
    read: (input) => ({
      type,
      path: input.string('path'),
      data: input.buffer('data'),
      acl: acl.read(input),
      flags: input.int('flags'),
    }),
    write(output, value) {
      output.string(value.path);
      output.buffer(value.data);
      acl.write(output, value.acl);
      output.int(value.flags);
    },
  };
}

export const createTtl: Codec<CreateTtlRecord> = {
  read: (input) => ({
    type: ZooKeeperOp.createTtl,
    path: input.string('path'),
    data: input.buffer('data'),
    acl: acl.read(input),
    flags: input.int('flags'),
    ttl: input.long('ttl'),
  }),
  write(output, value) {
    output.string(value.path);
    output.buffer(value.data);
    acl.write(output, value.acl);
    output.int(value.flags);
    output.long(value.ttl);
  },
};

export const pathResponse: Codec<PathResponse> = {
  read: (input) => ({ path: input.string('path') }),
  write: (output, value) => output.string(value.path),
};

export const pathStatResponse: Codec<PathStatResponse> = {
  read: (input) => ({ path: input.string('path'), stat: stat.read(input) }),
  write(output, value) {
    output.string(value.path);
    stat.write(output, value.stat);
  },
};
