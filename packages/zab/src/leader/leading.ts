/**
 * The role of a leader: holds what its three phases share and routes events to them.
 *
 * discovery → sync → broadcast, each in its own file. A leader that hands over finishes all proposals first; it goes back
 * to looking, and stands again unless it has resigned.
 */
import type { Zxid } from '@synod/protocol';
import type { Core } from '../core.js';
import type { StateChunk } from '../effect.js';
import { sayVote } from '../election.js';
import type { PeerMessage } from '../message.js';
import type { EarlyFollow, Phase, Transition } from '../phase.js';
import type { Voice } from '../quorum.js';
import type { LogRecord } from '../record.js';
import {
  advance,
  checkQuorum,
  establish,
  newEpochCause,
  onAckLeader,
  ping,
  sendCommits,
  settleConfirms,
} from './broadcast.js';
import { chooseEpoch, onAckEpoch, onFollow } from './discovery.js';
import type { Learner } from './learner.js';
import { nextState, onLogRead, onStateAck, onStateRead, pump, sendState } from './sync.js';

export class Leading implements Phase {
  readonly name = 'leading';
  readonly core: Core;
  readonly learners = new Map<number, Learner>();
  stage: 'discovery' | 'sync' | 'broadcast' = 'discovery';
  /** 0 until a quorum has asked to follow. */
  epoch = 0;
  /** This server's own voice before the new epoch made it a member. */
  readonly voiceAtStart: Voice;
  /** Last zxid of the history that the epoch starts from. */
  historyEnd: Zxid = 0;
  /** The very first epoch, made by all voters while none has ever logged anything. */
  firstStart = false;
  selfAcked = false;
  readonly startedAt: number;
  pingRound = 0;
  pingedAt: number;
  quorumHeardAt: number;
  /** Questions that wait for a quorum of answers to their round. */
  readonly confirms: { readonly ticket: number; readonly round: number; readonly zxid: Zxid }[] = [];
  #confirming: { readonly ticket: number; readonly zxid: Zxid }[] = [];
  /** Learners that wait for the whole state; the first is being served. */
  readonly stateQueue: Learner[] = [];
  #handOver: { readonly cause: string; readonly abstain: boolean } | null = null;
  readonly #early: readonly EarlyFollow[];

  constructor(core: Core, early: readonly EarlyFollow[]) {
    this.core = core;
    this.startedAt = core.now;
    this.pingedAt = core.now;
    this.quorumHeardAt = core.now;
    this.voiceAtStart = core.voice;
    this.#early = early;
  }

  /** To be called once after construction. */
  start(): Transition | undefined {
    for (const peer of this.core.links) this.#sayLeading(peer);
    for (const { from, message } of this.#early) {
      const transition = onFollow(this, from, message);
      if (transition) return transition;
    }
    return this.epoch === 0 ? chooseEpoch(this) : undefined;
  }

  /** The epoch is promised by a quorum: from here on it is this server's own. */
  beginSync(firstStart: boolean): void {
    this.stage = 'sync';
    this.firstStart = firstStart;
    this.core.current = this.epoch;
    this.historyEnd = this.core.log.last.zxid;
    this.core.persist({ type: 'current-epoch', epoch: this.epoch });
    this.#selfToken = this.core.sealPersist();
  }
  #selfToken = Number.MAX_SAFE_INTEGER;

  message(from: number, message: PeerMessage): Transition | undefined {
    if (message.type === 'vote') {
      if (message.state === 'looking' || message.state === 'observing') this.#sayLeading(from);
      return undefined;
    }
    if (message.type === 'follow') return onFollow(this, from, message);
    const learner = this.learners.get(from);
    if (!learner || !('attempt' in message) || message.attempt !== learner.attempt) return undefined;
    learner.lastHeard = this.core.now;
    return this.#learnerMessage(learner, message);
  }

