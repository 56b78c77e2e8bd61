/**
 * ZooKeeper's handshake to Synod's and back. A client that has known another ensemble may show any 64 bits as its session
 * and as its last zxid: they must be told apart from Synod's, never rounded to one of them.
 */
import { PROTOCOL_VERSION, SECRET_BYTES, isZxid, type Hello, type Welcome } from '@synod/protocol';
import type { ConnectRequest, ConnectResponse } from '../record/connect.js';
import { sinceOf } from './request.js';

/** A session that never was: ids are zxids, and no leader has led in epoch 0. */
const NO_SESSION = 1;

/**
 * A handshake as Synod's hello. A zxid beyond all of Synod's becomes the highest one, which no server has reached: the
 * client is to be turned away. An id that no session of Synod can have becomes one that no session has, and a secret of
 * the wrong length one that fits none in practice.
 */
export function toHello(request: ConnectRequest): Hello {
  const { sessionId, passwd } = request;
  const isNew = sessionId === 0;
  const possible = isZxid(sessionId);
  // A copy: it lives as long as the connection, the frame does not.
  const secret = passwd?.length === SECRET_BYTES ? passwd.slice() : new Uint8Array(SECRET_BYTES);
  return {
    versions: [PROTOCOL_VERSION],
    timeout: Math.max(0, request.timeOut),
    lastZxid: sinceOf(request.lastZxidSeen),
    session: possible ? sessionId : NO_SESSION,
    secret: isNew ? null : secret,
  };
}

/** The answer to a handshake that Synod takes. */
export function toConnectResponse(request: ConnectRequest, welcome: Welcome): ConnectResponse {
  return {
    protocolVersion: 0,
    timeOut: welcome.timeout,
    sessionId: welcome.session,
    passwd: welcome.secret,
    readOnly: readOnlyOf(request),
  };
}

/** The answer to a handshake for a session that has ended, or never was: nothing but zeros, which clients look for. */
export function expiredResponse(request: ConnectRequest): ConnectResponse {
  return {
    protocolVersion: 0,
    timeOut: 0,
    sessionId: 0,
    passwd: new Uint8Array(SECRET_BYTES),
    readOnly: readOnlyOf(request),
  };
}

/** Whoever sent the byte wants it back, whoever did not must not get it. */
function readOnlyOf({ readOnly }: ConnectRequest): boolean | null {
  return readOnly === null ? null : false;
}
