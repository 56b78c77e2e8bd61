/**
 * The session of a client: a pure machine. What happens comes in by its methods, with the time as an argument; what is
 * to be done comes out of {@link Session.takeEffects} in order. SESSION.md has the table of states and the promises.
 *
 * It leaves out: sockets, timers, promises (the driver's) and paths below a chroot (the client's).
 */
import {
  frameMessages,
  helloToWire,
  isRefusal,
  isSynodError,
  limits,
  Op,
  pack,
  PROTOCOL_VERSION,
  readServerMessage,
  refuse,
  unpackForeign,
  type Refusal,
  type Reply,
  type Request,
  type ServerMessage,
  type Welcome,
  type Zxid,
} from '@synod/protocol';
import { backoffDelay } from './backoff.js';
import type { Call } from './calls.js';
import type { Effect } from './effect.js';
import { Ledger } from './ledger.js';
import { PATIENCE_WITH_OTHERS, resumeProblem } from './resume.js';
import { formatAddress, Servers, type ServerAddress } from './servers.js';
import type { SessionIdentity, SessionOptions } from './session-options.js';
import {
  connectionOf,
  dueAt,
  type Attempt,
  type Connected,
  type Handshaking,
  type SessionState,
  type State,
} from './state.js';
import { defaultExpireAfter, dialLimit, helloLimit, idleLimit, silenceLimit, STABLE_MS, wakeAt } from './timing.js';
import { nextPhase, type Trigger } from './transitions.js';
import type { WatchKind } from './watchers.js';

const CLOSED = refuse('SESSION_EXPIRED', '', 'the client is closed');

/** Bytes of a frame from a server: replies such as long listings may be longer than requests. */
export const MAX_REPLY_BYTES = limits.peerFrameBytes;

export class Session<T, L> {
  readonly #options: SessionOptions;
  readonly #random: () => number;
  readonly #servers: Servers;
  readonly #ledger: Ledger<T, L>;
  readonly #opOf = (xid: number) => this.#ledger.calls.opOf(xid);
  readonly #answerRefused = (call: Call<T, L>, refusal: Refusal) => this.#refuse(call, refusal);
  #effects: Effect<T, L>[] = [];
  #state: State;
  #id = 0;
  #secret: Uint8Array = new Uint8Array(0);
  #timeout: number;
  /** False while the numbering of a session of another process is still to be taken over. */
  #numbered = true;
  #connection = 0;
  #server: ServerAddress | undefined;
  #cause = '';
  #failures = 0;
  /** How often in a row somebody else took the session away. */
  /** How often the session was taken, less our hellos without an answer: late ones may have taken it. */
  #moved = 0;
  #closing = false;
  /** When a closing client that has no connection stops looking for one. */
  #closeBy = Infinity;

  constructor(options: SessionOptions, random: () => number, now: number) {
    this.#options = options;
    this.#random = random;
    this.#servers = new Servers(options.servers, random);
    this.#timeout = options.timeout;
    // A session's id is the zxid of its creation: no server that is behind it can know it.
    this.#ledger = new Ledger(options.resume?.id ?? 0);
    if (options.resume !== undefined) {
      this.#id = options.resume.id;
      this.#secret = options.resume.secret;
      this.#numbered = false;
    }
    this.#state = { phase: 'connecting', attempt: { kind: 'waiting', until: now } };
  }

  get state(): SessionState {
    return this.#state.phase === 'handshaking' ? this.#state.from : this.#state.phase;
  }

