import type { ErrorCode } from './error-code.js';
import type { Zxid } from './zxid.js';

/** The version of the WebSocket protocol that this package speaks. */
export const PROTOCOL_VERSION = 1;

/** First message of a connection, from the client. */
export interface Hello {
  /** Versions the client speaks; the server picks the highest it speaks too. */
  readonly versions: readonly number[];
  /** Wanted session timeout in milliseconds; the server clamps it. */
  readonly timeout: number;
  /** Highest zxid the client has seen, 0 for none: a server that is behind it says welcome only when it has caught up. */
  readonly lastZxid: Zxid;
  /** Session to resume, 0 for a new one. */
  readonly session: number;
  /** Secret of that session, {@link SECRET_BYTES} long; null for a new one. */
  readonly secret: Uint8Array | null;
}

/** What the server answers to a hello that it takes. */
export interface Welcome {
  readonly version: number;
  /** False: the session is new. */
  readonly resumed: boolean;
  readonly session: number;
  /** 16 bytes; whoever knows id and secret owns the session. */
  readonly secret: Uint8Array;
  /** Negotiated timeout in milliseconds. */
  readonly timeout: number;
  /** The server's applied zxid. */
  readonly zxid: Zxid;
  /** Id of the answering server. */
  readonly server: number;
  /** Highest number of a write that the session has already carried out or begun; a new session starts at 0. */
  readonly lastWrite: number;
  readonly maxFrameBytes: number;
  readonly maxOutstandingWrites: number;
  readonly maxOutstandingRequests: number;
  readonly maxMultiOperations: number;
}

/** Last message of a connection, from the server: why it ends. SESSION_EXPIRED ends the session, others do not. */
export interface Goodbye {
  readonly code: ErrorCode;
  readonly reason: string;
}

/** Bytes of a session secret. */
export const SECRET_BYTES = 16;
