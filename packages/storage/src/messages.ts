/** What the loop of the host asks the two workers, and what each answers. */
import type { Zxid } from '@synod/protocol';
import type { LogRecord, PersistOp, Position, StateChunk } from '@synod/zab';
import { packRecords, unpackRecords, type Block } from './blocks.js';
import type { Identity, LogOp, Retention } from './log-file.js';
import type { Ownership, Proof } from './recover.js';
import type { Totals } from './state-file.js';

/** What a worker thread is started with. */
export interface ThreadData<Data> {
  readonly dir: string;
  readonly data: Data;
}

/** What the log worker is started with. */
export interface LogWorkerData {
  readonly owner: Ownership;
  readonly retention: Retention;
}

/** The first message of the log worker. */
export interface LogOpened {
  readonly proof: Proof;
  readonly tail: readonly Block[];
  readonly identity: Identity;
  readonly stateNumber: number;
}

/** An operation with its records as a block. */
export type WireOp = Exclude<LogOp, { readonly type: 'append' }> | { readonly type: 'append'; readonly block: Block };

export type LogRequest =
  /** Answer: null, when durable. */
  | { readonly type: 'batch'; readonly ops: readonly WireOp[] }
  /** Answer: Block or null. */
  | { readonly type: 'read'; readonly after: Zxid; readonly bytes: number }
  /** Answer: {@link Pruned}. */
  | { readonly type: 'prune'; readonly upTo: Zxid }
  /** Answer: null, when everything is closed. */
  | { readonly type: 'close' };

/** After one slice of pruning. */
export interface Pruned {
  readonly base: Position;
  readonly removed: boolean;
  readonly more: boolean;
}

/** What the state worker is started with; its first message is null. */
export interface StateWorkerData {
  readonly identity: Identity;
  readonly number: number;
}

export type StateRequest =
  /** Answer: null; with `last`, when durable. */
  | {
      readonly type: 'fold';
      readonly block: Block;
      readonly position: Position;
      readonly digest: number;
      readonly last: boolean;
    }
  /** Answer: {@link Loaded}. */
  | { readonly type: 'load'; readonly after: string; readonly before: Totals }
  /** Answer: StateChunk. */
  | { readonly type: 'read'; readonly cursor: string | null }
  /** Forgets the cursors handed out. Answer: null. */
  | { readonly type: 'release' }
  /** Answer: null, or words where the chunk is of no use. */
  | { readonly type: 'stage'; readonly first: boolean; readonly chunk: StateChunk }
  /** The log names the staged file: use it, remove the other. Answer: null. */
  | { readonly type: 'switch' }
  /** Answer: null. */
  | { readonly type: 'close' };

/** Rows of the state, and where to go on. */
export interface Loaded {
  readonly block: Block;
  readonly totals: Totals;
  readonly next: string | null;
}

/** What a worker sends: one answer for each request, in order, after one for its start. */
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  /** `fatal`: nothing that was not acknowledged can be relied upon; the worker does nothing any more. */
  | { readonly ok: false; readonly code: string; readonly message: string; readonly fatal: boolean };

/**
 * The operations of several persists as those of one batch: appends in a row become one block, of the `committed` hints
 * the highest is left. `state` is the number of the file that an adoption brings into use.
 */
export function toWire(
  persists: readonly (readonly PersistOp[])[],
  state: number,
): { ops: WireOp[]; transfer: ArrayBuffer[] } {
  const ops: WireOp[] = [];
  const transfer: ArrayBuffer[] = [];
  let lists: (readonly LogRecord[])[] = [];
  let committed = 0;
  const endAppend = (): void => {
    if (lists.length === 0) return;
    const block = packRecords(lists);
    lists = [];
    ops.push({ type: 'append', block });
    transfer.push(block.buffer);
  };
  for (const op of persists.flat()) {
    if (op.type === 'append') lists.push(op.records);
    else if (op.type === 'committed') committed = Math.max(committed, op.zxid);
    else {
      endAppend();
      ops.push(op.type === 'adopt' ? { ...op, state } : op);
    }
  }
  endAppend();
  if (committed > 0) ops.push({ type: 'committed', zxid: committed });
  return { ops, transfer };
}

/** The other direction of {@link toWire}. */
export function fromWire(ops: readonly WireOp[]): LogOp[] {
  return ops.map((op) => (op.type === 'append' ? { type: 'append', records: unpackRecords(op.block) } : op));
}
