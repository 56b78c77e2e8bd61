/**
 * The ZooKeeper that is read from: many questions at a time over one connection, and over the next one where it breaks.
 * Only operations of ZooKeeper 3.4 are used. Each connection has a session of its own and begins with a sync, so that what
 * is read is no older than the connection, nor older than what was read before.
 */
import { connect as open, type Socket } from 'node:net';
import type { Credentials, ServerAddress } from '@synod/client';
import { errorCodes, errorName, SynodError } from '@synod/protocol';
import {
  Caller,
  ZooKeeperOp,
  type Heard,
  type Long,
  type RequestOf,
  type RequestRecord,
  type RequestType,
  type Responses,
} from '@synod/zookeeper';
import { Window } from './window.js';

/** Session timeout that is asked for: an import that dies leaves a session behind for so long. */
const SESSION_MS = 30_000;
/** How long one server may take to answer the handshake, at most. */
const HANDSHAKE_MS = 3_000;
/** How long to look for another server once a connection is lost: an ensemble that elects is back by then. */
const RECONNECT_MS = 30_000;
/** Pause before the next server is tried, where the last one did not answer anything. */
const PAUSE_MS = 200;
/** How often the connection is looked after. */
const TICK_MS = 250;
/** How long the end of the session is waited for. */
const CLOSE_MS = 1_000;
/** The longest reply: a list of several million children. */
const REPLY_BYTES = 512 * 1_048_576;
/** Connections in a row that may break without an answer: perhaps a question breaks them. */
const MOST_BARREN = 10;
/** ZooKeeper's error where only SASL would do; Synod has no name for it. */
const NEEDS_SASL = -124;

export interface SourceOptions {
  readonly servers: readonly ServerAddress[];
  readonly auth: readonly Credentials[];
  /** Milliseconds to look for a server at first. */
  readonly connectTimeout: number;
  /** Hears of lost connections, in words. */
  readonly onTrouble: (text: string) => void;
}

interface Asked {
  readonly request: RequestRecord;
  /** True for what a connection begins with by itself. */
  readonly own: boolean;
  readonly resolve: (body: never) => void;
  readonly reject: (error: SynodError) => void;
}

export class Source {
  readonly #options: SourceOptions;
  readonly #window = new Window();
  /** Not sent on this connection yet. */
  #queue: Asked[] = [];
  #caller: Caller<Asked> | undefined;
  #socket: Socket | undefined;
  /** Which server is in use, or is tried next. */
  #at = 0;
  #lastZxid: Long = 0;
  /** When the connection began, heard and said something, and when the last one was lost (performance.now). */
  #since = 0;
  #heardAt = 0;
  #saidAt = 0;
  #lostAt: number;
  #patience: number;
  /** Connections in a row without an answer. */
  #barren = 0;
  readonly #handshake: number;
  /** How long the connection may be silent. */
  #silence = SESSION_MS;
  #cause = '';
  #flushing = false;
  #over: SynodError | undefined;
  readonly #timer: NodeJS.Timeout;
  #retry: NodeJS.Timeout | undefined;

  private constructor(options: SourceOptions) {
    this.#options = options;
    this.#lostAt = performance.now();
    this.#patience = options.connectTimeout;
    this.#handshake = Math.min(HANDSHAKE_MS, options.connectTimeout);
    // What the server has sent must be read before it is judged for its silence: hence not within the timer.
    this.#timer = setInterval(() => setImmediate(() => this.#tick()), TICK_MS);
    this.#dial();
  }

  /**
   * Resolves when a server serves. Rejects with SynodError: CONNECTION_LOSS where none does within `connectTimeout` or one
   * is no ZooKeeper, AUTH_FAILED where it takes no such identity.
   */
  static async connect(options: SourceOptions): Promise<Source> {
    const source = new Source(options);
    await source.#ask({ type: ZooKeeperOp.sync, path: '/' });
    return source;
  }

