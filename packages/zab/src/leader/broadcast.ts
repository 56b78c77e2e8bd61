/**
 * Phase 3 at the leader: propose, count acknowledgements, commit in order (Zab paper, phase 3); heartbeats, and the
 * question whether a quorum still follows.
 */
import { counterOf, makeZxid, MAX_COUNTER, epochOf, type Zxid } from '@synod/protocol';
import type { PeerMessage } from '../message.js';
import type { Transition } from '../phase.js';
import { isQuorum, majority, quorumZxid, type Voice } from '../quorum.js';
import { nextRecord } from '../record.js';
import type { Leading } from './leading.js';
import type { Learner } from './learner.js';

/** Proposals that always find a free zxid between two ticks. */
const COUNTER_RESERVE = 100_000;

/** The zxid of the next proposal. */
export function nextZxid(leading: Leading): Zxid {
  const { last } = leading.core.log;
  return epochOf(last.zxid) === leading.epoch ? last.zxid + 1 : makeZxid(leading.epoch, 1);
}

export function propose(leading: Leading, body: Uint8Array): void {
  const { core } = leading;
  if (leading.stage !== 'broadcast') throw new Error(`a proposal while the leader is in ${leading.stage}`);
  core.append(nextRecord(core.log.last, nextZxid(leading), body));
}

/** Why a new epoch must begin though all is well, if so: the counter is nearly used up, or a voter waits to count again. */
export function newEpochCause(leading: Leading): { readonly cause: string; readonly abstain: boolean } | null {
  const { core, epoch, learners } = leading;
  const { last } = core.log;
  if (epochOf(last.zxid) === epoch && counterOf(last.zxid) >= MAX_COUNTER - COUNTER_RESERVE) {
    return { cause: `the counter of epoch ${epoch} is nearly used up`, abstain: false };
  }
  for (const { id, voter, counts, ackedLeader, levelAt } of learners.values()) {
    if (!voter || counts || !ackedLeader || core.now - levelAt < core.options.syncMs) continue;
    return { cause: `n${id} is level again and counts from the next epoch on`, abstain: false };
  }
  return null;
}

/** The leader's history of this epoch is durable at a learner. */
export function onAckLeader(
  leading: Leading,
  learner: Learner,
  message: Extract<PeerMessage, { type: 'ack-leader' }>,
): void {
  if (message.epoch !== leading.epoch || !learner.newLeaderSent) return;
  learner.ackedLeader = true;
  learner.stage = 'live';
  learner.acked = Math.max(learner.acked, learner.target);
  learner.levelAt = leading.core.now;
  if (leading.stage === 'sync') establish(leading);
  else sendUpToDate(leading, learner);
  advance(leading);
}

/** Starts to serve once a quorum, this server included, holds the whole history of the epoch durably. */
export function establish(leading: Leading): void {
  const { core } = leading;
  if (leading.stage !== 'sync' || !leading.selfAcked) return;
  const voices: Voice[] = [leading.voiceAtStart];
  for (const learner of leading.learners.values()) {
    if (learner.counts && learner.ackedLeader) voices.push(learner.voice);
  }
  if (!isQuorum(voices, core.options.voters.length)) return;
  leading.stage = 'broadcast';
  core.committed = Math.max(core.committed, leading.historyEnd);
  core.deliver();
  const cause = `a quorum holds the history up to the start of epoch ${leading.epoch}`;
  core.role({ role: 'leading', epoch: leading.epoch, leader: core.options.self, cause });
  for (const learner of leading.learners.values()) if (learner.ackedLeader) sendUpToDate(leading, learner);
}

function sendUpToDate(leading: Leading, learner: Learner): void {
  if (learner.upToDateSent) return;
  learner.upToDateSent = true;
  learner.sentCommit = leading.core.committed;
  const { committed } = leading.core;
  leading.core.send(learner.id, { type: 'up-to-date', attempt: learner.attempt, committed });
}

/** Moves the commit to what a quorum of voters holds durably, and delivers. */
export function advance(leading: Leading): void {
  const { core } = leading;
  if (leading.stage !== 'broadcast') return;
  const acked: Zxid[] = [core.durable];
  for (const learner of leading.learners.values()) {
    if (learner.counts && learner.ackedLeader) acked.push(learner.acked);
  }
  const upTo = quorumZxid(acked, core.options.voters.length);
  if (upTo > core.committed) core.committed = upTo;
  core.deliver();
}

/** Tells the learners of new commits; once a turn. */
export function sendCommits(leading: Leading): void {
  const { core } = leading;
  for (const learner of leading.learners.values()) {
    if (!learner.upToDateSent || learner.sentCommit >= core.committed) continue;
    learner.sentCommit = core.committed;
    core.send(learner.id, { type: 'commit', attempt: learner.attempt, zxid: core.committed });
  }
}

/** Asks every learner whether it still follows. */
export function ping(leading: Leading): void {
  const { core } = leading;
  leading.pingRound++;
  leading.pingedAt = core.now;
  for (const learner of leading.learners.values()) {
    const { attempt } = learner;
    core.send(learner.id, { type: 'ping', attempt, round: leading.pingRound, committed: core.committed });
  }
}

/** Answers the questions of {@link Leading.confirm} that a quorum has now answered. */
export function settleConfirms(leading: Leading): void {
  const { core } = leading;
  if (leading.confirms.length === 0 || leading.stage !== 'broadcast') return;
  const rounds = [Number.MAX_SAFE_INTEGER];
  for (const learner of leading.learners.values()) {
    if (learner.counts && learner.ackedLeader) rounds.push(learner.pongRound);
  }
  rounds.sort((a, b) => b - a);
  const answered = rounds[majority(core.options.voters.length) - 1] ?? 0;
  while (leading.confirms.length > 0 && leading.confirms[0]!.round <= answered) {
    const { ticket, zxid } = leading.confirms.shift()!;
    core.emit({ type: 'confirmed', ticket, zxid });
  }
}

/** Steps down where no quorum was heard within the limit; drops learners that are silent or make no progress. */
export function checkQuorum(leading: Leading): Transition | undefined {
  const { core } = leading;
  const { tickMs, syncMs, initMs, voters } = core.options;
  let progressAt = leading.startedAt;
  for (const learner of leading.learners.values()) {
    const limit = learner.stage === 'live' ? syncMs : initMs;
    const waits = learner.stage === 'live' || (learner.stage === 'state' && leading.stateQueue[0] !== learner);
    const last = waits ? learner.lastHeard : learner.progressAt;
    if (core.now - last > limit) {
      core.send(learner.id, { type: 'refuse', attempt: learner.attempt, reason: `no progress for ${limit} ms` });
      leading.forget(learner.id);
    } else if (learner.counts && leading.stage === 'sync') progressAt = Math.max(progressAt, learner.progressAt);
  }
  if (leading.stage !== 'broadcast') {
    if (core.now - progressAt <= initMs) return undefined;
    return { to: 'looking', cause: `no quorum joined within ${initMs} ms` };
  }
  // Who is silent does not count from then on, long before it is given up: else the limit would apply twice in a row.
  let heard = 1;
  for (const learner of leading.learners.values()) {
    if (learner.counts && learner.ackedLeader && core.now - learner.lastHeard <= tickMs) heard++;
  }
  if (heard >= majority(voters.length)) leading.quorumHeardAt = core.now;
  else if (core.now - leading.quorumHeardAt > syncMs) {
    return { to: 'looking', cause: `no quorum of followers for ${syncMs} ms` };
  }
  return undefined;
}
