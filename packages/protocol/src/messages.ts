/**
 * The messages of the WebSocket protocol and their wire form; PROTOCOL.md is the specification. A frame is a
 * MessagePack array of messages, a message an array whose first value tells its kind:
 *
 *     client → server   hello    0  versions timeout lastZxid session secret|nil
 *                       write    xid op number acked …body         (xid ≥ 1; the body's grammar stands in check.ts)
 *                       request  xid op …body
 *     server → client   welcome  0  version resumed session secret timeout zxid server lastWrite maxFrameBytes
 *                                   maxOutstandingWrites maxOutstandingRequests maxMultiOperations
 *                       result   xid zxid 0 …result
 *                       refusal  xid zxid code reason path outcome index        (code < 0; outcome 0 not applied, 1 unknown)
 *                       event    −1 zxid type path
 *                       goodbye  −3 code reason
 */
import { aclToWire, OPEN_ACL } from './acl.js';
import { Fields, readRequest } from './check.js';
import { errorCodes, errorName } from './error-code.js';
import type { EventType, WatchEvent } from './event.js';
import { SECRET_BYTES, type Goodbye, type Hello, type Welcome } from './handshake.js';
import type { Refusal, Reply } from './reply.js';
import { isRefusal } from './reply.js';
import { isWrite, Op, type MultiOperation, type OpCode, type Request } from './request.js';
import { resultFromWire, resultToWire } from './result-wire.js';
import { badMessage } from './synod-error.js';
import { MAX_ZXID } from './zxid.js';

const HELLO = 0;
const EVENT = -1;
const GOODBYE = -3;

/** UTF-16 units of a reason or a path in what a server says: more than it ever writes. */
const TEXT_LENGTH = 65_536;

/** What a client says. */
export type ClientMessage =
  | { readonly type: 'hello'; readonly hello: Hello }
  | {
      readonly type: 'request';
      readonly xid: number;
      /** For writes: the number within the session, from 1 without gap; otherwise 0. */
      readonly number: number;
      /** For writes: all results up to this number have reached the client and need not be kept; otherwise 0. */
      readonly acked: number;
      readonly request: Request;
    };

/** What a server says. */
export type ServerMessage =
  | { readonly type: 'welcome'; readonly welcome: Welcome }
  | { readonly type: 'reply'; readonly xid: number; readonly reply: Reply }
  | { readonly type: 'event'; readonly event: WatchEvent }
  | { readonly type: 'goodbye'; readonly goodbye: Goodbye };

/** Hello to its wire form. */
export function helloToWire(h: Hello): unknown[] {
  return [HELLO, h.versions, h.timeout, h.lastZxid, h.session, h.secret];
}

/** A request to its wire form; `number` and `acked` count for writes only. */
export function requestToWire(xid: number, request: Request, number: number, acked: number): unknown[] {
  return isWrite(request) ? [xid, request.op, number, acked, ...body(request)] : [xid, request.op, ...body(request)];
}

/** The fields of a request behind its operation number. Also the form in which servers pass writes on. */
export function body(r: Request | MultiOperation): unknown[] {
  switch (r.op) {
    case Op.create:
      return [r.path, r.data, r.acl === OPEN_ACL ? null : aclToWire(r.acl), r.mode, r.ttl];
    case Op.delete:
    case Op.check:
      return [r.path, r.version];
    case Op.setData:
      return [r.path, r.data, r.version];
    case Op.setAcl:
      return [r.path, aclToWire(r.acl), r.version];
    case Op.exists:
    case Op.getData:
    case Op.getChildren:
      return [r.path, r.watch];
    case Op.getAcl:
    case Op.sync:
    case Op.getAllChildrenNumber:
      return [r.path];
    case Op.multi:
    case Op.multiRead:
      return [r.operations.map((operation) => [operation.op, ...body(operation)])];
    case Op.getEphemerals:
      return [r.prefix];
    case Op.checkWatches:
    case Op.removeWatches:
      return [r.path, r.type];
    case Op.addWatch:
      return [r.path, r.mode];
    case Op.addAuth:
      return [r.scheme, r.credentials];
    case Op.setWatches:
      return [r.since, r.data, r.exists, r.children, r.persistent, r.recursive];
    case Op.ping:
    case Op.whoAmI:
    case Op.closeSession:
      return [];
  }
}

/** The messages of a decoded frame; throws MARSHALLING_ERROR where it is not an array of arrays. */
export function frameMessages(frame: unknown): readonly (readonly unknown[])[] {
  if (!Array.isArray(frame)) throw badMessage('a frame must be an array of messages');
  for (const message of frame) {
    if (!Array.isArray(message)) throw badMessage('a message must be an array');
  }
  return frame as unknown[][];
}

/**
 * Checks one message of a client. Throws SynodError MARSHALLING_ERROR or UNIMPLEMENTED; {@link readXid} then tells
 * whether there is an xid to answer to.
 */
export function readClientMessage(message: readonly unknown[]): ClientMessage {
  if (message[0] === HELLO) return { type: 'hello', hello: readHello(message) };
  const fields = new Fields(message, 'request');
  const xid = fields.int('xid', 1, Number.MAX_SAFE_INTEGER);
  const op = fields.int('operation', -1_000_000, 1_000_000);
  if (!isWriteOp(op)) return { type: 'request', xid, number: 0, acked: 0, request: readRequest(op, fields) };
  const number = fields.int('number', 1, Number.MAX_SAFE_INTEGER);
  const acked = fields.int('acked', 0, number - 1);
  return { type: 'request', xid, number, acked, request: readRequest(op, fields) };
}

