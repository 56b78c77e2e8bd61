/**
 * The invariants of an ensemble, watched while it runs by one who sees all servers, disks and messages: Z1 to Z11 (and a
 * comparison for the end of a run, Z12). Each event costs O(1), or what it moves. Reports and goes on; after the first
 * report what follows may be a consequence of it.
 *
 * How a world must tell things. Of one turn of a server, in this order: its effects as they come (`role`, `persisting`),
 * then `applied`, then what its clients are told (`answered`); `durable` when the disk has it, before anything that waits
 * for it leaves (`left`). A disk that is damaged is announced (`diskLost`) before the server starts from it.
 *
 * | rule | here |
 * |---|---|
 * | Z1 | an epoch is established once, over the whole run; who follows, follows that leader |
 * | Z2 | what any server shows continues, or is part of, one sequence of records |
 * | Z3 | a record first appears in the log of the leader that its epoch was established for |
 * | Z4 | the counters of an epoch have no gap, in logs, on disks, in streams |
 * | Z5 | zxids rise there, and a server never shows less than before, but for a state that it adopts |
 * | Z6 | a new leader's log holds everything canonical, when it is established and at its first proposal |
 * | Z7 | what is applied, answered or called committed is on a majority of disks and is never removed from a sound one |
 * | Z8 | what a message claims is durable (ensemble-messages.ts) |
 * | Z9 | promises do not fall, on the disk and over starts of it; who lost its disk is no member of epochs that had begun |
 * | Z10 | what is found at a start is what was written; what is shown is on the own disk |
 * | Z11 | one digest for each zxid |
 *
 * A disk that is lost counts for what it held before, until the server is sound again: while no more than a minority of
 * voters is lost at a time, one copy of everything committed is left, and `mayLose` says which disk may be lost next.
 * Z13 (reconfiguration) does not apply: the ensemble is fixed.
 */
import { epochOf, formatHash, shortZxid } from '@synod/protocol';
import { chainHash, majority, type LogRecord, type PeerMessage, type PersistOp, type Position } from '@synod/zab';
import type { RecoveredHistory, Role } from '@synod/zab';
import type { Violation } from '../history.js';
import { judgeBoot } from './ensemble-boot.js';
import { judgeMessage } from './ensemble-messages.js';
import { Records, type Entry } from './ensemble-records.js';
import { ServerView, type DiskLoss, type Step } from './ensemble-server.js';
import { sameBytes, succession } from './ensemble-shape.js';

/** Who takes part, and who is told. */
export interface EnsembleOptions {
  readonly voters: readonly number[];
  readonly observers: readonly number[];
  readonly report: (violation: Violation) => void;
  /** Canonical records to remember at least; default 50,000. */
  readonly keep?: number;
}

/** Old records are looked for each time so many were applied. */
const FORGET_EVERY = 4096;

export class EnsembleChecker {
  readonly records = new Records();
  /** The last epoch that any server has entered: its leader is the first. */
  begun = 0;
  readonly #options: EnsembleOptions;
  readonly #views = new Map<number, ServerView>();
  readonly #voters: ServerView[] = [];
  readonly #leaders = new Map<number, number>();
  readonly #keep: number;
  #forgetAt: number;

  constructor(options: EnsembleOptions) {
    this.#options = options;
    this.#keep = options.keep ?? 50_000;
    this.#forgetAt = this.#keep + FORGET_EVERY;
    for (const id of [...options.voters, ...options.observers]) {
      const view = new ServerView(id, options.voters.includes(id), this.records);
      this.#views.set(id, view);
      if (view.voter) this.#voters.push(view);
    }
  }

  /** The last record that any server has applied. */
  get end(): Position {
    const { zxid, chain } = this.records.end;
    return { zxid, chain };
  }

  /** For the judges of messages. */
  view(server: number): ServerView | null {
    return this.#views.get(server) ?? null;
  }

  report(rule: string, text: string): void {
    this.#options.report({ rule, text });
  }

  /** Who led in an epoch. */
  leaderOf(epoch: number): number | undefined {
    return this.#leaders.get(epoch);
  }

