import type { Zxid } from '@synod/protocol';
import type { EpochEnds, PeerMessage } from '../message.js';
import type { Voice } from '../quorum.js';
import { ORIGIN, type Position } from '../record.js';

/**
 * How far a learner has come: asked to follow; promised the epoch; receives the whole state; receives history; follows.
 */
export type LearnerStage = 'discovery' | 'promised' | 'state' | 'sync' | 'live';

/** What a learner said of its history when it promised the epoch. */
export interface LearnerClaim {
  readonly current: number;
  readonly last: Position;
  readonly ends: EpochEnds | null;
  readonly base: Zxid;
}

/** A leader's view of one server that follows it. */
export class Learner {
  readonly id: number;
  readonly attempt: number;
  readonly voter: boolean;
  readonly voice: Voice;
  readonly accepted: number;
  stage: LearnerStage = 'discovery';
  claim: LearnerClaim | null = null;
  /** False where it had promised this very epoch before: its promise then does not count a second time. */
  promiseCounts = false;
  /** Last record handed to its link. */
  cursor: Position = ORIGIN;
  /** Synchronisation ends when the cursor gets here. */
  target: Zxid = 0;
  /** Ticket of the read from disk under way for it, 0 for none. */
  reading = 0;
  /** Records were sent from disk and the next read waits until the learner has acknowledged up to here. */
  waitFor: Zxid = 0;
  /** First chunk of a whole state not sent yet. */
  stateFirst = true;
  newLeaderSent = false;
  /**
   * Its acknowledgements are counted (once it has acknowledged the epoch). Not so for an observer, nor for a voter whose
   * voice does not count and that came when the epoch had begun.
   */
  counts = false;
  ackedLeader = false;
  /** When it became level. */
  levelAt = 0;
  upToDateSent = false;
  acked: Zxid = 0;
  sentCommit: Zxid = 0;
  lastHeard: number;
  /** For the time-out of discovery and synchronisation: when it last made progress. */
  progressAt: number;
  pongRound = 0;

  constructor(id: number, message: Extract<PeerMessage, { type: 'follow' }>, now: number) {
    this.id = id;
    this.attempt = message.attempt;
    this.voter = message.voter;
    this.voice = message;
    this.accepted = message.accepted;
    this.lastHeard = now;
    this.progressAt = now;
  }
}
