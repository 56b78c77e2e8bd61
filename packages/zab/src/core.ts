/**
 * What all phases of a peer share: the history, the promises, the clock, and the collected effects.
 *
 * It knows nothing of roles. Everything it says is "as handed to storage"; what must not be said before it is durable is
 * sent with the token of the last persist.
 */
import type { Zxid } from '@synod/protocol';
import type { PersistOp, RoleChange, ZabEffect } from './effect.js';
import { Log } from './log.js';
import type { PeerMessage } from './message.js';
import type { RecoveredHistory, ZabOptions } from './options.js';
import type { Voice } from './quorum.js';
import type { LogRecord, Position } from './record.js';
import type { Vote } from './vote.js';

/** A step of the learner's clock is never longer than this: a pause of this process must not look like others' silence. */
const LONGEST_STEP_MS = 250;

export class Core {
  readonly options: ZabOptions;
  readonly log: Log;
  readonly isVoter: boolean;
  accepted: number;
  current: number;
  damaged: boolean;
  /** Everything up to here is committed, as far as this server knows. */
  committed: Zxid;
  delivered: Zxid;
  /** Everything up to here is durable here. */
  durable: Zxid;
  /** Every persist up to this token is durable. */
  durableToken = 0;
  /** Milliseconds from the first tick to the last one. */
  now = 0;
  /** As `now`, but a pause of this process counts as one short step. */
  clock = 0;
  /** Election round (ZooKeeper's logical clock). */
  round = 0;
  attempt: number;
  /** Highest epoch that a server which could not be taken in had promised: the next one must be above it. */
  epochFloor = 0;
  readonly links = new Set<number>();

  #effects: ZabEffect[] = [];
  #ops: PersistOp[] = [];
  #appended: LogRecord[] = [];
  #nextToken = 1;
  #ticket = 0;
  /** Persists with records on their way to the disk: when the token is durable, so is the log up to the zxid. */
  #inFlight: { readonly token: number; zxid: Zxid }[] = [];
  #committedHint: Zxid = 0;
  /** A received state on its way into force; it outlives the role in which it was received. */
  #adopting: { readonly token: number; readonly position: Position } | null = null;
  #tickedAt: number | null = null;

  constructor(options: ZabOptions, recovered: RecoveredHistory, attemptSeed: number) {
    this.options = options;
    this.isVoter = options.voters.includes(options.self);
    this.log = new Log(recovered.base.zxid, recovered.last, recovered.ends, recovered.state, recovered.tail);
    this.accepted = recovered.acceptedEpoch;
    this.current = recovered.currentEpoch;
    this.damaged = recovered.damage !== null;
    this.committed = recovered.committed;
    this.delivered = recovered.state.zxid;
    this.durable = recovered.last.zxid;
    this.attempt = attemptSeed;
    // Whatever was promised before, the history behind it is gone: not a member until a leader has repaired it.
    if (this.damaged) this.disown();
  }

  /** Whether this server's own voice counts; see quorum.ts. */
  get voice(): Voice {
    return { member: this.current >= 1 && !this.damaged, blank: !this.damaged && this.log.last.zxid === 0 };
  }

  /** The vote for oneself; one that nobody follows where the history is damaged. */
  get ownVote(): Vote {
    const { self } = this.options;
    return this.damaged
      ? { leader: self, epoch: -1, zxid: 0 }
      : { leader: self, epoch: this.current, zxid: this.log.last.zxid };
  }

