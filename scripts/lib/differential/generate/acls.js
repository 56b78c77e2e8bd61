/** Access lists and who asks for what they grant. */
import { createHash } from 'node:crypto';
import { superUser } from '../servers.js';

/** @typedef {import('@synod/zookeeper').AclEntryRecord} AclEntry */
/** @typedef {import('./draft.js').Draft} Draft */

const users = ['u1:p1', 'u2:p2', 'u1:other'];

/** Credentials that make another identity. */
const credentials = [...users, ...users, ...users, '', 'x', ':', ':x', 'a:b:c', 'ü:ß'];

const permissions = [31, 31, 31, 1, 2, 3, 4, 7, 8, 15, 16, 17, 21, 30, 0, 999, 2 ** 30];

/** @typedef {readonly [scheme: string | null, id: string | null]} Grantee */

/** @param {string} text scheme and id, one pair behind each comma @returns {Grantee[]} */
function grantees(text) {
  return text.split(',').map((pair) => [pair.split(' ')[0] ?? '', pair.split(' ')[1] ?? '']);
}

/** What an entry may grant to. @type {readonly Grantee[]} */
const good = [
  ...users.map((user) => /** @type {const} */ (['digest', digestOf(user)])),
  ...grantees('world anyone,world anyone,world anyone,auth ,auth x,digest a:b,digest \u{1f600}:x'),
  ...grantees('ip 127.0.0.1,ip 127.0.0.0/8,ip 10.0.0.1,ip 0.0.0.0/0'),
];

/** What no provider accepts. */
const bad = [
  ...grantees('world bob,world , , anyone,none x,sasl x,super ,super x,World anyone'),
  ...grantees('digest x,digest ,digest a:b:c,digest a:,digest :'),
  ...grantees('ip ,ip localhost,ip 1.2.3,ip 1.2.3.256,ip 1.2.3.4/33,ip 1.2.3.4/x'),
];

/** What ZooKeeper trips over. @type {readonly Grantee[]} */
const nulls = [
  ['world', null],
  [null, null],
  [null, 'anyone'],
  ['digest', null],
  ['ip', null],
];

/** @param {string} user user:password */
function digestOf(user) {
  return `${user.split(':')[0] ?? ''}:${createHash('sha1').update(user).digest('base64')}`;
}

/**
 * An access list without nulls, for multi: ZooKeeper 3.8 trips over them, and then forgets to take back what stood in front.
 *
 * @param {Draft} draft
 * @returns {AclEntry[] | null}
 */
export function sounderAcl(draft) {
  const acl = someAcl(draft);
  return acl?.some(({ scheme, id }) => scheme === null || id === null) ? sounderAcl(draft) : acl;
}

/**
 * An access list. Where there are watches, everybody may read.
 *
 * @param {Draft} draft
 * @returns {AclEntry[] | null}
 */
export function someAcl(draft) {
  const { random, watches } = draft;
  if (random.chance(watches ? 0.8 : 0.4)) return [{ permissions: 31, scheme: 'world', id: 'anyone' }];
  if (random.chance(0.05)) return random.pick([null, []]);
  // One list as kazoo writes it; ZooKeeper trips over null where it has to compare entries.
  if (!watches && random.chance(0.05)) return [{ permissions: 31, scheme: 'auth', id: null }];
  const list = Array.from({ length: 1 + random.below(3) }, () => entry(draft));
  const [first] = list;
  if (first && random.chance(0.1)) list.push({ ...first });
  if (watches) list.splice(random.below(list.length + 1), 0, { permissions: 1, scheme: 'world', id: 'anyone' });
  return list;
}

/** @param {Draft} draft @returns {AclEntry} */
function entry({ random }) {
  const [scheme, id] = random.pick(random.chance(0.9) ? good : random.chance(0.5) ? bad : nulls);
  return { permissions: random.pick(permissions), scheme, id };
}

/** Credentials by which a connection becomes somebody more. @param {Draft} draft */
export function someAuth({ random, outside }) {
  const able = !outside && random.chance(0.04);
  return Buffer.from(able ? superUser : random.pick(credentials));
}
