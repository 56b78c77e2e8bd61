/**
 * Phase 2 at a learner: drop what the leader does not have, take the whole state where that is the way, and promise the
 * epoch's history (Zab paper, phase 2). The records between are taken as in broadcast.
 */
import type { PeerMessage } from '../message.js';
import type { Transition } from '../phase.js';
import { afterCommit } from './broadcast.js';
import type { Following } from './following.js';

export function onTruncate(
  following: Following,
  message: Extract<PeerMessage, { type: 'truncate' }>,
): Transition | undefined {
  const { core } = following;
  const { after } = message;
  if (after.zxid < core.delivered) {
    const reason = `n${following.leader} wants to truncate to ${after.zxid}, but ${core.delivered} was applied as committed`;
    core.emit({ type: 'exit', reason });
    return { to: 'looking', cause: reason };
  }
  if (after.zxid < core.log.last.zxid) core.truncate(after);
  following.planned = true;
  following.progressAt = core.clock;
  return undefined;
}

/** What is held and what is sent do not fit: only the whole state helps, and until it is here this voice does not count. */
export function needState(following: Following, reason: string): void {
  const { core, leader, attempt } = following;
  following.awaitingState = true;
  core.damaged = true;
  core.current = 0;
  core.persist({ type: 'current-epoch', epoch: 0 });
  core.sendDurably(leader, { type: 'need-state', attempt, reason });
}

export function onState(following: Following, message: Extract<PeerMessage, { type: 'state' }>): void {
  const { core } = following;
  following.awaitingState = false;
  following.planned = true;
  following.progressAt = core.clock;
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
  following.progressAt = core.clock;
  if (error !== null) return { to: 'looking', cause: `the state that n${leader} sent is not usable: ${error}` };
  if (following.stagedCursor !== null) {
    core.send(leader, { type: 'state-ack', attempt, cursor: following.stagedCursor });
    return undefined;
  }
  const position = following.stagedPosition;
  if (position === null) throw new Error('the last chunk of a state has no position');
  core.persist({ type: 'adopt', base: position });
  core.log.reset(position);
  core.durable = 0;
  following.adopting = { token: core.sealPersist(), position };
  return undefined;
}

/** The adopted state is durable: go on behind it. */
export function onAdopted(following: Following): void {
  const { core, leader, attempt, adopting } = following;
  if (adopting === null || core.durableToken < adopting.token) return;
  following.adopting = null;
  core.damaged = false;
  core.delivered = adopting.position.zxid;
  core.committed = adopting.position.zxid;
  core.emit({ type: 'adopted', position: adopting.position });
  core.send(leader, { type: 'state-ack', attempt, cursor: null });
}

/** Everything up to here is the history of the epoch: it and the epoch become durable before the answer leaves. */
export function onNewLeader(following: Following, message: Extract<PeerMessage, { type: 'new-leader' }>): void {
  const { core, leader, attempt } = following;
  if (following.awaitingState || message.epoch !== following.epoch) return;
  const { last } = core.log;
  if (last.zxid !== message.last.zxid || last.chain !== message.last.chain) {
    needState(following, `the history ends at ${last.zxid} here and at ${message.last.zxid} there`);
    return;
  }
  following.planned = true;
  core.current = message.epoch;
  core.persist({ type: 'current-epoch', epoch: message.epoch });
  core.sendDurably(leader, { type: 'ack-leader', attempt, epoch: message.epoch });
  following.progressAt = core.clock;
}

export function onUpToDate(following: Following, message: Extract<PeerMessage, { type: 'up-to-date' }>): void {
  following.stage = 'broadcast';
  following.serveFrom = message.committed;
  following.core.committed = Math.max(following.core.committed, message.committed);
  afterCommit(following);
}
