/**
 * What differs between Synod and ZooKeeper and is to differ: the lists of the section "What differs from ZooKeeper" of
 * packages/zookeeper/README.md, word for word, each with what it excuses where Synod is compared with ZooKeeper 3.8. A row
 * excuses no more than it says. Where what it excuses would leave the two servers in different states, the generator
 * draws only what leaves none; what cannot be compared so is not drawn at all.
 */
import { limits } from '@synod/protocol';
import { ZooKeeperOp, modeOf } from '@synod/zookeeper';
import {
  ErrorNumber,
  aclsOf,
  aloneInStep,
  entriesOf,
  failedAt,
  failedWith,
  hasInStep,
  isEndOfMulti,
  isExpired,
  isWrite,
  plainText,
  resultsOf,
  says,
} from './shapes.js';

/** @typedef {import('./shapes.js').Read} Read */
/** @typedef {import('./shapes.js').RequestRecord} RequestRecord */

/**
 * Two replies that differ, or a reply and none; two answers to a handshake; or, without either, two ends of a step.
 * `record`: the request, where it can be read.
 *
 * @typedef {object} Case
 * @property {import('./program.js').Step} step
 * @property {import('./program.js').Request | null} request
 * @property {number | undefined} [type]
 * @property {RequestRecord | undefined} [record]
 * @property {Read | undefined} [left] of ZooKeeper
 * @property {Read | undefined} [right] of Synod
 * @property {readonly [left: Buffer | undefined, right: Buffer | undefined]} [handshake]
 * @property {import('./player.js').Entry['state']} leftState
 * @property {import('./player.js').Entry['state']} rightState
 */

/**
 * `spends`: for a write, ZooKeeper uses up a zxid and Synod none; 'alone': the two zxids have nothing to do with each other.
 * `adapt`: the two bodies without what the row excuses, which must be the same then.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} text
 * @property {(found: Case) => boolean} excuses
 * @property {true | 'alone'} [spends]
 * @property {(found: Case) => readonly [left: unknown, right: unknown]} [adapt]
 */

/** Errors with which Synod refuses what never gets as far as the tree. */
const early = [ErrorNumber.marshalling, ErrorNumber.badArguments, ErrorNumber.invalidAcl, ErrorNumber.reconfigDisabled];

/** Operations that ZooKeeper's servers keep for themselves, and check, which only a multi may have. */
const internal = [-10, 13, 20];

/** A row for replies in which only the numbers of the errors differ. @param {number} left @param {number} right @returns {(found: Case) => boolean} */
function errors(left, right) {
  return (found) => found.left?.header.err === left && found.right?.header.err === right;
}

