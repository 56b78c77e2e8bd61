/** Phase 3 at a learner: log, acknowledge what is durable, deliver what is committed (Zab paper, phase 3). */
import { shortZxid, type Zxid } from '@synod/protocol';
import type { PeerMessage } from '../message.js';
import type { Transition } from '../phase.js';
import type { Following } from './following.js';
import { needState, onAdopted } from './sync.js';

/** Takes records, in synchronisation as in broadcast. Equal ones that are here already are dropped, gaps refused. */
export function onPropose(
  following: Following,
  message: Extract<PeerMessage, { type: 'propose' }>,
): Transition | undefined {
  const { core } = following;
  if (following.awaitingState) return undefined;
  following.planned = true;
  for (const record of message.records) {
    if (record.zxid <= core.log.last.zxid) continue;
    if (!core.log.follows(record)) {
      const here = shortZxid(core.log.last.zxid);
      return needState(following, `${shortZxid(record.zxid)} does not continue the log here, which ends at ${here}`);
    }
    core.append(record);
  }
  return undefined;
}

/** The leader serves: broadcast begins. */
export function onUpToDate(following: Following, message: Extract<PeerMessage, { type: 'up-to-date' }>): void {
  // It may cross the request for the whole state on its way; the leader will say it again.
  if (following.awaitingState) return;
  following.stage = 'broadcast';
  following.serveFrom = message.committed;
  following.core.committed = Math.max(following.core.committed, message.committed);
  afterCommit(following);
}

export function onCommit(following: Following, zxid: Zxid): void {
  const { core } = following;
  if (following.stage !== 'broadcast' || zxid <= core.committed) return;
  core.committed = zxid;
  afterCommit(following);
}

/** Delivers, and starts to serve once everything that was committed at the leader's word is applied. */
export function afterCommit(following: Following): void {
  const { core } = following;
  if (following.stage !== 'broadcast') return;
  core.deliver();
  if (following.serving || core.delivered < following.serveFrom) return;
  following.serving = true;
  const role = core.isVoter ? 'following' : 'observing';
  core.role({ role, epoch: following.epoch, leader: following.leader, cause: `level with n${following.leader}` });
}

export function onPing(following: Following, message: Extract<PeerMessage, { type: 'ping' }>): void {
  const { core, leader, attempt } = following;
  core.send(leader, { type: 'pong', attempt, round: message.round, durable: reportable(following) });
  onCommit(following, message.committed);
}

/** Something became durable: say so, once for all of it. */
export function onDurable(following: Following): void {
  const { core, leader, attempt } = following;
  onAdopted(following);
  const zxid = reportable(following);
  if (following.epoch > 0 && zxid > following.ackedDurable) {
    following.ackedDurable = zxid;
    core.send(leader, { type: 'ack', attempt, zxid });
  }
  afterCommit(following);
}

/** Before the plan of synchronisation is carried out, what is durable here says nothing about the leader's history. */
function reportable(following: Following): Zxid {
  return following.planned ? following.core.durable : 0;
}