  get identity(): SessionIdentity {
    return { id: this.#id, secret: this.#secret, timeout: this.#timeout };
  }

  /** The highest zxid that was received. */
  get lastZxid(): Zxid {
    return this.#ledger.seen;
  }

  /** The server of the present or latest attempt. */
  get server(): ServerAddress | undefined {
    return this.#server;
  }

  /** Why the latest connection or attempt failed; empty where none has. */
  get cause(): string {
    return this.#cause;
  }

  /** True where {@link Session.flush} may have something to send. */
  get hasUnsent(): boolean {
    return this.#ledger.calls.hasUnsent && this.#state.phase === 'connected';
  }

  /** When {@link Session.tick} has something to do; Infinity where it never has. */
  get wakeAt(): number {
    return Math.min(wakeAt(this.#state, this.#timeout), this.#closeBy);
  }

  /** What is to be done since the last time, in order. */
  takeEffects(): readonly Effect<T, L>[] {
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  /**
   * Takes a request; it goes out with the next {@link Session.flush}. Returns undefined where it is refused at once
   * (the answer is among the effects).
   */
  submit(request: Request, token: T, listener: L | undefined): Call<T, L> | undefined {
    const refusal = this.#refusalNow();
    if (refusal !== undefined) {
      this.#effects.push({ type: 'answer', token, result: refusal, zxid: 0 });
      return undefined;
    }
    return this.#ledger.add(request, token, listener);
  }

  #refusalNow(): Refusal | undefined {
    const state = this.#state;
    if (state.phase === 'expired' || state.phase === 'closed') return state.refusal;
    if (this.#closing) return refuse('SESSION_EXPIRED', '', 'the client is being closed');
    if (this.#ledger.calls.size < this.#options.maxQueue) return undefined;
    return refuse('THROTTLED', '', `${this.#options.maxQueue} calls wait for their answer already (option maxQueue)`);
  }

  /** The owner no longer wants the answer of a call. True where it can be said for certain that it was never sent. */
  withdraw(call: Call<T, L>): boolean {
    return this.#ledger.withdraw(call);
  }

  /** Takes a listener off a persistent watch; true where the server need not watch any longer. */
  removeListener(kind: WatchKind, path: string, listener: L): boolean {
    return this.#ledger.removeListener(kind, path, listener);
  }

  /** Sends what waits, as far as the window goes. */
  flush(now: number): void {
    const state = this.#state;
    if (state.phase !== 'connected') return;
    for (;;) {
      const bytes = this.#ledger.calls.nextFrame(state.welcome, this.#answerRefused);
      if (bytes === undefined) return;
      state.sentAt = now;
      this.#effects.push({ type: 'send', connection: state.connection, bytes });
    }
  }

  /** Does what is due. To be called at {@link Session.wakeAt}; earlier or later does no harm. */
  tick(now: number): void {
    const state = this.#state;
    if (now >= this.#closeBy) return this.#finish('ended', CLOSED);
    switch (state.phase) {
      case 'connecting':
        return this.#tickAttempt(state.attempt, now);
      case 'suspended':
        return now >= state.giveUpAt ? this.#giveUp() : this.#tickAttempt(state.attempt, now);
      case 'handshaking':
        if (now >= state.giveUpAt) return this.#giveUp();
        return now >= state.deadline ? this.#lose('no answer to hello in time', now) : undefined;
      case 'connected':
        return this.#tickConnected(state, now);
      default:
    }
  }

  #tickAttempt(attempt: Attempt, now: number): void {
    if (now < dueAt(attempt)) return;
    if (attempt.kind === 'waiting') this.#dial(now);
    else this.#lose('no connection in time', now);
  }

  #tickConnected(state: Connected, now: number): void {
    const silence = now - state.heardAt;
    if (silence >= silenceLimit(this.#timeout)) return this.#lose(`silent for ${Math.round(silence)} ms`, now);
    if (now - state.sentAt < idleLimit(this.#timeout)) return;
    state.sentAt = now;
    // Where the window is full the server owes answers; a ping behind them would tell nothing more.
    if (this.#ledger.calls.hasUnsent) return;
    this.#ledger.addOwn({ op: Op.ping });
    this.flush(now);
  }

  #giveUp(): void {
    const reason = `without a server for too long the session counts as lost; last: ${this.#cause}`;
    this.#finish('gaveUp', refuse('SESSION_EXPIRED', '', reason));
  }

  #dial(now: number): void {
    const state = this.#state;
    if (state.phase !== 'connecting' && state.phase !== 'suspended') return;
    const server = this.#servers.next();
    const connection = ++this.#connection;
    this.#server = server;
    const deadline = now + dialLimit(this.#timeout, this.#servers.size);
    this.#state = { ...state, attempt: { kind: 'dialling', connection, deadline } };
    this.#effects.push({ type: 'dial', connection, server });
  }

  /** The transport has opened a connection. */
  opened(connection: number, now: number): void {
    const state = this.#state;
    if (connection !== connectionOf(state) || (state.phase !== 'connecting' && state.phase !== 'suspended')) return;
    nextPhase(state.phase, 'opened', state.phase);
    this.#moved--;
    const deadline = now + helloLimit(this.#timeout);
    const giveUpAt = state.phase === 'suspended' ? state.giveUpAt : Infinity;
    this.#state = { phase: 'handshaking', from: state.phase, connection, deadline, giveUpAt };
    const { timeout } = this.#options;
    const secret = this.#id === 0 ? null : this.#secret;
    const hello = { versions: [PROTOCOL_VERSION], timeout, lastZxid: this.#ledger.seen, session: this.#id, secret };
    this.#effects.push({ type: 'send', connection, bytes: pack([helloToWire(hello)]) });
  }

  /** The transport has lost a connection, or could not open it. */
  lost(connection: number, cause: string, now: number): void {
    if (connection === connectionOf(this.#state)) this.#lose(cause, now);
  }

  /** The transport has received a frame. */
  received(connection: number, bytes: Uint8Array, now: number): void {
    if (connection !== connectionOf(this.#state)) return;
    if (this.#state.phase === 'connected') this.#state.heardAt = now;
    else if (this.#state.phase !== 'handshaking') throw new Error('a frame came before its connection was open');
    try {
      for (const message of frameMessages(unpackForeign(bytes, MAX_REPLY_BYTES))) {
        this.#message(readServerMessage(message, this.#opOf), now);
        if (connection !== connectionOf(this.#state)) return;
      }
    } catch (error) {
      if (!isSynodError(error)) throw error;
      this.#lose(error.message, now);
    }
  }

  #message(message: ServerMessage, now: number): void {
    const state = this.#state;
    if (state.phase === 'handshaking') this.#moved++;
    if (message.type === 'goodbye') return this.#goodbye(message.goodbye.code, message.goodbye.reason, now);
    if (state.phase === 'handshaking') {
      if (message.type !== 'welcome') return this.#lose(`${message.type} before welcome`, now);
      return this.#welcome(state, message.welcome, now);
    }
    if (message.type === 'reply') return this.#reply(message.xid, message.reply, now);
    if (message.type === 'welcome') return this.#lose('a second welcome', now);
    this.#effects.push(...this.#ledger.event(message.event));
  }

  #goodbye(code: Refusal['code'], reason: string, now: number): void {
    const taken = code === 'SESSION_MOVED' && ++this.#moved > PATIENCE_WITH_OTHERS;
    if ((taken || code === 'SESSION_EXPIRED') && this.#id !== 0) this.#finish('denied', refuse(code, '', reason));
    else this.#lose(`goodbye: ${code}: ${reason}`, now);
  }

  #welcome(state: Handshaking, welcome: Welcome, now: number): void {
    if (welcome.version !== PROTOCOL_VERSION) return this.#lose(`protocol version ${welcome.version}`, now);
    if (this.#id === 0) {
      this.#id = welcome.session;
      this.#secret = Uint8Array.from(welcome.secret);
      this.#ledger.begin(welcome.zxid);
    } else {
      const { calls } = this.#ledger;
      const problem = resumeProblem(this.#id, this.#numbered ? calls.lastNumber : undefined, welcome);
      if (problem !== undefined) return this.#finish('denied', problem);
      if (!this.#numbered) calls.adoptNumbers(welcome.lastWrite);
      this.#numbered = true;
    }
    nextPhase(state.phase, 'welcomed', state.from);
    this.#timeout = welcome.timeout;
    const { connection } = state;
    this.#state = { phase: 'connected', connection, welcome, since: now, sentAt: now, heardAt: now };
    this.#ledger.restart(welcome);
    this.#effects.push({ type: 'state', state: 'connected', cause: '' });
    this.flush(now);
  }

  #reply(xid: number, reply: Reply, now: number): void {
    const { result } = reply;
    const refused = isRefusal(result);
    if (this.#ledger.calls.opOf(xid) === undefined) return this.#lose(`an answer to xid ${xid}, which is not due`, now);
    if (refused && (result.code === 'CONNECTION_LOSS' || result.code === 'SESSION_MOVED')) {
      // Says nothing about the request: it stays in the queue and goes to another server.
      return this.#lose(`${result.code}: ${result.reason}`, now);
    }
    const { request, token } = this.#ledger.answer(xid, reply);
    if (token === undefined) {
      // Without its identities and watches a connection is of no use.
      if (refused) this.#lose(`refused on reconnecting: ${result.code}: ${result.reason}`, now);
      else this.#effects.push(...this.#ledger.takeHeld());
    } else if (request.op === Op.closeSession) {
      this.#effects.push({ type: 'answer', token, result: {}, zxid: reply.zxid });
      this.#finish('ended', CLOSED);
    } else {
      // A server that answers is a good one, however long it lasts.
      this.#failures = 0;
      this.#effects.push({ type: 'answer', token, result, zxid: reply.zxid });
      if (refused && result.code === 'SESSION_EXPIRED') this.#finish('denied', result);
    }
  }

  #lose(cause: string, now: number): void {
    const state = this.#state;
    const connection = connectionOf(state);
    if (state.phase === 'expired' || state.phase === 'closed' || connection === undefined) return;
    this.#effects.push({ type: 'hangUp', connection });
    this.#ledger.calls.rewind();
    this.#cause = `${formatAddress(this.#server!)}: ${cause}`;
    if (state.phase === 'connected' && now - state.since >= STABLE_MS) this.#failures = this.#moved = 0;
    const delay = backoffDelay(++this.#failures, this.#random());
    const attempt: Attempt = { kind: 'waiting', until: now + delay };
    const phase = nextPhase(state.phase, 'lost', state.phase === 'handshaking' ? state.from : 'suspended');
    if (phase === 'connecting') this.#state = { phase, attempt };
    else {
      const expireAfter = this.#options.expireAfter ?? defaultExpireAfter(this.#timeout);
      this.#state = { phase: 'suspended', attempt, giveUpAt: 'giveUpAt' in state ? state.giveUpAt : now + expireAfter };
    }
    if (state.phase === 'connected') this.#effects.push({ type: 'state', state: 'suspended', cause: this.#cause });
    // A session that cannot be ended on a server in its own time ends there by itself.
    if (this.#closing) this.#closeBy = Math.min(this.#closeBy, now + this.#timeout);
    if (delay === 0) this.#dial(now);
  }

  /** Drops the connection, as a broken network would. The session goes on elsewhere. */
  disconnect(now: number): void {
    this.#lose('disconnect() was called', now);
  }

  /** Ends the session on the servers, behind all calls made so far; to be called once. `token` is told when it is over. */
  close(token: T, now: number): void {
    const state = this.#state;
    if (state.phase === 'expired' || state.phase === 'closed' || this.#id === 0) {
      this.#finish('ended', CLOSED);
      this.#effects.push({ type: 'answer', token, result: {}, zxid: 0 });
      return;
    }
    this.#closing = true;
    if (state.phase !== 'connected') this.#closeBy = now + this.#timeout;
    this.#ledger.add({ op: Op.closeSession }, token, undefined);
    this.flush(now);
  }

  /** Stops for good without a word to the servers. Everything without an answer is refused with `refusal`. */
  kill(refusal: Refusal): void {
    this.#finish('ended', refusal);
  }

  #finish(trigger: Trigger, refusal: Refusal): void {
    const state = this.#state;
    const phase = nextPhase(state.phase, trigger, 'suspended');
    if (phase === state.phase || (phase !== 'expired' && phase !== 'closed')) return;
    const connection = connectionOf(state);
    if (connection !== undefined) this.#effects.push({ type: 'hangUp', connection });
    this.#state = { phase, refusal };
    this.#closeBy = Infinity;
    // To a client that is closing an expired session is a closed one.
    const closing = phase === 'expired' && this.#closing;
    if (!closing) this.#effects.push({ type: 'state', state: phase, cause: refusal.reason });
    for (const call of this.#ledger.end()) this.#refuse(call, refusal);
    if (closing) this.#finish('ended', refusal);
  }

  /** Answers a call that no server will answer. A write that was sent may have been carried out. */
  #refuse(call: Call<T, L>, refusal: Refusal): void {
    const { token, request } = call;
    if (token === undefined) return;
    this.#ledger.settle(call);
    if (request.op === Op.closeSession) {
      this.#effects.push({ type: 'answer', token, result: {}, zxid: 0 });
      return;
    }
    const path = 'path' in request ? request.path : refusal.path;
    const outcome = call.number > 0 ? 'unknown' : 'not-applied';
    this.#effects.push({ type: 'answer', token, result: { ...refusal, path, outcome }, zxid: 0 });
  }
}