/** What Synod does otherwise. @type {readonly Row[]} */
export const ownRows = [
  {
    name: 'Zxids of refused writes',
    text: 'A write that never gets as far as the tree uses up no zxid: what cannot be read, flags that there are not, what is beyond a limit, `reconfig`. ZooKeeper orders an error for it.',
    spends: true,
    excuses: ({ type, left, right }) => {
      if (!left || !right || !isWrite(type) || left.header.err !== right.header.err) return false;
      return early.includes(left.header.err) && right.body === null && (left.body === null || isEndOfMulti(type, left));
    },
  },
  {
    name: 'Flags of a create',
    text: 'Flags that do not belong to the operation are BAD_ARGUMENTS. ZooKeeper lets some pass, and makes another kind of znode than was asked for.',
    spends: true,
    excuses: ({ record, left, right }) =>
      isMixed(record) && left !== undefined && left.header.err !== 0 && right?.header.err === ErrorNumber.badArguments,
  },
  {
    name: 'Flags of a create in a multi',
    text: 'Such flags, and those that there are not, are MARSHALLING_ERROR of the whole multi; in 3.8 the error of one operation.',
    spends: true,
    excuses: ({ record, left, right }) =>
      record?.type === ZooKeeperOp.multi &&
      record.operations.some(isMixed) &&
      failedAt(left) !== undefined &&
      right?.header.err === ErrorNumber.marshalling,
  },
  {
    name: 'Long paths',
    text: 'A path of more than 16,384 characters is BAD_ARGUMENTS, in reads too.',
    spends: true,
    excuses: (found) => {
      const { record } = found;
      const isLong = record && 'path' in record && (record.path?.length ?? 0) > limits.pathLength;
      return isLong === true && errors(ErrorNumber.noNode, ErrorNumber.badArguments)(found);
    },
  },
  {
    name: 'Large access lists',
    text: 'An access list of more than 64 entries, with negative permissions, or with a scheme or an id of more than 1,024 characters is INVALID_ACL.',
    spends: true,
    excuses: (found) =>
      aclsOf(found.record).some(isBeyond) && errors(ErrorNumber.noNode, ErrorNumber.invalidAcl)(found),
  },
  {
    name: 'Null in access lists',
    text: 'A scheme that is null, or an id, but for that of `auth`, is INVALID_ACL. ZooKeeper trips over it: MARSHALLING_ERROR.',
    excuses: (found) =>
      aclsOf(found.record).some(hasNull) && errors(ErrorNumber.marshalling, ErrorNumber.invalidAcl)(found),
  },
  {
    name: 'Limits in a multi',
    text: 'What breaks a limit is found before the operations in front of it are tried. A multi has at most 10,000 operations.',
    spends: true,
    excuses: ({ record, left, right }) => {
      const [at, later] = [failedAt(left), failedAt(right)];
      if (record?.type !== ZooKeeperOp.multi || at === undefined || later === undefined) return false;
      return at < later && early.includes(failedWith(right) ?? 0);
    },
  },
  {
    name: 'Long credentials',
    text: 'Credentials of more than 1,024 bytes are AUTH_FAILED.',
    excuses: (found) =>
      aloneInStep(found.step, ZooKeeperOp.auth) &&
      (found.record?.type === ZooKeeperOp.auth
        ? (found.record.auth?.length ?? 0) > limits.idLength && errors(0, ErrorNumber.authFailed)(found)
        : found.request === null && found.leftState === 'open' && found.rightState === 'closed'),
  },
  {
    name: 'Internal operations',
    text: '−10 and 20, which ZooKeeper carries out for whoever asks, and a `check` outside of a multi, which 3.8 never answers, are UNIMPLEMENTED.',
    spends: 'alone',
    excuses: ({ step, request, type, right, rightState }) => {
      if (!hasInStep(step, internal)) return false;
      if (internal.includes(type ?? 0)) return right?.header.err === ErrorNumber.unimplemented;
      return rightState === 'closed' && (request === null || right === undefined);
    },
  },
  {
    name: 'Null as the token of SASL',
    text: 'It is answered like any other: there is no SASL. 3.8 ends the connection.',
    spends: 'alone',
    excuses: ({ step, request, record, right, leftState, rightState }) =>
      aloneInStep(step, ZooKeeperOp.sasl) &&
      leftState === 'closed' &&
      rightState === 'open' &&
      (request === null || (record?.type === ZooKeeperOp.sasl && record.token === null && right?.header.err === 0)),
  },
  {
    name: 'Wrong passwords',
    text: 'Who resumes a session with a wrong password disturbs nobody. ZooKeeper ends the connection of its owner.',
    excuses: ({ step, request, right, leftState, rightState }) =>
      aloneInStep(step, ZooKeeperOp.sync) &&
      leftState === 'closed' &&
      rightState === 'open' &&
      (request === null || right?.header.err === 0),
  },
  {
    name: 'Sessions of others',
    text: 'A session that no server of Synod can have made has expired, also for a client that has seen a zxid that is yet to come. ZooKeeper ends such a connection without a word.',
    excuses: ({ step, handshake }) =>
      step.kind === 'connect' &&
      step.session !== null &&
      'value' in step.lastZxid &&
      step.lastZxid.value > 0n &&
      handshake !== undefined &&
      handshake[0] === undefined &&
      isExpired(handshake[1]),
  },
  {
    name: 'Entries by `auth`',
    text: 'They stand in the access list in the order in which the identities were added, and once where the list had them already.',
    excuses: ({ type, left }) => type === ZooKeeperOp.getAcl && areAlike(entriesOf(left)),
    adapt: ({ left, right }) => [inOrder(left), inOrder(right)],
  },
  {
    name: 'Characters beyond U+FFFF',
    text: 'They are written as UTF-8 has them, not as two surrogates of three bytes each, in ids of access lists and where a path that cannot be is repeated.',
    excuses: ({ type, right }) =>
      (type === ZooKeeperOp.sync || type === ZooKeeperOp.getAcl) && says(right?.body, /[\u{10000}-\u{10ffff}]/u),
    adapt: ({ left, right }) => [plainText(left?.body), plainText(right?.body)],
  },
  {
    name: 'What is no UTF-8',
    text: 'It reads as U+FFFD, though not always as many of them.',
    excuses: ({ type, left }) => type === ZooKeeperOp.sync && says(left?.body, /\ufffd/),
    adapt: ({ left, right }) => [plainText(left?.body), plainText(right?.body)],
  },
  {
    name: 'The empty path',
    text: 'It is the root in reads, and just that; of it `getAllChildrenNumber` tells one more in ZooKeeper.',
    excuses: ({ record }) => record?.type === ZooKeeperOp.getAllChildrenNumber && record.path === '',
    adapt: ({ left, right }) => [numberIn(left), numberIn(right) + 1],
  },
  {
    name: 'Behind an error',
    text: 'Nothing stands behind the header of a reply with an error. ZooKeeper writes the end of an empty list where a multiRead could not be read.',
    excuses: ({ type, left, right }) =>
      type === ZooKeeperOp.multiRead &&
      left !== undefined &&
      isEndOfMulti(type, left) &&
      right?.body === null &&
      left.header.err === right.header.err,
  },
];

