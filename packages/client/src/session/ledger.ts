/**
 * What a session carries from connection to connection: calls without an answer, watches, identities, and how much of
 * the servers' history it has seen.
 */
import {
  isRefusal,
  limits,
  Op,
  WatchMode,
  type AddAuthRequest,
  type Refusal,
  type Reply,
  type Request,
  type WatchEvent,
  type Welcome,
  type Zxid,
} from '@synod/protocol';
import { Calls, newCall, type Call } from './calls.js';
import type { Effect } from './effect.js';
import { HeldEvents } from './held-events.js';
import { Watchers, type WatchKind } from './watchers.js';

type EventEffect<T, L> = Extract<Effect<T, L>, { readonly type: 'event' }>;

export class Ledger<T, L> {
  readonly calls = new Calls<T, L>();
  readonly #watchers = new Watchers<L>();
  readonly #identities: AddAuthRequest[] = [];
  #seen: Zxid;
  /**
   * All events up to this zxid were received: from here watches are armed again. It stands still while they are, because
   * an answer to one batch says nothing about the events of the next.
   */
  #told: Zxid;
  /** Answers to setWatches that are still to come on this connection. */
  #rearming = 0;
  /** Events that came while watches are armed in several batches, each of which tells its own; null: they need not wait. */
  #held: HeldEvents | null = null;

  constructor(seen: Zxid) {
    this.#seen = this.#told = seen;
  }

  /** Highest zxid of anything received: no server may show an older state. */
  get seen(): Zxid {
    return this.#seen;
  }

  /** A new session starts from the state of the server that gave it. */
  begin(zxid: Zxid): void {
    this.#seen = this.#told = zxid;
  }

  /** Takes a request from the owner. */
  add(request: Request, token: T, listener: L | undefined): Call<T, L> {
    const call = newCall(request, token, listener);
    this.calls.add(call);
    if (request.op === Op.addWatch) this.#watchers.expect(kindOf(request.mode), request.path);
    return call;
  }

  /** Takes a request of the session itself, which lasts no longer than the connection. */
  addOwn(request: Request): void {
    this.calls.add(newCall<T, L>(request, undefined, undefined));
  }

  /** The owner no longer wants the answer of a call. True where it was certainly never sent. */
  withdraw(call: Call<T, L>): boolean {
    call.listener = undefined;
    if (!this.calls.withdraw(call)) return false;
    this.settle(call);
    return true;
  }

  /** A call is over, in whatever way. */
  settle({ request }: Call<T, L>): void {
    if (request.op === Op.addWatch) this.#watchers.settle(kindOf(request.mode), request.path);
  }

  /** Takes a listener off a persistent watch; true where the server need not watch any longer. */
  removeListener(kind: WatchKind, path: string, listener: L): boolean {
    return this.#watchers.removeListener(kind, path, listener);
  }

  /** Queues for a new connection: identities, watches, then everything without an answer. */
  restart(welcome: Welcome): void {
    const rearm = this.#watchers.rearm(this.#told, limits.watchPaths, welcome.maxFrameBytes / 2);
    this.#rearming = rearm.length;
    this.#held = rearm.length > 1 ? new HeldEvents() : null;
    this.calls.restart([...this.#identities, ...rearm].map((own) => newCall<T, L>(own, undefined, undefined)));
  }

  /** An event has come: whom what is to be told now. */
  event(event: WatchEvent): EventEffect<T, L>[] {
    // More events of the same transaction may follow: only those of earlier ones are certainly complete.
    this.#note(event.zxid, event.zxid - 1);
    if (this.#held === null) return this.#fire(event);
    this.#held.add(event);
    return [];
  }

  /** Once all batches are answered: what they have told. */
  takeHeld(): EventEffect<T, L>[] {
    if (this.#held === null || this.#rearming > 0) return [];
    const events = this.#held.take();
    this.#held = null;
    return events.flatMap((event) => this.#fire(event));
  }

  #fire(event: WatchEvent): EventEffect<T, L>[] {
    const listeners = this.#watchers.fire(event);
    return listeners.length > 0 ? [{ type: 'event', event, listeners }] : [];
  }

  /** Takes the call that `xid` answers (it must be the one that is due) and draws the consequences for watches. */
  answer(xid: number, { zxid, result }: Reply): Call<T, L> {
    const call = this.calls.answer(xid);
    if (call === undefined) throw new Error(`xid ${xid} is not due`);
    if (call.token === undefined) {
      if (call.request.op === Op.setWatches && !isRefusal(result)) {
        this.#rearming--;
        this.#held?.answered();
      }
      return call;
    }
    this.#note(zxid, zxid);
    this.settle(call);
    if (isRefusal(result)) this.#noteRefusal(call, result);
    else this.#noteSuccess(call);
    return call;
  }

  /** The session is over: returns all calls without an answer. */
  end(): Call<T, L>[] {
    this.#watchers.clear();
    return this.calls.takeAll();
  }

  #note(zxid: Zxid, told: Zxid): void {
    if (zxid > this.#seen) this.#seen = zxid;
    if (this.#rearming === 0 && told > this.#told) this.#told = told;
  }

  #noteSuccess({ request, listener }: Call<T, L>): void {
    switch (request.op) {
      case Op.addAuth:
        this.#identities.push(request);
        return;
      case Op.removeWatches:
        return this.#watchers.remove(request.path, request.type);
      case Op.getData:
      case Op.exists:
        return this.#watch('data', request.path, listener);
      case Op.getChildren:
        return this.#watch('children', request.path, listener);
      case Op.addWatch:
        return this.#watch(kindOf(request.mode), request.path, listener);
      default:
    }
  }

  #noteRefusal({ request, listener }: Call<T, L>, refusal: Refusal): void {
    if (request.op === Op.exists && refusal.code === 'NO_NODE') this.#watch('exists', request.path, listener);
  }

  #watch(kind: WatchKind, path: string, listener: L | undefined): void {
    if (listener !== undefined) this.#watchers.add(kind, path, listener);
  }
}

function kindOf(mode: WatchMode): WatchKind {
  return mode === WatchMode.persistentRecursive ? 'recursive' : 'persistent';
}
