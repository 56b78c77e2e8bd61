/** The work of the state at rest: folds, loads, reads, stages. See messages.ts for what it is asked. */
import type { StateChunk } from '@synod/zab';
import { packRows, unpackRows } from './blocks.js';
import type { Disk } from './disk.js';
import { names, removeDatabase } from './files.js';
import type { Identity } from './log-file.js';
import type { Loaded, StateRequest, StateWorkerData } from './messages.js';
import { removeNote, writeNote } from './note.js';
import { configure } from './sql.js';
import { Stage } from './stage.js';
import { CHUNK_BYTES, packChunk } from './state-chunk.js';
import { NO_ROWS, StateFile, type RowBatch, type Totals } from './state-file.js';
import { codeOf, StorageError, toStorageError } from './storage-error.js';
import { Refusal, type Reply, type Work } from './work.js';

/** Rows of one batch while loading, and the bytes that end it earlier. */
const LOAD_ROWS = 1000;
const LOAD_BYTES = 1_048_576;

/** Holds the state file in use, and the one that may come into use. */
export class StateWork implements Work<StateRequest> {
  readonly #disk: Disk;
  readonly #identity: Identity;
  #number: number;
  #state: StateFile | null = null;
  #stage: Stage | null = null;
  /** Totals up to each cursor handed out: what is read in pieces, by several readers, is still checked as a whole. */
  readonly #cursors = new Map<string, Totals>();

  constructor(disk: Disk, { identity, number }: StateWorkerData) {
    this.#disk = disk;
    this.#identity = identity;
    this.#number = number;
  }

  /** Answers null. The directory must have been opened by the log's work. */
  start(): Reply {
    const sql = this.#disk.openSql(names.state(this.#number), false);
    configure(sql);
    this.#state = StateFile.open(sql, this.#identity, this.#number);
    return { value: null };
  }

  handle(request: StateRequest): Reply {
    const state = this.#inUse;
    switch (request.type) {
      case 'fold':
        state.fold(unpackRows(request.block), request.position, request.digest, request.last);
        return { value: null };
      case 'load':
        return this.#load(request.after, request.before);
      case 'read':
        return this.#read(request.cursor);
      case 'release':
        this.#cursors.clear();
        return { value: null };
      case 'stage':
        return { value: this.#addToStage(request.first, request.chunk) };
      case 'switch':
        this.#useStaged();
        return { value: null };
      case 'close':
        this.#dropStage();
        state.close();
        return { value: null };
    }
  }

  /** Damage that is found while running is noted for the next start, which can repair it. */
  explain(cause: unknown): StorageError {
    const file = names.state(this.#number);
    const error = toStorageError(cause, file);
    if (error.code === 'DAMAGED') writeNote(this.#disk, { file, reason: error.message });
    return error;
  }

  get #inUse(): StateFile {
    if (this.#state === null) throw new StorageError('INTERNAL', 'the state is asked before it was opened');
    return this.#state;
  }

  /** Damage refuses the loading and is noted for the next start; the host has not begun to serve yet. */
  #load(after: string, before: Totals): Reply {
    let batch: RowBatch;
    try {
      batch = this.#inUse.read(after, before, LOAD_ROWS, LOAD_BYTES);
    } catch (error) {
      if (codeOf(error) !== 'DAMAGED' && !codeOf(error).startsWith('SQLITE_CORRUPT')) throw error;
      throw new Refusal(this.explain(error));
    }
    const block = packRows(batch.rows);
    const value: Loaded = { block, totals: batch.totals, next: batch.next };
    return { value, transfer: [block.buffer] };
  }

  #read(cursor: string | null): Reply {
    const before = cursor === null ? NO_ROWS : this.#cursors.get(cursor);
    if (before === undefined) {
      throw new Refusal(new StorageError('CLOSED', 'this reading of the state was given up; start it anew'));
    }
    const { rows, totals, next } = this.#inUse.read(cursor ?? '', before, Infinity, CHUNK_BYTES);
    if (next !== null) this.#cursors.set(next, totals);
    const packed = packChunk(rows, next === null ? totals : null);
    const { position, digest } = this.#inUse.header;
    const value: StateChunk = { position, rows: packed, cursor: next, digest };
    return { value, transfer: [packed.buffer] };
  }

  #addToStage(first: boolean, chunk: StateChunk): string | null {
    if (first) {
      this.#dropStage();
      this.#stage = Stage.begin(this.#disk, this.#identity, this.#number + 1, chunk);
    }
    if (this.#stage === null) return 'no first chunk came before';
    const problem = this.#stage.add(chunk);
    if (problem !== null) this.#dropStage();
    return problem;
  }

  #useStaged(): void {
    const stage = this.#stage;
    if (!stage?.finished) throw new StorageError('INTERNAL', 'a state comes into use that was not staged to its end');
    this.#inUse.close();
    this.#cursors.clear();
    this.#state = stage.file;
    this.#stage = null;
    removeDatabase(this.#disk, names.state(this.#number));
    this.#number++;
    removeNote(this.#disk);
  }

  #dropStage(): void {
    this.#stage?.drop();
    this.#stage = null;
  }
}
