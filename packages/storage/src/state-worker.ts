/** The thread of the state at rest: folds, loads, reads, stages. See messages.ts for what it is asked. */
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import type { StateChunk } from '@synod/zab';
import { packRows, unpackRows } from './blocks.js';
import { names, removeDatabase } from './files.js';
import type { Loaded, StateRequest, StateWorkerData } from './messages.js';
import { removeNote, writeNote } from './note.js';
import { configure } from './sql.js';
import { openSqlite } from './sqlite.js';
import { Stage } from './stage.js';
import { CHUNK_BYTES, packChunk } from './state-chunk.js';
import { NO_ROWS, StateFile, type RowBatch, type Totals } from './state-file.js';
import { codeOf, StorageError, toStorageError } from './storage-error.js';
import { Refusal, serve, type Reply } from './worker-answers.js';

/** Rows of one batch while loading, and the bytes that end it earlier. */
const LOAD_ROWS = 1000;
const LOAD_BYTES = 1_048_576;

const { dir, identity, number: startNumber } = workerData as StateWorkerData;
let number = startNumber;
let state: StateFile;
let stage: Stage | null = null;
/** Totals up to each cursor handed out: what is read in pieces, by several readers, is still checked as a whole. */
const cursors = new Map<string, Totals>();

function start(): { reply: Reply; handle: (request: unknown) => Reply } {
  const sql = openSqlite(join(dir, names.state(number)), false);
  configure(sql);
  state = StateFile.open(sql, identity, number);
  return { reply: { value: null }, handle: (request) => handle(request as StateRequest) };
}

function handle(request: StateRequest): Reply {
  switch (request.type) {
    case 'fold':
      state.fold(unpackRows(request.block), request.position, request.digest, request.last);
      return { value: null };
    case 'load':
      return load(request.after, request.before);
    case 'read':
      return read(request.cursor);
    case 'release':
      cursors.clear();
      return { value: null };
    case 'stage':
      return { value: addToStage(request.first, request.chunk) };
    case 'switch':
      useStaged();
      return { value: null };
    case 'close':
      dropStage();
      state.close();
      return { value: null };
  }
}

/** Damage refuses the loading and is noted for the next start; the host has not begun to serve yet. */
function load(after: string, before: Totals): Reply {
  let batch: RowBatch;
  try {
    batch = state.read(after, before, LOAD_ROWS, LOAD_BYTES);
  } catch (error) {
    if (codeOf(error) !== 'DAMAGED' && !codeOf(error).startsWith('SQLITE_CORRUPT')) throw error;
    throw new Refusal(explain(error));
  }
  const block = packRows(batch.rows);
  const value: Loaded = { block, totals: batch.totals, next: batch.next };
  return { value, transfer: [block.buffer] };
}

function read(cursor: string | null): Reply {
  const before = cursor === null ? NO_ROWS : cursors.get(cursor);
  if (before === undefined) {
    throw new Refusal(new StorageError('CLOSED', 'this reading of the state was given up; start it anew'));
  }
  const { rows, totals, next } = state.read(cursor ?? '', before, Infinity, CHUNK_BYTES);
  if (next !== null) cursors.set(next, totals);
  const packed = packChunk(rows, next === null ? totals : null);
  const { position, digest } = state.header;
  const value: StateChunk = { position, rows: packed, cursor: next, digest };
  return { value, transfer: [packed.buffer] };
}

function addToStage(first: boolean, chunk: StateChunk): string | null {
  if (first) {
    dropStage();
    stage = Stage.begin(dir, identity, number + 1, chunk);
  }
  if (stage === null) return 'no first chunk came before';
  const problem = stage.add(chunk);
  if (problem !== null) dropStage();
  return problem;
}

function useStaged(): void {
  if (!stage?.finished) throw new StorageError('INTERNAL', 'a state comes into use that was not staged to its end');
  state.close();
  cursors.clear();
  state = stage.file;
  stage = null;
  removeDatabase(join(dir, names.state(number)));
  number++;
  removeNote(dir);
}

function dropStage(): void {
  stage?.drop();
  stage = null;
}

/** Damage that is found while running is noted for the next start, which can repair it. */
function explain(cause: unknown): StorageError {
  const file = names.state(number);
  const error = toStorageError(cause, file);
  if (error.code === 'DAMAGED') writeNote(dir, { file, reason: error.message });
  return error;
}

serve(start, explain);
