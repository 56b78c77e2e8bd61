/** The four creates to the one of Synod, with their flags and access lists. */
import {
  limits,
  Op,
  OPEN_ACL,
  Permission,
  refuse,
  type Acl,
  type AclEntry,
  type CreateRequest,
  type Refusal,
} from '@synod/protocol';
import type { Long } from '../long.js';
import type { AclRecord } from '../record/acl.js';
import type { CreateRecord, CreateTtlRecord } from '../record/create.js';
import { modeOf } from './mode.js';
import { pathOf } from './path.js';

/** A create. Flags that do not belong to the operation are BAD_ARGUMENTS, whatever else is wrong. */
export function createOf(record: CreateRecord | CreateTtlRecord): CreateRequest | Refusal {
  const mode = modeOf(record.type, record.flags);
  if (mode === undefined) {
    return refuse('BAD_ARGUMENTS', '', `operation ${record.type} makes no znode with the flags ${record.flags}`);
  }
  const path = pathOf(record.path);
  if (typeof path !== 'string') return path;
  const acl = aclOf(record.acl, path);
  if ('code' in acl) return acl;
  return { op: Op.create, path, data: record.data, acl, mode, ttl: 'ttl' in record ? ttlOf(record.ttl) : 0 };
}

/** A time outside of the range becomes 0, which the tree refuses where the create has its turn. */
function ttlOf(ttl: Long): number {
  return typeof ttl === 'number' && ttl > 0 && ttl <= limits.ttlMs ? ttl : 0;
}

/**
 * An access list. None at all is an empty one, which the tree refuses as ZooKeeper does; null strings become empty. Synod
 * keeps 31 bits of permissions, 64 entries, and 1,024 characters of a scheme or an id: beyond, INVALID_ACL.
 */
export function aclOf(record: AclRecord, path: string): Acl | Refusal {
  if (record === null) return [];
  if (record.length > limits.aclEntries) {
    return refuse('INVALID_ACL', path, `an ACL must not have more than ${limits.aclEntries} entries`);
  }
  const acl: AclEntry[] = [];
  for (const { permissions, scheme, id } of record) {
    if (permissions < 0) return refuse('INVALID_ACL', path, 'permissions must not be negative');
    const entry = { permissions, scheme: scheme ?? '', id: id ?? '' };
    if (entry.scheme.length > limits.idLength || entry.id.length > limits.idLength) {
      return refuse('INVALID_ACL', path, `a scheme or an id must not be longer than ${limits.idLength} characters`);
    }
    acl.push(entry);
  }
  return isOpen(acl) ? OPEN_ACL : acl;
}

/** The constant is known everywhere, and costs nothing to check, to send and to keep. */
function isOpen(acl: Acl): boolean {
  const [only] = acl;
  if (only === undefined || acl.length > 1) return false;
  return only.permissions === Permission.ALL && only.scheme === 'world' && only.id === 'anyone';
}
