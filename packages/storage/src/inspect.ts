/**
 * What lies in a data directory, and what it proves. Nothing is changed here but what SQLite does by itself when it
 * opens a database that was not closed; the copies of the write-ahead logs make even that undoable.
 */
import { formatZxid, type Zxid } from '@synod/protocol';
import { ORIGIN, type Position } from '@synod/zab';
import type { Disk } from './disk.js';
import { keepWal, names, pathOf } from './files.js';
import { checkIdentity } from './identity.js';
import { LogFile, type Identity } from './log-file.js';
import { reaches } from './log-keeper.js';
import { speaksOf, type Note } from './note.js';
import { checkpoint, configure, type Sql } from './sql.js';
import { StateFile } from './state-file.js';
import { codeOf, messageOf, StorageError, toStorageError } from './storage-error.js';
import { Watermark } from './watermark.js';

/** An open database and what was made of it. */
export interface Opened<T> {
  readonly sql: Sql;
  readonly file: T;
}

/** Everything that could be opened; what could not is words. */
export interface Findings {
  readonly log: Opened<LogFile> | string;
  readonly state: Opened<StateFile> | string;
  readonly watermark: Watermark;
}

/** What is to be done with the findings. */
export interface Verdict {
  /** Why this server cannot prove its history; null where it can. */
  readonly damage: string | null;
  /** The log has to be written anew: the words say why. Null: it can be used as it is. */
  readonly rewrite: string | null;
  /** The state file is of use. */
  readonly keepState: boolean;
  /** What the log starts behind after a rewrite. */
  readonly base: Position;
  /** The last place that is proven. */
  readonly last: Position;
}

/** Opens log, state and watermark. Throws StorageError where the environment, not the data, is at fault. */
export function inspect(disk: Disk, own: Identity): Findings {
  const log = openLog(disk, own);
  const state =
    typeof log === 'string'
      ? 'which state file is in use stands in the log'
      : openState(disk, own, log.file.history.state);
  return { log, state, watermark: new Watermark(disk.openSlots(names.watermark)) };
}

/** Closes whatever the findings hold open. What cannot be closed in order is damaged anyway. */
export function closeFindings({ log, state, watermark }: Findings): void {
  for (const opened of [log, state]) if (typeof opened !== 'string') closeDamaged(opened.sql);
  watermark.close();
}

/** Closes a database; an error while closing says nothing new about a damaged one. */
export function closeDamaged(sql: Sql): void {
  try {
    sql.close();
  } catch (error) {
    if (!codeOf(error).startsWith('SQLITE_')) throw error;
  }
}

/** Opens one state file. The answer is words where it is damaged. */
export function openState(disk: Disk, own: Identity, number: number): Opened<StateFile> | string {
  return open(disk, names.state(number), (sql) => StateFile.open(sql, own, number));
}

/** Judges what is proven by what was found. A pure function of the findings and the note of the last run. */
export function judge({ log, state, watermark }: Findings, note: Note | null): Verdict {
  if (typeof log === 'string') {
    return { damage: `log.db: ${log}`, rewrite: log, keepState: false, base: ORIGIN, last: ORIGIN };
  }
  const { history, broken } = log.file;
  let rewrite = broken ?? (speaksOf(note, names.log) ? note.reason : null);
  const trouble = stateTrouble(log.file, state, note);
  let base = history.base;
  let last = log.file.last;
  if (trouble === null && typeof state !== 'string' && state.file.header.position.zxid > last.zxid) {
    base = state.file.header.position;
    last = base;
    rewrite ??= `it ends at ${formatZxid(log.file.last.zxid)}, before what the state at rest reflects`;
  } else if (trouble !== null) {
    rewrite ??= `a new state file has to come into use (${trouble})`;
    if (history.base.zxid > 0) {
      const words = `state-${history.state}.db: ${trouble}; the log alone, from ${formatZxid(base.zxid)} on, cannot replace it`;
      return { damage: history.damage ?? words, rewrite, keepState: false, base: ORIGIN, last: ORIGIN };
    }
  }
  const kept = base === history.base ? log.file : null;
  const placeOf = (zxid: Zxid): Position | null => kept?.placeOf(zxid) ?? (zxid === last.zxid ? last : null);
  const shortfall = promiseTrouble(watermark, { base, last, placeOf }, log.file);
  const words = shortfall === null ? null : `log.db: ${broken === null ? shortfall : `${broken}; ${shortfall}`}`;
  return { damage: history.damage ?? words, rewrite, keepState: trouble === null, base, last };
}

/**
 * True for the remains of a first start that was cut short before anything could be logged: no identity, no watermark,
 * no log and no state that reflects anything.
 */
