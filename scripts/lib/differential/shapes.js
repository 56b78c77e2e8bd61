/** What requests and replies look like, for the rows of allowed.js. */
import { JuteReader, ZooKeeperOp, connectResponse } from '@synod/zookeeper';
import { requestsOf, typeOf } from './program.js';

/** @typedef {import('./frames.js').Read} Read */
/** @typedef {import('./frames.js').RequestRecord} RequestRecord */
/** @typedef {import('./program.js').Step} Step */

export const ErrorNumber = {
  marshalling: -5,
  unimplemented: -6,
  badArguments: -8,
  noNode: -101,
  noAuth: -102,
  invalidAcl: -114,
  authFailed: -115,
  noWatcher: -121,
  reconfigDisabled: -123,
};

/** Operations that ZooKeeper orders. */
const writes = [
  ...[ZooKeeperOp.create, ZooKeeperOp.delete, ZooKeeperOp.setData, ZooKeeperOp.setAcl, ZooKeeperOp.multi],
  ...[ZooKeeperOp.create2, ZooKeeperOp.reconfig, ZooKeeperOp.createContainer, ZooKeeperOp.createTtl],
].map(Number);

/** @param {number | undefined} type */
export function isWrite(type) {
  return type !== undefined && writes.includes(type);
}

/** Whether a step is one request of this kind, after which the connection is given up. @param {Step} step @param {number} type */
export function aloneInStep(step, type) {
  const requests = requestsOf(step);
  const [only] = requests;
  return (
    step.kind === 'send' &&
    step.until === 'either' &&
    requests.length === 1 &&
    only !== undefined &&
    typeOf(only) === type
  );
}

/** Whether a step after which the connection is given up has a request of one of these kinds. @param {Step} step @param {readonly number[]} types */
export function hasInStep(step, types) {
  return (
    step.kind === 'send' &&
    step.until === 'either' &&
    step.requests.some((request) => types.includes(typeOf(request) ?? 0))
  );
}

/** Whether this answers a handshake for a session that has expired. @param {Buffer | undefined} frame */
export function isExpired(frame) {
  if (frame === undefined) return false;
  const { timeOut, sessionId } = connectResponse.read(new JuteReader(frame));
  return timeOut === 0 && sessionId === 0;
}

/** @param {Read | undefined} read @returns {readonly { readonly type: number; readonly err?: number; readonly path?: string | null }[]} */
export function resultsOf(read) {
  const body = /** @type {Partial<import('@synod/zookeeper').MultiResponse> | null | undefined} */ (read?.body);
  return body?.results ?? [];
}

/** Which operation of a multi has failed; undefined where none has. @param {Read | undefined} read */
export function failedAt(read) {
  const results = resultsOf(read);
  if (results.length === 0 || results.some(({ type }) => type !== -1)) return undefined;
  return results.findIndex(({ err }) => err !== 0);
}

/** And with what. @param {Read | undefined} read */
export function failedWith(read) {
  const at = failedAt(read);
  return at === undefined ? undefined : resultsOf(read)[at]?.err;
}

/** Whether behind an error there is the end of a list of results. @param {number | undefined} type @param {Read} read */
export function isEndOfMulti(type, { body }) {
  if (type !== ZooKeeperOp.multi && type !== ZooKeeperOp.multiRead) return false;
  return body instanceof Uint8Array && Buffer.from(body).toString('hex') === 'ffffffff01ffffffff';
}

/** All access lists in a request. @param {RequestRecord | undefined} record @returns {readonly import('@synod/zookeeper').AclRecord[]} */
export function aclsOf(record) {
  if (record?.type === ZooKeeperOp.multi) return record.operations.map((part) => ('acl' in part ? part.acl : null));
  return record && 'acl' in record ? [record.acl] : [];
}

/** The access list in a reply. @param {Read | undefined} read @returns {readonly import('@synod/zookeeper').AclEntryRecord[]} */
export function entriesOf(read) {
  const body = /** @type {{ acl?: import('@synod/zookeeper').AclRecord } | null | undefined} */ (read?.body);
  return body?.acl ?? [];
}

/** Whether there is such text somewhere. @param {unknown} body @param {RegExp} pattern @returns {boolean} */
export function says(body, pattern) {
  if (typeof body === 'string') return pattern.test(body);
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return false;
  return Object.values(body).some((part) => says(part, pattern));
}

/** Text in which characters of four bytes, however written, and what is no UTF-8 are all the same. @param {string} text */
export function plain(text) {
  return text.replace(/[\ufffd\u{10000}-\u{10ffff}]+/gu, '\ufffd');
}

/** A body with all its text so. @param {unknown} body @returns {unknown} */
export function plainText(body) {
  if (typeof body === 'string') return plain(body);
  if (Array.isArray(body)) return body.map(plainText);
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return body;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, plainText(value)]));
}
