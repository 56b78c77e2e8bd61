/**
 * SQLite as WebAssembly, as far as it is used here: the C functions as the module exports them (pointers and 32-bit
 * numbers as numbers, 64-bit ones as BigInts), without the conversions of its JavaScript interface, which cost more than
 * the calls.
 */
import init from '@sqlite.org/sqlite-wasm';
import type { SectorFiles } from './sector-files.js';
import { SectorVfs } from './sqlite-vfs.js';

/** Address in the module's memory; 0 is none. */
export type Pointer = number;

/** The memory of the module; its buffer is another one after it has grown. */
export interface Memory {
  readonly buffer: ArrayBuffer;
}

/** The functions of SQLite that are called directly. */
export interface SqliteExports {
  sqlite3_malloc(bytes: number): Pointer;
  sqlite3_open_v2(name: Pointer, db: Pointer, flags: number, vfs: Pointer): number;
  sqlite3_close_v2(db: Pointer): number;
  sqlite3_prepare_v3(db: Pointer, sql: Pointer, bytes: number, flags: number, out: Pointer, tail: Pointer): number;
  sqlite3_step(statement: Pointer): number;
  sqlite3_reset(statement: Pointer): number;
  sqlite3_finalize(statement: Pointer): number;
  sqlite3_bind_double(statement: Pointer, index: number, value: number): number;
  sqlite3_bind_null(statement: Pointer, index: number): number;
  sqlite3_bind_text(statement: Pointer, index: number, text: Pointer, bytes: number, destructor: number): number;
  sqlite3_bind_blob(statement: Pointer, index: number, blob: Pointer, bytes: number, destructor: number): number;
  sqlite3_bind_zeroblob(statement: Pointer, index: number, bytes: number): number;
  sqlite3_bind_parameter_count(statement: Pointer): number;
  sqlite3_column_count(statement: Pointer): number;
  sqlite3_column_type(statement: Pointer, column: number): number;
  sqlite3_column_double(statement: Pointer, column: number): number;
  sqlite3_column_text(statement: Pointer, column: number): Pointer;
  sqlite3_column_blob(statement: Pointer, column: number): Pointer;
  sqlite3_column_bytes(statement: Pointer, column: number): number;
  sqlite3_changes(db: Pointer): number;
  sqlite3_errmsg(db: Pointer): Pointer;
  sqlite3_extended_errcode(db: Pointer): number;
  sqlite3_extended_result_codes(db: Pointer, on: number): number;
  sqlite3_randomness(bytes: number, target: Pointer): void;
}

/** What is handed to SQLite in one call: statements, names, values. */
const SCRATCH_BYTES = 65_536;

/** SQLite with its simulated files. One for a process: its chance and its cache of memory are shared by all databases. */
export class SqliteModule {
  readonly c: SqliteExports;
  readonly #memory: Memory;
  readonly #vfs: SectorVfs;
  readonly #names: (code: number) => string | undefined;
  #heap: Uint8Array;
  #scratch: Pointer;
  #scratchBytes = SCRATCH_BYTES;

  constructor(c: SqliteExports, memory: Memory, vfs: SectorVfs, names: (code: number) => string | undefined) {
    this.c = c;
    this.#memory = memory;
    this.#vfs = vfs;
    this.#names = names;
    this.#heap = new Uint8Array(memory.buffer);
    this.#scratch = c.sqlite3_malloc(SCRATCH_BYTES);
  }

  /** The module's memory as it is now; not to be kept over a call. */
  get heap(): Uint8Array {
    if (this.#heap.buffer !== this.#memory.buffer) this.#heap = new Uint8Array(this.#memory.buffer);
    return this.#heap;
  }

  /** From here on SQLite draws the same numbers (salts of its write-ahead logs) as with the same seed before. */
  reseed(seed: number): void {
    this.#vfs.seed = seed >>> 0;
    this.c.sqlite3_randomness(0, 0);
  }

  /** Makes a directory's files reachable; the answer is the prefix of their names. */
  mount(place: SectorFiles): string {
    return this.#vfs.mount(place);
  }

  unmount(prefix: string): void {
    this.#vfs.unmount(prefix);
  }

  /** Makes whatever has a file of the directory open powerless: no access, no write, nothing but closing. */
  abandon(place: SectorFiles): void {
    this.#vfs.abandon(place);
  }

  /** Address of at least so many bytes, good until the next call of this method. */
  scratch(bytes: number): Pointer {
    if (bytes > this.#scratchBytes) {
      // What was there is lost to the module: it happens a few times at most, for the sizes double.
      this.#scratchBytes = Math.max(bytes, 2 * this.#scratchBytes);
      this.#scratch = this.c.sqlite3_malloc(this.#scratchBytes);
    }
    return this.#scratch;
  }

  pointerAt(address: Pointer): Pointer {
    const heap = this.heap;
    return new DataView(heap.buffer, heap.byteOffset + address, 4).getUint32(0, true);
  }

  /** SQLite's name of one of its codes. */
  nameOf(code: number): string {
    return this.#names(code) ?? this.#names(code & 0xff) ?? `SQLITE_${code}`;
  }
}

let loading: Promise<SqliteModule> | null = null;

/** Loads SQLite, once for a process; everything else is synchronous. */
export function loadSqlite(): Promise<SqliteModule> {
  loading ??= init().then((sqlite3) => {
    const names = (code: number): string | undefined => sqlite3.capi.sqlite3_js_rc_str(code);
    const c = sqlite3.wasm.exports as unknown as SqliteExports;
    const { memory } = sqlite3.wasm as unknown as { readonly memory: Memory };
    return new SqliteModule(c, memory, new SectorVfs(sqlite3, memory), names);
  });
  return loading;
}
