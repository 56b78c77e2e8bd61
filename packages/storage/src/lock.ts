/**
 * One process for one data directory, by a lock of the operating system that a SIGKILL frees.
 *
 * Node has no file locks, SQLite has: an exclusive transaction on an empty database file is held for as long as the
 * storage is open, and writes nothing. `lock.pid` names the holder, for the message of whoever finds it locked.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { names, readText, sizeOf } from './files.js';
import { openSqlite } from './sqlite.js';
import { codeOf, StorageError } from './storage-error.js';

/** Frees the lock. */
export type Unlock = () => void;

/** Takes the lock. Throws StorageError LOCKED, or what the file system throws. */
export function lockDirectory(dir: string): Unlock {
  const path = join(dir, names.lock);
  // Not opened by hand: closing any descriptor of a file frees all locks that the process has on it. What stands in the
  // file, if anything, is not ours and would keep SQLite from taking it for an empty database.
  if (sizeOf(path) > 0) fs.truncateSync(path, 0);
  const sql = openSqlite(path, true);
  try {
    sql.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    sql.close();
    if (!codeOf(error).startsWith('SQLITE_BUSY')) throw error;
    const pid = readText(dir, names.pid)?.trim() ?? '';
    const holder = /^[0-9]+$/.test(pid) ? `process ${pid}` : 'another process';
    throw new StorageError('LOCKED', `${dir} is in use by ${holder}; one server at a time can use a data directory`);
  }
  fs.writeFileSync(join(dir, names.pid), `${process.pid}\n`, { mode: 0o600 });
  return () => {
    fs.rmSync(join(dir, names.pid), { force: true });
    sql.close();
  };
}
