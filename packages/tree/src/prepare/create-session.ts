import type { CreateSessionChange } from '../txn.js';
import type { Scene } from './scene.js';

/** Opens a session: a client said hello to `server`. */
export interface CreateSessionRequest {
  readonly op: 'createSession';
  /** Milliseconds, as negotiated. */
  readonly timeout: number;
  /** SHA-256 of the secret that the server has made, 32 bytes. */
  readonly secretHash: Uint8Array;
  readonly server: number;
  /** The server's own number for the connection. */
  readonly tag: number;
}

/** The session's id is the zxid of this transaction; its writes may follow before that is applied. */
export function prepareCreateSession(scene: Scene, request: CreateSessionRequest): CreateSessionChange {
  const { timeout, secretHash, server, tag } = request;
  scene.view.putSession(scene.context.zxid, 0, false);
  return { type: 'createSession', timeout, secretHash, server, tag };
}
