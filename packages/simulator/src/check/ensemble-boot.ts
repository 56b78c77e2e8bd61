/**
 * What a process finds on its disk when it starts, against what the disk must hold: Z9 promises do not fall, Z10 what is
 * found is what was written. What was on its way to the disk when the process ended may be there or not, whole batches
 * in order.
 */
import { epochOf, formatHash, shortZxid } from '@synod/protocol';
import type { Position, RecoveredHistory } from '@synod/zab';
import { EntryLog, type Entry, type Records } from './ensemble-records.js';
import type { ServerView } from './ensemble-server.js';
import { succession } from './ensemble-shape.js';

/** What the judge of starts needs of the checker. */
export interface BootJudge {
  readonly records: Records;
  /** The last epoch that any server has entered. */
  readonly begun: number;
  report(rule: string, text: string): void;
}

/** Compares, and takes over what was found into the view. `digest`: of the tree that was loaded from the state at rest. */
export function judgeBoot(
  judge: BootJudge,
  view: ServerView,
  found: RecoveredHistory,
  held: readonly Position[],
  digest: number,
): void {
  const { records } = judge;
  const say = (rule: string, text: string): void => {
    judge.report(rule, `n${view.id}, started at ${view.startedAt} ms: ${text}`);
  };
  const log = readLog(records, found, held, say);
  judgeHistory(found, held, log, say);
  if (view.lost === null) {
    judgeLoss(view, found, log, say);
    if (found.damage !== null) say('Z10', `its sound disk is called damaged (${found.damage})`);
  }
  if (view.lost?.how === 'damaged' && found.damage === null) judgeSoundness(view, found, log, say);
  view.returned(found.damage === null, judge.begun);
  view.pending = [];
  view.durable = log;
  view.memory = log.copy();
  view.damaged = found.damage !== null;
  view.epochs.accepted = found.acceptedEpoch;
  view.epochs.current = found.currentEpoch;
  view.currentFloor = view.lost === null ? Math.max(view.currentFloor, found.currentEpoch) : found.currentEpoch;
  const state = records.find(found.state);
  if (state !== null) judgeState(state, digest, say);
  else if (!records.isForgotten(found.state.zxid)) {
    say('Z10', `its state at rest shows ${shortZxid(found.state.zxid)}, which was never logged so`);
  }
  view.applied = state ?? records.stranger(found.state);
}

type Say = (rule: string, text: string) => void;

/** The records that lie on the disk, as a log; what is out of order or unknown is reported. */
function readLog(records: Records, found: RecoveredHistory, held: readonly Position[], say: Say): EntryLog {
  const log = new EntryLog(baseEntry(records, found.base, say));
  let before = found.base.zxid;
  for (const place of held) {
    const broken = succession(before, place.zxid);
    if (broken !== null) say(broken.rule, `its log holds what cannot be: ${broken.text}`);
    before = place.zxid;
    const entry = records.find(place);
    if (entry === null && records.isForgotten(place.zxid)) continue;
    if (entry === null) {
      say('Z3', `its log holds ${shortZxid(place.zxid)}, which no leader has proposed so`);
      return log;
    }
    // The log begins where memory does.
    if (log.last.index < 0 && entry === records.canonical.base) log.reset(entry);
    else if (log.last.index >= 0 && entry.parent !== null && entry.parent !== log.last) {
      say('Z10', `its log holds ${shortZxid(place.zxid)} behind ${shortZxid(log.last.zxid)}, where it does not belong`);
      return log;
    } else log.push(entry);
  }
  return log;
}

function baseEntry(records: Records, base: Position, say: Say): Entry {
  const entry = records.find(base);
  if (entry === null) {
    if (!records.isForgotten(base.zxid))
      say('Z3', `its log begins behind ${shortZxid(base.zxid)}, which was never proposed so`);
    return records.stranger(base);
  }
  if (!entry.canonical) say('Z10', `its log begins behind ${shortZxid(base.zxid)}, which was never applied`);
  return entry;
}

