/**
 * The loop's side of the state at rest: what may happen when.
 *
 * While the state is read (for another server, or into memory) folding waits, so that everything read shows one place of
 * the log; a fold that has begun is finished first. While an adoption is on its way to the disk everything waits, for the
 * file it brings into use.
 */
import type { Position, StateChunk } from '@synod/zab';
import { packRows, unpackRows, type Block } from './blocks.js';
import type { Link } from './link.js';
import type { Loaded, StateRequest } from './messages.js';
import { NO_ROWS, type RowChange, type StateRow } from './state-file.js';
import { StorageError } from './storage-error.js';

/** A part of a fold: rows that changed up to `position`. */
export interface FoldChunk {
  readonly position: Position;
  /** Digest of the state machine at `position`. */
  readonly digest: number;
  readonly rows: readonly RowChange[];
  /** All chunks up to this one become durable together. */
  readonly last: boolean;
}

interface PackedFold {
  readonly block: Block;
  readonly position: Position;
  readonly digest: number;
  readonly last: boolean;
}

interface Pending {
  readonly run: () => void;
  readonly reject: (error: StorageError) => void;
}

/** Orders the work of the state worker. */
export class StateSide {
  readonly #link: Link<StateRequest>;
  readonly #onFolded: (position: Position) => void;
  #number: number;
  #staged: Position | null = null;
  #adopting = false;
  /** Grows with each adoption: answers for an earlier state are dropped. */
  #generation = 0;
  #reading = false;
  #loads = 0;
  /** Grows when the loads that go on have to end. */
  #loadRound = 0;
  #foldOpen = false;
  #folds: PackedFold[] = [];
  /** Readings that wait for the end of a fold. */
  #still: Pending[] = [];
  /** Everything that came while an adoption was on its way. */
  #deferred: (() => void)[] = [];

  constructor(link: Link<StateRequest>, number: number, onFolded: (position: Position) => void) {
    this.#link = link;
    this.#number = number;
    this.#onFolded = onFolded;
  }

  /** Number of the file in use. */
  get number(): number {
    return this.#number;
  }

  fold(chunk: FoldChunk): void {
    const { position, digest, last } = chunk;
    const packed = { block: packRows(chunk.rows), position, digest, last };
    if (this.#adopting) this.#deferred.push(() => this.#enqueueFold(packed));
    else this.#enqueueFold(packed);
  }

  async load(onRows: (rows: StateRow[]) => void): Promise<void> {
    if (this.#adopting) await this.#turn();
    const round = this.#loadRound;
    this.#loads++;
    try {
      if (this.#foldOpen) await this.#stillness();
      let batch = this.#loadBatch('', NO_ROWS);
      for (;;) {
        const { block, totals, next } = await batch;
        // The worker reads on while these rows are used.
        if (next !== null && round === this.#loadRound) batch = this.#loadBatch(next, totals);
        onRows(unpackRows(block) as StateRow[]);
        if (next === null) return;
        if (round !== this.#loadRound) throw replaced();
      }
    } finally {
      if (round === this.#loadRound) this.#loads--;
      this.#resume();
    }
  }

  async read(cursor: string | null): Promise<StateChunk> {
    if (this.#adopting) throw replaced();
    this.#reading = true;
    if (this.#foldOpen) await this.#stillness();
    return this.#link.call<StateChunk>({ type: 'read', cursor });
  }

  release(): void {
    if (!this.#reading) return;
    this.#reading = false;
    this.#link.call({ type: 'release' }).catch(() => undefined);
    this.#resume();
  }

  async stage(first: boolean, chunk: StateChunk): Promise<string | null> {
    const { position, cursor, digest } = chunk;
    // Not slice(): of a Buffer that would be a view, and the transfer would take the memory of its neighbours along.
    const rows = new Uint8Array(chunk.rows);
    if (this.#adopting) await this.#turn();
    this.#staged = null;
    const request: StateRequest = { type: 'stage', first, chunk: { position, cursor, digest, rows } };
    const problem = await this.#link.call<string | null>(request, [rows.buffer]);
    if (problem === null && cursor === null) this.#staged = position;
    return problem;
  }

  /** An adoption is on its way to the disk: what was meant for the old state is given up. */
  beginAdoption(base: Position): void {
    if (this.#adopting || this.#staged?.zxid !== base.zxid || this.#staged.chain !== base.chain) {
      throw new StorageError('INTERNAL', 'a state is adopted that was not staged');
    }
    this.#adopting = true;
    this.#generation++;
    this.#loadRound++;
    this.#reading = false;
    this.#loads = 0;
    this.#foldOpen = false;
    this.#folds = [];
    for (const { reject } of this.#still.splice(0)) reject(replaced());
  }

  /** The adoption is durable: the staged file is the state now. */
  endAdoption(): void {
    this.#link.call({ type: 'switch' }).catch(() => undefined);
    this.#number++;
    this.#staged = null;
    this.#adopting = false;
    for (const run of this.#deferred.splice(0)) run();
  }

  /** Finishes what is queued and closes the file. A fold without its last chunk is given up. */
  async close(): Promise<void> {
    this.#loadRound++;
    this.#loads = 0;
    this.#reading = false;
    this.#resume();
    await this.#link.call({ type: 'close' });
  }

  #loadBatch(after: string, before: typeof NO_ROWS): Promise<Loaded> {
    const batch = this.#link.call<Loaded>({ type: 'load', after, before });
    // It is awaited one batch later, and never where the reader of the rows throws.
    batch.catch(() => undefined);
    return batch;
  }

  #enqueueFold(packed: PackedFold): void {
    const continues = this.#foldOpen && this.#folds.length === 0;
    if (this.#paused && !continues) this.#folds.push(packed);
    else this.#postFold(packed);
  }

  #postFold(packed: PackedFold): void {
    const generation = this.#generation;
    const { position, last } = packed;
    this.#foldOpen = !last;
    this.#link.call({ type: 'fold', ...packed }, [packed.block.buffer]).then(
      () => {
        if (last && generation === this.#generation) this.#onFolded(position);
      },
      () => undefined,
    );
    if (last) for (const { run } of this.#still.splice(0)) run();
  }

  get #paused(): boolean {
    return this.#reading || this.#loads > 0;
  }

  #resume(): void {
    while (!this.#paused && !this.#adopting) {
      const packed = this.#folds.shift();
      if (packed === undefined) return;
      this.#postFold(packed);
    }
  }

  /** Resolves when the adoption that is on its way is durable. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#deferred.push(resolve);
    });
  }

  /** Resolves when the last chunk of the fold that has begun is on its way. */
  #stillness(): Promise<void> {
    return new Promise((run, reject) => {
      this.#still.push({ run, reject });
    });
  }
}

function replaced(): StorageError {
  return new StorageError('CLOSED', 'the state was replaced, or the storage closed, while it was read');
}
