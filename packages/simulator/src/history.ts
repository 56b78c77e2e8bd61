/**
 * What clients saw of a run: every call with its outcome, every watch event, every change of a session's state. The
 * checkers (check/) judge it against the servers' log. Simulated clients and the clients of real processes write the
 * same records, one line of JSON each where they travel through a file.
 *
 * All times are milliseconds of one clock that is true for everybody (the simulator's, or the machine's monotonic
 * clock); `seq` orders what one client saw.
 */
import type { Request } from '@synod/protocol';
import type { Txn } from '@synod/tree';

/** One call. */
export interface OpRecord {
  readonly t: 'op';
  readonly client: string;
  session: number;
  /** When the caller got the answer, among everything this client saw. */
  seq: number;
  /** Number of the client's connection then; 1 is the first that was let in. */
  conn: number;
  /** What was asked. Bytes are kept as they are in memory; see {@link historyLine} for files. */
  readonly request: Request;
  readonly write: boolean;
  /** Of a write within its session; 0 for a read and for what was never sent. */
  number: number;
  /** When it was called. */
  readonly called: number;
  /** When it was first sent; where it never was, when it was called. */
  sent: number;
  /** When it was answered, or given up; Infinity (null in a file) while it is open. */
  end: number;
  /** fail: certainly without effect. */
  outcome: 'ok' | 'fail' | 'unknown';
  /** Of the refusal, or empty. */
  code: string;
  /** Of the answer; 0 where no server answered. */
  zxid: number;
  /** The canonical form of the answer (see {@link canonical}); null where there is none. */
  result: string | null;
  /** How often the request was sent on a new connection before it was answered. */
  resent: number;
  /** The watch that the call arms where it succeeds. */
  readonly watch: { readonly id: number; readonly kind: WatchKind } | null;
}

/** `exists`: a data watch that may stand on a missing znode. `persistent`: of one znode and its list of children. */
export type WatchKind = 'data' | 'exists' | 'child' | 'persistent' | 'recursive';

/** A watch that fired. */
export interface EventRecord {
  readonly t: 'event';
  readonly client: string;
  readonly session: number;
  readonly seq: number;
  readonly conn: number;
  readonly at: number;
  /** Id of the watch. */
  readonly watch: number;
  /** ZooKeeper's number of the event's type. */
  readonly type: number;
  readonly path: string;
  readonly zxid: number;
}

/** A session that was opened. */
export interface SessionRecord {
  readonly t: 'session';
  readonly client: string;
  readonly session: number;
  /** As granted. */
  readonly timeout: number;
  readonly at: number;
}

/** The session of a client changed its state. */
export interface StateRecord {
  readonly t: 'state';
  readonly client: string;
  readonly session: number;
  readonly seq: number;
  readonly at: number;
  readonly state: string;
  readonly cause: string;
  /** When the last request that was answered had been sent, on the common clock. */
  readonly contact: number;
  /** When anything was last received, on the common clock, where that is known. */
  readonly heard?: number;
  /** The same as `contact` by the wall clock, milliseconds since 1970; as transactions carry it. */
  readonly wall: number;
}

/** How its owner ended a client; abandoned: without a word to the servers. */
export interface EndRecord {
  readonly t: 'end';
  readonly client: string;
  readonly session: number;
  readonly how: 'closed' | 'abandoned' | 'expired';
  readonly at: number;
}

/** What the holder of a lock does to the resource that it guards. The token is the czxid of the lock's znode. */
export interface LockRecord {
  readonly t: 'lock';
  readonly client: string;
  readonly lock: string;
  readonly what: 'acquired' | 'access' | 'released' | 'lost';
  readonly token: number;
  readonly at: number;
  /** Whether the guarded resource took the access: it refuses tokens lower than one it has seen. */
  readonly accepted: boolean;
}

/** The process of the clients, or of one of them, stood still. */
export interface StallRecord {
  readonly t: 'stall';
  /** Where it was the process of one client only. */
  readonly client?: string;
  /** When it was over. */
  readonly at: number;
  readonly ms: number;
}

export type AnyRecord = OpRecord | EventRecord | SessionRecord | StateRecord | EndRecord | LockRecord | StallRecord;

export interface History {
  readonly ops: OpRecord[];
  readonly events: EventRecord[];
  readonly sessions: SessionRecord[];
  readonly states: StateRecord[];
  readonly ends: EndRecord[];
  readonly locks: LockRecord[];
  readonly stalls: StallRecord[];
}

/** One committed record of the log. */
export interface LogEntry {
  readonly zxid: number;
  readonly chain: number;
  readonly txn: Txn;
  /** When the leader proposed it on the common clock, where that is known (the simulator knows). */
  readonly proposed?: number;
}

/** A broken promise. */
export interface Violation {
  /** Name of the predicate: Z1 … Z13, C1 … C14, or a word. */
  readonly rule: string;
  readonly text: string;
}

/** A history without records. */
export function emptyHistory(): History {
  return { ops: [], events: [], sessions: [], states: [], ends: [], locks: [], stalls: [] };
}

/** Puts a record where it belongs. */
export function addRecord(history: History, record: AnyRecord): void {
  switch (record.t) {
    case 'op':
      history.ops.push(record);
      return;
    case 'event':
      history.events.push(record);
      return;
    case 'session':
      history.sessions.push(record);
      return;
    case 'state':
      history.states.push(record);
      return;
    case 'end':
      history.ends.push(record);
      return;
    case 'lock':
      history.locks.push(record);
      return;
    case 'stall':
      history.stalls.push(record);
  }
}
