/**
 * The role of a learner (a follower, or an observer that never votes): holds what its three phases share and routes
 * events to them. discovery → sync → broadcast, each in its own file.
 *
 * All its time-outs run on a clock on which a pause of this process is short: its own sleep is not the leader's silence.
 */
import type { Zxid } from '@synod/protocol';
import type { Core } from '../core.js';
import { sayVote } from '../election.js';
import type { PeerMessage } from '../message.js';
import type { Phase, Transition } from '../phase.js';
import type { Position } from '../record.js';
import { onCommit, onDurable, onPing, onPropose, onUpToDate } from './broadcast.js';
import { askToFollow, onEpoch } from './discovery.js';
import { onNewLeader, onStaged, onState, onTruncate } from './sync.js';

/** How long an elected leader that this server has no link to is waited for. */
const NO_LINK_MS = 500;

export class Following implements Phase {
  readonly name = 'following';
  readonly core: Core;
  readonly leader: number;
  readonly attempt: number;
  stage: 'discovery' | 'sync' | 'broadcast' = 'discovery';
  /** The leader's epoch, 0 until it has named it. */
  epoch = 0;
  /** Ticket of the chunk of state being written, 0 for none; and what to answer when it is. */
  staging = 0;
  stagedCursor: string | null = null;
  /** Token with which a received state is in force, 0 for none. */
  adopting = 0;
  /** What the state being received reflects, known with its last chunk. */
  stagedPosition: Position | null = null;
  /** True once synchronisation has reached this log: from then on what is durable here belongs to the leader's history. */
  planned = false;
  /** True from a mistake in the stream until the leader has started to send the whole state. */
  awaitingState = false;
  /** What must be applied before this server serves. */
  serveFrom: Zxid = 0;
  serving = false;
  ackedDurable: Zxid = 0;
  heardAt: number;

  constructor(core: Core, leader: number) {
    this.core = core;
    this.leader = leader;
    core.attempt++;
    this.attempt = core.attempt;
    this.heardAt = core.clock;
  }

  /** To be called once after construction. */
  start(): Transition | undefined {
    if (this.core.links.has(this.leader)) askToFollow(this);
    return undefined;
  }

  message(from: number, message: PeerMessage): Transition | undefined {
    if (message.type === 'vote') return this.#onVote(from, message);
    if (message.type === 'follow') {
      const { attempt } = message;
      this.core.send(from, { type: 'refuse', attempt, reason: `n${this.core.options.self} follows n${this.leader}` });
      return undefined;
    }
    if (from !== this.leader || message.attempt !== this.attempt) return undefined;
    this.heardAt = this.core.clock;
    return this.#leaderMessage(message);
  }

  #onVote(from: number, message: Extract<PeerMessage, { type: 'vote' }>): Transition | undefined {
    // An observer that has found its leader needs no answer, and would answer it.
    if (message.state === 'looking' || (message.state === 'observing' && message.vote.leader === from)) {
      sayVote(this.core, from, this.core.isVoter ? 'following' : 'observing', {
        ...this.core.ownVote,
        leader: this.leader,
      });
    }
    const gone = from === this.leader && (message.state === 'looking' || message.state === 'following');
    if (!gone || this.stage === 'discovery') return undefined;
    return { to: 'looking', cause: `n${from} no longer leads` };
  }

  #leaderMessage(message: PeerMessage): Transition | undefined {
    switch (message.type) {
      case 'epoch':
        return onEpoch(this, message);
      case 'refuse':
        return { to: 'looking', cause: `n${this.leader} refused: ${message.reason}`, shun: this.leader };
      case 'resign':
        return { to: 'looking', cause: `n${this.leader} resigned` };
      case 'truncate':
        return onTruncate(this, message);
      case 'state':
        onState(this, message);
        return undefined;
      case 'propose':
        return onPropose(this, message);
      case 'new-leader':
        return onNewLeader(this, message);
      case 'up-to-date':
        onUpToDate(this, message);
        return undefined;
      case 'commit':
        onCommit(this, message.zxid);
        return undefined;
      case 'ping':
        onPing(this, message);
        return undefined;
      default:
        return undefined;
    }
  }

  /** Silence ends it. That this server makes progress while the leader is heard is the leader's business. */
  tick(): Transition | undefined {
    const { core } = this;
    const { syncMs, initMs } = core.options;
    const silent = core.clock - this.heardAt;
    if (!core.links.has(this.leader) && silent > NO_LINK_MS) {
      return { to: 'looking', cause: `there is no link to n${this.leader}` };
    }
    const limit = this.stage === 'broadcast' ? syncMs : initMs;
    return silent > limit ? { to: 'looking', cause: `nothing heard from n${this.leader} for ${limit} ms` } : undefined;
  }

  durable(): Transition | undefined {
    onDurable(this);
    return undefined;
  }

  linkUp(peer: number): undefined {
    if (peer === this.leader && this.epoch === 0) askToFollow(this);
  }

  linkDown(peer: number): Transition | undefined {
    if (peer !== this.leader) return undefined;
    return { to: 'looking', cause: `the link to n${peer} is down` };
  }

  logRead(): undefined {}
  stateRead(): undefined {}

  stateStaged(ticket: number, error: string | null): Transition | undefined {
    return onStaged(this, ticket, error);
  }

  flush(): void {}
}
