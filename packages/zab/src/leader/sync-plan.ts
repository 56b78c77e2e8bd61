/**
 * How to bring a learner level: a pure decision from what both logs say of themselves (Zab paper, phase 2; ZooKeeper's
 * LearnerHandler.syncFollower).
 *
 * Only one leader ever writes in an epoch, so two logs that both hold records of an epoch agree up to the shorter of the
 * two ends. Searching from the newest epoch backwards, the first one both know gives the last common place.
 */
import { epochOf, type Zxid } from '@synod/protocol';
import type { EpochEnds } from '../message.js';
import type { Position } from '../record.js';

/** What a leader's log says of itself. */
export interface LeaderHistory {
  /** The log at rest starts behind this. */
  readonly base: Zxid;
  readonly ends: EpochEnds;
}

/** What a learner's log says of itself. */
export interface LearnerHistory {
  readonly last: Position;
  /** null: it cannot prove what it holds. */
  readonly ends: EpochEnds | null;
  /** The oldest place it can truncate to. */
  readonly base: Zxid;
}

export type SyncPlan =
  /** Send what is behind `from`. */
  | { readonly type: 'diff'; readonly from: Position }
  /** Have it drop what is behind `from`, then send what is behind `from`. */
  | { readonly type: 'truncate'; readonly from: Position }
  /** Send the whole state. */
  | { readonly type: 'state'; readonly reason: string };

export function planSync(leader: LeaderHistory, learner: LearnerHistory): SyncPlan {
  if (learner.ends === null) return { type: 'state', reason: 'it cannot prove its history' };
  const common = commonPlace(leader, learner);
  if (common.zxid < leader.base) return { type: 'state', reason: 'the log no longer reaches back to what it has' };
  if (common.zxid < learner.base) return { type: 'state', reason: 'it has applied what this history does not hold' };
  return common.zxid === learner.last.zxid ? { type: 'diff', from: common } : { type: 'truncate', from: common };
}

/** The last place both logs share; the place before the first record where they share none. */
function commonPlace(leader: LeaderHistory, learner: LearnerHistory): Position {
  const theirs = learner.ends ?? [];
  for (let i = theirs.length - 1; i >= 0; i--) {
    const end = theirs[i]!;
    const ours = leader.ends.find((position) => epochOf(position.zxid) === epochOf(end.zxid));
    // Where both ends are the same zxid ours is taken: the learner finds out where its own record differs.
    if (ours) return ours.zxid <= end.zxid ? ours : end;
  }
  return { zxid: 0, chain: 0 };
}
