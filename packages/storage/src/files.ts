/**
 * Names in the data directory and the few file operations on them, each as durable as its comment says.
 *
 *   identity.json   whose data this is                  watermark   how far this server has promised
 *   log.db          the log                              lock        empty; locked by the process that runs
 *   state-<n>.db    the state at rest                    lock.pid    which process that is, for people
 *   damaged         damage found while running           *.damaged   the last damaged files, kept for inspection
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './storage-error.js';
import { SLOT_BYTES, type SlotFile } from './watermark.js';

export const names = {
  identity: 'identity.json',
  log: 'log.db',
  /** A log that is being rewritten; takes the place of `log` by one rename. */
  newLog: 'log-new.db',
  watermark: 'watermark',
  lock: 'lock',
  pid: 'lock.pid',
  /** Note for the next start. */
  note: 'damaged',
  state: (number: number): string => `state-${number}.db`,
} as const;

/** What SQLite keeps beside a database. */
const SIDE_FILES = ['-wal', '-journal', '-shm'];
const KEPT_WAL = '-wal.kept';
const DAMAGED = '.damaged';

/** Syncs the entries of a directory: what was created, renamed or removed in it stays so. */
export function syncDirectory(dir: string): void {
  const handle = fs.openSync(dir, 'r');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Replaces a small file as a whole: after a crash it has the old content or the new. */
export function replaceFile(dir: string, name: string, text: string): void {
  const path = join(dir, name);
  const handle = fs.openSync(`${path}.tmp`, 'w', 0o600);
  try {
    fs.writeSync(handle, text);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(`${path}.tmp`, path);
  syncDirectory(dir);
}

/** The text of a small file; null where it does not exist. */
export function readText(dir: string, name: string): string | null {
  try {
    return fs.readFileSync(join(dir, name), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Bytes of a file, 0 where it does not exist. */
export function sizeOf(path: string): number {
  return fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Bytes of a database with its write-ahead log. */
export function databaseBytes(path: string): number {
  return sizeOf(path) + sizeOf(`${path}-wal`);
}

/** Numbers of the state files there are, ascending. */
export function stateNumbers(dir: string): number[] {
  const numbers: number[] = [];
  for (const name of fs.readdirSync(dir)) {
    const match = /^state-([1-9][0-9]{0,8})\.db$/.exec(name);
    if (match) numbers.push(Number(match[1]));
  }
  return numbers.sort((a, b) => a - b);
}

/** Removes a database that is not open, with what SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', ...SIDE_FILES, KEPT_WAL]) fs.rmSync(path + suffix, { force: true });
}

/**
 * Copies the write-ahead log of a database before SQLite opens it: opening and closing discard whatever SQLite takes for
 * a torn tail, and that may be the damage to be looked at.
 */
export function keepWal(path: string): void {
  if (sizeOf(`${path}-wal`) > 0) fs.copyFileSync(`${path}-wal`, path + KEPT_WAL, fs.constants.COPYFILE_FICLONE);
  else dropKeptWal(path);
}

/** The database proved sound: the copy is not needed. */
export function dropKeptWal(path: string): void {
  fs.rmSync(path + KEPT_WAL, { force: true });
}

/** The copy belongs to a damage that was found: it stays for inspection. */
export function keepWalAsDamaged(path: string): void {
  if (fs.existsSync(path + KEPT_WAL)) fs.renameSync(path + KEPT_WAL, `${path}-wal${DAMAGED}`);
}

/** Puts the copy back in its place; the database must be closed. */
export function restoreKeptWal(path: string): void {
  if (fs.existsSync(path + KEPT_WAL)) fs.renameSync(path + KEPT_WAL, `${path}-wal`);
}

/** Removes what an earlier damage left, so that at most one copy is kept. */
export function removeDamaged(dir: string): void {
  for (const name of fs.readdirSync(dir)) {
    if (/^(log\.db|state-[0-9]+\.db)(-wal)?\.damaged$/.test(name)) fs.rmSync(join(dir, name), { force: true });
  }
}

/**
 * Keeps a damaged database, which must be closed, under the name `*.damaged`. With `leave` the main file stays where it
 * is as well (until a rename replaces it), so that there is no moment without one.
 */
export function setAside(path: string, leave: boolean): void {
  const wal = fs.existsSync(path + KEPT_WAL) ? path + KEPT_WAL : `${path}-wal`;
  if (fs.existsSync(wal)) fs.renameSync(wal, `${path}-wal${DAMAGED}`);
  for (const suffix of SIDE_FILES) fs.rmSync(path + suffix, { force: true });
  if (!fs.existsSync(path)) return;
  if (!leave) fs.renameSync(path, path + DAMAGED);
  else {
    try {
      fs.linkSync(path, path + DAMAGED);
    } catch {
      fs.copyFileSync(path, path + DAMAGED);
    }
  }
}

/** Opens the watermark, creating an empty file where there is none. */
export function openSlotFile(dir: string): SlotFile {
  const path = join(dir, names.watermark);
  const handle = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  let open = true;
  return {
    read: () => {
      const bytes = Buffer.alloc(2 * SLOT_BYTES);
      return bytes.subarray(0, fs.readSync(handle, bytes, 0, bytes.length, 0));
    },
    write: (offset, bytes) => {
      const written = fs.writeSync(handle, bytes, 0, bytes.length, offset);
      if (written !== bytes.length)
        throw new Error(`only ${written} of ${bytes.length} bytes of the watermark written`);
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