/** What ZooKeeper itself does otherwise since 3.8. @type {readonly Row[]} */
export const newerRows = [
  {
    name: '`exists`',
    text: 'It needs READ where the znode is there, since 3.8.4.',
    excuses: (found) => found.type === ZooKeeperOp.exists && errors(0, ErrorNumber.noAuth)(found),
  },
  {
    name: '`create2` in a multi',
    text: 'Its result has a Stat.',
    excuses: ({ record, left, right }) =>
      record?.type === ZooKeeperOp.multi &&
      failedAt(left) === undefined &&
      resultsOf(right).some(({ type }) => type === ZooKeeperOp.create2),
    adapt: ({ record, left, right }) => [
      left?.body,
      withoutStats(/** @type {import('@synod/zookeeper').RequestOf<14>} */ (record), right),
    ],
  },
  {
    name: 'IPv6',
    text: 'Access lists may have such addresses and networks.',
    excuses: (found) =>
      aclsOf(found.record).some((acl) =>
        acl?.some(({ scheme, id }) => scheme === 'ip' && id?.includes(':') === true),
      ) && errors(ErrorNumber.invalidAcl, ErrorNumber.noNode)(found),
  },
  {
    name: '`checkWatches` and `removeWatches`',
    text: 'They know the kinds 4 and 5, persistent and recursive.',
    excuses: (found) => {
      const { record } = found;
      const isKnown = record && 'watcher' in record && (record.watcher === 4 || record.watcher === 5);
      return isKnown === true && errors(ErrorNumber.marshalling, ErrorNumber.noWatcher)(found);
    },
  },
  {
    name: '`checkWatches`',
    text: 'It finds the watches of the connection that asks. In 3.8 it finds those of all, and trips over a path that begins without a slash.',
    excuses: (found) => {
      if (found.record?.type !== ZooKeeperOp.checkWatches) return false;
      if (errors(0, ErrorNumber.noWatcher)(found)) return true;
      const { left, right, record } = found;
      return (
        record.path?.startsWith('/') === false &&
        left?.header.err === ErrorNumber.marshalling &&
        [0, ErrorNumber.noWatcher].includes(right?.header.err ?? 1)
      );
    },
  },
];

