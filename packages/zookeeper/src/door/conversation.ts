/**
 * One connection of a client that speaks ZooKeeper's protocol: its bytes to messages for the replica, and what the replica
 * says back to bytes. Pure: no socket, no clock; time comes as an argument.
 *
 * The replica has sessions, answers in order and tells watchers; what is left to do here is translation, and what
 * ZooKeeper's clients do not know of:
 *
 * - Writes get their numbers within the session here, and are acknowledged when their answers are written.
 * - A client may send as much as it likes. Behind so many requests without an answer the rest waits (`held`): the bytes
 *   that came stay as they are, and more must not be read.
 * - What is answered here without the replica (requests that cannot be read or translated) waits its turn behind a `ping`,
 *   whose answer also says which zxid is honest.
 *
 * Order of events: `receive` and `proceed` return what the replica is to be told, `answer` what the client is; after
 * `answer`, `proceed`. Once `ended` is set nothing more comes out, and the connection is to be closed behind what did.
 */
import {
  errorCodes,
  isSynodError,
  isWrite,
  limits,
  Op,
  readServerMessage,
  type ClientMessage,
  type Goodbye,
  type Reply,
  type Request,
  type WatchEvent,
  type Welcome,
} from '@synod/protocol';
import type { Codec } from '../codec.js';
import { FrameSplitter } from '../frame-splitter.js';
import { JuteReader } from '../jute-reader.js';
import { JuteWriter } from '../jute-writer.js';
import { ZooKeeperOp } from '../op.js';
import { connectRequest, connectResponse, type ConnectRequest, type ConnectResponse } from '../record/connect.js';
import { requestHeader, type RequestHeader } from '../record/header.js';
import { readRequestBody, type RequestRecord, type RequestType } from '../request.js';
import { writeEvent, writeReply } from '../response.js';
import { toWatcherEvent } from '../translate/event.js';
import { expiredResponse, toConnectResponse, toHello } from '../translate/handshake.js';
import { toRequest } from '../translate/request.js';
import { toResponse } from '../translate/response.js';
import type { ConnectionStats } from '../words/connection-stats.js';
import { Questions, type PreparedAnswer, type Question } from './questions.js';

/** The handshake among the operations, in statistics. */
const CREATE_SESSION = -10;

/** There is no SASL here: that is what a null token says. */
const NO_SASL: PreparedAnswer = { kind: 'prepared', err: 0, body: { token: null }, zxid: 0, last: false };

/** To a request of no known type. */
const UNKNOWN: PreparedAnswer = { kind: 'prepared', err: errorCodes.UNIMPLEMENTED, body: null, zxid: -1, last: true };

/** To a request whose body is not what its type demands. */
const UNREADABLE: PreparedAnswer = {
  kind: 'prepared',
  err: errorCodes.MARSHALLING_ERROR,
  body: null,
  zxid: null,
  last: false,
};

type State = 'greeting' | 'opening' | 'open' | 'over';

export class Conversation {
  readonly #splitter: FrameSplitter;
  readonly #stats: ConnectionStats;
  readonly #questions = new Questions();
  readonly #output = new JuteWriter();
  #state: State = 'greeting';
  #ended: string | null = null;
  #paused = false;
  /** Nothing more is read: the answer that ends the connection is on its way. */
  #deaf = false;
  #connect: ConnectRequest | null = null;
  #connectedAt = 0;
  #session = 0;
  #timeout = 0;
  #lastWrite = 0;
  #acked = 0;

  /** `maxFrameBytes`: of what the client sends, ZooKeeper's `jute.maxbuffer`. */
  constructor(maxFrameBytes: number, stats: ConnectionStats) {
    this.#splitter = new FrameSplitter(maxFrameBytes);
    this.#stats = stats;
  }

  /** Why the connection is to be closed, in words; null while it is not. */
  get ended(): string | null {
    return this.#ended;
  }

  /** True while no more bytes should come. */
  get held(): boolean {
    return this.#state !== 'over' && this.#state !== 'greeting' && !this.#listens;
  }

  /** 0 before there is one. */
  get session(): number {
    return this.#session;
  }

  /** Of the session, in milliseconds. */
  get timeout(): number {
    return this.#timeout;
  }

  get stats(): ConnectionStats {
    return this.#stats;
  }

  /** The replica wants to hear nothing for the time being. */
  pause(): void {
    this.#paused = true;
  }

  /** And again it does; `proceed` follows. */
  resume(): void {
    this.#paused = false;
  }

