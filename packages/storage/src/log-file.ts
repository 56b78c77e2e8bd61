/**
 * The log of one server: records that prove themselves, and the row `history` that moves in one transaction with them.
 *
 * A plain synchronous class over {@link Sql}: no threads, no files of its own. It verifies the chain of whatever it
 * writes and reads. It does not know the watermark (see log-keeper.ts) nor what the bodies mean.
 */
import { epochOf, type Zxid } from '@synod/protocol';
import { chainHash, ORIGIN, type LogRecord, type PersistOp, type Position } from '@synod/zab';
import { checkSchema, isBytes, readSealed, seal, transaction, type Sql, type SqlStatement } from './sql.js';
import { codeOf, messageOf, StorageError } from './storage-error.js';

/** Version of the layout of the data directory. */
export const FORMAT = 1;

const TABLES = [
  'CREATE TABLE identity (format INTEGER NOT NULL, cluster TEXT NOT NULL, server INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT',
  'CREATE TABLE history (base INTEGER NOT NULL, baseChain INTEGER NOT NULL, acceptedEpoch INTEGER NOT NULL, currentEpoch INTEGER NOT NULL, committed INTEGER NOT NULL, state INTEGER NOT NULL, damage TEXT, sum INTEGER NOT NULL) STRICT',
  'CREATE TABLE record (zxid INTEGER PRIMARY KEY, chain INTEGER NOT NULL, body BLOB NOT NULL) STRICT',
];
const IDENTITY = 'format, cluster, server';
const HISTORY = 'base, baseChain, acceptedEpoch, currentEpoch, committed, state, damage';

/** What SQLite spends on a record besides its body, for the retention by bytes. */
const RECORD_OVERHEAD = 20;

/** Records that one slice of pruning removes at most. */
const PRUNE_SLICE = 2048;

/** Whose data this is. */
export interface Identity {
  readonly format: number;
  readonly cluster: string;
  readonly server: number;
}

/** Everything durable of the log but its records. */
export interface History {
  /** The place the first record stands behind. */
  readonly base: Position;
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  readonly committed: Zxid;
  /** Number of the state file in use. */
  readonly state: number;
  /** In words: why this history proves nothing; null for a sound one. */
  readonly damage: string | null;
}

/** A {@link PersistOp} as the log carries it out: `adopt` names the state file that comes into use. */
export type LogOp =
  | Exclude<PersistOp, { readonly type: 'adopt' }>
  | { readonly type: 'adopt'; readonly base: Position; readonly state: number };

/** What pruning keeps, counted from the newest record. */
export interface Retention {
  readonly records: number;
  readonly bytes: number;
}

/** The log of one server in one SQLite file. */
export class LogFile {
  readonly identity: Identity;
  readonly #sql: Sql;
  readonly #insert: SqlStatement;
  readonly #update: SqlStatement;
  readonly #chainAt: SqlStatement;
  readonly #behind: SqlStatement;
  readonly #oldest: SqlStatement;
  readonly #removeUpTo: SqlStatement;
  #history: History;
  #last: Position;
  #ends: readonly Position[] = [];
  #broken: string | null = null;
  #records = 0;
  #bytes = 0;

