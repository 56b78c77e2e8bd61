/**
 * Who may do what: ACLs against identities, for every operation wherever it is embedded (ZooKeeper programmer's guide,
 * "ZooKeeper access control using ACLs").
 *
 * Schemes: `world` (only `anyone`), `digest`, `ip` (an address or network) and `auth`, which stands for the identities of
 * whoever sets the ACL and is expanded before it is stored. An identity of the scheme `super` may do everything.
 */
import {
  formatPermissions,
  limits,
  OPEN_ACL,
  Permission,
  refuse,
  type Acl,
  type AclEntry,
  type Identity,
  type Refusal,
} from '@synod/protocol';
import { digestIdentity, isDigestId, userOf } from './digest-identity.js';
import { inNetwork, parseNetwork } from './ip-address.js';

/** True where one of the identities has at least one of the permissions. An empty ACL allows everything. */
export function check(acl: Acl, identities: readonly Identity[], permission: number): boolean {
  if (acl.length === 0) return true;
  for (const entry of acl) {
    if ((entry.permissions & permission) === 0) continue;
    if (entry.scheme === 'world') {
      if (entry.id === 'anyone') return true;
    } else if (identities.some((identity) => matches(identity, entry))) {
      return true;
    }
  }
  return isSuper(identities);
}

function isSuper(identities: readonly Identity[]): boolean {
  return identities.some((identity) => identity.scheme === 'super');
}

function matches(identity: Identity, entry: AclEntry): boolean {
  if (identity.scheme !== entry.scheme) return false;
  return entry.scheme === 'ip' ? inNetwork(identity.id, entry.id) : identity.id === entry.id;
}

/** Why somebody may not, in words. `where` says on what the permission is needed. */
export function denied(path: string, permission: number, where: string): Refusal {
  return refuse('NO_AUTH', path, `this needs the permission ${wordFor(permission)} on ${where}`);
}

function wordFor(permission: number): string {
  const [name] = Object.entries(Permission).find(([, bit]) => bit === permission) ?? [formatPermissions(permission)];
  return name;
}

/**
 * An ACL as it is stored: `auth` entries replaced by one for each authenticated identity, duplicates left out. An empty
 * ACL, an unknown scheme or an id that its scheme does not know is refused with INVALID_ACL.
 */
export function fixAcl(acl: Acl, identities: readonly Identity[], path: string): Acl | Refusal {
  if (acl === OPEN_ACL) return acl;
  if (acl.length === 0) return refuse('INVALID_ACL', path, 'an ACL must have at least one entry');
  if (acl.length > limits.aclEntries) {
    return refuse('INVALID_ACL', path, `an ACL must not have more than ${limits.aclEntries} entries`);
  }
  const fixed = new Map<string, AclEntry>();
  for (const entry of acl) {
    const expanded = entry.scheme === 'auth' ? authenticated(entry, identities) : [entry];
    if (expanded.length === 0) {
      return refuse('INVALID_ACL', path, 'an ACL entry for "auth" needs a connection with an added identity');
    }
    for (const one of expanded) {
      const problem = entryProblem(one);
      if (problem !== undefined) return refuse('INVALID_ACL', path, problem);
      const { permissions, scheme, id } = one;
      fixed.set(`${permissions} ${scheme} ${id}`, { permissions, scheme, id });
    }
  }
  const entries = [...fixed.values()];
  return isOpen(entries) ? OPEN_ACL : entries;
}

/** Only what somebody has proven: an address is not proven, and `super` is no identity to give rights to. */
function authenticated(entry: AclEntry, identities: readonly Identity[]): AclEntry[] {
  return identities
    .filter(({ scheme }) => scheme !== 'ip' && scheme !== 'super' && scheme !== 'world')
    .map(({ scheme, id }) => ({ permissions: entry.permissions, scheme, id }));
}

function entryProblem({ scheme, id }: AclEntry): string | undefined {
  // UTF-8 has no half of a surrogate pair: servers could read one back differently, and the digest hashes ids.
  if (/\p{Surrogate}/u.test(id)) return 'an id must be well-formed text';
  switch (scheme) {
    case 'world':
      return id === 'anyone' ? undefined : 'the scheme "world" has the one id "anyone"';
    case 'digest':
      return isDigestId(id) ? undefined : 'an id of the scheme "digest" has the form user:hash';
    case 'ip':
      return parseNetwork(id) ? undefined : 'an id of the scheme "ip" is an address or a network like 10.0.0.0/8';
    default:
      return `there is no scheme ${JSON.stringify(scheme)}`;
  }
}

function isOpen(acl: Acl): boolean {
  const [only] = acl;
  return acl.length === 1 && only!.permissions === Permission.ALL && only!.scheme === 'world';
}

/** An ACL as everybody may see it: without the hashes of digest ids. */
export function redact(acl: Acl): Acl {
  return acl.map((entry) => (entry.scheme === 'digest' ? { ...entry, id: `${userOf(entry.id)}:x` } : entry));
}

/** What {@link authenticate} has to know. */
export interface AuthenticationSettings {
  /** `super:BASE64(SHA-1("super:password"))`: who has these credentials may do everything. */
  readonly superDigest?: string | undefined;
}

/**
 * The identities that credentials prove; AUTH_FAILED for a scheme that proves nothing. Any digest credentials are good:
 * they only count where an ACL names them. The `ip` identity comes from the connection, so asking for it adds nothing.
 */
export function authenticate(
  scheme: string,
  credentials: Uint8Array,
  settings: AuthenticationSettings,
): Identity[] | Refusal {
  if (scheme === 'ip') return [];
  if (scheme !== 'digest') return refuse('AUTH_FAILED', '', `there is no authentication by ${JSON.stringify(scheme)}`);
  const id = digestIdentity(credentials);
  if (id === undefined) return refuse('AUTH_FAILED', '', 'digest credentials must be user:password as UTF-8');
  if (id.length > limits.idLength) return refuse('AUTH_FAILED', '', 'the user name is too long');
  const identity: Identity = { scheme: 'digest', id };
  return id === settings.superDigest ? [{ scheme: 'super', id: '' }, identity] : [identity];
}