/** The xid of a message that {@link readClientMessage} refused, or 0 where there is none to answer to. */
export function readXid(message: readonly unknown[]): number {
  const xid = message[0];
  return typeof xid === 'number' && Number.isSafeInteger(xid) && xid >= 1 ? xid : 0;
}

function isWriteOp(op: number): boolean {
  return (
    op === Op.create ||
    op === Op.delete ||
    op === Op.setData ||
    op === Op.setAcl ||
    op === Op.multi ||
    op === Op.closeSession
  );
}

function readHello(message: readonly unknown[]): Hello {
  const fields = new Fields(message, 'hello', 1);
  const list = fields.list('versions', 64);
  const each = new Fields(list, 'hello versions');
  const versions = list.map(() => each.int('version', 0, 1_000_000));
  const timeout = fields.int('timeout', 0, 2147483647);
  const lastZxid = fields.zxid('lastZxid');
  const session = fields.zxid('session');
  const secret = fields.bytesOrNull('secret');
  fields.end();
  if (session !== 0 && secret?.length !== SECRET_BYTES) {
    throw badMessage(`hello: the secret of a session must have ${SECRET_BYTES} bytes`);
  }
  return { versions, timeout, lastZxid, session, secret };
}

/** Welcome to its wire form. */
export function welcomeToWire(w: Welcome): unknown[] {
  return [
    HELLO,
    w.version,
    w.resumed,
    w.session,
    w.secret,
    w.timeout,
    w.zxid,
    w.server,
    w.lastWrite,
    w.maxFrameBytes,
    w.maxOutstandingWrites,
    w.maxOutstandingRequests,
    w.maxMultiOperations,
  ];
}

/** A reply to its wire form; `op` tells how to write the result. */
export function replyToWire(xid: number, op: OpCode, reply: Reply): unknown[] {
  const { zxid, result } = reply;
  if (!isRefusal(result)) return [xid, zxid, 0, ...resultToWire(op, result)];
  return [xid, zxid, ...refusalToWire(result)];
}

/** A refusal behind xid and zxid. Also its form inside other results and in the log. */
export function refusalToWire(r: Refusal): [number, string, string, number, number] {
  return [errorCodes[r.code], r.reason, r.path, r.outcome === 'unknown' ? 1 : 0, r.index];
}

/** An event to its wire form. */
export function eventToWire(event: WatchEvent): unknown[] {
  return [EVENT, event.zxid, event.type, event.path];
}

/** Goodbye to its wire form. */
export function goodbyeToWire(g: Goodbye): unknown[] {
  return [GOODBYE, errorCodes[g.code], g.reason];
}

/**
 * Checks one message of a server. `opOf` names the operation that waits under an xid; undefined makes the message a
 * fault. Throws SynodError MARSHALLING_ERROR.
 */
export function readServerMessage(
  message: readonly unknown[],
  opOf: (xid: number) => OpCode | undefined,
): ServerMessage {
  const first = message[0];
  if (first === EVENT) {
    const fields = new Fields(message, 'event', 1);
    const zxid = fields.zxid('zxid');
    return { type: 'event', event: { zxid, type: fields.int('type', 1, 1000) as EventType, path: fields.path() } };
  }
  if (first === HELLO) return { type: 'welcome', welcome: readWelcome(message) };
  if (first === GOODBYE) {
    const fields = new Fields(message, 'goodbye', 1);
    const code = errorName(fields.int('code', -1_000_000, -1));
    return { type: 'goodbye', goodbye: { code, reason: fields.string('reason', TEXT_LENGTH) } };
  }
  const fields = new Fields(message, 'reply');
  const xid = fields.int('xid', 1, Number.MAX_SAFE_INTEGER);
  const zxid = fields.zxid('zxid');
  const code = fields.int('code', -1_000_000, 0);
  if (code !== 0) return { type: 'reply', xid, reply: { zxid, result: readRefusal(code, fields) } };
  const op = opOf(xid);
  if (op === undefined) throw badMessage(`reply: no request waits under xid ${xid}`);
  return { type: 'reply', xid, reply: { zxid, result: resultFromWire(op, message.slice(3)) } };
}

/** Reads a refusal whose code was taken already. */
export function readRefusal(code: number, fields: Fields): Refusal {
  const reason = fields.string('reason', TEXT_LENGTH);
  const path = fields.string('path', TEXT_LENGTH);
  const outcome = fields.int('outcome', 0, 1) === 1 ? 'unknown' : 'not-applied';
  return { code: errorName(code), reason, path, outcome, index: fields.int('index', -1, 1_000_000) };
}

function readWelcome(message: readonly unknown[]): Welcome {
  const f = new Fields(message, 'welcome', 1);
  const most = Number.MAX_SAFE_INTEGER;
  return {
    version: f.int('version', 0, 1_000_000),
    resumed: f.bool('resumed'),
    session: f.int('session', 1, MAX_ZXID),
    secret: f.bytes('secret'),
    timeout: f.int('timeout', 1, 2147483647),
    zxid: f.zxid('zxid'),
    server: f.int('server', 0, 1_000_000),
    lastWrite: f.int('lastWrite', 0, most),
    maxFrameBytes: f.int('maxFrameBytes', 1, most),
    maxOutstandingWrites: f.int('maxOutstandingWrites', 1, most),
    maxOutstandingRequests: f.int('maxOutstandingRequests', 1, most),
    maxMultiOperations: f.int('maxMultiOperations', 1, most),
  };
}