  private constructor(sql: Sql, identity: Identity, history: History) {
    this.#sql = sql;
    this.identity = identity;
    this.#history = history;
    this.#last = history.base;
    this.#insert = sql.prepare('INSERT INTO record (zxid, chain, body) VALUES (?, ?, ?)');
    this.#update = sql.prepare(
      'UPDATE history SET base = ?, baseChain = ?, acceptedEpoch = ?, currentEpoch = ?, committed = ?, state = ?, damage = ?, sum = ?',
    );
    this.#chainAt = sql.prepare('SELECT chain FROM record WHERE zxid = ?');
    this.#behind = sql.prepare('SELECT zxid, chain, body FROM record WHERE zxid > ? ORDER BY zxid');
    this.#oldest = sql.prepare('SELECT zxid, chain, length(body) FROM record ORDER BY zxid LIMIT ?');
    this.#removeUpTo = sql.prepare('DELETE FROM record WHERE zxid <= ?');
  }

  /** Lays out an empty log in an empty database, in one transaction. */
  static create(sql: Sql, identity: Identity, history: History): LogFile {
    transaction(sql, () => {
      for (const table of TABLES) sql.exec(table);
      const { format, cluster, server } = identity;
      sql
        .prepare(`INSERT INTO identity (${IDENTITY}, sum) VALUES (?, ?, ?, ?)`)
        .run(format, cluster, server, seal(format, cluster, server));
      const fields = historyFields(history);
      sql
        .prepare(`INSERT INTO history (${HISTORY}, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
        .run(...fields, seal(...fields));
    });
    return new LogFile(sql, identity, history);
  }

  /**
   * Opens a log and verifies every record. Throws StorageError DAMAGED, or what SQLite throws, where tables or settings
   * are unreadable. A damaged record does not throw: see {@link broken}.
   */
  static open(sql: Sql): LogFile {
    checkSchema(sql, TABLES);
    const [format, cluster, server] = readSealed(sql, 'identity', IDENTITY) as [number, string, number];
    const log = new LogFile(sql, { format, cluster, server }, readHistory(sql));
    log.#scan();
    return log;
  }

  get history(): History {
    return this.#history;
  }

  /** The place of the last record that is proven; the base where there is none. */
  get last(): Position {
    return this.#last;
  }

  /** As found by `open`: the last place of each epoch from the base on, oldest first. */
  get ends(): readonly Position[] {
    return this.#ends;
  }

  /** As found by `open`: what is wrong behind `last`, in words; such a log must be rewritten, not written to. */
  get broken(): string | null {
    return this.#broken;
  }

  /** Records in the log. */
  get records(): number {
    return this.#records;
  }

  /** The place of that zxid if the log starts behind it or holds it. */
  placeOf(zxid: Zxid): Position | null {
    if (zxid === this.#history.base.zxid) return this.#history.base;
    const chain = this.#chainAt.get(zxid)?.[0];
    return typeof chain === 'number' && zxid <= this.#last.zxid ? { zxid, chain } : null;
  }

  /** Carries out the operations in one transaction. Whatever it throws, the log must not be used any further. */
  apply(ops: readonly LogOp[]): void {
    if (this.#broken !== null) throw new StorageError('INTERNAL', 'a damaged log is written to');
    transaction(this.#sql, () => {
      const before = this.#history;
      for (const op of ops) this.#one(op);
      if (this.#history !== before) this.#writeHistory();
    });
  }

  /** Marks the history as unproven, for good until `adopt`, and raises the promised epoch to `acceptedEpoch`. */
  condemn(damage: string, acceptedEpoch: number): void {
    transaction(this.#sql, () => {
      const raised = Math.max(acceptedEpoch, this.#history.acceptedEpoch);
      this.#history = { ...this.#history, damage, acceptedEpoch: raised };
      this.#writeHistory();
    });
  }

  /**
   * Verified records behind `after`, at least one if there is one, until their bodies exceed `bytes`; null where the
   * log does not reach back so far. Throws StorageError DAMAGED.
   */
  read(after: Zxid, bytes: number): LogRecord[] | null {
    const start = this.#placeBefore(after);
    if (start === null) return null;
    const records: LogRecord[] = [];
    let size = 0;
    for (const record of this.walk(start)) {
      if (records.length > 0 && size + record.body.length > bytes) break;
      size += record.body.length;
      records.push(record);
    }
    return records;
  }

  /** All records behind a place of this log, each verified before it is handed out. Throws StorageError DAMAGED. */
  *walk(start: Position): Generator<LogRecord> {
    let previous = start;
    for (const [zxid, chain, body] of this.#behind.iterate(start.zxid)) {
      const where = `behind ${previous.zxid === 0 ? 'its start' : `zxid 0x${previous.zxid.toString(16)}`}`;
      if (typeof zxid !== 'number' || zxid <= previous.zxid || !isBytes(body)) {
        throw new StorageError('DAMAGED', `the record ${where} is not readable`);
      }
      if (chainHash(previous.chain, zxid, body) !== chain) {
        throw new StorageError('DAMAGED', `the record ${where} does not continue the chain`);
      }
      previous = { zxid, chain };
      yield { zxid, chain, body };
    }
  }

  /**
   * Removes one slice of the oldest records up to `upTo`, leaving at least what `keep` allows to stay. `more` says
   * whether another slice is due.
   */
  prune(upTo: Zxid, keep: Retention): { more: boolean } {
    let records = this.#records;
    let bytes = this.#bytes;
    let base = this.#history.base;
    let seen = 0;
    for (const [zxid, chain, length] of this.#oldest.iterate(PRUNE_SLICE)) {
      if (Number(zxid) > upTo || (records <= keep.records && bytes <= keep.bytes)) break;
      seen++;
      records--;
      bytes -= Number(length) + RECORD_OVERHEAD;
      base = { zxid: Number(zxid), chain: Number(chain) };
    }
    if (seen === 0) return { more: false };
    transaction(this.#sql, () => {
      const removed = this.#removeUpTo.run(base.zxid);
      if (removed !== seen) throw new StorageError('DAMAGED', `pruning removed ${removed} records instead of ${seen}`);
      this.#history = { ...this.#history, base };
      this.#writeHistory();
    });
    this.#records = records;
    this.#bytes = bytes;
    return { more: seen === PRUNE_SLICE };
  }

  #one(op: LogOp): void {
    switch (op.type) {
      case 'append':
        for (const record of op.records) this.#append(record);
        break;
      case 'truncate':
        this.#truncate(op.after);
        break;
      case 'adopt':
        this.#sql.exec('DELETE FROM record');
        this.#history = { ...this.#history, base: op.base, state: op.state, damage: null, committed: op.base.zxid };
        this.#last = op.base;
        this.#records = 0;
        this.#bytes = 0;
        break;
      case 'accepted-epoch':
        this.#history = {
          ...this.#history,
          acceptedEpoch: notBelow(this.#history.acceptedEpoch, op.epoch, 'accepted'),
        };
        break;
      case 'current-epoch':
        this.#history = { ...this.#history, currentEpoch: nextCurrent(this.#history.currentEpoch, op.epoch) };
        break;
      case 'committed':
        this.#history = { ...this.#history, committed: Math.max(this.#history.committed, op.zxid) };
        break;
    }
  }

  #append(record: LogRecord): void {
    const { zxid, chain, body } = record;
    if (zxid <= this.#last.zxid || chainHash(this.#last.chain, zxid, body) !== chain) {
      const places = `0x${zxid.toString(16)} behind 0x${this.#last.zxid.toString(16)}`;
      throw new StorageError('INTERNAL', `an appended record does not continue the chain: ${places}`);
    }
    this.#insert.run(zxid, chain, body);
    this.#last = { zxid, chain };
    this.#records++;
    this.#bytes += body.length + RECORD_OVERHEAD;
  }

  #truncate(after: Position): void {
    if (this.placeOf(after.zxid)?.chain !== after.chain) {
      throw new StorageError(
        'INTERNAL',
        `the log is truncated to 0x${after.zxid.toString(16)}, which it does not hold`,
      );
    }
    const totals = this.#sql.prepare('SELECT count(*), total(length(body)) FROM record WHERE zxid > ?').get(after.zxid);
    const removed = Number(totals?.[0]);
    this.#sql.prepare('DELETE FROM record WHERE zxid > ?').run(after.zxid);
    this.#records -= removed;
    this.#bytes -= Number(totals?.[1]) + removed * RECORD_OVERHEAD;
    this.#last = after;
    if (this.#history.committed > after.zxid) this.#history = { ...this.#history, committed: after.zxid };
  }

  #writeHistory(): void {
    const fields = historyFields(this.#history);
    if (this.#update.run(...fields, seal(...fields)) !== 1)
      throw new StorageError('DAMAGED', 'the row "history" is gone');
  }

  /** The place of the newest record up to `zxid`, or the base; null where the log does not reach back so far. */
  #placeBefore(zxid: Zxid): Position | null {
    const { base } = this.#history;
    if (zxid < base.zxid) return null;
    const row = this.#sql
      .prepare('SELECT zxid, chain FROM record WHERE zxid <= ? ORDER BY zxid DESC LIMIT 1')
      .get(zxid);
    return row === undefined ? base : { zxid: Number(row[0]), chain: Number(row[1]) };
  }

  #scan(): void {
    const { base } = this.#history;
    const ends = base.zxid === 0 ? [] : [base];
    try {
      for (const { zxid, chain, body } of this.walk(base)) {
        const previous = this.#last;
        this.#last = { zxid, chain };
        if (ends.length > 0 && epochOf(previous.zxid) === epochOf(zxid)) ends.pop();
        ends.push(this.#last);
        this.#records++;
        this.#bytes += body.length + RECORD_OVERHEAD;
      }
      // In a damaged tree a search misses rows that are there.
      const rows = this.#sql.prepare('SELECT count(*) FROM record').get()?.[0];
      if (rows !== this.#records) {
        throw new StorageError('DAMAGED', `${this.#records} of its ${String(rows)} records can be found`);
      }
    } catch (error) {
      if (codeOf(error) === '') throw error;
      this.#broken = messageOf(error);
    }
    this.#ends = ends;
  }
}

function historyFields(history: History): (number | string | null)[] {
  const { base, acceptedEpoch, currentEpoch, committed, state, damage } = history;
  return [base.zxid, base.chain, acceptedEpoch, currentEpoch, committed, state, damage];
}

function readHistory(sql: Sql): History {
  const [zxid, chain, acceptedEpoch, currentEpoch, committed, state, damage] = readSealed(sql, 'history', HISTORY) as [
    ...[number, number, number, number, number, number],
    string | null,
  ];
  const base = zxid === 0 ? ORIGIN : { zxid, chain };
  return { base, acceptedEpoch, currentEpoch, committed, state, damage };
}

/** 0 says that this server no longer vouches for its history; otherwise the current epoch only grows. */
function nextCurrent(now: number, next: number): number {
  return next === 0 ? 0 : notBelow(now, next, 'current');
}

function notBelow(now: number, next: number, which: string): number {
  if (next < now) throw new StorageError('INTERNAL', `the ${which} epoch falls from ${now} to ${next}`);
  return next;
}
