/**
 * A data directory of Node's file system: {@link Disk} as servers have it, and the only file that knows `node:fs`.
 *
 * The lock is one of the operating system, which a SIGKILL frees. Node has no file locks, SQLite has: an exclusive
 * transaction on an empty database file is held for as long as the storage is open, and writes nothing. `lock.pid` names
 * the holder, for the message of whoever finds the directory locked.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { Disk, Unlock } from './disk.js';
import { names } from './files.js';
import { openSqlite } from './sqlite.js';
import { codeOf, messageOf, StorageError } from './storage-error.js';
import { SLOT_BYTES, type SlotFile } from './watermark.js';

/** The directory with that path; nothing is touched before the first call. Methods throw what Node and SQLite throw. */
export function nodeDisk(dir: string): Disk {
  const at = (name: string): string => join(dir, name);
  return {
    dir,
    prepare: () => {
      prepareDirectory(dir);
    },
    lock: () => lockDirectory(dir),
    list: () => fs.readdirSync(dir),
    exists: (name) => fs.existsSync(at(name)),
    size: (name) => sizeOf(at(name)),
    readText: (name) => readText(at(name)),
    replaceText: (name, text) => {
      replaceFile(at(name), text);
      syncDirectory(dir);
    },
    copy: (from, to) => {
      fs.copyFileSync(at(from), at(to), fs.constants.COPYFILE_FICLONE);
    },
    rename: (from, to) => {
      fs.renameSync(at(from), at(to));
    },
    link: (from, to) => {
      linkOrCopy(at(from), at(to));
    },
    remove: (name) => {
      fs.rmSync(at(name), { force: true });
    },
    sync: (name) => {
      syncFile(at(name));
    },
    lengthen: (name, bytes) => {
      lengthenFile(at(name), bytes);
    },
    syncNames: () => {
      syncDirectory(dir);
    },
    openSlots: (name) => openSlotFile(at(name), name),
    openSql: (name, create) => openSqlite(at(name), create),
  };
}

function syncFile(path: string): void {
  if (!fs.existsSync(path)) return;
  const handle = fs.openSync(path, 'r+');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** By zeros that are written: a sync behind a hole would have its blocks to write. */
function lengthenFile(path: string, bytes: number): void {
  const handle = fs.openSync(path, 'r+');
  const { size } = fs.fstatSync(handle);
  const zeros = Buffer.alloc(1_048_576);
  try {
    for (let end = size; end < bytes;) end += fs.writeSync(handle, zeros, 0, Math.min(zeros.length, bytes - end), end);
    fs.fdatasyncSync(handle);
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error))) throw error;
    fs.ftruncateSync(handle, size);
  } finally {
    fs.closeSync(handle);
  }
}

function prepareDirectory(dir: string): void {
  try {
    makeDirectory(dir);
    if (!fs.statSync(dir).isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    fs.accessSync(dir, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new StorageError('NOT_A_DIRECTORY', `the data directory ${dir} is not a directory (${code})`, error);
    }
    throw new StorageError('NOT_WRITABLE', `the data directory ${dir} cannot be used: ${messageOf(error)}`, error);
  }
}

/** As mkdir's option `recursive`, which never returns where a file system (/proc) refuses with ENOENT. */
function makeDirectory(dir: string): void {
  if (fs.existsSync(dir)) return;
  const parent = dirname(dir);
  if (parent !== dir) makeDirectory(parent);
  fs.mkdirSync(dir, { mode: 0o700 });
}

function lockDirectory(dir: string): Unlock {
  const path = join(dir, names.lock);
  const pidPath = join(dir, names.pid);
  // Not opened by hand: closing any descriptor of a file frees all locks that the process has on it. What stands in the
  // file, if anything, is not ours and would keep SQLite from taking it for an empty database.
  if (sizeOf(path) > 0) fs.truncateSync(path, 0);
  const sql = openSqlite(path, true);
  try {
    sql.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    sql.close();
    if (!codeOf(error).startsWith('SQLITE_BUSY')) throw error;
    const pid = readText(pidPath)?.trim() ?? '';
    const holder = /^[0-9]+$/.test(pid) ? `process ${pid}` : 'another process';
    throw new StorageError('LOCKED', `${dir} is in use by ${holder}; one server at a time can use a data directory`);
  }
  fs.writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
  return () => {
    fs.rmSync(pidPath, { force: true });
    sql.close();
  };
}

function sizeOf(path: string): number {
  return fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readText(path: string): string | null {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function syncDirectory(dir: string): void {
  const handle = fs.openSync(dir, 'r');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Durable but for the name. */
function replaceFile(path: string, text: string): void {
  const handle = fs.openSync(`${path}.tmp`, 'w', 0o600);
  try {
    fs.writeSync(handle, text);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(`${path}.tmp`, path);
}

function linkOrCopy(from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch {
    fs.copyFileSync(from, to);
  }
}

function openSlotFile(path: string, name: string): SlotFile {
  const handle = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  let open = true;
  return {
    read: () => {
      const bytes = Buffer.alloc(2 * SLOT_BYTES);
      return bytes.subarray(0, fs.readSync(handle, bytes, 0, bytes.length, 0));
    },
    write: (offset, bytes) => {
      const written = fs.writeSync(handle, bytes, 0, bytes.length, offset);
      if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes of the ${name} written`);
    },
    sync: () => {
      fs.fdatasyncSync(handle);
    },
    close: () => {
      if (open) fs.closeSync(handle);
      open = false;
    },
  };
}
