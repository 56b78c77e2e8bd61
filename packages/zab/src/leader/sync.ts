/**
 * Phase 2 at the leader: bring each learner level and tell it where the epoch begins (Zab paper, phase 2).
 *
 * From the moment the plan is made the learner's cursor moves over the leader's log, from disk as far as memory does not
 * reach back, then over the records in memory; new proposals lie behind it like all others, so none can be missed between
 * the end of synchronisation and the start of broadcast.
 */
import type { StateChunk } from '../effect.js';
import type { PeerMessage } from '../message.js';
import type { LogRecord } from '../record.js';
import type { Leading } from './leading.js';
import type { Learner } from './learner.js';
import { planSync } from './sync-plan.js';

/** Bytes of records in one message. */
const BATCH_BYTES = 256 * 1024;
/** Bytes of records read from disk at a time. */
const READ_BYTES = 1024 * 1024;

export function startSync(leading: Leading, learner: Learner): void {
  const { core } = leading;
  const { claim } = learner;
  if (claim === null) throw new Error('a learner is synchronised before it promised the epoch');
  const plan = planSync(core.log, claim);
  learner.target = core.log.last.zxid;
  if (plan.type === 'state') {
    sendState(leading, learner);
    return;
  }
  if (plan.type === 'truncate') {
    core.send(learner.id, { type: 'truncate', attempt: learner.attempt, after: plan.from });
  }
  learner.stage = 'sync';
  learner.cursor = plan.from;
  leading.pump(learner);
}

/** Starts, or starts again, to send the whole state. One learner at a time reads it; the others wait for their turn. */
export function sendState(leading: Leading, learner: Learner): void {
  learner.stage = 'state';
  learner.stateFirst = true;
  learner.newLeaderSent = false;
  learner.ackedLeader = false;
  learner.upToDateSent = false;
  learner.acked = 0;
  learner.waitFor = 0;
  leading.stateQueue.push(learner);
  if (leading.stateQueue[0] === learner) readState(leading, learner, null);
}

function readState(leading: Leading, learner: Learner, cursor: string | null): void {
  learner.reading = leading.core.ticket();
  leading.core.emit({ type: 'read-state', ticket: learner.reading, cursor });
}

/** A chunk of the state at rest was read. */
export function onStateRead(leading: Leading, ticket: number, chunk: StateChunk): void {
  const learner = leading.stateQueue[0];
  if (!learner || learner.reading !== ticket) return;
  learner.reading = 0;
  const { attempt, stateFirst } = learner;
  leading.core.send(learner.id, { type: 'state', attempt, first: stateFirst, chunk });
  learner.stateFirst = false;
  // The last chunk is not answered by state-ack but by what the cursor then sends; set it now.
  if (chunk.cursor === null) learner.cursor = chunk.position;
}

/** The learner has written a chunk. */
export function onStateAck(
  leading: Leading,
  learner: Learner,
  message: Extract<PeerMessage, { type: 'state-ack' }>,
): void {
  if (learner.stage !== 'state' || leading.stateQueue[0] !== learner) return;
  learner.progressAt = leading.core.now;
  if (message.cursor !== null) {
    readState(leading, learner, message.cursor);
    return;
  }
  leading.leaveStateQueue(learner);
  learner.stage = 'sync';
  leading.pump(learner);
}

/** Starts the reading for the learner that is now first in the queue. */
export function nextState(leading: Leading): void {
  leading.core.emit({ type: 'release-state' });
  const next = leading.stateQueue[0];
  if (!next) return;
  next.progressAt = leading.core.now;
  readState(leading, next, null);
}

/** Moves a learner's cursor as far as its link shall take now. */
export function pump(leading: Leading, learner: Learner): void {
  const { core } = leading;
  if (learner.stage !== 'sync' && learner.stage !== 'live') return;
  while (learner.cursor.zxid < core.log.last.zxid && learner.reading === 0) {
    if (learner.waitFor > learner.acked) return;
    if (learner.cursor.zxid < core.log.cachedBehind.zxid) {
      learner.reading = core.ticket();
      core.emit({ type: 'read-log', ticket: learner.reading, after: learner.cursor.zxid, bytes: READ_BYTES });
      return;
    }
    sendRecords(leading, learner, core.log.slice(learner.cursor.zxid, core.log.last.zxid, BATCH_BYTES));
  }
  if (learner.reading > 0 || learner.newLeaderSent || learner.cursor.zxid < learner.target) return;
  // Who is no part of the quorum that makes the leader joins the epoch only once it is made.
  const votes = learner.voter && (learner.voice.member || leading.firstStart);
  if (!votes && leading.stage === 'sync') return;
  sendNewLeader(leading, learner);
}

function sendRecords(leading: Leading, learner: Learner, records: readonly LogRecord[]): void {
  const last = records.at(-1);
  if (last === undefined) throw new Error(`no record behind ${learner.cursor.zxid} in memory`);
  leading.core.send(learner.id, { type: 'propose', attempt: learner.attempt, records });
  learner.cursor = last;
}

/** Records were read from disk for a learner. */
export function onLogRead(leading: Leading, ticket: number, records: readonly LogRecord[] | null): void {
  for (const learner of leading.learners.values()) {
    if (learner.reading !== ticket || learner.stage === 'state') continue;
    learner.reading = 0;
    if (records === null || records.length === 0) {
      sendState(leading, learner);
      return;
    }
    sendRecords(leading, learner, records);
    // The next read waits until this one is durable there, so that a slow learner does not fill the leader's memory.
    learner.waitFor = learner.cursor.zxid;
    leading.pump(learner);
    return;
  }
}

function sendNewLeader(leading: Leading, learner: Learner): void {
  const { core, epoch } = leading;
  const last = { zxid: learner.cursor.zxid, chain: learner.cursor.chain };
  const member = learner.counts || !learner.voter;
  core.send(learner.id, { type: 'new-leader', attempt: learner.attempt, epoch, last, member });
  learner.newLeaderSent = true;
  learner.progressAt = core.now;
}