  /** True where the copy of this server can be lost, and everything committed is still there and known to be. */
  mayLose(server: number): boolean {
    if (!this.#server(server).voter) return true;
    const lost = this.#voters.filter((view) => view.lost !== null || view.id === server).length;
    return lost <= this.#voters.length - majority(this.#voters.length);
  }

  // ---- process and disk

  /**
   * A process starts from its disk. `held`: all records that lie in its log, oldest first; `digest`: of the tree loaded
   * from the state at rest.
   */
  boot(server: number, at: number, recovered: RecoveredHistory, held: readonly Position[], digest: number): void {
    const view = this.#server(server);
    view.stop();
    view.up = true;
    view.startedAt = at;
    judgeBoot(this, view, recovered, held, digest);
    if (recovered.damage === null && recovered.committed > 0)
      this.claimCommitted(`n${server}'s disk`, recovered.committed);
    view.settle();
  }

  /** The process is gone; its disk stays. What was on its way to the disk may still turn out to be there. */
  crashed(server: number): void {
    this.#server(server).stop();
  }

  /** The durable copy is (partly) gone. A disk is wiped only while no process runs. */
  diskLost(server: number, how: DiskLoss): void {
    this.#server(server).lose(how);
  }

  /** Everything up to there left the log: it is in the state at rest. */
  base(server: number, position: Position): void {
    const view = this.#server(server);
    const entry = this.records.find(position);
    if (entry === null || !view.durable.holds(entry)) {
      if (this.records.isForgotten(position.zxid)) return;
      this.report('Z10', `n${server} prunes its log up to ${shortZxid(position.zxid)}, which it does not hold`);
      return;
    }
    if (!entry.canonical) {
      this.report('Z7', `n${server} prunes its log up to ${shortZxid(position.zxid)}, which was never applied`);
    }
    view.durable.moveBase(entry);
    if (view.memory.holds(entry)) view.memory.moveBase(entry);
  }

  // ---- what goes to the disk

  /** A server hands a persist to storage. */
  persisting(server: number, ops: readonly PersistOp[]): void {
    const view = this.#server(server);
    for (const op of ops) {
      if (op.type === 'append') for (const record of op.records) this.#append(view, record);
      else if (op.type === 'truncate') this.#truncate(view, op.after);
      else if (op.type === 'adopt') this.#adopt(view, op.base);
      else if (op.type === 'committed') this.claimCommitted(`n${server}`, op.zxid);
      else if (op.type === 'current-epoch') this.begun = Math.max(this.begun, op.epoch);
    }
    const steps = view.steps(ops);
    if (steps.length > 0) view.pending.push(steps);
  }

  #append(view: ServerView, record: LogRecord): void {
    const { last } = view.memory;
    const where = `n${view.id} logs`;
    const broken = succession(last.zxid, record.zxid);
    if (broken !== null) this.report(broken.rule, `${where}: ${broken.text}`);
    const known = this.records.find(record);
    if (known === null) {
      view.memory.push(this.#born(view, last, record));
      return;
    }
    if (known.parent !== last && known.parent !== null && broken === null) {
      this.report('Z4', `${where} ${shortZxid(record.zxid)} behind another record than its own predecessor`);
    }
    if (known.body !== null && !sameBytes(known.body, record.body)) {
      this.report('Z2', `${where} ${shortZxid(record.zxid)} with other bytes than were proposed`);
    }
    view.memory.push(known);
  }

  /** A record is seen for the first time: its leader has just made it. */
  #born(view: ServerView, last: Entry, record: LogRecord): Entry {
    const at = shortZxid(record.zxid);
    const epoch = epochOf(record.zxid);
    if (this.#leaders.get(epoch) !== view.id) {
      this.report('Z3', `n${view.id} logs ${at}, which no leader has proposed`);
    } else if (record.chain !== chainHash(last.chain, record.zxid, record.body)) {
      this.report('Z3', `n${view.id} proposes ${at} with a chain that does not prove it`);
    } else if (epochOf(last.zxid) < epoch) {
      const due = this.#endBefore(epoch);
      if (!view.memory.holds(due)) {
        const what = `${at} first in its epoch and does not hold ${shortZxid(due.zxid)}, which was applied`;
        this.report('Z6', `n${view.id} proposes ${what}`);
      }
    }
    return this.records.add(last, record, record.body);
  }