  #learnerMessage(learner: Learner, message: PeerMessage): Transition | undefined {
    switch (message.type) {
      case 'ack-epoch':
        return onAckEpoch(this, learner, message);
      case 'state-ack':
        onStateAck(this, learner, message);
        return undefined;
      case 'need-state':
        learner.counts = false;
        if (learner.stage !== 'state') sendState(this, learner);
        return undefined;
      case 'ack-leader':
        onAckLeader(this, learner, message);
        return undefined;
      case 'ack':
      case 'pong':
        this.#onAck(learner, message);
        return undefined;
      case 'refuse':
        this.forget(learner.id);
        return undefined;
      default:
        return undefined;
    }
  }

  #onAck(learner: Learner, message: Extract<PeerMessage, { type: 'ack' | 'pong' }>): void {
    const zxid = message.type === 'ack' ? message.zxid : message.durable;
    if (zxid > learner.acked && learner.stage !== 'state') {
      learner.acked = zxid;
      learner.progressAt = this.core.now;
      if (learner.waitFor > 0 && zxid >= learner.waitFor) {
        learner.waitFor = 0;
        this.pump(learner);
      }
      this.#ackedThisTurn = true;
    }
    if (message.type === 'pong') {
      learner.pongRound = message.round;
      settleConfirms(this);
    }
  }
  #ackedThisTurn = false;

  tick(): Transition | undefined {
    const { core } = this;
    if (core.now - this.pingedAt >= core.options.tickMs / 2) ping(this);
    if (this.stage === 'broadcast') this.#handOver ??= newEpochCause(this);
    return checkQuorum(this) ?? this.#handedOver();
  }

  durable(): Transition | undefined {
    if (!this.selfAcked && this.core.durableToken >= this.#selfToken) {
      this.selfAcked = true;
      establish(this);
    }
    advance(this);
    return this.#handedOver();
  }

  linkUp(peer: number): undefined {
    this.#sayLeading(peer);
  }

  linkDown(peer: number): undefined {
    this.forget(peer);
  }

  logRead(ticket: number, records: readonly LogRecord[] | null): undefined {
    onLogRead(this, ticket, records);
  }

  stateRead(ticket: number, chunk: StateChunk): undefined {
    onStateRead(this, ticket, chunk);
  }

  stateStaged(): undefined {}

  /** Asks for a proof of leadership; the answer covers what is committed now. */
  confirm(ticket: number): void {
    if (this.stage !== 'broadcast') throw new Error(`a question while the leader is in ${this.stage}`);
    this.#confirming.push({ ticket, zxid: this.core.committed });
  }

  /** Stops taking proposals; once all are committed, leaves the others to elect. */
  resign(): void {
    this.#handOver = { cause: 'resigned: everything proposed is committed', abstain: true };
  }

  /** True where no more proposals are taken because this server is about to stop leading. */
  get handsOver(): boolean {
    return this.#handOver !== null;
  }

  #handedOver(): Transition | undefined {
    const { core } = this;
    if (this.#handOver === null || (this.stage === 'broadcast' && core.committed < core.log.last.zxid))
      return undefined;
    sendCommits(this);
    for (const { id, attempt } of this.learners.values()) core.send(id, { type: 'resign', attempt });
    this.learners.clear();
    return { to: 'looking', ...this.#handOver };
  }

  pump(learner: Learner): void {
    pump(this, learner);
  }

  /** A learner is gone. */
  forget(id: number): void {
    const learner = this.learners.get(id);
    if (!learner) return;
    this.learners.delete(id);
    this.leaveStateQueue(learner);
  }

  /** Lets the next one wait no longer. */
  leaveStateQueue(learner: Learner): void {
    const place = this.stateQueue.indexOf(learner);
    if (place < 0) return;
    this.stateQueue.splice(place, 1);
    if (place === 0) nextState(this);
  }

  /** End of a turn: one message of records and one of commits to each learner, one round of questions. */
  flush(): void {
    if (this.#ackedThisTurn) {
      this.#ackedThisTurn = false;
      advance(this);
    }
    for (const learner of this.learners.values()) this.pump(learner);
    sendCommits(this);
    if (this.#confirming.length > 0 && this.stage === 'broadcast') {
      ping(this);
      for (const { ticket, zxid } of this.#confirming) this.confirms.push({ ticket, round: this.pingRound, zxid });
      this.#confirming = [];
      settleConfirms(this);
    }
  }

  #sayLeading(peer: number): void {
    const { core } = this;
    sayVote(core, peer, 'leading', { ...core.ownVote, leader: core.options.self });
  }
}
