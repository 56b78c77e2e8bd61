/**
 * A received state under construction in `state-<n+1>.db`, beside the one in use. Until the log names it the file is
 * nothing: it is written without syncs, made durable with its last chunk, and removed at the next start if unused.
 */
import type { Position, StateChunk } from '@synod/zab';
import type { Disk } from './disk.js';
import { names, pathOf, removeDatabase } from './files.js';
import type { Identity } from './log-file.js';
import { checkpoint, configure, type Sql } from './sql.js';
import { unpackChunk } from './state-chunk.js';
import { StateFile } from './state-file.js';
import { codeOf, StorageError, toStorageError } from './storage-error.js';

/** One attempt to receive a state. */
export class Stage {
  readonly file: StateFile;
  readonly #sql: Sql;
  readonly #disk: Disk;
  readonly #name: string;
  readonly #position: Position;
  readonly #digest: number;
  #finished = false;

  private constructor(disk: Disk, name: string, sql: Sql, file: StateFile, { position, digest }: StateChunk) {
    this.#disk = disk;
    this.#name = name;
    this.#sql = sql;
    this.file = file;
    this.#position = position;
    this.#digest = digest;
  }

  /** Starts an attempt; what an earlier one left is removed. `first` says what the whole state reflects. */
  static begin(disk: Disk, identity: Identity, number: number, first: StateChunk): Stage {
    const name = names.state(number);
    removeDatabase(disk, name);
    const sql = disk.openSql(name, true);
    configure(sql);
    sql.exec('PRAGMA synchronous = OFF');
    return new Stage(disk, name, sql, StateFile.stage(sql, identity, number), first);
  }

  /** True once the last chunk is durable. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Adds a chunk. The answer is words where it does not belong to a whole; then the attempt is of no use. */
  add(chunk: StateChunk): string | null {
    const { zxid, chain } = chunk.position;
    if (this.#finished) return 'a chunk came behind the last';
    if (zxid !== this.#position.zxid || chain !== this.#position.chain || chunk.digest !== this.#digest) {
      return 'the chunks are of different states';
    }
    const content = unpackChunk(chunk.rows);
    if (typeof content === 'string') return content;
    const { rows, totals } = content;
    try {
      this.file.add(rows);
    } catch (error) {
      // A damaged staging file is no damage of this server: what it holds came from another and comes again.
      if (codeOf(error).startsWith('SQLITE_CONSTRAINT')) return 'a row of the state came twice';
      throw new StorageError('IO', toStorageError(error, pathOf(this.#disk, this.#name)).message, error);
    }
    if ((totals === null) !== (chunk.cursor !== null)) return 'the totals of the state are not in its last chunk';
    if (totals === null) return null;
    const found = this.file.totals;
    if (found.rows !== totals.rows || found.sum !== totals.sum) {
      return `the state has ${found.rows} rows that differ from the ${totals.rows} that were sent`;
    }
    this.#finish();
    return null;
  }

  /** Closes and removes the file. */
  drop(): void {
    this.file.close();
    removeDatabase(this.#disk, this.#name);
  }

  #finish(): void {
    this.#sql.exec('PRAGMA synchronous = FULL');
    this.file.finish(this.#position, this.#digest);
    checkpoint(this.#sql);
    this.#disk.syncNames();
    this.#finished = true;
  }
}
