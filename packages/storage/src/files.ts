/**
 * Names in the data directory and what is done with files as a whole, each as durable as its comment says.
 *
 *   identity.json   whose data this is                  watermark   how far this server has promised
 *   log.db          the log                              lock        empty; locked by the process that runs
 *   state-<n>.db    the state at rest                    lock.pid    which process that is, for people
 *   damaged         damage found while running           *.damaged   the last damaged files, kept for inspection
 */
import type { Disk } from './disk.js';

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

/** How messages name a file. */
export function pathOf({ dir }: Disk, name: string): string {
  return dir.endsWith('/') ? dir + name : `${dir}/${name}`;
}

/**
 * Takes the room that the write-ahead log of an open, checkpointed database may need up to `bytes`. A commit in a file
 * that grows has the file system's journal to sync as well.
 */
export function reserveWal(disk: Disk, name: string, bytes: number): void {
  disk.lengthen(`${name}-wal`, bytes);
}

/** Bytes of a database with its write-ahead log. */
export function databaseBytes(disk: Pick<Disk, 'size'>, name: string): number {
  return disk.size(name) + disk.size(`${name}-wal`);
}

/** Numbers of the state files there are, ascending. */
export function stateNumbers(disk: Disk): number[] {
  const numbers: number[] = [];
  for (const name of disk.list()) {
    const match = /^state-([1-9][0-9]{0,8})\.db$/.exec(name);
    if (match) numbers.push(Number(match[1]));
  }
  return numbers.sort((a, b) => a - b);
}

/** Removes a database that is not open, with what SQLite keeps beside it. */
export function removeDatabase(disk: Disk, name: string): void {
  for (const suffix of ['', ...SIDE_FILES, KEPT_WAL]) disk.remove(name + suffix);
}

/**
 * Copies the write-ahead log of a database before SQLite opens it: opening and closing discard whatever SQLite takes for
 * a torn tail, and that may be the damage to be looked at.
 */
export function keepWal(disk: Disk, name: string): void {
  if (disk.size(`${name}-wal`) > 0) disk.copy(`${name}-wal`, name + KEPT_WAL);
  else dropKeptWal(disk, name);
}

/** The database proved sound: the copy is not needed. */
export function dropKeptWal(disk: Disk, name: string): void {
  disk.remove(name + KEPT_WAL);
}

/** The copy belongs to a damage that was found: it stays for inspection. */
export function keepWalAsDamaged(disk: Disk, name: string): void {
  if (disk.exists(name + KEPT_WAL)) disk.rename(name + KEPT_WAL, `${name}-wal${DAMAGED}`);
}

/** Puts the copy back in its place; the database must be closed. */
export function restoreKeptWal(disk: Disk, name: string): void {
  if (disk.exists(name + KEPT_WAL)) disk.rename(name + KEPT_WAL, `${name}-wal`);
}

/** Removes what an earlier damage left, so that at most one copy is kept. */
export function removeDamaged(disk: Disk): void {
  for (const name of disk.list()) {
    if (/^(log\.db|state-[0-9]+\.db)(-wal)?\.damaged$/.test(name)) disk.remove(name);
  }
}

/**
 * Keeps a damaged database, which must be closed, under the name `*.damaged`. With `leave` the main file stays where it
 * is as well (until a rename replaces it), so that there is no moment without one.
 */
export function setAside(disk: Disk, name: string, leave: boolean): void {
  const wal = disk.exists(name + KEPT_WAL) ? name + KEPT_WAL : `${name}-wal`;
  if (disk.exists(wal)) disk.rename(wal, `${name}-wal${DAMAGED}`);
  for (const suffix of SIDE_FILES) disk.remove(name + suffix);
  if (!disk.exists(name)) return;
  if (leave) disk.link(name, name + DAMAGED);
  else disk.rename(name, name + DAMAGED);
}