  tick(now: number): void {
    const step = Math.max(now - (this.#tickedAt ?? now), 0);
    this.#tickedAt = now;
    this.now += step;
    this.clock += Math.min(step, LONGEST_STEP_MS);
  }

  emit(effect: ZabEffect): void {
    this.#effects.push(effect);
  }

  send(to: number, message: PeerMessage): void {
    this.#effects.push({ type: 'send', to, message, after: 0 });
  }

  /** Sends once everything persisted so far is durable. */
  sendDurably(to: number, message: PeerMessage): void {
    this.#effects.push({ type: 'send', to, message, after: this.sealPersist() });
  }

  role(change: RoleChange): void {
    this.#effects.push({ type: 'role', change });
  }

  ticket(): number {
    return ++this.#ticket;
  }

  /** Adds a record to the log and to the next persist. */
  append(record: LogRecord): void {
    this.log.append(record);
    this.#appended.push(record);
  }

  persist(op: PersistOp): void {
    this.#sealAppends();
    this.#ops.push(op);
  }

  /** Removes what is behind `after` from the log. */
  truncate(after: Position): void {
    this.log.truncate(after);
    this.#lowerDurable(after.zxid);
    this.persist({ type: 'truncate', after });
  }

  /** Puts the staged state in the place of the whole history; tells the token with which it is in force. */
  adopt(base: Position): number {
    this.persist({ type: 'adopt', base });
    // What was known of the commits of another history says nothing about this one.
    this.committed = base.zxid;
    this.#committedHint = base.zxid;
    this.persist({ type: 'committed', zxid: base.zxid });
    this.log.reset(base);
    this.#lowerDurable(0);
    const token = this.sealPersist();
    this.#adopting = { token, position: base };
    return token;
  }

  /** What was durable, or is on its way to be, behind this place is no longer part of the log. */
  #lowerDurable(zxid: Zxid): void {
    this.durable = Math.min(this.durable, zxid);
    for (const persist of this.#inFlight) persist.zxid = Math.min(persist.zxid, zxid);
  }

  /** Closes the persist under construction, if there is one, and tells the token of the last persist. */
  sealPersist(): number {
    this.#sealAppends();
    if (this.#ops.length > 0) {
      if (this.committed > this.#committedHint) {
        this.#committedHint = Math.min(this.committed, this.log.last.zxid);
        this.#ops.push({ type: 'committed', zxid: this.#committedHint });
      }
      const token = this.#nextToken++;
      this.#effects.push({ type: 'persist', token, ops: this.#ops });
      this.#inFlight.push({ token, zxid: this.log.last.zxid });
      this.#ops = [];
    }
    return this.#nextToken - 1;
  }

  #sealAppends(): void {
    if (this.#appended.length === 0) return;
    this.#ops.push({ type: 'append', records: this.#appended });
    this.#appended = [];
  }

  /** The host says that a persist is durable. */
  onDurable(token: number): void {
    this.durableToken = token;
    let first = 0;
    while (first < this.#inFlight.length && this.#inFlight[first]!.token <= token) {
      this.durable = this.#inFlight[first]!.zxid;
      first++;
    }
    if (first > 0) this.#inFlight.splice(0, first);
    if (this.#adopting === null || this.#adopting.token > token) return;
    const { position } = this.#adopting;
    this.#adopting = null;
    this.damaged = false;
    this.delivered = position.zxid;
    this.emit({ type: 'adopted', position });
  }

  /** This history does not fit that of a leader: until a whole state has replaced it, this voice does not count. */
  disown(): void {
    this.damaged = true;
    this.current = 0;
    this.persist({ type: 'current-epoch', epoch: 0 });
  }

  /** Hands everything that is committed, durable here and not yet delivered to the machine above. */
  deliver(): void {
    const upTo = Math.min(this.committed, this.durable);
    while (this.delivered < upTo) {
      const records = this.log.slice(this.delivered, upTo, 1_048_576);
      const last = records.at(-1);
      if (last === undefined) throw new Error(`nothing to deliver between ${this.delivered} and ${upTo}`);
      this.delivered = last.zxid;
      this.#effects.push({ type: 'deliver', records });
    }
    this.log.trim(this.delivered, this.options.cacheRecords, this.options.cacheBytes);
  }

  /** All effects since the last call, in order. */
  takeEffects(): ZabEffect[] {
    this.sealPersist();
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
