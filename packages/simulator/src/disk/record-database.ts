/**
 * One simulated database file: its content, the transaction that is open, and what SQLite would have in the write-ahead
 * log. A commit is the unit of durability. What is modelled: commits that were not synced go from the end in a crash; a
 * commit whose sync failed is gone for the connection and may be there for the next one; moving pages to the main file
 * without a sync endangers everything since the last one that had it. What is not: pages, and files beside the main one.
 */
import type { Random } from '../random.js';
import { Content, type Change } from './record-content.js';
import { failure, type Power } from './record-power.js';
import { PowerCut } from './sim-disk.js';

/** SQLite's PRAGMA synchronous. */
export const syncLevels = { OFF: 0, NORMAL: 1, FULL: 2 } as const;
export type SyncLevel = (typeof syncLevels)[keyof typeof syncLevels];

/** Commits between two versions that are kept for damage, and how many are kept. */
const VERSION_DISTANCE = 32;
const VERSIONS = 4;

const PAGE = 4096;

/** Pages that a commit touches besides those its rows fill. */
const COMMIT_PAGES = 2;

const SYNC_FAILED = 'SQLITE_IOERR_FSYNC';

/** One database file. */
export class DatabaseFile {
  readonly kind = 'database';
  content: Content;
  /** The connection that has the file to itself. */
  holder: object | null = null;
  #versions: Content[] = [];
  #commits = 0;
  /** What undoes the open transaction, in the order it was done. */
  #open: Change[] | null = null;
  /** What undoes each commit since the main file had everything, oldest first. */
  #wal: Change[][] = [];
  #walPages = 0;
  /** So many of these commits are synced. */
  #synced = 0;
  /** Pages were moved to the main file and not synced. */
  #doubtful = false;
  /** The commit whose sync failed, to be done again. */
  #maybe: Change[] | null = null;

  constructor(content = new Content()) {
    this.content = content;
  }

  get size(): number {
    if (!this.content.laidOut) return 0;
    const tables = 1 + this.content.schema.length;
    return (tables + Math.ceil((this.content.bytes * 1.1) / PAGE)) * PAGE;
  }

  get inTransaction(): boolean {
    return this.#open !== null;
  }

  /** Older contents, oldest first. */
  get versions(): readonly Content[] {
    return this.#versions;
  }

  /** Commits that damage of the write-ahead log can take away. */
  get tail(): number {
    return this.#wal.length;
  }

