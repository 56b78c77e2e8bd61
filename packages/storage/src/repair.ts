/**
 * Lays out an empty data directory, and brings a damaged one to a state in which the server can run: as a full member
 * where everything promised is still proven, else as a server that says it cannot prove its history.
 *
 * A repair never writes into a damaged file. What is proven is copied to a new log beside the old one, which names the
 * state file to be used; one rename puts it in place. Until then the directory shows the same damage at every start.
 */
import { epochOf } from '@synod/protocol';
import { ORIGIN, type LogRecord, type Position } from '@synod/zab';
import type { Disk } from './disk.js';
import { names, removeDamaged, removeDatabase, setAside, stateNumbers } from './files.js';
import { writeIdentity } from './identity.js';
import { closeFindings, type Findings, type Verdict } from './inspect.js';
import { LogFile, type History, type Identity } from './log-file.js';
import { checkpoint, configure } from './sql.js';
import { StateFile } from './state-file.js';
import { Watermark } from './watermark.js';

const COPY_BYTES = 4 * 1_048_576;

/** Lays out an empty directory; the identity comes last and says that all the rest is there. */
export function layOut(disk: Disk, own: Identity): void {
  for (const number of stateNumbers(disk)) removeDatabase(disk, names.state(number));
  removeDatabase(disk, names.log);
  createState(disk, own, 1);
  const history: History = { base: ORIGIN, acceptedEpoch: 0, currentEpoch: 0, committed: 0, state: 1, damage: null };
  createLog(disk, names.log, own, history, () => undefined);
  disk.remove(names.watermark);
  const watermark = new Watermark(disk.openSlots(names.watermark));
  watermark.write({ position: ORIGIN, acceptedEpoch: 0, currentEpoch: 0 });
  watermark.close();
  disk.syncNames();
  writeIdentity(disk, own);
}

/** Replaces the log (and where the verdict says so the state) as described above; closes the findings. */
export function rewrite(disk: Disk, own: Identity, findings: Findings, verdict: Verdict): void {
  const { log } = findings;
  const old = typeof log === 'string' ? null : log.file;
  const number = verdict.keepState && old !== null ? old.history.state : (stateNumbers(disk).at(-1) ?? 0) + 1;
  if (!verdict.keepState) createState(disk, own, number);
  removeDatabase(disk, names.newLog);
  createLog(disk, names.newLog, own, historyAfter(findings, verdict, number), (fresh) => {
    if (old !== null && verdict.last.zxid > verdict.base.zxid) copyRecords(old, fresh, verdict.last);
  });
  closeFindings(findings);
  removeDamaged(disk);
  for (const unused of stateNumbers(disk)) if (unused !== number) setAside(disk, names.state(unused), false);
  setAside(disk, names.log, true);
  disk.syncNames();
  disk.rename(names.newLog, names.log);
  disk.syncNames();
}

/** Removes state files that the log does not name, and what an interrupted rewrite left. */
export function sweep(disk: Disk, used: number): void {
  for (const number of stateNumbers(disk)) if (number !== used) removeDatabase(disk, names.state(number));
  removeDatabase(disk, names.newLog);
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

function createLog(disk: Disk, name: string, own: Identity, history: History, fill: (log: LogFile) => void): void {
  const sql = disk.openSql(name, true);
  try {
    configure(sql);
    fill(LogFile.create(sql, own, history));
    checkpoint(sql);
  } finally {
    sql.close();
  }
}

function createState(disk: Disk, own: Identity, number: number): void {
  const name = names.state(number);
  removeDatabase(disk, name);
  const sql = disk.openSql(name, true);
  try {
    configure(sql);
    StateFile.create(sql, own, number);
    checkpoint(sql);
  } finally {
    sql.close();
  }
}
