/**
 * Phase 0: finding the server that shall lead (ZooKeeper's FastLeaderElection, without its fixed wait).
 *
 * Every looking voter votes for the best candidate it has heard of and says so to all. Once a quorum votes alike the
 * election is over: at once where every connected voter has joined in, else after a short wait for those that have not.
 * A voter that already follows or leads answers with whom it follows; a looking server joins an established leader and
 * never unseats it.
 *
 * Nothing here is safe by itself and nothing needs to be: discovery proves the choice.
 */
import type { Core } from './core.js';
import type { PeerMessage, VoterState } from './message.js';
import type { EarlyFollow, Phase, Transition } from './phase.js';
import { isQuorum, type Voice } from './quorum.js';
import { compareVotes, sameVote, type Vote } from './vote.js';

type VoteMessage = Extract<PeerMessage, { type: 'vote' }>;

/** Votes are said again this often, should one have been lost with its link. */
const RESEND_MS = 1_000;

export class Looking implements Phase {
  readonly name = 'looking';
  readonly #core: Core;
  /** This server has resigned: it neither stands nor votes. */
  readonly #abstain: boolean;
  #vote: Vote;
  /** Votes of looking servers in this round. */
  readonly #votes = new Map<number, VoteMessage>();
  /** What servers that follow or lead say. */
  readonly #settled = new Map<number, VoteMessage>();
  readonly #follows = new Map<number, EarlyFollow>();
  #changedAt: number;
  #saidAt: number;
  /** A leader that did not work out for this server, and until when it is left in peace. */
  readonly #shunned: number;
  readonly #shunnedUntil: number;

  constructor(core: Core, abstain: boolean, shun: number) {
    this.#core = core;
    this.#abstain = abstain;
    this.#shunned = shun;
    this.#shunnedUntil = core.clock + RESEND_MS;
    this.#vote = core.ownVote;
    this.#changedAt = core.clock;
    this.#saidAt = core.clock;
    core.round++;
    this.#broadcast();
  }

  /** To be asked once after construction: a lone voter needs nobody. */
  start(): Transition | undefined {
    return this.#decide();
  }