  /** The last canonical record of earlier epochs: a leader that is slow may begin after a newer one. */
  #endBefore(epoch: number): Entry {
    let at = this.records.end;
    while (at.parent !== null && epochOf(at.zxid) >= epoch) at = at.parent;
    return at;
  }

  #truncate(view: ServerView, after: Position): void {
    const entry = this.records.find(after);
    if (entry !== null && view.memory.holds(entry) && entry.index >= view.memory.base.index)
      view.memory.truncate(entry);
    else this.report('Z10', `n${view.id} cuts its log at ${shortZxid(after.zxid)}, which it does not hold`);
  }

  #adopt(view: ServerView, base: Position): void {
    const entry = this.records.find(base);
    if (entry?.canonical !== true && !this.records.isForgotten(base.zxid)) {
      this.report('Z2', `n${view.id} adopts a state of ${shortZxid(base.zxid)}, which was never applied`);
    }
    view.memory.reset(entry ?? this.records.stranger(base));
  }

  /** A batch is durable on the disk of a server: what `persisting` has told, in that order. */
  durable(server: number, ops: readonly PersistOp[]): void {
    const view = this.#server(server);
    for (const step of view.steps(ops)) {
      if (!view.takePending(step)) {
        this.report('Z10', `n${server}'s disk carries out another step (${step.type}) than the next one it was given`);
      }
      this.#judgeStep(view, step);
      const agreed = step.type === 'adopt' ? view.durable.agreed : null;
      this.#judgeRemoved(view, view.write(step));
      if (agreed !== null && !view.durable.holds(agreed)) this.#kept(`n${server} adopts a state`, agreed);
    }
    const { accepted, current } = view.epochs;
    const covered = accepted >= current && accepted >= epochOf(view.durable.last.zxid);
    if (!covered && view.lost === null) {
      const last = shortZxid(view.durable.last.zxid);
      this.report('Z9', `n${server} has promised epoch ${accepted}, is in epoch ${current} and has logged ${last}`);
    }
    view.settle();
  }

  #judgeStep(view: ServerView, step: Step): void {
    const { epochs, currentFloor, durable } = view;
    if (step.type === 'accepted-epoch' && step.epoch < epochs.accepted) {
      this.report('Z9', `n${view.id} takes back its promise of epoch ${epochs.accepted} for epoch ${step.epoch}`);
    } else if (step.type === 'current-epoch' && step.epoch !== 0 && step.epoch < currentFloor) {
      this.report('Z9', `n${view.id} falls back from epoch ${currentFloor} to epoch ${step.epoch}`);
    } else if (step.type === 'current-epoch' && step.epoch !== 0 && view.voter && step.epoch < epochs.accepted) {
      this.report('Z9', `n${view.id} enters epoch ${step.epoch} and had promised epoch ${epochs.accepted}`);
    } else if (step.type === 'current-epoch' && view.hadBegun(step.epoch)) {
      this.report('Z9', `n${view.id} enters epoch ${step.epoch}, which began before it was back with a lost disk`);
    } else if (step.type === 'append' && (step.entry.parent ?? durable.last) !== durable.last) {
      const place = `${shortZxid(step.entry.zxid)} behind ${shortZxid(durable.last.zxid)}`;
      this.report('Z10', `n${view.id} writes ${place}, which is not its predecessor`);
    }
  }

  #judgeRemoved(view: ServerView, removed: readonly Entry[]): void {
    const gone = removed.find(({ canonical }) => canonical);
    if (gone === undefined || view.lost !== null) return;
    this.report('Z7', `n${view.id} removes ${shortZxid(gone.zxid)} from its log, which was applied`);
  }

  // ---- agreement

  /** A server takes a role: from the replica's log effect of that name. */
  role(server: number, role: Role, epoch: number, leader: number): void {
    const view = this.#server(server);
    if (role === 'looking') {
      view.leads = 0;
      return;
    }
    const known = this.#leaders.get(epoch);
    if (role !== 'leading') {
      if (known !== leader)
        this.report('Z1', `n${server} follows n${leader} in epoch ${epoch}, which is not its leader`);
      return;
    }
    if (known !== undefined) this.report('Z1', `n${server} leads in epoch ${epoch}, as n${known} did`);
    else this.#leaders.set(epoch, server);
    view.leads = epoch;
    const due = this.#endBefore(epoch);
    if (!view.memory.holds(due) || !view.durable.holds(due)) {
      this.report('Z6', `n${server} leads in epoch ${epoch} without ${shortZxid(due.zxid)}, which was applied`);
    }
    if (view.epochs.current !== epoch) {
      this.report('Z8', `n${server} leads in epoch ${epoch}, and its disk says ${view.epochs.current}`);
    }
    this.#kept(`n${server} leads in epoch ${epoch} from a history`, view.memory.last);
  }

  /** A message leaves the process. */
  left(server: number, to: number, message: PeerMessage): void {
    judgeMessage(this, this.#server(server), to, message);
  }

  /** Somebody calls everything up to a zxid committed. */
  claimCommitted(who: string, zxid: number): void {
    const { records } = this;
    if (zxid === 0 || records.isForgotten(zxid)) return;
    const entry = records.findAt(zxid, (one) => one.canonical || this.#copies(one) >= majority(this.#voters.length));
    if (entry === null)
      this.report('Z7', `${who} calls ${shortZxid(zxid)} committed, which no majority of disks holds`);
  }

  /** A majority of disks holds a record. */
  #kept(what: string, entry: Entry): void {
    const copies = this.#copies(entry);
    if (copies >= majority(this.#voters.length)) return;
    const of = `${copies} of ${this.#voters.length} voters hold it`;
    this.report('Z7', `${what} up to ${shortZxid(entry.zxid)}, and ${of} on their disks`);
  }

  #copies(entry: Entry): number {
    let copies = 0;
    for (const view of this.#voters) if (view.accountsFor(entry)) copies++;
    return copies;
  }

  // ---- what is shown

  /** What a server's tree shows: at the end of each turn, or more often. */
  applied(server: number, position: Position, digest: number): void {
    const view = this.#server(server);
    const entry = this.records.find(position);
    if (entry === null) {
      if (this.records.isForgotten(position.zxid)) return;
      this.report('Z3', `n${server} shows ${shortZxid(position.zxid)}, which no leader has proposed so`);
      return;
    }
    if (entry !== view.applied) this.#moved(view, entry);
    if (!entry.canonical) return;
    if (entry.digest === null) entry.digest = digest;
    else if (entry.digest !== digest) {
      const digests = `${formatHash(digest)}, not ${formatHash(entry.digest)}`;
      this.report('Z11', `n${server} shows ${shortZxid(entry.zxid)} with digest ${digests}`);
    }
  }

  #moved(view: ServerView, entry: Entry): void {
    const at = shortZxid(entry.zxid);
    if (entry.index < view.applied.index && entry !== view.adopted) {
      this.report('Z5', `n${view.id} shows ${at} after ${shortZxid(view.applied.zxid)}`);
    }
    view.applied = entry;
    if (entry === view.adopted) view.adopted = null;
    if (!view.durable.holds(entry)) this.report('Z10', `n${view.id} shows ${at}, which is not on its disk`);
    if (entry.canonical) return;
    const before = this.records.end;
    if (!this.records.extend(entry)) {
      this.report(
        'Z2',
        `n${view.id} shows ${at}, which does not continue ${shortZxid(before.zxid)}, which was applied`,
      );
      return;
    }
    this.#kept(`n${view.id} shows`, entry);
    if (entry.index >= this.#forgetAt) this.#forget();
  }

  /** A client was given an answer that shows this zxid. */
  answered(zxid: number): void {
    if (zxid === 0 || this.records.isForgotten(zxid)) return;
    if (this.records.findAt(zxid, ({ canonical }) => canonical) !== null) return;
    this.report('Z7', `a client is shown ${shortZxid(zxid)}, which no server has applied`);
  }

  /** Z12, of what a healed core shows once all is quiet: the same, and all that was ever applied. */
  settled(core: readonly { readonly server: number; readonly position: Position; readonly digest: number }[]): void {
    const { end } = this.records;
    for (const { server, position, digest } of core) {
      if (position.zxid !== end.zxid || position.chain !== end.chain) {
        this.report(
          'Z12',
          `n${server} shows ${shortZxid(position.zxid)} in the end, and others ${shortZxid(end.zxid)}`,
        );
      } else if (end.digest !== null && digest !== end.digest) {
        const digests = `${formatHash(digest)}, not ${formatHash(end.digest)}`;
        this.report('Z12', `n${server} ends at ${shortZxid(position.zxid)} with digest ${digests}`);
      }
    }
  }

  /** Forgets what lies below every log and behind the last `keep` canonical records. */
  #forget(): void {
    const { end } = this.records;
    this.#forgetAt = end.index + FORGET_EVERY;
    let upTo = end.index - this.#keep;
    for (const { durable, memory, applied, lost } of this.#views.values()) {
      for (const { index } of [durable.base, memory.base, applied]) if (index >= 0) upTo = Math.min(upTo, index);
      if (lost !== null) upTo = Math.min(upTo, lost.until.index);
    }
    this.records.forget(upTo);
  }

  #server(id: number): ServerView {
    const view = this.#views.get(id);
    if (view === undefined) throw new Error(`there is no server ${id}`);
    return view;
  }
}
