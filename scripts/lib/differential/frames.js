/** Between records and frames: requests are made, replies are found for them and read. */
import {
  JuteReader,
  JuteWriter,
  Xid,
  ZooKeeperOp,
  connectRequest,
  readRequestBody,
  readResponseBody,
  replyHeader,
  watcherEvent,
  writeRequest,
} from '@synod/zookeeper';
import { typeOf, xidOf } from './program.js';
import { isEvent } from './wire.js';

/** @typedef {import('@synod/zookeeper').RequestRecord} RequestRecord */
/** @typedef {import('@synod/zookeeper').ReplyHeader} ReplyHeader */

/**
 * A frame that a server sent, read: an event, or a reply. `body` is null where there is none, and the bytes themselves
 * where they are no record that belongs there; `rest` counts the bytes behind it.
 *
 * @typedef {{ kind: 'event' | 'reply'; header: ReplyHeader; body: unknown; rest: number }} Read
 */

/** The xid of requests of SASL here: their replies can be told from others by it, as those to `auth`. */
export const SASL = -5;

const atOnce = [Xid.auth, SASL].map(Number);

/** A frame with the length in front cut off. @param {number} xid @param {RequestRecord} record */
export function frameOf(xid, record) {
  const output = new JuteWriter();
  writeRequest(output, xid, record);
  return output.take().subarray(4);
}

/** The frame of a handshake. @param {import('@synod/zookeeper').ConnectRequest} record */
export function handshakeOf(record) {
  const output = new JuteWriter();
  connectRequest.write(output, record);
  return output.take();
}

/**
 * The reply to each request, where there is one. Replies come in the order of the requests, but that ZooKeeper answers
 * `auth` and `sasl` at once, ahead of what it still works on.
 *
 * @param {readonly import('./program.js').Request[]} requests
 * @param {readonly Buffer[]} frames events may be among them
 * @returns {(Buffer | undefined)[]}
 */
export function repliesTo(requests, frames) {
  const replies = frames.filter((frame) => !isEvent(frame));
  const auths = replies.filter(isAuth);
  const others = replies.filter((frame) => !isAuth(frame));
  return requests.map((request) => {
    if (request.silent === true) return undefined;
    return atOnce.includes(Number(xidOf(request))) ? auths.shift() : others.shift();
  });
}

/** @param {Buffer} frame */
export function isAuth(frame) {
  return frame.length >= 4 && atOnce.includes(frame.readInt32BE(0));
}

/** A frame of a server; `type` is the operation of the request that it answers. @param {Buffer} frame @param {number} [type] */
export function readFrame(frame, type) {
  const input = new JuteReader(frame);
  const header = replyHeader.read(input);
  const kind = isEvent(frame) ? /** @type {const} */ ('event') : /** @type {const} */ ('reply');
  const body = bodyOf(kind, header, input, type) ?? frame.subarray(16);
  return /** @type {Read} */ ({ kind, header, body: body === nothing ? null : body, rest: input.left });
}

const nothing = Symbol('no body');
const types = new Set(Object.values(ZooKeeperOp));

/** @param {'event' | 'reply'} kind @param {ReplyHeader} header @param {JuteReader} input @param {number | undefined} type */
function bodyOf(kind, header, input, type) {
  if (input.left === 0) return nothing;
  try {
    if (kind === 'event') return watcherEvent.read(input);
    if (header.err !== 0 && type !== ZooKeeperOp.sasl) return undefined;
    if (type === undefined || type === ZooKeeperOp.check || !types.has(/** @type {ZooKeeperOp} */ (type)))
      return undefined;
    return readResponseBody(/** @type {import('@synod/zookeeper').RequestType} */ (type), input);
  } catch {
    return undefined;
  }
}

/** The record of a request; undefined where it cannot be read. @param {import('./program.js').Request} request */
export function recordOf(request) {
  const type = typeOf(request);
  if (type === undefined) return undefined;
  const input = new JuteReader(request.frame.subarray(8));
  try {
    return readRequestBody(type, input);
  } catch {
    return undefined;
  }
}
