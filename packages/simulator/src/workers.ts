/**
 * Storage's two workers without threads: the same work, done at virtual times on a simulated disk. A request takes as long
 * as the disk needs; where the power goes while it is worked on, nobody is told anything any more.
 */
import { Calls, type Link } from '@synod/storage/link';
import { unpackRecords, type Block } from '@synod/storage/blocks';
import { LogWork } from '@synod/storage/log-work';
import {
  fromWire,
  type LogOpened,
  type LogRequest,
  type LogWorkerData,
  type Pruned,
  type StateRequest,
  type StateWorkerData,
} from '@synod/storage/messages';
import { StateWork } from '@synod/storage/state-work';
import type { StorageError } from '@synod/storage/storage-error';
import { Answering, type Answered, type Work } from '@synod/storage/work';
import type { Workers } from '@synod/storage/workers';
import type { PersistOp, Position } from '@synod/zab';
import { PowerCut, type SimDisk } from './disk/sim-disk.js';
import type { Process } from './process.js';
import type { Random } from './random.js';

/** How long the disk takes; milliseconds. */
export interface DiskSpeed {
  readonly mean: number;
  /** Chance of a request that takes up to `tailMs`. */
  readonly tail: number;
  readonly tailMs: number;
}

/** Who is told what became durable. */
export interface DiskObserver {
  /** The directory was opened; these places lie in its log. */
  opened(opened: LogOpened, held: readonly Position[]): void;
  durable(ops: readonly PersistOp[]): void;
  pruned(base: Position): void;
  /** The power went in the middle of a write. */
  powerCut(): void;
  /** Promises may have been settled: their continuations have to run. */
  settled(): void;
}

export class SimWorkers implements Workers {
  readonly disk: SimDisk;
  readonly #process: Process;
  readonly #random: Random;
  readonly #speed: DiskSpeed;
  readonly #observer: DiskObserver;
  /** The disk does nothing before this moment. */
  stalledUntil = 0;
  /** What concerns the state at rest takes so much longer, on average; milliseconds. */
  stateSlowMs = 0;

  constructor(disk: SimDisk, process: Process, random: Random, speed: DiskSpeed, observer: DiskObserver) {
    this.disk = disk;
    this.#process = process;
    this.#random = random;
    this.#speed = speed;
    this.#observer = observer;
  }

  log(data: LogWorkerData, onFatal: (error: StorageError) => void): Link<LogRequest> {
    const work = new LogWork(this.disk, data);
    const done = (request: LogRequest | null, value: unknown): void => {
      if (request === null) this.#observer.opened(value as LogOpened, heldBy(work, value as LogOpened));
      else if (request.type === 'batch') this.#observer.durable(fromWire(request.ops));
      else if (request.type === 'prune') this.#observer.pruned((value as Pruned).base);
    };
    const extra = (): number => 0;
    return new SimLink(work, this, extra, onFatal, done, () => this.disk.processDied());
  }

  state(data: StateWorkerData, onFatal: (error: StorageError) => void): Link<StateRequest> {
    const extra = (): number => (this.stateSlowMs > 0 ? this.#random.exponential(this.stateSlowMs) : 0);
    return new SimLink(new StateWork(this.disk, data), this, extra, onFatal, () => undefined);
  }

  /** Milliseconds until a request is done. */
  delay(): number {
    const { mean, tail, tailMs } = this.#speed;
    const { now } = this.#process.timeline;
    let ms = this.#random.exponential(mean);
    if (tail > 0 && this.#random.chance(tail)) ms += this.#random.float() * tailMs;
    return Math.max(this.stalledUntil - now, 0) + ms;
  }

  after(ms: number, action: () => void): void {
    this.#process.timeline.after(
      ms,
      this.#process.guard(() => {
        action();
        this.#observer.settled();
      }),
    );
  }

  settled(): void {
    this.#observer.settled();
  }

  powerCut(): void {
    this.#observer.powerCut();
  }
}

function heldBy(work: LogWork, { proof }: LogOpened): Position[] {
  const { value } = work.handle({ type: 'read', after: proof.base.zxid, bytes: Infinity });
  return unpackRecords(value as Block).map(({ zxid, chain }) => ({ zxid, chain }));
}

/** One worker: requests in order, one at a time; `extra` milliseconds are added to what each takes. */
class SimLink<Request> implements Link<Request> {
  readonly #answering: Answering<Request>;
  readonly #workers: SimWorkers;
  readonly #extra: () => number;
  readonly #calls: Calls;
  readonly #done: (request: Request | null, value: unknown) => void;
  readonly #onStop: () => void;
  readonly #queue: (Request | null)[] = [];
  #busy = false;
  #dead = false;

  constructor(
    work: Work<Request>,
    workers: SimWorkers,
    extra: () => number,
    onFatal: (error: StorageError) => void,
    done: (request: Request | null, value: unknown) => void,
    onStop: () => void = () => undefined,
  ) {
    this.#onStop = onStop;
    this.#answering = new Answering(work);
    this.#workers = workers;
    this.#extra = extra;
    this.#calls = new Calls(onFatal);
    this.#done = done;
    this.#enqueue(null);
  }

  started<T>(): Promise<T> {
    return this.#calls.expect<T>();
  }

  call<T>(request: Request): Promise<T> {
    if (this.#calls.failure !== null) return Promise.reject(this.#calls.failure);
    this.#enqueue(request);
    return this.#calls.expect<T>();
  }

  fail(error: StorageError): void {
    this.#dead = true;
    this.#calls.fail(error);
    this.#workers.settled();
  }

  /** As the end of a thread does, the end of the log's work frees what is open; it is ended last. */
  stop(): Promise<void> {
    this.#dead = true;
    this.#calls.stop('the worker');
    this.#onStop();
    this.#workers.settled();
    return Promise.resolve();
  }

  #enqueue(request: Request | null): void {
    this.#queue.push(request);
    if (!this.#busy) this.#next();
  }

  #next(): void {
    const request = this.#queue.shift();
    this.#busy = request !== undefined;
    if (request === undefined) return;
    this.#workers.after(this.#workers.delay() + this.#extra(), () => {
      if (this.#dead) return;
      const answered = this.#work(request);
      if (answered === null) return;
      if (answered.answer.ok) this.#done(request, answered.answer.value);
      this.#calls.answer(answered.answer);
      this.#next();
    });
  }

  /** Null where nobody is told the outcome any more. */
  #work(request: Request | null): Answered | null {
    try {
      const answered = request === null ? this.#answering.start() : this.#answering.handle(request);
      // A failure may be the power's: then the disk refuses the simplest question.
      if (answered?.answer.ok === false) this.#workers.disk.list();
      return answered;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    this.#dead = true;
    this.#workers.powerCut();
    return null;
  }
}