  message(from: number, message: PeerMessage): Transition | undefined {
    if (message.type === 'follow') {
      if (this.#mayLead) this.#follows.set(from, { from, message });
      else this.#refuse(from, message.attempt);
      return this.#decide();
    }
    if (message.type !== 'vote') return undefined;
    if (message.state === 'looking') return this.#onLooking(from, message);
    this.#votes.delete(from);
    this.#settled.set(from, message);
    return this.#join() ?? this.#decide();
  }

  tick(): Transition | undefined {
    if (this.#core.clock - this.#saidAt >= RESEND_MS) this.#broadcast();
    return this.#join() ?? this.#decide();
  }

  linkUp(peer: number): undefined {
    this.#say(peer);
  }

  linkDown(peer: number): Transition | undefined {
    this.#votes.delete(peer);
    this.#settled.delete(peer);
    this.#follows.delete(peer);
    if (peer === this.#vote.leader) this.#startOver();
    return this.#decide();
  }

  durable(): undefined {}
  logRead(): undefined {}
  stateRead(): undefined {}
  stateStaged(): undefined {}
  flush(): void {}

  #onLooking(from: number, message: VoteMessage): Transition | undefined {
    const core = this.#core;
    this.#settled.delete(from);
    if (!core.isVoter || this.#abstain || !core.options.voters.includes(from)) return undefined;
    if (message.round < core.round) {
      this.#say(from);
      return undefined;
    }
    // What others say of this server may be about a history that it has lost since.
    const candidate = message.vote.leader === core.options.self ? core.ownVote : message.vote;
    const before = this.#votes.get(from);
    const news = !before || !sameVote(before.vote, message.vote);
    if (message.round > core.round) {
      core.round = message.round;
      this.#votes.clear();
      this.#vote = compareVotes(candidate, core.ownVote) > 0 ? candidate : core.ownVote;
      this.#broadcast();
    } else if (compareVotes(candidate, this.#vote) > 0) {
      this.#vote = candidate;
      this.#broadcast();
    } else if (!sameVote(message.vote, this.#vote)) {
      // The candidate itself falls short of what it is voted for: that was hearsay of an earlier life.
      if (from === this.#vote.leader) this.#startOver();
      // It may not have been looking yet when this vote was broadcast.
      else if (news) this.#say(from);
    }
    if (news) this.#changedAt = core.clock;
    if (message.round === core.round) this.#votes.set(from, message);
    return this.#decide();
  }

  /** A new round, in which all stand for themselves first. */
  #startOver(): void {
    this.#core.round++;
    this.#votes.clear();
    this.#vote = this.#core.ownVote;
    this.#broadcast();
  }

  /** Follows a leader that says so itself and that, with this server, a quorum follows. */
  #join(): Transition | undefined {
    const { options, isVoter, voice, clock } = this.#core;
    if (this.#abstain) return undefined;
    for (const [leader, said] of this.#settled) {
      if (said.state !== 'leading' || (leader === this.#shunned && clock < this.#shunnedUntil)) continue;
      const voices: Voice[] = isVoter ? [voice] : [];
      for (const [peer, message] of this.#settled) {
        if (message.vote.leader === leader && options.voters.includes(peer)) voices.push(message);
      }
      // An established leader counts its followers itself; hearing it is enough for those who do not count anyway.
      if (isQuorum(voices, options.voters.length) || !isVoter || !voice.member) return this.#followLeader(leader);
    }
    return undefined;
  }

  #decide(): Transition | undefined {
    const core = this.#core;
    const { self, voters, finalizeMs } = core.options;
    if (!core.isVoter || this.#abstain) return undefined;
    if (this.#follows.size > 0 && this.#backers(self, true).quorum) return this.#lead();
    const backing = this.#backers(this.#vote.leader, false);
    if (!backing.quorum) return undefined;
    const silent = voters.some((id) => id !== self && core.links.has(id) && !backing.ids.has(id));
    if (silent && core.clock - this.#changedAt < finalizeMs) return undefined;
    return this.#vote.leader === self ? this.#lead() : this.#followLeader(this.#vote.leader);
  }

  get #mayLead(): boolean {
    return this.#core.isVoter && !this.#abstain && !this.#core.damaged;
  }

  #followLeader(leader: number): Transition {
    for (const { from, message } of this.#follows.values()) this.#refuse(from, message.attempt);
    return { to: 'following', leader };
  }

  #refuse(to: number, attempt: number): void {
    this.#core.send(to, { type: 'refuse', attempt, reason: `n${this.#core.options.self} does not lead` });
  }

  #lead(): Transition {
    return { to: 'leading', follows: [...this.#follows.values()] };
  }

  /**
   * Who stands behind a candidate: by an equal vote in this round, by leading or following it since, or (`following`) by
   * asking this server to lead.
   */
  #backers(leader: number, following: boolean): { readonly ids: Set<number>; readonly quorum: boolean } {
    const core = this.#core;
    const ids = new Set<number>([core.options.self]);
    const voices: Voice[] = [core.voice];
    const add = (id: number, voice: Voice): void => {
      if (ids.has(id) || !core.options.voters.includes(id)) return;
      ids.add(id);
      voices.push(voice);
    };
    for (const [id, message] of this.#votes) {
      const counts = following ? message.vote.leader === leader : sameVote(message.vote, this.#vote);
      if (counts) add(id, message);
    }
    // The candidate, or another voter, may have seen the end of this very round first: it has not changed its mind.
    for (const [id, message] of this.#settled) {
      if (message.round === core.round && message.vote.leader === leader) add(id, message);
    }
    if (leader === core.options.self) for (const [id, { message }] of this.#follows) add(id, message);
    return { ids, quorum: isQuorum(voices, core.options.voters.length) };
  }

  #broadcast(): void {
    this.#changedAt = this.#core.clock;
    this.#saidAt = this.#core.clock;
    for (const peer of this.#core.links) this.#say(peer);
  }

  #say(peer: number): void {
    if (!this.#abstain) sayVote(this.#core, peer, this.#core.isVoter ? 'looking' : 'observing', this.#vote);
  }
}

/** Sends a vote; the history it stands for is durable before it leaves. */
export function sayVote(core: Core, to: number, state: VoterState, vote: Vote): void {
  const { member, blank } = core.voice;
  core.sendDurably(to, { type: 'vote', round: core.round, state, vote, member, blank });
}