export function isUnfinished(
  disk: Disk,
  { log, watermark }: Findings,
  states: readonly number[],
  own: Identity,
): boolean {
  if (typeof log !== 'string' || watermark.mark !== null) return false;
  if (log !== MISSING && log !== NO_TABLES) return false;
  return states.every((number) => {
    const state = openState(disk, own, number);
    if (typeof state === 'string') return state === NO_TABLES;
    closeDamaged(state.sql);
    return state.file.header.position.zxid === 0;
  });
}

const MISSING = 'it is missing';
const NO_TABLES = 'it holds no tables';

function openLog(disk: Disk, own: Identity): Opened<LogFile> | string {
  const log = open(disk, names.log, (sql) => LogFile.open(sql));
  if (typeof log === 'string') return log;
  try {
    checkIdentity(disk, names.log, log.file.identity, own);
  } catch (error) {
    closeDamaged(log.sql);
    throw error;
  }
  return log;
}

function open<T>(disk: Disk, name: string, body: (sql: Sql) => T): Opened<T> | string {
  if (!disk.exists(name)) return MISSING;
  // SQLite takes an empty file for a new database and would write to it.
  if (disk.size(name) === 0) return NO_TABLES;
  let sql: Sql | null = null;
  try {
    keepWal(disk, name);
    sql = disk.openSql(name, false);
    configure(sql);
    const file = body(sql);
    // A main file that is too short for what its write-ahead log says shows itself only here.
    checkpoint(sql);
    // The emptied write-ahead log must not come back: where a sync of it had failed, what the disk holds of it may end
    // earlier than what was just read, and its older pages would take the place of newer ones.
    disk.sync(`${name}-wal`);
    return { sql, file };
  } catch (error) {
    if (sql !== null) closeDamaged(sql);
    return damageWords(error, pathOf(disk, name));
  }
}

/** The words of an error that the data may have caused. Throws StorageError for one that only the environment can cause. */
function damageWords(error: unknown, path: string): string {
  const code = codeOf(error);
  // A disk that fails to write or to sync says nothing about what lies on it; one that fails to read does.
  const environment =
    /^SQLITE_(BUSY|LOCKED|FULL|NOMEM|PERM|AUTH|INTERRUPT|PROTOCOL|IOERR(?!_(READ|SHORT_READ|CORRUPTFS)))/.test(code);
  if (code === 'DAMAGED') return messageOf(error);
  if (code.startsWith('SQLITE_') && !environment) return `${messageOf(error)} (${code})`;
  throw toStorageError(error, path);
}

/** What keeps the state file from being used, in words. */
function stateTrouble(log: LogFile, state: Opened<StateFile> | string, note: Note | null): string | null {
  if (typeof state === 'string') return state;
  if (speaksOf(note, names.state(log.history.state))) return note.reason;
  const { position } = state.file.header;
  const place = formatZxid(position.zxid);
  if (position.zxid < log.history.base.zxid) {
    return `it reflects the log up to ${place}, but the log starts behind ${formatZxid(log.history.base.zxid)}`;
  }
  if (position.zxid <= log.last.zxid && log.placeOf(position.zxid)?.chain !== position.chain) {
    return `it reflects a history up to ${place} that is not the log's`;
  }
  return null;
}

/** What is missing of what the watermark says was promised, in words. */
function promiseTrouble(
  watermark: Watermark,
  proven: { base: Position; last: Position; placeOf(zxid: Zxid): Position | null },
  log: LogFile,
): string | null {
  const { acceptedEpoch, currentEpoch } = log.history;
  const { mark } = watermark;
  if (mark === null) {
    if (proven.last.zxid === 0 && acceptedEpoch === 0 && currentEpoch === 0) return null;
    return 'the watermark is missing or unreadable, so that nothing says how far this server has promised';
  }
  if (!reaches(proven, mark)) {
    const promised = formatZxid(mark.position.zxid);
    return mark.position.zxid > proven.last.zxid
      ? `the history ends at ${formatZxid(proven.last.zxid)}, but this server has promised up to ${promised}`
      : `the history up to ${promised} is not the one this server has promised`;
  }
  if (acceptedEpoch < mark.acceptedEpoch || currentEpoch < mark.currentEpoch) {
    return `the epochs ${acceptedEpoch}/${currentEpoch} are lower than the promised ${mark.acceptedEpoch}/${mark.currentEpoch}`;
  }
  return null;
}

/** Throws StorageError DAMAGED with the words for a server that must not repair itself. */
export function refuse(dir: string, damage: string): never {
  throw new StorageError(
    'DAMAGED',
    `the data in ${dir} is damaged (${damage}). A server of an ensemble is repaired by its leader; a standalone server ` +
      `has no other copy: restore the directory from a backup, or move it away to start empty`,
  );
}