/** What storage says of the log fits the log. */
function judgeHistory(found: RecoveredHistory, held: readonly Position[], log: EntryLog, say: Say): void {
  const { base, state, last, tail, acceptedEpoch, currentEpoch } = found;
  const end = held.at(-1) ?? base;
  if (last.zxid !== end.zxid || last.chain !== end.chain) {
    say('Z10', `its log is said to end at ${shortZxid(last.zxid)} and ends at ${shortZxid(end.zxid)}`);
  }
  if (state.zxid < base.zxid || state.zxid > last.zxid) {
    const between = `${shortZxid(base.zxid)} and ${shortZxid(last.zxid)}`;
    say(
      'Z10',
      `its state at rest shows ${shortZxid(state.zxid)}, which is not between ${between}, where its log begins and ends`,
    );
  }
  let place = held.findIndex(({ zxid }) => zxid > state.zxid);
  if (place < 0) place = held.length;
  const same =
    tail.length === held.length - place &&
    tail.every(({ zxid, chain }, i) => held[place + i]!.zxid === zxid && held[place + i]!.chain === chain);
  if (!same) say('Z10', `the tail to be replayed is not what its log holds behind ${shortZxid(state.zxid)}`);
  if (found.damage !== null) return;
  if (acceptedEpoch < currentEpoch || acceptedEpoch < epochOf(log.last.zxid)) {
    const epochs = `accepted ${acceptedEpoch}, current ${currentEpoch}`;
    say('Z9', `its epochs are ${epochs}, and its log ends at ${shortZxid(log.last.zxid)}`);
  }
}

/**
 * A disk that was damaged and is called sound still holds everything that was durable, or what whole batches on their way
 * have made of it: damage is noticed.
 */
function judgeSoundness(view: ServerView, found: RecoveredHistory, log: EntryLog, say: Say): void {
  const wanted = view.durable.last;
  const holds = (): boolean => view.durable.last.index < 0 || log.holds(view.durable.last);
  while (!holds()) {
    const batch = view.pending.shift();
    if (batch === undefined) {
      const [is, was] = [shortZxid(log.last.zxid), shortZxid(wanted.zxid)];
      say('Z7', `its damaged disk is called sound and ends at ${is}, not ${was}`);
      return;
    }
    for (const step of batch) view.write(step);
  }
  if (found.acceptedEpoch < view.epochs.accepted) {
    say('Z9', `its damaged disk is called sound and has forgotten epoch ${view.epochs.accepted}`);
  }
}

/** A disk that is sound holds what was durable, and perhaps some of what was on its way. */
function judgeLoss(view: ServerView, found: RecoveredHistory, log: EntryLog, say: Say): void {
  const { epochs } = view;
  const wanted = { last: view.durable.last, ...epochs };
  const fits = (): boolean =>
    view.durable.last === log.last && epochs.accepted === found.acceptedEpoch && epochs.current === found.currentEpoch;
  while (!fits()) {
    const batch = view.pending.shift();
    if (batch === undefined) break;
    for (const step of batch) view.write(step);
  }
  if (fits()) return;
  const is = `accepted ${found.acceptedEpoch}, current ${found.currentEpoch}`;
  const was = `accepted ${wanted.accepted}, current ${wanted.current}`;
  if (found.acceptedEpoch < wanted.accepted || found.currentEpoch < wanted.current) {
    say('Z9', `its disk says ${is}, and ${was} was durable`);
  } else if (wanted.last.zxid > log.last.zxid) {
    say('Z7', `its disk ends at ${shortZxid(log.last.zxid)}, and ${shortZxid(wanted.last.zxid)} was durable`);
  } else {
    say('Z10', `its disk ends at ${shortZxid(log.last.zxid)} with ${is}: not a state that was ever written`);
  }
}

function judgeState(state: Entry, digest: number, say: Say): void {
  const at = shortZxid(state.zxid);
  if (!state.canonical) say('Z10', `its state at rest shows ${at}, which was never applied`);
  else if (state.digest === null) state.digest = digest;
  else if (state.digest !== digest) {
    say('Z10', `its state at rest shows ${at} with digest ${formatHash(digest)}, not ${formatHash(state.digest)}`);
  }
}
