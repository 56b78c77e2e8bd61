/** What the tests of the storage share: directories, chains of records, a storage whose events can be awaited. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { makeZxid } from '@synod/protocol';
import {
  openStorage,
  openWith,
  type RowChange,
  type StateRow,
  type Storage,
  type StorageOptions,
} from '@synod/storage';
import type { Workers } from '@synod/storage/workers';
import { nextRecord, ORIGIN, type LogRecord, type PersistOp, type Position, type StateChunk } from '@synod/zab';

const made: string[] = [];

/** A fresh path for a data directory, removed after the tests of the file. */
export function freshDir(): string {
  const parent = mkdtempSync(join(tmpdir(), 'synod-storage-'));
  made.push(parent);
  return join(parent, 'data');
}

afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

/** Numbers in [0, 1) from a seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Bytes that depend on the arguments. */
export function bytesOf(length: number, salt: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + salt * 17) & 0xff;
  return bytes;
}

/** `count` records of one epoch behind `after`. */
export function chainOf(after: Position, epoch: number, first: number, count: number, size = 40): LogRecord[] {
  const records: LogRecord[] = [];
  let previous = after;
  for (let i = 0; i < count; i++) {
    const record = nextRecord(previous, makeZxid(epoch, first + i), bytesOf(size + (i % 7), first + i));
    records.push(record);
    previous = { zxid: record.zxid, chain: record.chain };
  }
  return records;
}

/** Where a list of records ends. */
export function endOf(records: readonly LogRecord[]): Position {
  const last = records.at(-1);
  return last === undefined ? ORIGIN : { zxid: last.zxid, chain: last.chain };
}

/** Rows `prefix` + six digits, with values that depend on `salt`. */
export function rowsOf(count: number, salt: number, size = 30, prefix = 'n/'): StateRow[] {
  return Array.from({ length: count }, (_, index) => ({
    key: prefix + String(index).padStart(6, '0'),
    value: bytesOf(size + (index % 5), salt + index),
  }));
}

/** A storage with its events made awaitable. */
export class Rig {
  readonly storage: Storage;
  readonly folded: Position[];
  readonly pruned: Position[];
  /** Foldings and prunings as they came. */
  readonly order: ['folded' | 'pruned', number][];
  readonly failures: Error[];
  readonly tokens: number[];
  readonly #wake: { current: (() => void)[] };
  #token = 0;

  private constructor(storage: Storage, events: Events) {
    this.storage = storage;
    this.folded = events.folded;
    this.pruned = events.pruned;
    this.order = events.order;
    this.failures = events.failures;
    this.tokens = events.tokens;
    this.#wake = events.wake;
  }

  /** With worker threads, unless there are other workers. */
  static async open(dir: string, options: Partial<StorageOptions> = {}, workers?: Workers): Promise<Rig> {
    const events: Events = { folded: [], pruned: [], order: [], failures: [], tokens: [], wake: { current: [] } };
    const wake = (): void => {
      for (const resolve of events.wake.current.splice(0)) resolve();
    };
    const all: StorageOptions = {
      dir,
      cluster: 'test',
      server: 1,
      onDurable: (token) => {
        events.tokens.push(token);
        wake();
      },
      onFolded: (position) => {
        events.folded.push(position);
        events.order.push(['folded', position.zxid]);
        wake();
      },
      onPruned: (base) => {
        events.pruned.push(base);
        events.order.push(['pruned', base.zxid]);
        wake();
      },
      onFailure: (error) => {
        events.failures.push(error);
        wake();
      },
      ...options,
    };
    const storage = await (workers === undefined ? openStorage(all) : openWith(workers, all));
    return new Rig(storage, events);
  }

  /** Resolves as soon as `condition` holds; it is asked after each event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake.current.push(resolve);
      });
    }
  }

  /** Persists without waiting; the answer is the token. */
  send(...ops: PersistOp[]): number {
    this.storage.persist(++this.#token, ops);
    return this.#token;
  }

  /** Persists and waits until that is durable. */
  async persist(...ops: PersistOp[]): Promise<void> {
    const token = this.send(...ops);
    await this.until(() => (this.tokens.at(-1) ?? 0) >= token);
  }

  /** Folds in one chunk and waits until that is durable. */
  async fold(position: Position, digest: number, rows: RowChange[]): Promise<void> {
    const before = this.folded.length;
    this.storage.fold({ position, digest, rows, last: true });
    await this.until(() => this.folded.length > before);
  }

  async rows(): Promise<StateRow[]> {
    const all: StateRow[] = [];
    await this.storage.loadState((rows) => all.push(...rows.map(copyRow)));
    return all;
  }

  /** Reads the whole state as another server would get it. */
  async chunks(): Promise<StateChunk[]> {
    const chunks: StateChunk[] = [];
    let cursor: string | null = null;
    do {
      const chunk: StateChunk = await this.storage.readState(cursor);
      chunks.push(chunk);
      cursor = chunk.cursor;
    } while (cursor !== null);
    this.storage.releaseState();
    return chunks;
  }

  /** Stages chunks, the first as the first; the answer is that of the last, or the first problem. */
  async stage(chunks: readonly StateChunk[]): Promise<string | null> {
    for (const [index, chunk] of chunks.entries()) {
      const problem = await this.storage.stage(index === 0, chunk);
      if (problem !== null) return problem;
    }
    return null;
  }
}

interface Events {
  readonly folded: Position[];
  readonly pruned: Position[];
  readonly order: ['folded' | 'pruned', number][];
  readonly failures: Error[];
  readonly tokens: number[];
  readonly wake: { current: (() => void)[] };
}

/** Rows and records as plain comparable values. */
export function copyRow({ key, value }: StateRow): StateRow {
  return { key, value: Uint8Array.from(value) };
}

export function plain(records: readonly LogRecord[]): { zxid: number; chain: number; body: number[] }[] {
  return records.map(({ zxid, chain, body }) => ({ zxid, chain, body: [...body] }));
}

/** The code of the error a promise rejects with; '' where it does not reject. */
export async function codeOfRejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return '';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
