/**
 * Opens a data directory: locks it, checks whose it is, verifies what lies there, lays out or repairs where that is
 * needed, and says what this server can prove. Synchronous; it runs in the thread of the log.
 */
import type { Zxid } from '@synod/protocol';
import type { LogRecord, Position } from '@synod/zab';
import type { Disk, Unlock } from './disk.js';
import { dropKeptWal, keepWalAsDamaged, names, reserveWal, restoreKeptWal, stateNumbers } from './files.js';
import { identityOf, isVacant, readIdentity, writeIdentity } from './identity.js';
import { closeFindings, inspect, isUnfinished, judge, refuse, type Findings, type Verdict } from './inspect.js';
import type { Identity } from './log-file.js';
import { LogKeeper } from './log-keeper.js';
import { readNote, removeNote } from './note.js';
import { layOut, rewrite, sweep } from './repair.js';
import { checkpoint, WAL_BYTES } from './sql.js';
import { toStorageError } from './storage-error.js';

/** Whose a directory is to be, and what may be done to it. */
export interface Ownership {
  readonly cluster: string;
  readonly server: number;
  /** False: throws StorageError DAMAGED instead of repairing, and leaves everything as it was. */
  readonly repairable: boolean;
}

/** Which directory, whose, and what may be done to it. */
export interface DirectoryOptions extends Ownership {
  readonly disk: Disk;
}

/** What the directory proves. */
export interface Proof {
  /** This server has never logged anything and holds no state. */
  readonly blank: boolean;
  /** In words: why this server cannot prove its history. `last` and `ends` are what still can be proven. */
  readonly damage: string | null;
  /** In words: damage that was found and repaired without loss, for the log of the host. */
  readonly repaired: string | null;
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** Known committed; a hint. */
  readonly committed: Zxid;
  /** What the log starts behind. */
  readonly base: Position;
  /** The state at rest. */
  readonly state: { readonly position: Position; readonly digest: number; readonly rows: number };
  /** The last record, or the base. */
  readonly last: Position;
  /** The last place of each epoch from the base on, oldest first; the base counts where it is not the origin. */
  readonly ends: readonly Position[];
}

/** An opened directory. */
export interface Directory {
  readonly proof: Proof;
  readonly identity: Identity;
  readonly keeper: LogKeeper;
  /** Number of the state file in use; it is closed. */
  readonly stateNumber: number;
  /** To be called last of all. */
  readonly unlock: Unlock;
}

/** Opens a directory. Throws StorageError. */
export function openDirectory(options: DirectoryOptions): Directory {
  const { disk } = options;
  const own = identityOf(options.cluster, options.server);
  let unlock: Unlock | null = null;
  try {
    disk.prepare();
    // A directory that is not ours is refused before the lock leaves a file in it.
    if (readIdentity(disk, own) === 'absent') isVacant(disk);
    unlock = disk.lock();
    return { ...recover(options, own), unlock };
  } catch (error) {
    unlock?.();
    throw toStorageError(error, `the data directory ${disk.dir}`);
  }
}

/** All records behind a place, in pieces of at most `bytes` (or one record). */
export function* tailBehind(keeper: LogKeeper, after: Zxid, bytes: number): Generator<LogRecord[]> {
  let from = after;
  for (;;) {
    const records = keeper.read(from, bytes) ?? [];
    const last = records.at(-1);
    if (last === undefined) return;
    yield records;
    from = last.zxid;
  }
}

function recover(options: DirectoryOptions, own: Identity): Omit<Directory, 'unlock'> {
  const { disk } = options;
  const known = readIdentity(disk, own);
  if (known === 'absent' && isVacant(disk)) layOut(disk, own);
  let findings = inspect(disk, own);
  try {
    if (known === 'absent' && isUnfinished(disk, findings, stateNumbers(disk), own)) {
      closeFindings(findings);
      layOut(disk, own);
      findings = inspect(disk, own);
    }
    const verdict = judge(findings, readNote(disk));
    if (verdict.damage !== null && !options.repairable) {
      closeFindings(findings);
      for (const name of databases(disk)) restoreKeptWal(disk, name);
      refuse(disk.dir, verdict.damage);
    }
    if (verdict.rewrite !== null) {
      rewrite(disk, own, findings, verdict);
      findings = inspect(disk, own);
    } else {
      condemn(disk, findings, verdict);
    }
    const directory = start(disk, own, findings, verdict.damage === null ? verdict.rewrite : null);
    if (known !== 'ours') writeIdentity(disk, own);
    for (const name of databases(disk)) dropKeptWal(disk, name);
    removeNote(disk);
    sweep(disk, directory.stateNumber);
    return directory;
  } catch (error) {
    closeFindings(findings);
    throw error;
  }
}

/** Marks a log that is whole but less than promised; the discarded tail of its write-ahead log is kept. */
function condemn(disk: Disk, { log, watermark }: Findings, { damage }: Verdict): void {
  if (typeof log === 'string' || damage === null || damage === log.file.history.damage) return;
  log.file.condemn(damage, watermark.mark?.acceptedEpoch ?? 0);
  keepWalAsDamaged(disk, names.log);
}

function start(disk: Disk, own: Identity, findings: Findings, repaired: string | null): Omit<Directory, 'unlock'> {
  const { log, state, watermark } = findings;
  if (typeof log === 'string' || typeof state === 'string') {
    const words = [log, state].filter((part) => typeof part === 'string').join('; ');
    throw toStorageError(new Error(`what was just written cannot be read (${words})`), disk.dir);
  }
  const header = state.file.header;
  // What the state shows must be on the disk before the log is pruned up to it.
  checkpoint(state.sql);
  state.file.close();
  disk.syncNames();
  const keeper = new LogKeeper(log.sql, log.file, watermark);
  reserveWal(disk, names.log, WAL_BYTES);
  const { history, last, ends } = log.file;
  const { acceptedEpoch, currentEpoch, committed, base, damage } = history;
  const { position, digest, rows } = header;
  const proof: Proof = {
    blank: damage === null && last.zxid === 0 && position.zxid === 0,
    damage,
    repaired,
    acceptedEpoch,
    currentEpoch,
    committed,
    base,
    state: { position, digest, rows },
    last,
    ends,
  };
  return { proof, identity: own, keeper, stateNumber: history.state };
}

function databases(disk: Disk): string[] {
  return [names.log, ...stateNumbers(disk).map((number) => names.state(number))];
}
