/** What can happen to a peer: the only inputs of {@link Peer.step}. */
import type { PeerMessage } from './message.js';
import type { StateChunk } from './effect.js';
import type { LogRecord } from './record.js';

export type ZabEvent =
  /**
   * Time, in milliseconds of a monotonic clock; also the only source of time-outs. To come at least four times a second:
   * what a learner finds longer counts as a pause of this process.
   */
  | { readonly type: 'tick'; readonly now: number }
  | { readonly type: 'message'; readonly from: number; readonly message: PeerMessage }
  /** An authenticated link to that server stands. */
  | { readonly type: 'link-up'; readonly peer: number }
  | { readonly type: 'link-down'; readonly peer: number }
  /** The persist with this token, and every earlier one, is durable. */
  | { readonly type: 'durable'; readonly token: number }
  /** Order this transaction; only while leading. */
  | { readonly type: 'propose'; readonly body: Uint8Array }
  /** Records were read; `records` is null where the log no longer reaches back so far. */
  | { readonly type: 'log-read'; readonly ticket: number; readonly records: readonly LogRecord[] | null }
  | { readonly type: 'state-read'; readonly ticket: number; readonly chunk: StateChunk }
  /** `error` names what was wrong with the whole (a digest that differs): the attempt is dropped. */
  | { readonly type: 'state-staged'; readonly ticket: number; readonly error: string | null }
  /** Log records up to here were folded into the state at rest and removed from the log. */
  | { readonly type: 'pruned'; readonly base: number }
  /** Prove that this server still leads; only while leading. Answered by the effect `confirmed`, or by a role change. */
  | { readonly type: 'confirm'; readonly ticket: number }
  /** Stop leading in good order: finish what is proposed, then let the others elect. */
  | { readonly type: 'resign' };
