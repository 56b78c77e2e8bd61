/**
 * Phase 2 at a learner: drop what the leader does not have, take the whole state where that is the way, and promise the
 * epoch's history (Zab paper, phase 2). The records between are taken as in broadcast.
 */
import { shortZxid } from '@synod/protocol';
import type { PeerMessage } from '../message.js';
import type { Transition } from '../phase.js';
import type { Following } from './following.js';

export function onTruncate(
  following: Following,
  message: Extract<PeerMessage, { type: 'truncate' }>,
): Transition | undefined {
  const { core } = following;
  const { after } = message;
  if (after.zxid < core.delivered) {
    const applied = shortZxid(core.delivered);
    const reason = `n${following.leader} wants to cut at ${shortZxid(after.zxid)}, but ${applied} was applied as committed`;
    core.emit({ type: 'exit', reason });
    return { to: 'looking', cause: reason };
  }
  if (!core.log.holds(after))
    return needState(following, `${shortZxid(after.zxid)} is not the same record here as there`);
  if (after.zxid < core.log.last.zxid) core.truncate(after);
  following.planned = true;
  return undefined;
}

/** What is held and what is sent do not fit: only the whole state helps. A server that serves stops doing so first. */
export function needState(following: Following, reason: string): Transition | undefined {
  const { core, leader, attempt } = following;
  core.disown();
  if (following.stage === 'broadcast') return { to: 'looking', cause: reason };
  following.awaitingState = true;
  core.sendDurably(leader, { type: 'need-state', attempt, reason });
  return undefined;
}

export function onState(following: Following, message: Extract<PeerMessage, { type: 'state' }>): void {
  const { core } = following;
  following.awaitingState = false;
  following.planned = true;
  following.staging = core.ticket();
  following.stagedCursor = message.chunk.cursor;
  const { first, chunk } = message;
  core.emit({ type: 'stage', ticket: following.staging, first, chunk });
  if (chunk.cursor === null) following.stagedPosition = chunk.position;
}

/** A chunk is written; with the last one the received state is taken into force. */
export function onStaged(following: Following, ticket: number, error: string | null): Transition | undefined {
  if (ticket !== following.staging) return undefined;
  const { core, leader, attempt } = following;
  following.staging = 0;
  if (error !== null) {
    return { to: 'looking', cause: `the state that n${leader} sent is not usable: ${error}`, shun: leader };
  }
  if (following.stagedCursor !== null) {
    core.send(leader, { type: 'state-ack', attempt, cursor: following.stagedCursor });
    return undefined;
  }
  const position = following.stagedPosition;
  if (position === null) throw new Error('the last chunk of a state has no position');
  following.ackedDurable = 0;
  following.adopting = core.adopt(position);
  return undefined;
}

/** The adopted state is durable: go on behind it. */
export function onAdopted(following: Following): void {
  const { core, leader, attempt, adopting } = following;
  if (adopting === 0 || core.durableToken < adopting) return;
  following.adopting = 0;
  core.send(leader, { type: 'state-ack', attempt, cursor: null });
}

/** Everything up to here is the history of the epoch: it and the epoch become durable before the answer leaves. */
export function onNewLeader(
  following: Following,
  message: Extract<PeerMessage, { type: 'new-leader' }>,
): Transition | undefined {
  const { core, leader, attempt } = following;
  if (following.awaitingState || message.epoch !== following.epoch) return undefined;
  const { last } = core.log;
  if (last.zxid !== message.last.zxid || last.chain !== message.last.chain) {
    return needState(
      following,
      `the history that ends at ${shortZxid(message.last.zxid)} there is not that which ends at ${shortZxid(last.zxid)} here`,
    );
  }
  following.planned = true;
  if (message.member) {
    core.current = message.epoch;
    core.persist({ type: 'current-epoch', epoch: message.epoch });
  }
  core.sendDurably(leader, { type: 'ack-leader', attempt, epoch: message.epoch });
  return undefined;
}
