/** Phase 1 at a learner: ask to follow, promise the epoch, say what is held (Zab paper, phase 1). */
import type { PeerMessage } from '../message.js';
import type { Transition } from '../phase.js';
import type { Following } from './following.js';

export function askToFollow(following: Following): void {
  const { core, leader, attempt } = following;
  const { member, blank } = core.voice;
  const message = { type: 'follow', attempt, accepted: core.accepted, member, blank, voter: core.isVoter } as const;
  core.sendDurably(leader, message);
}

/** The leader names its epoch. One below the promised epoch is never followed. */
export function onEpoch(
  following: Following,
  message: Extract<PeerMessage, { type: 'epoch' }>,
): Transition | undefined {
  const { core, attempt, leader } = following;
  const { epoch } = message;
  if (following.epoch !== 0) return undefined;
  // An observer's promise is part of no quorum: it is bound only to the leaders that a quorum has made.
  const bound = core.isVoter ? core.accepted : core.current;
  if (epoch < bound) {
    const cause = `n${leader} leads in epoch ${epoch}, but this server is bound to epoch ${bound}`;
    core.send(leader, { type: 'refuse', attempt, reason: cause });
    return { to: 'looking', cause };
  }
  // A second promise of the same epoch must not count: the first may have gone to another leader (−1, as in ZooKeeper).
  const current = epoch === core.accepted ? -1 : core.current;
  if (epoch > core.accepted) {
    core.accepted = epoch;
    core.persist({ type: 'accepted-epoch', epoch });
  }
  following.epoch = epoch;
  following.stage = 'sync';
  const ends = core.damaged ? null : core.log.ends;
  const { last } = core.log;
  core.sendDurably(leader, {
    type: 'ack-epoch',
    attempt,
    epoch,
    current,
    last,
    ends: ends && [...ends],
    base: core.delivered,
  });
  return undefined;
}
