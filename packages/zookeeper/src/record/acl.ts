/** Access lists. An entry is ZooKeeper's `ACL` with its `Id` laid flat, as Synod has it; null strings are kept. */
import type { Codec } from '../codec.js';

/** ZooKeeper's `Id`. */
export interface IdRecord {
  readonly scheme: string | null;
  readonly id: string | null;
}

/** ZooKeeper's `ACL`. */
export interface AclEntryRecord extends IdRecord {
  /** Any 32 bits. */
  readonly permissions: number;
}

export type AclRecord = readonly AclEntryRecord[] | null;

const id: Codec<IdRecord> = {
  read: (input) => ({ scheme: input.string('scheme'), id: input.string('id') }),
  write(output, value) {
    output.string(value.scheme);
    output.string(value.id);
  },
};

const entry: Codec<AclEntryRecord> = {
  read: (input) => ({ permissions: input.int('perms'), scheme: input.string('scheme'), id: input.string('id') }),
  write(output, value) {
    output.int(value.permissions);
    output.string(value.scheme);
    output.string(value.id);
  },
};

export const acl: Codec<AclRecord> = {
  read: (input) => input.vector('acl', 12, entry.read),
  write: (output, value) => output.vector(value, entry.write),
};

/** What whoAmI answers. */
export const ids: Codec<readonly IdRecord[] | null> = {
  read: (input) => input.vector('clientInfo', 8, id.read),
  write: (output, value) => output.vector(value, id.write),
};
