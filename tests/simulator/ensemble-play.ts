/** An ensemble that is played by hand: each method tells the checker what a right ensemble would do. */
import { epochOf, makeZxid } from '@synod/protocol';
import { EnsembleChecker } from '@synod/simulator/check/ensemble';
import type { Violation } from '@synod/simulator/history';
import {
  nextRecord,
  ORIGIN,
  type LogRecord,
  type PeerMessage,
  type PersistOp,
  type Position,
  type RecoveredHistory,
} from '@synod/zab';

export const position = ({ zxid, chain }: Position): Position => ({ zxid, chain });
export const digestOf = ({ chain }: Position): number => chain + 1;

/** A disk as the checker should see it. */
interface Disk {
  accepted: number;
  current: number;
  base: Position;
  log: LogRecord[];
  state: Position;
}

export const blank = (): Disk => ({ accepted: 0, current: 0, base: ORIGIN, log: [], state: ORIGIN });

export class Play {
  readonly violations: Violation[] = [];
  readonly checker: EnsembleChecker;
  readonly disks = new Map<number, Disk>();
  #attempt = 0;

  constructor(voters = 3, keep = 50_000) {
    const ids = Array.from({ length: voters }, (_, i) => i + 1);
    const report = (violation: Violation): void => void this.violations.push(violation);
    this.checker = new EnsembleChecker({ voters: ids, observers: [9], report, keep });
    for (const id of [...ids, 9]) {
      this.disks.set(id, blank());
      this.boot(id);
    }
  }

  get rules(): string[] {
    return [...new Set(this.violations.map(({ rule }) => rule))];
  }

  disk(id: number): Disk {
    return this.disks.get(id)!;
  }

  last(id: number): Position {
    const { log, base } = this.disk(id);
    return position(log.at(-1) ?? base);
  }

  recovered(id: number): RecoveredHistory {
    const { accepted, current, base, log, state } = this.disk(id);
    const tail = log.filter(({ zxid }) => zxid > state.zxid);
    const epochs = { acceptedEpoch: accepted, currentEpoch: current, committed: state.zxid };
    return { damage: null, ...epochs, base, state, last: this.last(id), ends: [], tail };
  }

  boot(id: number, changes: Partial<RecoveredHistory> = {}, digest?: number): void {
    const { log, state } = this.disk(id);
    const found = { ...this.recovered(id), ...changes };
    this.checker.boot(id, 0, found, log.map(position), digest ?? (state.zxid === 0 ? 0 : digestOf(state)));
  }

  restart(id: number, changes: Partial<RecoveredHistory> = {}, digest?: number): void {
    this.checker.crashed(id);
    this.boot(id, changes, digest);
  }

  /** Handed to storage, and durable. */
  write(id: number, ...ops: PersistOp[]): void {
    this.checker.persisting(id, ops);
    this.flush(id, ...ops);
  }

  flush(id: number, ...ops: PersistOp[]): void {
    for (const op of ops) this.#carryOut(this.disk(id), op);
    this.checker.durable(id, ops);
  }