  /** Takes bytes that came. Throws nothing, whatever they are. */
  receive(bytes: Uint8Array, now: number): readonly ClientMessage[] {
    if (this.#state === 'over') return [];
    this.#splitter.feed(bytes);
    return this.proceed(now);
  }

  /** Goes on with bytes that were held back. */
  proceed(now: number): readonly ClientMessage[] {
    const said: ClientMessage[] = [];
    while (this.#listens) {
      const found = this.#splitter.next();
      if (found === undefined) break;
      if (found.kind === 'fault') this.#end(found.error.reason);
      else if (found.kind === 'word') this.#end(`the word ${found.word} in the place of a handshake`);
      else {
        const message = this.#state === 'greeting' ? this.#greet(found.bytes, now) : this.#hear(found.bytes, now);
        if (message !== null) said.push(message);
      }
    }
    return said;
  }

  /** What the replica says (in its wire form) as bytes for the client: none where it says nothing that clients know. */
  answer(messages: readonly (readonly unknown[])[], now: number): Uint8Array {
    for (const wire of messages) {
      if (this.#state === 'over') break;
      const message = readServerMessage(wire, () => this.#questions.head?.op);
      switch (message.type) {
        case 'welcome':
          this.#welcome(message.welcome, now);
          break;
        case 'reply':
          this.#reply(message.xid, message.reply, now);
          break;
        case 'event':
          this.#event(message.event);
          break;
        case 'goodbye':
          this.#goodbye(message.goodbye, now);
      }
    }
    return this.#output.take();
  }

  get #listens(): boolean {
    if (this.#state === 'greeting') return true;
    if (this.#state !== 'open' || this.#paused || this.#deaf) return false;
    const writes = this.#lastWrite - this.#acked;
    return this.#questions.size < limits.outstandingRequests && writes < limits.outstandingWrites;
  }

  #end(reason: string): void {
    this.#ended = reason;
    this.#state = 'over';
  }

  // ---- what the client says

  #greet(bytes: Uint8Array, now: number): ClientMessage | null {
    const request = this.#read(connectRequest, new JuteReader(bytes));
    if (request === null) return null;
    this.#stats.received();
    this.#connect = request;
    this.#connectedAt = now;
    this.#state = 'opening';
    return { type: 'hello', hello: toHello(request) };
  }

  #hear(bytes: Uint8Array, now: number): ClientMessage | null {
    const input = new JuteReader(bytes);
    const header = this.#read(requestHeader, input);
    if (header === null) return null;
    this.#stats.received();
    const type = header.type as RequestType;
    let record: RequestRecord;
    try {
      record = readRequestBody(type, input);
    } catch (error) {
      return this.#unreadable(header, error, now);
    }
    if (record.type === ZooKeeperOp.sasl) return this.#prepare(header, NO_SASL, now);
    const request = toRequest(record);
    if ('op' in request) return this.#ask(header.xid, type, { kind: 'asked', record }, request, now);
    const last = request.code === 'AUTH_FAILED';
    const answer = toResponse(record, request);
    return this.#prepare(header, { kind: 'prepared', ...answer, zxid: last ? 0 : null, last }, now);
  }

  /** A request whose body cannot be read. */
  #unreadable(header: RequestHeader, error: unknown, now: number): ClientMessage | null {
    if (!isSynodError(error)) throw error;
    if (error.code === 'UNIMPLEMENTED') return this.#prepare(header, UNKNOWN, now);
    if (header.type !== ZooKeeperOp.auth && header.type !== ZooKeeperOp.sasl) {
      return this.#prepare(header, UNREADABLE, now);
    }
    this.#end(error.reason);
    return null;
  }

  /** An answer that is known waits for its turn. */
  #prepare({ xid, type }: RequestHeader, answer: PreparedAnswer, now: number): ClientMessage {
    if (answer.last) this.#deaf = true;
    return this.#ask(xid, type as RequestType, answer, { op: Op.ping }, now);
  }

  #ask(xid: number, type: RequestType, what: Question['what'], request: Request, at: number): ClientMessage {
    const { op } = request;
    const write = isWrite(request);
    const number = this.#questions.add({ xid, type, what, op, isWrite: write, at });
    if (!write) return { type: 'request', xid: number, number: 0, acked: 0, request };
    return { type: 'request', xid: number, number: ++this.#lastWrite, acked: this.#acked, request };
  }

  /** Reads, or ends the connection. */
  #read<T>(codec: Codec<T>, input: JuteReader): T | null {
    try {
      return codec.read(input);
    } catch (error) {
      if (!isSynodError(error)) throw error;
      this.#end(error.reason);
      return null;
    }
  }

  // ---- what the replica says

  #welcome(welcome: Welcome, now: number): void {
    const connect = this.#connect!;
    this.#state = 'open';
    this.#session = welcome.session;
    this.#timeout = welcome.timeout;
    this.#lastWrite = this.#acked = welcome.lastWrite;
    this.#greeted(toConnectResponse(connect, welcome), welcome.zxid, now);
  }

  #goodbye({ code, reason }: Goodbye, now: number): void {
    if (this.#state === 'opening' && code === 'SESSION_EXPIRED') {
      this.#greeted(expiredResponse(this.#connect!), 0, now);
    }
    this.#end(reason);
  }

  #greeted(response: ConnectResponse, zxid: number, now: number): void {
    this.#output.begin();
    connectResponse.write(this.#output, response);
    this.#output.end();
    this.#stats.answered(CREATE_SESSION, 0, zxid, this.#connectedAt, now);
  }

  #reply(number: number, reply: Reply, now: number): void {
    const { xid, type, what, isWrite: wrote, at } = this.#questions.take(number);
    if (wrote) this.#acked++;
    const prepared = what.kind === 'prepared' ? what : null;
    const { err, body } = what.kind === 'prepared' ? what : toResponse(what.record, reply.result);
    const zxid = prepared?.zxid ?? (type === ZooKeeperOp.auth ? 0 : reply.zxid);
    writeReply(this.#output, { xid, zxid, err }, type, body);
    this.#stats.answered(type, xid, zxid, at, now);
    if (prepared?.last) this.#end(`the request of the type ${type} is answered with the error ${err}`);
  }

  #event(event: WatchEvent): void {
    const said = toWatcherEvent(event);
    if (said === undefined) return;
    writeEvent(this.#output, event.zxid, said);
    this.#stats.event();
  }
}
