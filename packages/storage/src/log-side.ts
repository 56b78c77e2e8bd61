/**
 * The loop's side of the log: group commit. While the worker writes one batch, everything persisted meanwhile waits and
 * goes out as the next, so the number of syncs follows the disk and not the number of requests.
 */
import type { Zxid } from '@synod/protocol';
import type { LogRecord, PersistOp, Position } from '@synod/zab';
import { unpackRecords, type Block } from './blocks.js';
import type { Link } from './link.js';
import { toWire, type LogRequest, type Pruned } from './messages.js';

/** Bodies of one batch, more or less: bounds the time until the first of a long queue is durable. */
const BATCH_BYTES = 8 * 1_048_576;
/** Records appended under steady load between two slices of pruning; a slice removes more, so pruning keeps up. */
const PRUNE_EVERY = 1024;

/** Whom the log tells. */
export interface LogListener {
  onDurable(token: number): void;
  /** An adoption is durable; called before its `onDurable`. */
  onAdopted(): void;
  onPruned(base: Position): void;
}

interface Persist {
  readonly token: number;
  readonly ops: readonly PersistOp[];
}

/** Queues what is to be persisted and keeps the log worker busy. */
export class LogSide {
  readonly #link: Link<LogRequest>;
  readonly #listener: LogListener;
  readonly #stagedNumber: () => number;
  #queue: Persist[] = [];
  #busy = false;
  #pruneTo: Zxid = 0;
  #pruning = false;
  #appended = 0;
  #draining = false;
  #whenIdle: (() => void)[] = [];

  /** `stagedNumber` tells which state file an adoption brings into use. */
  constructor(link: Link<LogRequest>, listener: LogListener, stagedNumber: () => number) {
    this.#link = link;
    this.#listener = listener;
    this.#stagedNumber = stagedNumber;
  }

  persist(token: number, ops: readonly PersistOp[]): void {
    if (ops.some((op) => op.type === 'adopt')) this.#pruneTo = 0;
    this.#queue.push({ token, ops });
    if (!this.#busy) this.#flush();
  }

  async read(after: Zxid, bytes: number): Promise<LogRecord[] | null> {
    const block = await this.#link.call<Block | null>({ type: 'read', after, bytes });
    return block === null ? null : unpackRecords(block);
  }

  /** Records up to there are no longer needed. */
  prunable(upTo: Zxid): void {
    this.#pruneTo = Math.max(this.#pruneTo, upTo);
    this.#prune();
  }

  /** Stops pruning, and resolves when nothing is queued and nothing is being written; never after a failure. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#checkIdle();
    });
  }

  #flush(): void {
    const batch = this.#take();
    const last = batch.at(-1);
    if (last === undefined) return;
    this.#busy = true;
    const ops = batch.map((persist) => persist.ops);
    const adopts = ops.some((list) => list.some((op) => op.type === 'adopt'));
    const wire = toWire(ops, adopts ? this.#stagedNumber() : 0);
    this.#link.call({ type: 'batch', ops: wire.ops }, wire.transfer).then(() => {
      this.#durable(last.token, adopts);
    }, ignoreFailure);
  }

  #durable(token: number, adopted: boolean): void {
    this.#busy = false;
    if (adopted) this.#listener.onAdopted();
    this.#prune();
    this.#flush();
    this.#listener.onDurable(token);
    this.#checkIdle();
  }

  /** Takes whole persists from the queue until the batch is large enough. */
  #take(): Persist[] {
    let count = 0;
    for (let bytes = 0; count < this.#queue.length && bytes < BATCH_BYTES; count++) {
      for (const op of this.#queue[count]!.ops) {
        if (op.type !== 'append') continue;
        this.#appended += op.records.length;
        for (const record of op.records) bytes += record.body.length;
      }
    }
    if (count < this.#queue.length) return this.#queue.splice(0, count);
    const all = this.#queue;
    this.#queue = [];
    return all;
  }

  /** Sends a slice when the worker would be idle, or when it is overdue. */
  #prune(): void {
    if (this.#pruneTo === 0 || this.#pruning || this.#draining) return;
    const idle = !this.#busy && this.#queue.length === 0;
    if (!idle && this.#appended < PRUNE_EVERY) return;
    const upTo = this.#pruneTo;
    this.#pruning = true;
    this.#appended = 0;
    this.#link.call<Pruned>({ type: 'prune', upTo }).then((pruned) => {
      this.#pruned(upTo, pruned);
    }, ignoreFailure);
  }

  #pruned(upTo: Zxid, { base, removed, more }: Pruned): void {
    this.#pruning = false;
    if (!more && this.#pruneTo === upTo) this.#pruneTo = 0;
    if (removed) this.#listener.onPruned(base);
    this.#prune();
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#busy || this.#queue.length > 0 || this.#pruning) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

/** The link has reported the failure already. */
function ignoreFailure(): void {
  return undefined;
}