/** What differs in watch events: events.js says when. */
export const eventRows = {
  zxid: {
    name: 'Events',
    text: 'They show the zxid of the transaction that caused them, since 3.9, and here also where they come of `setWatches`. Older servers show −1.',
  },
  removal: { name: 'The end of a session', text: 'Its ephemerals go in any order.' },
  missed: {
    name: 'Missed events',
    text: '`setWatches` tells what has happened to a znode, once, in the order in which it happened, and tells persistent watches too; ZooKeeper tells what the znodes look like, list by list.',
  },
};

/** What is not compared, because ZooKeeper 3.8 is wrong in a way that goes on, or nothing certain comes of it. */
export const unseen = [
  {
    name: 'Several kinds of watches on a path',
    text: 'One connection may have them. 3.8 keeps the last kind only, and takes persistent watches for watches of data and children where some are removed.',
  },
  {
    name: 'Events of what may not be read',
    text: 'They are kept from a connection whose identities may not read the znode, since 3.8.4.',
  },
  {
    name: 'A multi that ZooKeeper trips over',
    text: 'It leaves nothing. 3.8 goes on for a while as if the operations in front had been carried out.',
  },
  {
    name: 'A changed access list',
    text: 'It holds from the next request on, also where that was sent at once. ZooKeeper goes by the old one while the change is under way.',
  },
  {
    name: 'Watches on the empty path',
    text: 'They are watches on the root where a read sets them. In ZooKeeper they never fire.',
  },
];

/**
 * The row by which a difference is none.
 *
 * @param {Case} found
 * @param {(left: unknown, right: unknown) => boolean} same whether two bodies are the same
 * @returns {Row | undefined}
 */
export function excuse(found, same) {
  const rows = [...ownRows, ...newerRows];
  return rows.find((row) => row.excuses(found) && (row.adapt === undefined || same(...row.adapt(found))));
}

/** Whether an operation is a create whose flags do not belong to it. @param {RequestRecord | import('@synod/zookeeper').MultiOperationRecord | undefined} part */
function isMixed(part) {
  return part !== undefined && 'flags' in part && modeOf(part.type, part.flags) === undefined;
}

/** @param {import('@synod/zookeeper').AclRecord} acl */
function isBeyond(acl) {
  if (acl === null) return false;
  const { aclEntries, idLength } = limits;
  return acl.length > aclEntries || acl.some(({ permissions, id }) => permissions < 0 || (id?.length ?? 0) > idLength);
}

/** @param {import('@synod/zookeeper').AclRecord} acl */
function hasNull(acl) {
  return acl?.some(({ scheme, id }) => scheme === null || (id === null && scheme !== 'auth')) === true;
}

/** Whether several entries grant the same to digest identities, as those do that stand for one of `auth`. @param {readonly import('@synod/zookeeper').AclEntryRecord[]} entries */
function areAlike(entries) {
  const granted = entries.filter(({ scheme }) => scheme === 'digest').map(({ permissions }) => permissions);
  return new Set(granted).size < granted.length;
}

/** An access list as a set. @param {Read | undefined} read */
function inOrder(read) {
  const entries = entriesOf(read).map((entry) => JSON.stringify(plainText(entry)));
  return { .../** @type {object} */ (read?.body), acl: [...new Set(entries)].sort() };
}

/** @param {Read | undefined} read */
function numberIn(read) {
  const body = /** @type {Partial<import('@synod/zookeeper').Responses[104]> | null | undefined} */ (read?.body);
  return body?.number ?? NaN;
}

/**
 * The results of a multi as 3.8 writes them: create2 as create.
 *
 * @param {import('@synod/zookeeper').RequestOf<14>} record
 * @param {Read | undefined} read
 */
function withoutStats({ operations }, read) {
  const { create, create2 } = ZooKeeperOp;
  const results = resultsOf(read).map((result, index) =>
    operations[index]?.type === create2 && 'path' in result ? { type: create, path: result.path } : result,
  );
  return { results };
}
