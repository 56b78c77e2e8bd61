/**
 * What a step asks its host to do, in the order in which it must be done.
 *
 * The order contract: `persist` effects are carried out first in, first out; a `send` with `after` leaves only when the
 * persist with that token (and so every earlier one) is durable; sends to one peer keep their order among themselves,
 * those that wait included. Nothing else is reordered, merged away or retried.
 */
import type { Zxid } from '@synod/protocol';
import type { PeerMessage } from './message.js';
import type { LogRecord, Position } from './record.js';

/** One change of the durable state. All operations of one `persist` become durable together or not at all. */
export type PersistOp =
  /** Adds records behind the last one. */
  | { readonly type: 'append'; readonly records: readonly LogRecord[] }
  /** Removes every record behind `after`. */
  | { readonly type: 'truncate'; readonly after: Position }
  /**
   * The staged state (see `stage`) becomes the state at rest and the log starts anew behind it, empty. Also clears the
   * mark of a damaged history.
   */
  | { readonly type: 'adopt'; readonly base: Position }
  /** Promised epoch: no epoch below it is followed any more. */
  | { readonly type: 'accepted-epoch'; readonly epoch: number }
  /** Epoch of the leader whose history this server has taken over; 0: it no longer vouches for its history. */
  | { readonly type: 'current-epoch'; readonly epoch: number }
  /** Everything up to here is known to be committed (a hint for start-up, written along with other operations). */
  | { readonly type: 'committed'; readonly zxid: Zxid };

/** Why a server changed its role: one line of the log. */
export interface RoleChange {
  readonly role: Role;
  readonly epoch: number;
  readonly leader: number;
  readonly cause: string;
}

/** looking: no leader. The others hold as soon as the server serves in that role. */
export type Role = 'looking' | 'leading' | 'following' | 'observing';

export type ZabEffect =
  | { readonly type: 'persist'; readonly token: number; readonly ops: readonly PersistOp[] }
  /** `after` 0: at once. */
  | { readonly type: 'send'; readonly to: number; readonly message: PeerMessage; readonly after: number }
  /** Committed and durable here: apply, in this order, exactly once. */
  | { readonly type: 'deliver'; readonly records: readonly LogRecord[] }
  | { readonly type: 'role'; readonly change: RoleChange }
  /** Read records behind `after` from the log at rest; answered by the event `log-read` with the same ticket. */
  | { readonly type: 'read-log'; readonly ticket: number; readonly after: Zxid; readonly bytes: number }
  /**
   * Read the next chunk of the state at rest; answered by `state-read`. `cursor` null starts a new reading; while one
   * goes on, folding pauses so that all chunks show one zxid. `release-state` ends it.
   */
  | { readonly type: 'read-state'; readonly ticket: number; readonly cursor: string | null }
  | { readonly type: 'release-state' }
  /**
   * Write a chunk of a received state beside the state in use; answered by `state-staged`. `first` drops what an earlier
   * attempt staged.
   */
  | { readonly type: 'stage'; readonly ticket: number; readonly first: boolean; readonly chunk: StateChunk }
  /** The staged state is durable and in force: the machine above replaces its own state by it. */
  | { readonly type: 'adopted'; readonly position: Position }
  /**
   * Answers `confirm`: a quorum still followed this leader after the question; everything that was acknowledged before
   * it is at or below `zxid`.
   */
  | { readonly type: 'confirmed'; readonly ticket: number; readonly zxid: Zxid }
  /** End the process: going on would break a promise. */
  | { readonly type: 'exit'; readonly reason: string };

/** A part of the state at rest, opaque to zab. */
export interface StateChunk {
  /** What the whole state reflects. */
  readonly position: Position;
  /** Packed rows, opaque here. */
  readonly rows: Uint8Array;
  /** Where the next chunk starts; null: this is the last. */
  readonly cursor: string | null;
  /** Digest of the whole state, checked by the receiver with the last chunk. */
  readonly digest: number;
}
