/** What a simulated client remembers of itself: writes its calls, events and states into the history and the trace. */
import type { Call } from '@synod/client/session/calls';
import { isRefusal, isWrite, type Refusal, type Request, type Result, type WatchEvent } from '@synod/protocol';
import { canonical } from './check/canonical.js';
import type { ClientTrace } from './client-trace.js';
import { Latch } from './fibre.js';
import type { History, OpRecord, WatchKind } from './history.js';
import type { Process } from './process.js';

/** How a call ended. */
export interface Answer {
  readonly ok: boolean;
  /** Of the refusal, or empty. */
  readonly code: string;
  readonly result: Result | Refusal;
  readonly record: OpRecord;
}

/** Who is told of the events of a watch. */
export interface Listener {
  readonly id: number;
  readonly told: (event: WatchEvent) => void;
}

/** A call that waits for its answer. */
export interface OpenCall {
  readonly record: OpRecord;
  readonly latch: Latch<Answer>;
  call: Call<OpenCall, Listener> | undefined;
  /** The connection on which it was last sent; 0: none. */
  sentOn: number;
  sentAt: number;
}

export class ClientMemory {
  session = 0;
  /** The server to which the client is connected. */
  server: string | undefined;
  /** When anything was last received. */
  heardAt = 0;
  readonly #name: string;
  readonly #process: Process;
  readonly #history: History;
  readonly #trace: ClientTrace | null;
  readonly #open = new Set<OpenCall>();
  #seq = 0;
  #watches = 0;
  #conn = 0;
  #contact = 0;
  /** Since when the client is without a server, by its own clock; Infinity where it has one, or never had. */
  #aloneSince = Infinity;

  constructor(name: string, process: Process, history: History, trace: ClientTrace | null) {
    this.#name = name;
    this.#process = process;
    this.#history = history;
    this.#trace = trace;
  }

  /** Calls without an answer. */
  get waiting(): number {
    return this.#open.size;
  }

  /** A call is made. */
  asked(request: Request, kind?: WatchKind): OpenCall {
    const now = this.#process.timeline.now;
    const record: OpRecord = {
      ...{ t: 'op', client: this.#name, session: 0, seq: 0, conn: 0, request, write: isWrite(request), number: 0 },
      ...{ called: now, sent: now, end: Infinity, outcome: 'unknown', code: '', zxid: 0, result: null, resent: 0 },
      watch: kind === undefined ? null : { id: ++this.#watches, kind },
    };
    const open: OpenCall = { record, latch: new Latch(), call: undefined, sentOn: 0, sentAt: now };
    this.#open.add(open);
    return open;
  }

  /** Something was sent: whatever the session machine has given an id is under way. */
  sent(): void {
    const { now } = this.#process.timeline;
    for (const open of this.#open) {
      if (!open.call || open.call.xid === 0 || open.sentOn === this.#conn) continue;
      if (open.sentOn === 0) open.record.sent = now;
      else open.record.resent++;
      open.sentOn = this.#conn;
      open.sentAt = now;
      open.record.number = open.call.number;
      this.#trace?.sent(open.record, this.server);
    }
  }

  answered(open: OpenCall, result: Result | Refusal, zxid: number): void {
    const { record } = open;
    this.#open.delete(open);
    record.session = this.session;
    record.seq = ++this.#seq;
    record.conn = this.#conn;
    record.end = this.#process.timeline.now;
    record.zxid = zxid;
    const refused = isRefusal(result);
    if (zxid === 0) record.outcome = record.write && open.sentOn > 0 ? 'unknown' : 'fail';
    else if (refused) record.outcome = result.outcome === 'unknown' ? 'unknown' : 'fail';
    else record.outcome = 'ok';
    record.code = refused ? result.code : '';
    record.result = refused ? null : canonical(result);
    if (zxid > 0) this.#contact = Math.max(this.#contact, open.sentAt);
    this.#history.ops.push(record);
    this.#trace?.answered(record, this.server);
    open.latch.open({ ok: !refused, code: record.code, result, record });
  }

  event(event: WatchEvent, listener: Listener): void {
    const { type, path, zxid } = event;
    const at = this.#process.timeline.now;
    const record = {
      ...{ t: 'event' as const, client: this.#name, session: this.session, seq: ++this.#seq, conn: this.#conn, at },
      ...{ watch: listener.id, type, path, zxid },
    };
    this.#history.events.push(record);
    this.#trace?.event(record, this.server);
    listener.told(event);
  }

  /** The session has changed its state; `timeout` as granted. */
  state(state: string, cause: string, timeout: number): void {
    const { timeline, clock } = this.#process;
    const at = timeline.now;
    const { session } = this;
    const contact = this.#contact;
    if (state === 'connected' && ++this.#conn === 1) {
      this.#history.sessions.push({ t: 'session', client: this.#name, session, timeout, at });
    }
    const record = {
      ...{ t: 'state' as const, client: this.#name, session, seq: ++this.#seq, at, state, cause, contact },
      ...{ heard: this.heardAt, wall: clock.wall - (at - contact) },
    };
    this.#history.states.push(record);
    this.#trace?.state(record);
    this.#aloneSince = state === 'suspended' ? clock.now : Infinity;
  }

  /** Milliseconds without a server, by the client's clock; 0 where it has one, or has no session yet. */
  get alone(): number {
    return Math.max(this.#process.clock.now - this.#aloneSince, 0);
  }

  ended(how: 'closed' | 'abandoned' | 'expired'): void {
    const at = this.#process.timeline.now;
    this.#history.ends.push({ t: 'end', client: this.#name, session: this.session, how, at });
  }
}
