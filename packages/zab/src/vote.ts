import { formatZxid, type Zxid } from '@synod/protocol';

/** A candidate and the history it stands for. */
export interface Vote {
  readonly leader: number;
  /** The candidate's current epoch: the last leadership whose history it took over. */
  readonly epoch: number;
  /** The candidate's last logged zxid. */
  readonly zxid: Zxid;
}

/**
 * Positive where `a` is the better candidate: higher epoch, then higher zxid, then higher id (the order of ZooKeeper's
 * FastLeaderElection). Zero only for the same candidate with the same history.
 */
export function compareVotes(a: Vote, b: Vote): number {
  return a.epoch - b.epoch || a.zxid - b.zxid || a.leader - b.leader;
}

/** True where both votes name the same candidate with the same history. */
export function sameVote(a: Vote, b: Vote): boolean {
  return compareVotes(a, b) === 0;
}

/** `n2 (epoch 3, 0x300000007)`. */
export function describeVote(vote: Vote): string {
  return `n${vote.leader} (epoch ${vote.epoch}, ${formatZxid(vote.zxid)})`;
}
