/** The durable side of one server: opens its data directory and holds the two workers together. */
import type { Zxid } from '@synod/protocol';
import type { LogRecord, PersistOp, Position, StateChunk } from '@synod/zab';
import { unpackRecords } from './blocks.js';
import { databaseBytes, names } from './files.js';
import type { Link } from './link.js';
import { LogSide } from './log-side.js';
import type { LogOpened, LogRequest, StateRequest } from './messages.js';
import type { Proof } from './recover.js';
import type { StateRow } from './state-file.js';
import { StateSide, type FoldChunk } from './state-side.js';
import { StorageError } from './storage-error.js';
import type { Workers } from './workers.js';

/** Where the data is, whose it is, and whom to tell. The callbacks come on the loop, never from within a call. */
export interface StorageOptions {
  /** Made where it is missing. */
  readonly dir: string;
  readonly cluster: string;
  readonly server: number;
  /** False: `openStorage` throws DAMAGED instead of repairing, and destroys nothing. Default true. */
  readonly repairable?: boolean;
  /** Records kept in the log for followers that are behind, besides those not folded yet. Default 100,000. */
  readonly retainRecords?: number;
  /** Bytes so kept; what is reached first counts. Default 64 MiB. */
  readonly retainBytes?: number;
  /** The persist with this token, and every earlier one, is durable. */
  onDurable(token: number): void;
  /** The fold that ended with this position is durable. */
  onFolded(position: Position): void;
  /** Records up to there have left the log. */
  onPruned?(base: Position): void;
  /** Once: the disk failed, or damage was found while running. Nothing is acknowledged any more; the host exits. */
  onFailure(error: Error): void;
}

/** What a server knows of itself when it starts. */
export interface Recovered extends Proof {
  /** All records behind `state.position`. */
  readonly tail: readonly LogRecord[];
}

/** The durable side of one server. All methods return at once; the work is done by workers. */
export interface Storage {
  readonly recovered: Recovered;
  /**
   * Hands out the state at rest in batches of about 1000 rows, in bytewise order of keys; values are views into one
   * buffer for each batch. Only then does the log begin to be pruned: until the rows are proven it may be what they are
   * made anew from. Rejects with DAMAGED where a row, their number or their sum is wrong: then close, and open
   * again for a storage that knows of the damage.
   */
  loadState(onRows: (rows: StateRow[]) => void): Promise<void>;
  /** First in, first out. Bodies are copied at the latest when they are written, and must not change until durable. */
  persist(token: number, ops: readonly PersistOp[]): void;
  /**
   * Verified records behind `after`, without gap, until their bodies exceed `bytes`; at least one if there is one. Null
   * where the log does not reach back so far. Sees everything that was durable at the time of the call.
   */
  readLog(after: Zxid, bytes: number): Promise<LogRecord[] | null>;
  /** Chunks up to one with `last` become durable together. An adoption drops what is not durable by then. */
  fold(chunk: FoldChunk): void;
  /** The next rows of the state at rest for another server. Folding waits from the first call until `releaseState`. */
  readState(cursor: string | null): Promise<StateChunk>;
  releaseState(): void;
  /** Adds to a state received from another server; null, or words that say why the attempt is of no use. */
  stage(first: boolean, chunk: StateChunk): Promise<string | null>;
  /** Bytes on disk. */
  sizes(): { readonly logBytes: number; readonly stateBytes: number };
  /** Finishes what is queued, closes all files and frees the lock. */
  close(): Promise<void>;
}

/**
 * Opens the data directory of these workers, whatever `options.dir` says. Throws StorageError with words for the operator.
 */
export async function openWith(workers: Workers, options: StorageOptions): Promise<Storage> {
  const { cluster, server, repairable = true, retainRecords = 100_000, retainBytes = 64 * 1_048_576 } = options;
  const failure = new Failure();
  const owner = { cluster, server, repairable };
  const log = workers.log({ owner, retention: { records: retainRecords, bytes: retainBytes } }, failure.report);
  let state: Link<StateRequest> | null = null;
  try {
    const opened = await log.started<LogOpened>();
    state = workers.state({ identity: opened.identity, number: opened.stateNumber }, failure.report);
    await state.started<null>();
    if (failure.error !== null) throw failure.error;
    return new OpenStorage(options, workers, failure, log, state, opened);
  } catch (error) {
    await state?.stop();
    await log.stop();
    throw error;
  }
}

