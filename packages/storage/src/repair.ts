/**
 * Lays out an empty data directory, and brings a damaged one to a state in which the server can run: as a full member
 * where everything promised is still proven, else as a server that says it cannot prove its history.
 *
 * A repair never writes into a damaged file. What is proven is copied to a new log beside the old one, which names the
 * state file to be used; one rename puts it in place. Until then the directory shows the same damage at every start.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { epochOf } from '@synod/protocol';
import { ORIGIN, type LogRecord, type Position } from '@synod/zab';
import { names, openSlotFile, removeDamaged, removeDatabase, setAside, stateNumbers, syncDirectory } from './files.js';
import { writeIdentity } from './identity.js';
import { closeFindings, type Findings, type Verdict } from './inspect.js';
import { LogFile, type History, type Identity } from './log-file.js';
import { checkpoint, configure } from './sql.js';
import { openSqlite } from './sqlite.js';
import { StateFile } from './state-file.js';
import { Watermark } from './watermark.js';

const COPY_BYTES = 4 * 1_048_576;

/** Lays out an empty directory; the identity comes last and says that all the rest is there. */
export function layOut(dir: string, own: Identity): void {
  for (const number of stateNumbers(dir)) removeDatabase(join(dir, names.state(number)));
  removeDatabase(join(dir, names.log));
  createState(dir, own, 1);
  const history: History = { base: ORIGIN, acceptedEpoch: 0, currentEpoch: 0, committed: 0, state: 1, damage: null };
  createLog(join(dir, names.log), own, history, () => undefined);
  fs.rmSync(join(dir, names.watermark), { force: true });
  const watermark = new Watermark(openSlotFile(dir));
  watermark.write({ position: ORIGIN, acceptedEpoch: 0, currentEpoch: 0 });
  watermark.close();
  syncDirectory(dir);
  writeIdentity(dir, own);
}

/** Replaces the log (and where the verdict says so the state) as described above; closes the findings. */
export function rewrite(dir: string, own: Identity, findings: Findings, verdict: Verdict): void {
  const { log } = findings;
  const old = typeof log === 'string' ? null : log.file;
  const number = verdict.keepState && old !== null ? old.history.state : (stateNumbers(dir).at(-1) ?? 0) + 1;
  if (!verdict.keepState) createState(dir, own, number);
  const path = join(dir, names.newLog);
  removeDatabase(path);
  createLog(path, own, historyAfter(findings, verdict, number), (fresh) => {
    if (old !== null && verdict.last.zxid > verdict.base.zxid) copyRecords(old, fresh, verdict.last);
  });
  closeFindings(findings);
  removeDamaged(dir);
  for (const unused of stateNumbers(dir)) if (unused !== number) setAside(join(dir, names.state(unused)), false);
  setAside(join(dir, names.log), true);
  syncDirectory(dir);
  fs.renameSync(path, join(dir, names.log));
  syncDirectory(dir);
}

/** Removes state files that the log does not name, and what an interrupted rewrite left. */
export function sweep(dir: string, used: number): void {
  for (const number of stateNumbers(dir)) if (number !== used) removeDatabase(join(dir, names.state(number)));
  removeDatabase(join(dir, names.newLog));
}

/** The epochs err to the safe side: what was accepted may be said to be more, what was taken over must not. */
function historyAfter({ log, watermark }: Findings, verdict: Verdict, state: number): History {
  const history = typeof log === 'string' ? null : log.file.history;
  const { base, last, damage } = verdict;
  const acceptedEpoch = Math.max(history?.acceptedEpoch ?? 0, watermark.mark?.acceptedEpoch ?? 0);
  const current = history?.currentEpoch ?? 0;
  const currentEpoch = damage === null ? current : Math.min(current, epochOf(last.zxid));
  const committed = Math.min(history?.committed ?? 0, last.zxid);
  return { base, acceptedEpoch, currentEpoch, committed: Math.max(committed, base.zxid), state, damage };
}

function copyRecords(from: LogFile, to: LogFile, last: Position): void {
  let batch: LogRecord[] = [];
  let bytes = 0;
  const flush = (): void => {
    to.apply([{ type: 'append', records: batch }]);
    batch = [];
    bytes = 0;
  };
  // The walk of the damaged log would throw behind its last proven record.
  for (const record of from.walk(from.history.base)) {
    batch.push(record);
    bytes += record.body.length;
    if (bytes > COPY_BYTES || batch.length >= 10_000) flush();
    if (record.zxid >= last.zxid) break;
  }
  if (batch.length > 0) flush();
}

function createLog(path: string, own: Identity, history: History, fill: (log: LogFile) => void): void {
  const sql = openSqlite(path, true);
  try {
    configure(sql);
    fill(LogFile.create(sql, own, history));
    checkpoint(sql);
  } finally {
    sql.close();
  }
}

function createState(dir: string, own: Identity, number: number): void {
  const path = join(dir, names.state(number));
  removeDatabase(path);
  const sql = openSqlite(path, true);
  try {
    configure(sql);
    StateFile.create(sql, own, number);
    checkpoint(sql);
  } finally {
    sql.close();
  }
}
