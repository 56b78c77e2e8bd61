/**
 * Phase 1 at the leader: collect the promises of a quorum, choose an epoch above all of them, have it promised, and
 * make sure that nobody in that quorum remembers more (Zab paper, phase 1; ZooKeeper's getEpochToPropose and
 * waitForEpochAck).
 *
 * A voter without a voice (see quorum.ts) that asks before the epoch begins becomes a member in it; one that comes later
 * does not, because a promise it has forgotten may stand above this very epoch, and the leader hands over for its sake.
 */
import { MAX_EPOCH } from '@synod/protocol';
import type { PeerMessage } from '../message.js';
import type { Transition } from '../phase.js';
import { isMemberQuorum, isQuorum, type Voice } from '../quorum.js';
import type { Leading } from './leading.js';
import { Learner } from './learner.js';
import { startSync } from './sync.js';

/** A server asks to follow. */
export function onFollow(
  leading: Leading,
  from: number,
  message: Extract<PeerMessage, { type: 'follow' }>,
): Transition | undefined {
  const { core, learners } = leading;
  if (message.voter !== core.options.voters.includes(from)) {
    const reason = `n${from} is ${message.voter ? 'no voter' : 'a voter'} in the configuration of n${core.options.self}`;
    core.send(from, { type: 'refuse', attempt: message.attempt, reason });
    return undefined;
  }
  const learner = new Learner(from, message, core.now);
  const begins = leading.stage === 'discovery' || (leading.firstStart && leading.stage === 'sync');
  learner.counts = message.voter && (message.member || begins);
  leading.forget(from);
  learners.set(from, learner);
  if (leading.epoch === 0) return chooseEpoch(leading);
  if (message.accepted > leading.epoch && learner.voter) {
    core.epochFloor = message.accepted;
    return { to: 'looking', cause: `n${from} has promised epoch ${message.accepted}; a newer epoch is needed` };
  }
  sendEpoch(leading, learner);
  return undefined;
}

/** Chooses the epoch once a quorum has asked to follow. */
export function chooseEpoch(leading: Leading): Transition | undefined {
  const { core } = leading;
  const voters = [...leading.learners.values()].filter((learner) => learner.voter);
  const voices: Voice[] = [core.voice, ...voters.map((learner) => learner.voice)];
  if (!isQuorum(voices, core.options.voters.length)) return undefined;
  const epoch = Math.max(core.accepted, core.epochFloor, ...voters.map((learner) => learner.accepted)) + 1;
  if (epoch > MAX_EPOCH) {
    core.emit({ type: 'exit', reason: `epoch ${epoch} is beyond the highest one, ${MAX_EPOCH}` });
    return undefined;
  }
  leading.epoch = epoch;
  core.accepted = epoch;
  core.persist({ type: 'accepted-epoch', epoch });
  for (const learner of leading.learners.values()) sendEpoch(leading, learner);
  return promised(leading);
}

function sendEpoch(leading: Leading, learner: Learner): void {
  leading.core.sendDurably(learner.id, { type: 'epoch', attempt: learner.attempt, epoch: leading.epoch });
}

/** A learner has promised the epoch. */
export function onAckEpoch(
  leading: Leading,
  learner: Learner,
  message: Extract<PeerMessage, { type: 'ack-epoch' }>,
): Transition | undefined {
  if (learner.stage !== 'discovery' || message.epoch !== leading.epoch) return undefined;
  const { core } = leading;
  const { current, last, ends, base } = message;
  learner.claim = { current: Math.max(current, 0), last, ends, base };
  learner.promiseCounts = current >= 0;
  learner.stage = 'promised';
  learner.progressAt = core.now;
  if (leading.stage !== 'discovery') {
    startSync(leading, learner);
    return undefined;
  }
  const knowsMore = current > core.current || (current === core.current && last.zxid > core.log.last.zxid);
  if (learner.voter && learner.voice.member && ends !== null && knowsMore) {
    return { to: 'looking', cause: `n${learner.id} remembers more than this server` };
  }
  return promised(leading);
}

/** Takes the epoch as current once a quorum has promised it, and starts to bring the learners level. */
function promised(leading: Leading): Transition | undefined {
  const { core } = leading;
  const { voters } = core.options;
  const promises = [...leading.learners.values()].filter(({ voter, stage }) => voter && stage === 'promised');
  const voices: Voice[] = [core.voice];
  for (const { promiseCounts, voice } of promises) if (promiseCounts) voices.push(voice);
  if (!isQuorum(voices, voters.length)) {
    if (!isQuorum([core.voice, ...promises.map(({ voice }) => voice)], voters.length)) return undefined;
    return { to: 'looking', cause: `epoch ${leading.epoch} was promised before; a newer epoch is needed` };
  }
  leading.beginSync(!isMemberQuorum(voices, voters.length));
  for (const learner of leading.learners.values()) if (learner.stage === 'promised') startSync(leading, learner);
  return undefined;
}
