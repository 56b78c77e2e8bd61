/**
 * What a session is doing: one variant for each phase, each with its own fields only. Times are milliseconds of the
 * clock that the driver hands in.
 */
import type { Refusal, Welcome } from '@synod/protocol';

/** What happens while there is no connection: waiting for the next attempt, or one is under way. */
export type Attempt =
  | { readonly kind: 'waiting'; readonly until: number }
  | { readonly kind: 'dialling'; readonly connection: number; readonly deadline: number };

/** No session yet: nobody answered so far. */
export interface Connecting {
  readonly phase: 'connecting';
  readonly attempt: Attempt;
}

/** The connection is lost. The session may still live; at `giveUpAt` the client stops believing in it. */
export interface Suspended {
  readonly phase: 'suspended';
  readonly attempt: Attempt;
  readonly giveUpAt: number;
}

/** A connection is open and hello is sent; `from` is where a failure leads back to. */
export interface Handshaking {
  readonly phase: 'handshaking';
  readonly from: 'connecting' | 'suspended';
  readonly connection: number;
  readonly deadline: number;
  /** Infinity where no session is at stake yet. */
  readonly giveUpAt: number;
}

/** The server said welcome. */
export interface Connected {
  readonly phase: 'connected';
  readonly connection: number;
  readonly welcome: Welcome;
  readonly since: number;
  /** When something was last sent, and last received. */
  sentAt: number;
  heardAt: number;
}

/** The session is over, by the verdict of a server or because none could be asked for too long. */
export interface Expired {
  readonly phase: 'expired';
  readonly refusal: Refusal;
}

/** The client itself ended it. */
export interface Closed {
  readonly phase: 'closed';
  readonly refusal: Refusal;
}

export type State = Connecting | Suspended | Handshaking | Connected | Expired | Closed;
export type Phase = State['phase'];

/** The phases as users see them: a handshake counts as what it comes from. */
export type SessionState = Exclude<Phase, 'handshaking'>;

/** When an attempt wants attention. */
export function dueAt(attempt: Attempt): number {
  return attempt.kind === 'waiting' ? attempt.until : attempt.deadline;
}

/** The number of the connection that counts; undefined where there is none. */
export function connectionOf(state: State): number | undefined {
  if (state.phase === 'handshaking' || state.phase === 'connected') return state.connection;
  if (state.phase === 'expired' || state.phase === 'closed') return undefined;
  return state.attempt.kind === 'dialling' ? state.attempt.connection : undefined;
}
