/**
 * The reference's permissions: the schemes `world`, `digest` and `auth`, as ZooKeeper's programmer's guide has them. Left
 * out because no workload uses them: `ip` (an entry for it is allowed, but grants nothing) and the super user.
 */
import { Permission, toBinaryString, type Acl, type AclEntry, type Identity } from '@synod/protocol';
import { sha1Base64 } from './sha1.js';

/** The identity that `user:password` proves. */
export function digestIdentity(credentials: Uint8Array): Identity {
  const user = toBinaryString(credentials).split(':')[0]!;
  return { scheme: 'digest', id: `${user}:${sha1Base64(credentials)}` };
}

/** True where one of the identities has the permission. */
export function allows(acl: Acl, identities: readonly Identity[], permission: number): boolean {
  return acl.some(
    (entry) =>
      (entry.permissions & permission) !== 0 &&
      (isWorld(entry) || identities.some(({ scheme, id }) => scheme === entry.scheme && id === entry.id)),
  );
}

/** True where everybody has it. */
export function isPublic(acl: Acl, permission: number): boolean {
  return acl.some((entry) => isWorld(entry) && (entry.permissions & permission) !== 0);
}

function isWorld({ scheme, id }: AclEntry): boolean {
  return scheme === 'world' && id === 'anyone';
}

/** The ACL as it is stored; null where it is none (INVALID_ACL). */
export function storedAcl(acl: Acl, identities: readonly Identity[]): Acl | null {
  const stored: AclEntry[] = [];
  for (const { permissions, scheme, id } of acl) {
    const named = scheme === 'auth' ? identities : [{ scheme, id }];
    if (named.length === 0) return null;
    for (const one of named) {
      if (!isKnown(one)) return null;
      const entry = { permissions, scheme: one.scheme, id: one.id };
      if (!stored.some((other) => isSame(other, entry))) stored.push(entry);
    }
  }
  return stored.length === 0 ? null : stored;
}

function isKnown({ scheme, id }: Identity): boolean {
  if (scheme === 'world') return id === 'anyone';
  return scheme === 'digest' ? /^[^:]*:[^:]+$/.test(id) : scheme === 'ip';
}

function isSame(a: AclEntry, b: AclEntry): boolean {
  return a.permissions === b.permissions && a.scheme === b.scheme && a.id === b.id;
}

/** True where both grant the same, in the same order. */
export function sameAcl(a: Acl, b: Acl): boolean {
  return a.length === b.length && a.every((entry, index) => isSame(entry, b[index]!));
}

/** What getAcl shows somebody; null for NO_AUTH. Hashes are for those who may change the ACL. */
export function shownAcl(acl: Acl, identities: readonly Identity[], skipAcl: boolean): Acl | null {
  if (skipAcl || allows(acl, identities, Permission.ADMIN)) return acl;
  if (!allows(acl, identities, Permission.READ)) return null;
  return acl.map((entry) => (entry.scheme === 'digest' ? { ...entry, id: `${entry.id.split(':')[0]!}:x` } : entry));
}
