/** What a session is begun with, and what it is known by afterwards. */
import type { ServerAddress } from './servers.js';

/** A session that another process has opened, to be gone on with. */
export interface ResumedSession {
  /** As in that client's `session`. */
  readonly id: number;
  readonly secret: Uint8Array;
}

export interface SessionOptions {
  readonly servers: readonly ServerAddress[];
  /** Wanted session timeout in milliseconds. */
  readonly timeout: number;
  /** Milliseconds without a server after which the client itself declares the session over. */
  readonly expireAfter: number | undefined;
  /** Calls that may be without an answer, sent or not. */
  readonly maxQueue: number;
  readonly resume: ResumedSession | undefined;
}

/** What a session is known by. */
export interface SessionIdentity {
  /** 0 before the first welcome. */
  readonly id: number;
  /** Who knows id and secret owns the session; empty before the first welcome. */
  readonly secret: Uint8Array;
  /** Milliseconds: the wanted ones before the first welcome, then the negotiated. */
  readonly timeout: number;
}
