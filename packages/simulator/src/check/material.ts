/**
 * Log and history side by side, indexed once for all checkers: which entry of the log a call became, and what each
 * session saw in which order.
 */
import type { EventRecord, History, LogEntry, OpRecord } from '../history.js';
import type { CheckOptions } from './options.js';

/** What one client saw of one session, in order. */
export interface Seen {
  readonly client: string;
  readonly session: number;
  /** All calls. */
  readonly ops: OpRecord[];
  /** Those that a server answered. */
  readonly answers: OpRecord[];
  readonly events: EventRecord[];
}

export interface Material {
  readonly log: readonly LogEntry[];
  readonly history: History;
  readonly options: CheckOptions;
  readonly seen: readonly Seen[];
  /** The entry that a write became; undefined where the log has none. */
  entryOf(op: OpRecord): LogEntry | undefined;
  /** The call that an entry comes from; undefined where the history has none. */
  opOf(entry: LogEntry): OpRecord | undefined;
}

export function collect(log: readonly LogEntry[], history: History, options: CheckOptions): Material {
  const entries = new Numbered<LogEntry>();
  for (const entry of log) if (entry.txn.session !== 0) entries.add(entry.txn.session, entry.txn.number, entry);
  const writes = new Numbered<OpRecord>();
  for (const op of history.ops) if (op.number > 0) writes.add(op.session, op.number, op);
  return {
    log,
    history,
    options,
    seen: seenOf(history),
    entryOf: (op) => (op.number > 0 ? entries.get(op.session, op.number) : undefined),
    opOf: ({ txn }) => (txn.number > 0 ? writes.get(txn.session, txn.number) : undefined),
  };
}

/** Things by session and number; the first one counts. */
class Numbered<T> {
  readonly #sessions = new Map<number, Map<number, T>>();

  add(session: number, number: number, value: T): void {
    let numbers = this.#sessions.get(session);
    if (numbers === undefined) this.#sessions.set(session, (numbers = new Map<number, T>()));
    if (!numbers.has(number)) numbers.set(number, value);
  }

  get(session: number, number: number): T | undefined {
    return this.#sessions.get(session)?.get(number);
  }
}

function seenOf(history: History): Seen[] {
  const all = new Map<string, Seen>();
  const of = ({ client, session }: { client: string; session: number }): Seen => {
    const key = `${session} ${client}`;
    let seen = all.get(key);
    if (seen === undefined) all.set(key, (seen = { client, session, ops: [], answers: [], events: [] }));
    return seen;
  };
  for (const op of history.ops) of(op).ops.push(op);
  for (const event of history.events) of(event).events.push(event);
  for (const seen of all.values()) {
    seen.ops.sort(bySeq);
    seen.events.sort(bySeq);
    for (const op of seen.ops) if (op.zxid > 0) seen.answers.push(op);
  }
  return [...all.values()];
}

function bySeq(a: { seq: number }, b: { seq: number }): number {
  return a.seq - b.seq;
}

/** Index of the first element for which `holds` is true, where it is false for all before and true for all behind. */
export function firstIndex<T>(list: readonly T[], holds: (one: T) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