  #carryOut(disk: Disk, op: PersistOp): void {
    if (op.type === 'append') disk.log.push(...op.records);
    else if (op.type === 'truncate') disk.log = disk.log.filter(({ zxid }) => zxid <= op.after.zxid);
    else if (op.type === 'adopt') Object.assign(disk, { base: op.base, state: op.base, log: [] });
    else if (op.type === 'accepted-epoch') disk.accepted = op.epoch;
    else if (op.type === 'current-epoch') disk.current = op.epoch;
  }

  say(from: number, to: number, message: PeerMessage): void {
    this.checker.left(from, to, message);
  }

  /** Discovery, synchronisation and the beginning of an epoch. */
  elect(epoch: number, leader: number, ...followers: number[]): void {
    const attempt = ++this.#attempt;
    this.write(leader, { type: 'accepted-epoch', epoch });
    for (const id of followers) this.promise(id, leader, epoch, attempt);
    this.write(leader, { type: 'current-epoch', epoch });
    for (const id of followers) this.level(id, leader, epoch, attempt);
    this.checker.role(leader, 'leading', epoch, leader);
    for (const id of followers) {
      this.say(leader, id, { type: 'up-to-date', attempt, committed: this.last(leader).zxid });
      this.checker.role(id, id === 9 ? 'observing' : 'following', epoch, leader);
    }
    for (const id of [leader, ...followers]) this.show(id);
  }

  promise(id: number, leader: number, epoch: number, attempt: number): void {
    const { current } = this.disk(id);
    const voice = { member: current > 0, blank: false, voter: id !== 9 };
    this.say(id, leader, { type: 'follow', attempt, accepted: this.disk(id).accepted, ...voice });
    this.say(leader, id, { type: 'epoch', attempt, epoch });
    this.write(id, { type: 'accepted-epoch', epoch });
    this.say(id, leader, { type: 'ack-epoch', attempt, epoch, current, last: this.last(id), ends: [], base: 0 });
  }

  /** Cuts the learner's log to the last common record, and sends what is missing. */
  level(id: number, leader: number, epoch: number, attempt: number): void {
    const own = this.disk(leader).log;
    const has = (place: Position): boolean =>
      own.some(({ zxid, chain }) => zxid === place.zxid && chain === place.chain);
    const common = position(this.disk(id).log.findLast(has) ?? this.disk(id).base);
    if (common.zxid < this.last(id).zxid) {
      this.say(leader, id, { type: 'truncate', attempt, after: common });
      this.write(id, { type: 'truncate', after: common });
    }
    const records = own.filter(({ zxid }) => zxid > common.zxid);
    if (records.length > 0) {
      this.say(leader, id, { type: 'propose', attempt, records });
      this.write(id, { type: 'append', records });
    }
    this.say(leader, id, { type: 'new-leader', attempt, epoch, last: this.last(leader), member: true });
    this.write(id, { type: 'current-epoch', epoch });
    this.say(id, leader, { type: 'ack-leader', attempt, epoch });
  }

  make(leader: number, count = 1, epoch = this.disk(leader).current): LogRecord[] {
    const records: LogRecord[] = [];
    let last = this.last(leader);
    for (let i = 0; i < count; i++) {
      const zxid = epochOf(last.zxid) === epoch ? last.zxid + 1 : makeZxid(epoch, 1);
      const record = nextRecord(last, zxid, Uint8Array.of(leader, i));
      records.push(record);
      last = record;
    }
    return records;
  }

  /** Records are proposed, logged by these, and shown by all of them. */
  commit(count: number, leader: number, ...followers: number[]): LogRecord[] {
    const records = this.make(leader, count);
    const attempt = this.#attempt;
    this.write(leader, { type: 'append', records });
    for (const id of followers) {
      this.say(leader, id, { type: 'propose', attempt, records });
      this.write(id, { type: 'append', records });
      this.say(id, leader, { type: 'ack', attempt, zxid: records.at(-1)!.zxid });
    }
    for (const id of followers) this.say(leader, id, { type: 'commit', attempt, zxid: records.at(-1)!.zxid });
    for (const id of [leader, ...followers]) this.show(id);
    this.checker.answered(records.at(-1)!.zxid);
    return records;
  }

  /** Shows everything that it has logged. */
  show(id: number, place = this.last(id), digest = place.zxid === 0 ? 0 : digestOf(place)): void {
    this.checker.applied(id, place, digest);
  }

  /** Folds and prunes everything that was applied up to a place. */
  prune(id: number, place: Position): void {
    const disk = this.disk(id);
    disk.base = position(place);
    disk.state = position(place);
    disk.log = disk.log.filter(({ zxid }) => zxid > place.zxid);
    this.checker.base(id, place);
  }
}

/** Epoch 1 led by 1 with everybody, five records everywhere. */
export function started(voters = 3): Play {
  const play = new Play(voters);
  play.elect(1, 1, 2, 3, 9);
  play.commit(5, 1, 2, 3, 9);
  return play;
}

export const damaged = { damage: 'bad checksum' } as const;