  begin(): void {
    if (this.#open !== null) throw failure('SQLITE_ERROR', 'cannot start a transaction within a transaction');
    this.#open = [];
  }

  /** Changes the content within the open transaction. */
  change(change: Change): void {
    if (this.#open === null) throw new Error('a change outside any transaction');
    this.#open.push(this.content.change(change));
  }

  /** Ends the transaction; see `DiskFaults` for what it throws. Pages beyond `autocheckpoint` go to the main file. */
  commit(power: Power, level: SyncLevel, autocheckpoint: number): void {
    const undo = this.#open;
    if (undo === null) throw failure('SQLITE_ERROR', 'cannot commit - no transaction is active');
    this.#open = null;
    if (undo.length === 0) return;
    try {
      power.grow('SQLITE_FULL');
    } catch (error) {
      this.#undo(undo);
      throw error;
    }
    this.#maybe = null;
    this.#wal.push(undo);
    this.#walPages += COMMIT_PAGES + Math.ceil(undo.length / 8);
    power.write();
    if (level === syncLevels.FULL) this.#syncCommit(power);
    if (this.#commits++ % VERSION_DISTANCE === 0) this.#keepVersion();
    if (this.#walPages >= autocheckpoint && autocheckpoint > 0) this.#autocheckpoint(power, level);
  }

  rollback(): void {
    const undo = this.#open;
    if (undo === null) throw failure('SQLITE_ERROR', 'cannot rollback - no transaction is active');
    this.#open = null;
    this.#undo(undo);
  }

  /** Moves everything to the main file and syncs it, unless `level` is OFF. */
  checkpoint(power: Power, level: SyncLevel): void {
    if (this.#wal.length === 0) return;
    power.grow('SQLITE_FULL');
    power.write();
    const synced = level !== syncLevels.OFF && power.sync(SYNC_FAILED) === 'done';
    this.#walPages = 0;
    if (synced) this.settle();
    else this.#doubtful = true;
  }

  /** Everything outlives a crash from now on, and the write-ahead log is empty. */
  settle(): void {
    this.#wal = [];
    this.#walPages = 0;
    this.#synced = 0;
    this.#doubtful = false;
  }

  /** As {@link settle} where all commits are synced: what was written went to the main file itself. */
  settleSynced(): void {
    if (this.#synced === this.#wal.length) this.settle();
  }

  /** The system has written everything that was left to it, as it does after a while. */
  flush(): void {
    this.#synced = this.#wal.length;
    this.#doubtful = false;
  }

  /** Damage: another content, without a write-ahead log. */
  replace(content: Content): void {
    this.content = content;
    this.settle();
  }

  /** The process is gone; what it had written is in the system's cache. */
  processDied(): void {
    this.holder = null;
    if (this.#open !== null) this.rollback();
    if (this.#maybe !== null) this.#wal.push(this.#undo(this.#maybe));
    this.#maybe = null;
  }

  /** The power is gone: of the commits that were not synced some of the last may be missing. */
  crash(random: Random): void {
    this.holder = null;
    if (this.#open !== null) this.rollback();
    if (this.#doubtful && random.chance(0.5)) this.#tear(random);
    const floor = this.#doubtful ? 0 : this.#synced;
    const kept = floor === this.#wal.length ? floor : random.int(floor, this.#wal.length);
    const whole = kept === this.#wal.length;
    this.loseTail(this.#wal.length - kept);
    if (whole && this.#maybe !== null && random.chance(0.5)) this.#wal.push(this.#undo(this.#maybe));
    this.#maybe = null;
    this.#doubtful = false;
    this.#synced = this.#wal.length;
  }

  /** The last commits of the write-ahead log are gone without a trace. */
  loseTail(count: number): void {
    for (let i = 0; i < count; i++) this.#undo(this.#wal.pop()!);
    this.#synced = Math.min(this.#synced, this.#wal.length);
  }

  /** What processes see, as a file of its own. */
  copy(): DatabaseFile {
    return new DatabaseFile(this.content.clone());
  }

  /** What is durable, as a file of its own. */
  durable(): DatabaseFile {
    const copy = new DatabaseFile(this.content.clone());
    const undone = this.#wal.slice(this.#synced);
    if (this.#open !== null) undone.push(this.#open);
    for (const undo of undone.reverse()) copy.#undo(undo);
    copy.#versions = [...this.#versions];
    // What undoes a commit is never written to, so that copies share it.
    copy.#wal = this.#wal.slice(0, this.#synced);
    copy.#synced = this.#synced;
    copy.#walPages = this.#walPages;
    copy.#commits = this.#commits;
    return copy;
  }

  #syncCommit(power: Power): void {
    try {
      if (power.sync(SYNC_FAILED) === 'done') this.#synced = this.#wal.length;
    } catch (error) {
      if (!(error instanceof PowerCut)) this.#maybe = this.#undo(this.#wal.pop()!);
      throw error;
    }
  }

  /** SQLite tells nobody that moving pages after a commit failed. */
  #autocheckpoint(power: Power, level: SyncLevel): void {
    try {
      this.checkpoint(power, level);
    } catch (error) {
      if (error instanceof PowerCut) throw error;
    }
  }

  /** Carries out changes from the last to the first; answers what does them again, to be carried out the same way. */
  #undo(changes: readonly Change[]): Change[] {
    const again: Change[] = [];
    for (let i = changes.length - 1; i >= 0; i--) again.push(this.content.change(changes[i]!));
    return again;
  }

  /** The newest are near each other, the oldest is kept. */
  #keepVersion(): void {
    this.#versions.push(this.content.clone());
    if (this.#versions.length > VERSIONS) this.#versions.splice(1, 1);
  }

  /** Some page of the main file is older or newer than the others. */
  #tear(random: Random): void {
    const { records, entries } = this.content;
    if (records.length > 0) this.content.tear(records.at(random.int(0, records.length - 1)));
    else if (entries.size > 0) this.content.tear(entries.get(random.pick(entries.keys()))!);
    else this.content.headless = true;
  }
}