  /** `host:port` of the server in use. */
  get server(): string {
    const { host, port } = this.#options.servers[this.#at]!;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  }

  /** Data and Stat. Rejects with SynodError: NO_NODE, NO_AUTH, or CONNECTION_LOSS and AUTH_FAILED, which are the end. */
  data(path: string): Promise<Responses[typeof ZooKeeperOp.getData]> {
    return this.#ask({ type: ZooKeeperOp.getData, path, watch: false });
  }

  /** Access list and Stat; rejects as `data`. */
  acl(path: string): Promise<Responses[typeof ZooKeeperOp.getAcl]> {
    return this.#ask({ type: ZooKeeperOp.getAcl, path });
  }

  /** Names of the children and Stat; rejects as `data`. */
  children(path: string): Promise<Responses[typeof ZooKeeperOp.getChildren2]> {
    return this.#ask({ type: ZooKeeperOp.getChildren2, path, watch: false });
  }

  /** Ends the session; never rejects. What was asked and not answered is rejected. */
  async close(): Promise<void> {
    if (this.#over !== undefined) return;
    const closed = this.#ask({ type: ZooKeeperOp.closeSession }).then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([closed, new Promise((resolve) => (this.#retry = setTimeout(resolve, CLOSE_MS)))]);
    this.#giveUp('was closed');
  }

  #ask<T extends RequestType>(request: RequestOf<T>): Promise<Responses[T]> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) reject(this.#over);
      else {
        this.#queue.push({ request, resolve, reject, own: false });
        this.#flushSoon();
      }
    });
  }

  /** All that is asked in one turn leaves in one write. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const caller = this.#caller;
    if (caller?.opened !== true) return;
    const count = Math.min(this.#queue.length, this.#window.size - caller.outstanding);
    for (const asked of this.#queue.splice(0, Math.max(0, count))) caller.ask(asked.request, asked);
    this.#send();
  }

  #send(): void {
    const bytes = this.#caller!.take();
    if (bytes.length === 0) return;
    this.#saidAt = performance.now();
    this.#socket!.write(bytes);
  }

  #dial(): void {
    const { host, port } = this.#options.servers[this.#at]!;
    const socket = open({ host, port, noDelay: true });
    const caller = new Caller<Asked>({
      lastZxidSeen: this.#lastZxid,
      timeOut: SESSION_MS,
      maxFrameBytes: REPLY_BYTES,
    });
    this.#socket = socket;
    this.#caller = caller;
    this.#since = this.#heardAt = performance.now();
    this.#cause = 'it closed the connection without an answer: perhaps it does not serve now, or wants TLS';
    socket.on('connect', () => this.#send());
    socket.on('data', (chunk) => {
      this.#heardAt = performance.now();
      for (const heard of caller.push(chunk)) {
        // Answers that have come count, also where one before them was the end.
        if (heard.kind === 'answer' || this.#caller === caller) this.#hear(heard);
      }
      this.#flush();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#cause = error.message || (error.code ?? error.name);
    });
    socket.on('close', () => {
      if (this.#caller === caller) this.#lost();
    });
  }

  #hear(heard: Heard<Asked>): void {
    switch (heard.kind) {
      case 'opened':
        return this.#opened(heard.timeOut);
      case 'answer':
        this.#window.note(heard.bytes);
        return this.#answered(heard.token, heard.err, heard.body);
      case 'denied':
        return this.#fail('AUTH_FAILED', 'it does not accept the identity of --from-auth');
      case 'fault':
        if (this.#caller?.opened === true) return this.#drop(`it broke the protocol: ${heard.reason}`);
        return this.#fail('CONNECTION_LOSS', `it answers, but not as ZooKeeper does: ${heard.reason}`);
    }
  }

  #opened(timeOut: number): void {
    const caller = this.#caller!;
    this.#silence = (timeOut * 2) / 3;
    this.#cause = 'it closed the connection';
    this.#patience = RECONNECT_MS;
    for (const { scheme, credentials } of this.#options.auth) caller.authenticate(scheme, Buffer.from(credentials));
    const nothing = (): void => undefined;
    const sync: RequestRecord = { type: ZooKeeperOp.sync, path: '/' };
    this.#queue.unshift({ request: sync, resolve: nothing, reject: nothing, own: true });
  }

  #answered(asked: Asked, err: number, body: unknown): void {
    if (!asked.own) this.#barren = 0;
    if (err === 0) asked.resolve(body as never);
    else if (err === NEEDS_SASL) {
      this.#fail('AUTH_FAILED', 'it serves only clients that authenticate by SASL');
      asked.reject(this.#over!);
    } else {
      const code = errorName(err);
      const known = errorCodes[code] === err ? code : `the error ${err}`;
      const path = 'path' in asked.request ? (asked.request.path ?? undefined) : undefined;
      asked.reject(new SynodError({ code, reason: `the source answers with ${known}`, path }));
    }
  }

  /** Looks after the connection: gives up a silent server, shows a session that is idle. */
  #tick(): void {
    const caller = this.#caller;
    if (caller === undefined) return;
    const now = performance.now();
    if (caller.opened) {
      if (now - this.#saidAt > this.#silence / 2) {
        caller.ping();
        this.#send();
      }
      if (now - this.#heardAt > this.#silence) this.#drop(`it was silent for ${Math.round(now - this.#heardAt)} ms`);
    } else if (now - this.#since > this.#handshake) this.#drop(`it gave no answer within ${this.#handshake} ms`);
  }

  #drop(cause: string): void {
    this.#cause = cause;
    this.#lost();
  }

  /** Goes on with the next server; what was not answered is asked again. */
  #lost(): void {
    const caller = this.#caller!;
    const now = performance.now();
    const trouble = `${this.server}: ${this.#cause}`;
    if (caller.opened) {
      this.#lostAt = now;
      this.#options.onTrouble(`the connection to ${trouble}`);
    }
    this.#queue = [...caller.abandon(), ...this.#queue].filter(({ own }) => !own);
    if (caller.lastZxid > this.#lastZxid) this.#lastZxid = caller.lastZxid;
    this.#hangUp();
    if (++this.#barren >= MOST_BARREN && caller.opened) {
      return this.#giveUp(`breaks connections again and again; ${trouble}`);
    }
    if (now - this.#lostAt >= this.#patience) {
      const last = this.#options.servers.length === 1 ? '' : 'last: ';
      return this.#giveUp(`could not be reached within ${Math.round(this.#patience)} ms; ${last}${trouble}`);
    }
    this.#at = (this.#at + 1) % this.#options.servers.length;
    this.#retry = setTimeout(() => this.#dial(), this.#barren > 1 ? PAUSE_MS : 0);
  }

  #hangUp(): void {
    this.#socket?.destroy();
    this.#caller = this.#socket = undefined;
  }

  #giveUp(words: string): void {
    this.#end(new SynodError({ code: 'CONNECTION_LOSS', reason: `the source ${words}` }));
  }

  #fail(code: 'AUTH_FAILED' | 'CONNECTION_LOSS', words: string): void {
    this.#end(new SynodError({ code, reason: `the source ${this.server}: ${words}` }));
  }

  #end(error: SynodError): void {
    if (this.#over !== undefined) return;
    this.#over = error;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    const left = [...(this.#caller?.abandon() ?? []), ...this.#queue];
    this.#queue = [];
    this.#hangUp();
    for (const { reject } of left) reject(error);
  }
}
