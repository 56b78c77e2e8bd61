/**
 * One server's part in the agreement: the entry to this package.
 *
 * A synchronous machine. `step` takes one event; `take` ends a turn and returns the effects of all events since the last
 * one, so that a busy host gets one persist and one message for each learner out of many proposals. The machine reads no
 * clock, draws no chance (the first attempt number is handed in) and does no I/O; see effect.ts for the order contract
 * its host must keep.
 *
 * It leaves out what the transactions mean, who the clients are, and how bytes travel.
 */
import { formatZxid, type Zxid } from '@synod/protocol';
import { Core } from './core.js';
import type { Role, ZabEffect } from './effect.js';
import { Looking } from './election.js';
import type { ZabEvent } from './event.js';
import { Following } from './follower/following.js';
import { nextZxid, propose } from './leader/broadcast.js';
import { Leading } from './leader/leading.js';
import type { RecoveredHistory, ZabOptions } from './options.js';
import type { Phase, Transition } from './phase.js';

/** A learner as its leader sees it, for status pages. */
export interface LearnerStatus {
  readonly id: number;
  readonly voter: boolean;
  readonly stage: string;
  readonly acked: Zxid;
  /** Milliseconds since it was last heard. */
  readonly silentMs: number;
}

/** Where a peer stands. */
export interface PeerStatus {
  readonly role: Role;
  readonly phase: string;
  /** Current epoch: of the leader whose history this server has taken over. */
  readonly epoch: number;
  readonly acceptedEpoch: number;
  /** 0: none. */
  readonly leader: number;
  readonly last: Zxid;
  readonly durable: Zxid;
  readonly committed: Zxid;
  readonly delivered: Zxid;
  /** False: this server's voice does not count (it is new, wiped or damaged, or an observer). */
  readonly member: boolean;
  readonly learners: readonly LearnerStatus[];
}

export class Peer {
  readonly #core: Core;
  #phase: Phase;

  /** `attemptSeed`: a number that earlier lives of this server have not used for attempts (any large random one). */
  constructor(options: ZabOptions, recovered: RecoveredHistory, attemptSeed: number) {
    const core = new Core(options, recovered, attemptSeed);
    this.#core = core;
    core.deliver();
    const looking = new Looking(core, false, 0);
    this.#phase = looking;
    core.role({ role: 'looking', epoch: core.current, leader: 0, cause: startCause(recovered) });
    this.#follow(looking.start());
  }

  step(event: ZabEvent): void {
    this.#follow(this.#dispatch(event));
  }

  /** Ends a turn: all effects since the last call, in the order in which they must be carried out. */
  take(): ZabEffect[] {
    this.#phase.flush();
    return this.#core.takeEffects();
  }

  /** True while proposals are taken. */
  get leads(): boolean {
    return this.#phase instanceof Leading && this.#phase.stage === 'broadcast' && !this.#phase.handsOver;
  }

  /** The zxid of the next proposal; only while leading. */
  get nextZxid(): Zxid {
    if (!(this.#phase instanceof Leading)) throw new Error('only a leader has a next zxid');
    return nextZxid(this.#phase);
  }

  get status(): PeerStatus {
    const core = this.#core;
    const phase = this.#phase;
    const learners =
      phase instanceof Leading
        ? [...phase.learners.values()].map(({ id, voter, stage, acked, lastHeard }) => ({
            id,
            voter,
            stage,
            acked,
            silentMs: Math.round(core.now - lastHeard),
          }))
        : [];
    return {
      role: this.#role(),
      phase: phase instanceof Looking ? 'election' : (phase as Leading | Following).stage,
      epoch: core.current,
      acceptedEpoch: core.accepted,
      leader: phase instanceof Leading ? core.options.self : phase instanceof Following ? phase.leader : 0,
      last: core.log.last.zxid,
      durable: core.durable,
      committed: core.committed,
      delivered: core.delivered,
      member: core.isVoter && core.voice.member,
      learners,
    };
  }

  #role(): Role {
    const phase = this.#phase;
    if (phase instanceof Leading) return phase.stage === 'broadcast' ? 'leading' : 'looking';
    if (phase instanceof Following && phase.serving) return this.#core.isVoter ? 'following' : 'observing';
    return 'looking';
  }

  #dispatch(event: ZabEvent): Transition | undefined {
    const core = this.#core;
    const phase = this.#phase;
    switch (event.type) {
      case 'tick':
        core.tick(event.now);
        return phase.tick();
      case 'message':
        return phase.message(event.from, event.message);
      case 'link-up':
        core.links.add(event.peer);
        return phase.linkUp(event.peer);
      case 'link-down':
        core.links.delete(event.peer);
        return phase.linkDown(event.peer);
      case 'durable':
        core.onDurable(event.token);
        return phase.durable();
      case 'log-read':
        return phase.logRead(event.ticket, event.records);
      case 'state-read':
        return phase.stateRead(event.ticket, event.chunk);
      case 'state-staged':
        return phase.stateStaged(event.ticket, event.error);
      case 'pruned':
        core.log.pruned(event.base);
        return undefined;
      case 'propose':
      case 'confirm':
      case 'resign':
        return this.#lead(event);
    }
  }

  #lead(event: Extract<ZabEvent, { type: 'propose' | 'confirm' | 'resign' }>): Transition | undefined {
    const phase = this.#phase;
    if (!(phase instanceof Leading)) {
      if (event.type === 'resign') return { to: 'looking', cause: 'stopping', abstain: true };
      throw new Error(`${event.type} while not leading`);
    }
    if (event.type === 'propose') propose(phase, event.body);
    else if (event.type === 'confirm') phase.confirm(event.ticket);
    else {
      phase.resign();
      return phase.durable();
    }
    return undefined;
  }

  /** Carries out transitions until a phase stays. */
  #follow(first: Transition | undefined): void {
    let transition = first;
    while (transition !== undefined) transition = this.#enter(transition);
  }

  #enter(transition: Transition): Transition | undefined {
    const core = this.#core;
    this.#leave();
    switch (transition.to) {
      case 'looking': {
        const looking = new Looking(core, transition.abstain ?? false, transition.shun ?? 0);
        this.#phase = looking;
        core.role({ role: 'looking', epoch: core.current, leader: 0, cause: transition.cause });
        return looking.start();
      }
      case 'leading': {
        const leading = new Leading(core, transition.follows);
        this.#phase = leading;
        return leading.start();
      }
      case 'following': {
        const following = new Following(core, transition.leader);
        this.#phase = following;
        return following.start();
      }
    }
  }

  #leave(): void {
    const phase = this.#phase;
    if (!(phase instanceof Leading)) return;
    const reason = `n${this.#core.options.self} no longer leads`;
    for (const { id, attempt } of phase.learners.values()) this.#core.send(id, { type: 'refuse', attempt, reason });
    if (phase.stateQueue.length > 0) this.#core.emit({ type: 'release-state' });
  }
}

function startCause(recovered: RecoveredHistory): string {
  if (recovered.damage !== null) return `started with a damaged history (${recovered.damage})`;
  return recovered.last.zxid === 0
    ? 'started empty'
    : `started with a history up to ${formatZxid(recovered.last.zxid)}`;
}
