/**
 * What a sequence of requests is made of: data only, the same for every server it is played against. What differs between
 * servers (ids and secrets of sessions, zxids) stands here as a reference, which each server's player fills in.
 */

/**
 * The zxid of the reply to the request with the id `of`, on each server its own; where there was no such reply, that with
 * which the program's root was made; or a number, the same for all.
 *
 * @typedef {{ readonly of: number } | { readonly value: bigint }} ZxidRef
 */

/**
 * @typedef {object} Request
 * @property {number} id unique within its program
 * @property {Uint8Array} frame header and body, without the length
 * @property {ZxidRef} [zxid] what to write at {@link ZXID_AT}
 * @property {number} [length] the length to announce instead of the true one
 * @property {boolean} [silent] there is no reply to it
 */

/**
 * A connection is opened. The requests `behind` leave together with the handshake.
 *
 * @typedef {object} ConnectStep
 * @property {'connect'} kind
 * @property {number} on which connection, from 0 on; what was open there is given up
 * @property {number | null} session the label of the session to resume: one that no session has is a stranger; null: a new one
 * @property {number} label by which a new session is known from here on
 * @property {Uint8Array | null | 'own'} passwd
 * @property {ZxidRef} lastZxid
 * @property {number} timeOut
 * @property {boolean | null} readOnly null: the byte is left out
 * @property {number} cut bytes of the handshake that are left out at its end
 * @property {readonly Request[]} behind
 */

/**
 * Requests on one connection, in one piece or in several. `until`: what is waited for: a reply to each; the end of the
 * connection; or a reply to each or the end, whichever comes first, upon which the connection is given up.
 *
 * @typedef {object} SendStep
 * @property {'send'} kind
 * @property {number} on
 * @property {readonly Request[]} requests
 * @property {'replies' | 'end' | 'either'} until
 * @property {number} pieces how many pieces the bytes are written in
 */

/**
 * A connection is given up by the client, or must have been ended by the server.
 *
 * @typedef {{ readonly kind: 'drop' | 'ended'; readonly on: number }} EndStep
 */

/** @typedef {ConnectStep | SendStep | EndStep} Step */

/**
 * `root` is the znode below which nearly everything happens; it is made before the steps, and all is removed after them.
 * `outside`: the sequence also touches znodes that are always there.
 *
 * @typedef {object} Program
 * @property {string} name
 * @property {string} root
 * @property {number} connections
 * @property {boolean} outside
 * @property {readonly Step[]} steps
 */

/** Where in the frame of setWatches and setWatches2 the zxid stands. */
export const ZXID_AT = 8;

/** @param {Step} step @returns {readonly Request[]} */
export function requestsOf(step) {
  if (step.kind === 'send') return step.requests;
  return step.kind === 'connect' ? step.behind : [];
}

/** The operation of a request; undefined where not even its header is whole. @param {Request} request */
export function typeOf({ frame }) {
  return frame.length < 8 ? undefined : view(frame).getInt32(4);
}

/** @param {Request} request */
export function xidOf({ frame }) {
  return frame.length < 8 ? undefined : view(frame).getInt32(0);
}

/** @param {Uint8Array} bytes */
export function view(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
