/** What becomes of an access list that comes from ZooKeeper, and how two lists compare. */
import { Permission, type Acl, type AclEntry, type Identity } from '@synod/protocol';
import type { AclEntryRecord, AclRecord } from '@synod/zookeeper';
import { formatPermissions } from '@synod/protocol';

/** Schemes whose entries Synod keeps; the rest of an entry is judged by the servers. */
const KNOWN = new Set<string | null>(['world', 'digest', 'ip']);

/** The list of a znode that only the superuser may use. */
const NOBODY: Acl = [{ scheme: 'world', id: 'anyone', permissions: 0 }];

/** A list that can be set, with what was left out of it; or why it cannot. */
export type Judged = { readonly acl: Acl; readonly dropped: readonly string[] } | { readonly problem: string };

/**
 * Turns a list of ZooKeeper into one of Synod. An entry of a scheme that Synod does not have makes it impossible, or is left
 * out where `drop` is set, which only takes rights away; a list that had no others is then nobody's. A digest whose hash
 * the source hides always makes it impossible: it can be read with more rights.
 */
export function judgeAcl(record: AclRecord, drop: boolean): Judged {
  const entries = record ?? [];
  const hidden = entries.find(isHidden);
  if (hidden !== undefined) {
    const advice = 'read it with the permission ADMIN (--from-auth of an owner, or of the superuser)';
    return { problem: `the source hides its access list (${hidden.scheme}:${hidden.id}): ${advice}` };
  }
  const unknown = entries.filter(({ scheme }) => !KNOWN.has(scheme)).map(formatEntry);
  if (unknown.length > 0 && !drop) {
    return {
      problem: `Synod cannot hold its access list: ${unknown.join(', ')} (--drop-unknown-acl leaves these out)`,
    };
  }
  const acl = normal(entries.filter(({ scheme }) => KNOWN.has(scheme)));
  return { acl: acl.length === 0 ? NOBODY : acl, dropped: unknown };
}

/** Who may not change a list is shown `user:x` for each digest; `x` is never a hash. */
export function isHidden({ scheme, id }: { readonly scheme: string | null; readonly id: string | null }): boolean {
  return scheme === 'digest' && id?.endsWith(':x') === true;
}

function formatEntry({ scheme, id, permissions }: AclEntryRecord): string {
  return `${scheme ?? ''}:${id ?? ''}:${formatPermissions(permissions)}`;
}

/** Without duplicates, and with permissions as Synod's protocol has them: the sign has no meaning. */
function normal(entries: readonly AclEntryRecord[]): AclEntry[] {
  const unique = new Map<string, AclEntry>();
  for (const { scheme, id, permissions } of entries) {
    const entry = { scheme: scheme ?? '', id: id ?? '', permissions: permissions & 0x7fff_ffff };
    unique.set(keyOf(entry), entry);
  }
  return [...unique.values()];
}

/** True where the lists hold the same entries, in whatever order. */
export function sameAcl(a: Acl, b: Acl): boolean {
  if (a === b) return true;
  const keys = new Set(a.map(keyOf));
  return keys.size === new Set(b.map(keyOf)).size && b.every((entry) => keys.has(keyOf(entry)));
}

function keyOf({ scheme, id, permissions }: AclEntry): string {
  return `${permissions} ${scheme} ${id}`;
}

/** True where whoever has a right by `a` certainly has it by `b` too. */
export function isWithin(a: Acl, b: Acl): boolean {
  return a.every(({ scheme, id, permissions }) => {
    const same = b.filter((other) => isAnyone(other) || (other.scheme === scheme && other.id === id));
    const granted = same.reduce((sum, other) => sum | other.permissions, 0);
    return (permissions & Permission.ALL & ~granted) === 0;
  });
}

/** False where none of the identities has the permission, as far as can be told: a network may hold any address. */
export function mayHave(acl: Acl, identities: readonly Identity[], permission: number): boolean {
  if (identities.some(({ scheme }) => scheme === 'super')) return true;
  return acl.some(
    (entry) =>
      (entry.permissions & permission) !== 0 &&
      (isAnyone(entry) ||
        entry.scheme === 'ip' ||
        identities.some(({ scheme, id }) => scheme === entry.scheme && id === entry.id)),
  );
}

function isAnyone({ scheme, id }: AclEntry): boolean {
  return scheme === 'world' && id === 'anyone';
}
