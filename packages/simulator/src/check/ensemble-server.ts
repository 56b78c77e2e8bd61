/**
 * One server as the checker sees it: what is durable on its disk, what it has handed to storage, what it shows, and what
 * it has said to others. Holds state and carries out changes; the judging is done elsewhere.
 */
import { epochOf } from '@synod/protocol';
import type { PersistOp, Position } from '@synod/zab';
import { EntryLog, type Entry, type Records } from './ensemble-records.js';

/** How a durable copy was lost. */
export type DiskLoss = 'wiped' | 'rolled-back' | 'damaged';

/** What a leader has sent to one learner in one attempt of it. */
export interface Stream {
  readonly attempt: number;
  /** Where the stream of records stands; null: not known. */
  last: Position | null;
  /** What the whole state that was sent last reflects. */
  state: Position | null;
  /** The whole state is on its way: what the learner acknowledges meanwhile is of its old log and counts for nothing. */
  inState: boolean;
  newLeader: { readonly epoch: number; readonly last: Position; readonly member: boolean } | null;
}

/** What a disk does: one step for each record, because batches are cut otherwise on their way to the disk. */
export type Step =
  | { readonly type: 'append'; readonly entry: Entry }
  | Extract<PersistOp, { type: 'truncate' | 'adopt' | 'accepted-epoch' | 'current-epoch' }>;

/** The loss of a disk, or of some of it. */
export interface Lost {
  readonly how: DiskLoss;
  /** What it must hold again until it counts as sound. */
  readonly until: Entry;
  /** What it held before. */
  readonly before: readonly EntryLog[];
  /**
   * The highest epoch that had begun when the server came back; it may have promised a later one, and forgotten it, so it
   * is no member in any of them. 0 where nothing was forgotten, −1 until it is back.
   */
  floor: number;
}

/** Durable promises. */
export interface Epochs {
  accepted: number;
  current: number;
}

export class ServerView {
  readonly id: number;
  readonly voter: boolean;
  readonly #records: Records;
  up = false;
  /** When the process that runs, or ran last, was started. */
  startedAt = 0;
  /** On its disk, as seen from outside. */
  durable: EntryLog;
  readonly epochs: Epochs = { accepted: 0, current: 0 };
  /** The highest current epoch that was durable here; the epoch itself falls to 0 where a history is disowned. */
  currentFloor = 0;
  /** As handed to storage. */
  memory: EntryLog;
  /** Handed to storage and not yet durable, one list for each persist; hints of commits are left out. */
  pending: Step[][] = [];
  applied: Entry;
  /** A state that came into force on the disk and is not shown yet. */
  adopted: Entry | null = null;
  /** The epoch in which this process leads, from discovery on; 0: it does not. */
  leads = 0;
  /** The promise that it gave as a learner last. */
  follows: { readonly leader: number; readonly attempt: number; readonly epoch: number } | null = null;
  readonly streams = new Map<number, Stream>();
  /** Storage has said at start that it cannot prove the history. */
  damaged = false;
  /** Its copy may be (partly) gone. */
  lost: Lost | null = null;

  constructor(id: number, voter: boolean, records: Records) {
    this.id = id;
    this.voter = voter;
    this.#records = records;
    this.durable = new EntryLog(records.origin);
    this.memory = new EntryLog(records.origin);
    this.applied = records.origin;
  }

  /**
   * True where the record is on this disk, or was until the disk was lost. A member that has not entered the record's epoch
   * does not count: in an election it would lose to servers without the record.
   */
  accountsFor(entry: Entry): boolean {
    const { current } = this.epochs;
    if ((current === 0 || current >= epochOf(entry.zxid)) && this.durable.holds(entry)) return true;
    return this.lost?.before.some((log) => log.holds(entry)) ?? false;
  }

  /** The server is back after the loss of its disk; what it found there is `sound`, and this epoch is the last that began. */
  returned(sound: boolean, epoch: number): void {
    if (this.lost === null || this.lost.floor >= 0) return;
    const forgot = this.lost.before.some(({ last }) => last.index > 0) && !(sound && this.lost.how === 'damaged');
    this.lost.floor = forgot ? epoch : 0;
  }

  /** True where this epoch had begun before the server came back without its memory. */
  hadBegun(epoch: number): boolean {
    return this.voter && this.lost !== null && epoch > 0 && epoch <= this.lost.floor;
  }

  /** Operations as steps; hints of commits are left out. */
  steps(ops: readonly PersistOp[]): Step[] {
    const steps: Step[] = [];
    for (const op of ops) {
      if (op.type === 'append') {
        for (const record of op.records) {
          steps.push({ type: 'append', entry: this.#records.find(record) ?? this.#records.stranger(record) });
        }
      } else if (op.type !== 'committed') steps.push(op);
    }
    return steps;
  }

  /** Takes the oldest step that waits for the disk; false: it is not this one. */
  takePending(step: Step): boolean {
    const batch = this.pending[0];
    const next = batch?.shift();
    if (batch?.length === 0) this.pending.shift();
    if (next === undefined || next.type !== step.type) return false;
    return step.type !== 'append' || next.type !== 'append' || next.entry === step.entry;
  }

  /** Carries out a step on the durable side without judging it; returns the entries that left the log. */
  write(step: Step): readonly Entry[] {
    switch (step.type) {
      case 'append':
        this.durable.push(step.entry);
        return [];
      case 'truncate': {
        const after = this.#records.find(step.after);
        return after === null ? [] : this.durable.truncate(after);
      }
      case 'adopt':
        this.adopted = this.#records.find(step.base) ?? this.#records.stranger(step.base);
        this.durable.reset(this.adopted);
        this.damaged = false;
        return [];
      case 'accepted-epoch':
        this.epochs.accepted = step.epoch;
        return [];
      case 'current-epoch':
        this.epochs.current = step.epoch;
        this.currentFloor = Math.max(this.currentFloor, step.epoch);
        // An observer that disowns its history is bound to nothing; a voter is, by its promise.
        if (step.epoch === 0 && !this.voter) this.currentFloor = 0;
        return [];
    }
  }

  /** The process is gone. */
  stop(): void {
    this.up = false;
    this.leads = 0;
    this.follows = null;
    this.adopted = null;
  }

  /** The disk is no longer what it was. */
  lose(how: DiskLoss): void {
    const before = this.lost?.before ?? [];
    this.lost = { how, until: this.#records.end, before: [...before, this.durable.copy()], floor: -1 };
    if (how !== 'wiped') return;
    this.durable.reset(this.#records.origin);
    this.epochs.accepted = 0;
    this.epochs.current = 0;
    this.currentFloor = 0;
    this.damaged = false;
    this.pending = [];
  }

  /** A copy that was lost is sound again once it holds what was committed by then, and its voice counts. */
  settle(): void {
    if (this.lost === null || this.damaged || (this.voter && this.epochs.current < 1)) return;
    if (this.hadBegun(this.epochs.current)) return;
    if (this.durable.holds(this.lost.until)) this.lost = null;
  }
}
