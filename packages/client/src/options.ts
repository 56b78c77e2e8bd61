/** What a client can be told when it connects, with defaults and bounds. */
import { limits, SECRET_BYTES, SynodError } from '@synod/protocol';
import type { ResumedSession } from './session/session-options.js';

/** Credentials of one identity: scheme and secret, for `digest` `user:password`. */
export interface Credentials {
  readonly scheme: string;
  readonly credentials: string | Uint8Array;
}

export interface ConnectOptions {
  /** Wanted session timeout in milliseconds; the servers clamp it. Default 10 000. */
  readonly sessionTimeout?: number | undefined;
  /** Milliseconds until {@link connect} gives up. Default 15 000. */
  readonly connectTimeout?: number | undefined;
  /** Aborts {@link connect}, not the client that it gave. */
  readonly signal?: AbortSignal | undefined;
  /** Identities of this client; each is presented again on every connection. */
  readonly auth?: readonly Credentials[] | undefined;
  /**
   * Milliseconds without any server after which the client declares its session over by itself: whatever it knew is too
   * old to go on with. Default: twice the negotiated session timeout, at least 60 000.
   */
  readonly expireAfter?: number | undefined;
  /** Calls that may wait for their answer before further ones are refused with THROTTLED. Default 100 000. */
  readonly maxQueue?: number | undefined;
  /** A session to go on with instead of a new one: the `session` of a client that no longer runs. */
  readonly session?: ResumedSession | undefined;
}

/** What every call can be told. */
export interface CallOptions {
  /**
   * Rejects the call with the signal's reason. A call that was not sent yet is withdrawn; of a write that was sent it is
   * unknown whether it takes effect.
   */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call is rejected with OPERATION_TIMEOUT, whose `outcome` says whether it may take effect. */
  readonly timeout?: number | undefined;
}

export interface ResolvedOptions {
  readonly sessionTimeout: number;
  readonly connectTimeout: number;
  readonly auth: readonly Credentials[];
  readonly expireAfter: number | undefined;
  readonly maxQueue: number;
  readonly session: ResumedSession | undefined;
}

const LONGEST_MS = 2 ** 31 - 1;

/** Fills in defaults; throws SynodError BAD_ARGUMENTS for what is out of bounds. */
export function resolveOptions(options: ConnectOptions): ResolvedOptions {
  const { session, auth = [] } = options;
  if (session !== undefined) checkSession(session);
  if (auth.length > limits.identities) throw bad('auth', `at most ${limits.identities} identities`, auth.length);
  return {
    sessionTimeout: whole('sessionTimeout', options.sessionTimeout ?? 10_000, 1),
    connectTimeout: whole('connectTimeout', options.connectTimeout ?? 15_000, 1),
    auth,
    expireAfter: options.expireAfter === undefined ? undefined : whole('expireAfter', options.expireAfter, 0),
    maxQueue: whole('maxQueue', options.maxQueue ?? 100_000, 1),
    session,
  };
}

function checkSession(session: ResumedSession): void {
  if (!Number.isSafeInteger(session.id) || session.id < 1) throw bad('session.id', 'the id of a session', session.id);
  if (session.secret.length !== SECRET_BYTES) {
    throw bad('session.secret', `${SECRET_BYTES} bytes`, `${session.secret.length}`);
  }
}

function whole(name: string, value: number, low: number): number {
  if (!Number.isInteger(value) || value < low || value > LONGEST_MS) {
    throw bad(name, `a whole number from ${low} to ${LONGEST_MS}`, value);
  }
  return value;
}

function bad(name: string, wanted: string, value: unknown): SynodError {
  return new SynodError({ code: 'BAD_ARGUMENTS', reason: `option ${name} must be ${wanted}, not ${String(value)}` });
}
