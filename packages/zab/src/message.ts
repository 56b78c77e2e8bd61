/**
 * What servers say to each other about agreement, one variant for each message; the wire form stands in wire.ts.
 *
 * Links live longer than roles. Every message of a leader to a learner, and back, carries the learner's `attempt`: a
 * number that the learner draws anew each time it starts to follow. What belongs to an earlier attempt is dropped.
 */
import type { Zxid } from '@synod/protocol';
import type { StateChunk } from './effect.js';
import type { LogRecord, Position } from './record.js';
import type { Vote } from './vote.js';

/** Where a voter stands, as its votes say it. */
export type VoterState = 'looking' | 'following' | 'leading' | 'observing';

/** The last record this log holds of each epoch, oldest first: how two logs find where they part. */
export type EpochEnds = readonly Position[];

export type PeerMessage =
  /** Election: whom the sender would follow, in which round, and what it is itself. */
  | {
      readonly type: 'vote';
      readonly round: number;
      readonly state: VoterState;
      readonly vote: Vote;
      /** False: the sender's own history is empty or damaged; its voice does not count (see quorum.ts). */
      readonly member: boolean;
      /** True: the sender has never logged anything. */
      readonly blank: boolean;
    }
  /** Discovery 1: a learner asks to follow. */
  | {
      readonly type: 'follow';
      readonly attempt: number;
      readonly accepted: number;
      readonly member: boolean;
      readonly blank: boolean;
      readonly voter: boolean;
    }
  /** Discovery 2: the leader names the new epoch. */
  | { readonly type: 'epoch'; readonly attempt: number; readonly epoch: number }
  /** Discovery 3: the learner has promised it, and says what it holds. `ends` is null for a history it cannot prove. */
  | {
      readonly type: 'ack-epoch';
      readonly attempt: number;
      readonly epoch: number;
      readonly current: number;
      readonly last: Position;
      readonly ends: EpochEnds | null;
      /** The oldest place the learner can truncate to. */
      readonly base: Zxid;
    }
  /** The leader will not have this learner now; `reason` for the log. */
  | { readonly type: 'refuse'; readonly attempt: number; readonly reason: string }
  /** Synchronisation: drop what is behind `after`, whose chain must be the same here and there. */
  | { readonly type: 'truncate'; readonly attempt: number; readonly after: Position }
  /** Synchronisation: a part of the whole state; the answer `state-ack` asks for the next. */
  | { readonly type: 'state'; readonly attempt: number; readonly first: boolean; readonly chunk: StateChunk }
  | { readonly type: 'state-ack'; readonly attempt: number; readonly cursor: string | null }
  /** The learner could not use what it was sent and wants the whole state. */
  | { readonly type: 'need-state'; readonly attempt: number; readonly reason: string }
  /** Records, in order, without gap: the missing history first, then proposals as they come. */
  | { readonly type: 'propose'; readonly attempt: number; readonly records: readonly LogRecord[] }
  /** End of synchronisation: everything up to `last` belongs to the leader's history of this epoch. */
  | {
      readonly type: 'new-leader';
      readonly attempt: number;
      readonly epoch: number;
      readonly last: Position;
      /** False: the learner follows, but its voice counts only from the next epoch on (see quorum.ts). */
      readonly member: boolean;
    }
  /** The learner's history up to there is durable, and so is the epoch where its voice counts. */
  | { readonly type: 'ack-leader'; readonly attempt: number; readonly epoch: number }
  /** The leader serves; so may the learner once it has applied `committed`. */
  | { readonly type: 'up-to-date'; readonly attempt: number; readonly committed: Zxid }
  /** Everything up to here is durable at the sender. */
  | { readonly type: 'ack'; readonly attempt: number; readonly zxid: Zxid }
  | { readonly type: 'commit'; readonly attempt: number; readonly zxid: Zxid }
  /** Heartbeat. `round` numbers the leader's questions; an answer proves the learner followed after the question. */
  | { readonly type: 'ping'; readonly attempt: number; readonly round: number; readonly committed: Zxid }
  | { readonly type: 'pong'; readonly attempt: number; readonly round: number; readonly durable: Zxid }
  /** The leader stops in good order: elect another. */
  | { readonly type: 'resign'; readonly attempt: number };
