/** Access rights on one znode (ZooKeeper programmer's guide, "ACL Permissions"). Not inherited by children. */
export const Permission = { READ: 1, WRITE: 2, CREATE: 4, DELETE: 8, ADMIN: 16, ALL: 31 } as const;

/** Who somebody is: a scheme (`world`, `digest`, `ip`, `auth`, `super`) and an id in that scheme's form. */
export interface Identity {
  readonly scheme: string;
  readonly id: string;
}

/** One entry of an access list: rights (bits of {@link Permission}) for one identity. */
export interface AclEntry extends Identity {
  readonly permissions: number;
}

export type Acl = readonly AclEntry[];

/** An entry as it travels. */
export type AclEntryWire = [permissions: number, scheme: string, id: string];

/** Everybody may do everything: what a create without an ACL gets. */
export const OPEN_ACL: Acl = [{ permissions: Permission.ALL, scheme: 'world', id: 'anyone' }];

/** Everybody may read. */
export const READ_ACL: Acl = [{ permissions: Permission.READ, scheme: 'world', id: 'anyone' }];

/** Whoever creates it (all identities of the connection) may do everything. */
export const CREATOR_ACL: Acl = [{ permissions: Permission.ALL, scheme: 'auth', id: '' }];

/** ACL to wire. */
export function aclToWire(acl: Acl): AclEntryWire[] {
  return acl.map((entry) => [entry.permissions, entry.scheme, entry.id]);
}

/** Wire to ACL; for bytes that were checked before. */
export function aclFromWire(wire: readonly AclEntryWire[]): AclEntry[] {
  return wire.map(([permissions, scheme, id]) => ({ permissions, scheme, id }));
}

const LETTERS: readonly (readonly [string, number])[] = [
  ['c', Permission.CREATE],
  ['d', Permission.DELETE],
  ['r', Permission.READ],
  ['w', Permission.WRITE],
  ['a', Permission.ADMIN],
];

/** Rights as zkCli prints them: letters of `cdrwa` in that order. */
export function formatPermissions(permissions: number): string {
  return LETTERS.filter(([, bit]) => (permissions & bit) !== 0)
    .map(([letter]) => letter)
    .join('');
}

/** Letters of `cdrwa` in any order to bits; undefined where another letter stands among them or none at all. */
export function parsePermissions(letters: string): number | undefined {
  let bits = 0;
  for (const letter of letters) {
    const found = LETTERS.find(([name]) => name === letter);
    if (!found) return undefined;
    bits |= found[1];
  }
  return bits === 0 ? undefined : bits;
}