/** Turns the first failure of either worker into the end of both, and into one call of the host. */
class Failure {
  error: StorageError | null = null;
  /** Set once the storage is open; before, whoever called openStorage gets the error. */
  serving: ((error: StorageError) => void) | null = null;

  readonly report = (error: StorageError): void => {
    if (this.error !== null) return;
    this.error = error;
    this.serving?.(error);
  };
}

class OpenStorage implements Storage {
  readonly recovered: Recovered;
  readonly #disk: Workers['disk'];
  readonly #failure: Failure;
  readonly #logLink: Link<LogRequest>;
  readonly #stateLink: Link<StateRequest>;
  readonly #log: LogSide;
  readonly #state: StateSide;
  /** Highest place that folds were asked for. */
  #folded: Zxid;
  /** What the state at rest reflects for certain: the log may be pruned up to there. */
  #atRest: Zxid;
  /** Resolves when something failed. */
  readonly #failed: Promise<void>;
  #closing: Promise<void> | null = null;

  constructor(
    options: StorageOptions,
    { disk }: Workers,
    failure: Failure,
    log: Link<LogRequest>,
    state: Link<StateRequest>,
    { proof, tail, stateNumber }: LogOpened,
  ) {
    this.recovered = { ...proof, tail: tail.flatMap(unpackRecords) };
    this.#disk = disk;
    this.#failure = failure;
    this.#logLink = log;
    this.#stateLink = state;
    this.#folded = proof.state.position.zxid;
    this.#atRest = this.#folded;
    const listener = {
      onDurable: (token: number) => {
        if (failure.error === null) options.onDurable(token);
      },
      onAdopted: () => {
        this.#state.endAdoption();
      },
      onPruned: (base: Position) => {
        options.onPruned?.(base);
      },
    };
    this.#log = new LogSide(log, listener, () => this.#state.number + 1);
    this.#state = new StateSide(state, stateNumber, (position) => {
      if (failure.error !== null) return;
      this.#atRest = position.zxid;
      this.#log.prunable(position.zxid);
      options.onFolded(position);
    });
    this.#failed = new Promise((resolve) => {
      failure.serving = (error) => {
        log.fail(error);
        state.fail(error);
        resolve();
        options.onFailure(error);
      };
    });
  }

  async loadState(onRows: (rows: StateRow[]) => void): Promise<void> {
    this.#assertOpen();
    await this.#state.load(onRows);
    this.#log.prunable(this.#atRest);
  }

  persist(token: number, ops: readonly PersistOp[]): void {
    if (this.#failure.error !== null) return;
    this.#assertOpen();
    for (const op of ops) {
      if (op.type === 'truncate' && op.after.zxid < this.#folded) {
        throw new StorageError('INTERNAL', 'the log is truncated to before what the state at rest reflects');
      }
      if (op.type !== 'adopt') continue;
      this.#state.beginAdoption(op.base);
      this.#folded = op.base.zxid;
      this.#atRest = 0;
    }
    this.#log.persist(token, ops);
  }

  async readLog(after: Zxid, bytes: number): Promise<LogRecord[] | null> {
    this.#assertOpen();
    return this.#log.read(after, bytes);
  }

  fold(chunk: FoldChunk): void {
    if (this.#failure.error !== null) return;
    this.#assertOpen();
    this.#folded = Math.max(this.#folded, chunk.position.zxid);
    this.#state.fold(chunk);
  }

  async readState(cursor: string | null): Promise<StateChunk> {
    this.#assertOpen();
    return this.#state.read(cursor);
  }

  releaseState(): void {
    this.#state.release();
  }

  async stage(first: boolean, chunk: StateChunk): Promise<string | null> {
    this.#assertOpen();
    return this.#state.stage(first, chunk);
  }

  sizes(): { logBytes: number; stateBytes: number } {
    return {
      logBytes: databaseBytes(this.#disk, names.log),
      stateBytes: databaseBytes(this.#disk, names.state(this.#state.number)),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await Promise.race([this.#finish(), this.#failed]);
    } finally {
      await this.#stateLink.stop();
      await this.#logLink.stop();
    }
  }

  /** The log is emptied first, for an adoption in it switches the state; it closes last, for it holds the lock. */
  async #finish(): Promise<void> {
    try {
      await this.#log.drain();
      await this.#state.close();
      await this.#logLink.call({ type: 'close' });
    } catch (error) {
      if (this.#failure.error === null) throw error;
    }
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new StorageError('CLOSED', 'the storage is closed');
  }
}
