/**
 * What storage needs of a data directory: a port, so that a simulated disk can stand in for Node's file system and the
 * driver. All names are names in the directory, without a path.
 *
 * Everything is synchronous. Errors of the system carry its name of the failure as `code` (ENOSPC, EIO, SQLITE_FULL, …);
 * what a method promises to be durable is durable when it returns.
 */
import type { Sql } from './sql.js';
import type { SlotFile } from './watermark.js';

/** Frees a lock. */
export type Unlock = () => void;

/** One data directory. */
export interface Disk {
  /** How messages name the directory. */
  readonly dir: string;
  /** Makes the directory where it is missing. Throws StorageError NOT_A_DIRECTORY or NOT_WRITABLE. */
  prepare(): void;
  /** Keeps every other process out until it is called back. Throws StorageError LOCKED. */
  lock(): Unlock;
  /** Names of all files, in any order. */
  list(): string[];
  exists(name: string): boolean;
  /** Bytes of a file, 0 where it does not exist. */
  size(name: string): number;
  /** The text of a small file; null where it does not exist. */
  readText(name: string): string | null;
  /** Replaces a small file as a whole: after a crash it has the old content or the new. Durable. */
  replaceText(name: string, text: string): void;
  /** Copies a file over whatever has the name; not durable. */
  copy(from: string, to: string): void;
  /** Gives a file another name in one step, over whatever has it; durable with {@link syncNames}. */
  rename(from: string, to: string): void;
  /** Gives a file a second name (or copies it where the file system cannot). */
  link(from: string, to: string): void;
  /** Removes a file; nothing happens where it is missing. Durable with {@link syncNames}. */
  remove(name: string): void;
  /** What was written to a file, or cut from it, stays so; nothing happens where it is missing. */
  sync(name: string): void;
  /**
   * Lengthens a file that exists by zeros up to so many bytes, so that a sync of what is written there later has no
   * length to write. Durable. A disk without room for it leaves the file as it was, or anything in between.
   */
  lengthen(name: string, bytes: number): void;
  /** What was created, renamed or removed stays so. */
  syncNames(): void;
  /** Opens a file that is written in place, creating an empty one where there is none. */
  openSlots(name: string): SlotFile;
  /** Opens a database; `create` false refuses one that does not exist (SQLITE_CANTOPEN). */
  openSql(name: string, create: boolean): Sql;
}
