/**
 * A session without sockets or clock: tests say what happens and look at what the session wants done. Calls are named by
 * strings; so are listeners.
 */
import {
  frameMessages,
  eventToWire,
  goodbyeToWire,
  limits,
  Op,
  pack,
  PROTOCOL_VERSION,
  readClientMessage,
  replyToWire,
  unpackForeign,
  welcomeToWire,
  type ClientMessage,
  type ErrorCode,
  type EventType,
  type Hello,
  type Refusal,
  type Request,
  type Result,
  type Stat,
  type Welcome,
} from '@synod/protocol';
import type { Effect } from '@synod/client/session/effect';
import type { SessionOptions } from '@synod/client/session/session-options';
import { Session } from '@synod/client/session/session';

export const SECRET = Uint8Array.from({ length: 16 }, (_, i) => i);

export const STAT: Stat = {
  czxid: 1,
  mzxid: 1,
  pzxid: 1,
  ctime: 0,
  mtime: 0,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0,
  dataLength: 0,
  numChildren: 0,
};

export const set = (path: string): Request => ({ op: Op.setData, path, data: null, version: -1 });
export const get = (path: string, watch = false): Request => ({ op: Op.getData, path, watch });
export const exists = (path: string, watch = false): Request => ({ op: Op.exists, path, watch });
export const children = (path: string, watch = false): Request => ({ op: Op.getChildren, path, watch });

/** What a well-behaved server answers. */
export function resultOf(request: Request): Result {
  switch (request.op) {
    case Op.getData:
      return { data: null, stat: STAT };
    case Op.getChildren:
      return { children: [], stat: STAT };
    case Op.setData:
    case Op.exists:
      return { stat: STAT };
    default:
      return {};
  }
}

type Sent = Extract<ClientMessage, { type: 'request' }>;

export class Rig {
  readonly session: Session<string, string>;
  now = 1_000;
  /** The number of the connection that the session dialled last. */
  connection = 0;
  /** Dials, answers, events, states, hang-ups: what tests compare. */
  log: string[] = [];
  /** Requests on the present connection, unanswered or not. */
  sent: Sent[] = [];
  hellos: Hello[] = [];
  frames = 0;
  answers = new Map<string, Result | Refusal>();

  constructor(options: Partial<SessionOptions> = {}) {
    const servers = ['a', 'b', 'c'].map((host) => ({ host, port: 1 }));
    const defaults = { servers, timeout: 3_000, expireAfter: undefined, maxQueue: 100_000, resume: undefined };
    // 0.99 leaves the list of servers as it is and makes every wait as long as it can be.
    this.session = new Session({ ...defaults, ...options }, () => 0.99, this.now);
    this.session.tick(this.now);
    this.drain();
  }

  /** A session that is connected, nothing sent yet. */
  static connected(options: Partial<SessionOptions> = {}, welcome: Partial<Welcome> = {}): Rig {
    const rig = new Rig(options);
    rig.open();
    rig.welcome(welcome);
    rig.log = [];
    return rig;
  }

  /** Carries out effects and notes them. */
  drain(): void {
    for (const effect of this.session.takeEffects()) this.#note(effect);
  }

  #note(effect: Effect<string, string>): void {
    switch (effect.type) {
      case 'dial':
        this.connection = effect.connection;
        this.sent = [];
        this.log.push(`dial ${effect.server.host}`);
        return;
      case 'hangUp':
        this.log.push('hang up');
        return;
      case 'send':
        this.#read(effect.bytes);
        return;
      case 'answer': {
        const { result } = effect;
        this.answers.set(effect.token, result);
        this.log.push(`${effect.token} ${'code' in result ? `${result.code}/${result.outcome}` : 'ok'}`);
        return;
      }
      case 'event':
        this.log.push(`event ${effect.event.path} to ${effect.listeners.join()}`);
        return;
      case 'state':
        this.log.push(effect.state);
    }
  }

  #read(bytes: Uint8Array): void {
    this.frames++;
    for (const message of frameMessages(unpackForeign(bytes))) {
      const read = readClientMessage(message);
      if (read.type === 'hello') this.hellos.push(read.hello);
      else this.sent.push(read);
    }
  }

  /** What is on its way, as `op path #number`. */
  get requests(): string[] {
    return this.sent.map(({ request, number }) => {
      const path = 'path' in request ? ` ${request.path}` : '';
      return `${request.op}${path}${number > 0 ? ` #${number}` : ''}`;
    });
  }

  open(): void {
    this.session.opened(this.connection, this.now);
    this.drain();
  }

  welcome(welcome: Partial<Welcome> = {}): void {
    const { id } = this.session.identity;
    this.receive(
      welcomeToWire({
        version: PROTOCOL_VERSION,
        resumed: id !== 0,
        session: id === 0 ? 7 : id,
        secret: SECRET,
        timeout: 3_000,
        zxid: 100,
        server: 1,
        lastWrite: 0,
        maxFrameBytes: limits.frameBytes,
        maxOutstandingWrites: 1_000,
        maxOutstandingRequests: 2_000,
        maxMultiOperations: 10_000,
        ...welcome,
      }),
    );
  }

  /** One frame from the server, of these messages. */
  receive(...messages: unknown[][]): void {
    this.session.received(this.connection, pack(messages), this.now);
    this.drain();
  }

  goodbye(code: ErrorCode): void {
    this.receive(goodbyeToWire({ code, reason: 'because' }));
  }

  lost(): void {
    this.session.lost(this.connection, 'broken', this.now);
    this.drain();
  }

  /** Loses the connection and gets the next one as far as welcome. */
  reconnect(welcome: Partial<Welcome> = {}): void {
    const before = this.connection;
    this.lost();
    if (this.connection === before) this.advance(this.session.wakeAt - this.now);
    this.open();
    this.welcome(welcome);
  }

  advance(ms: number): void {
    this.now += ms;
    this.session.tick(this.now);
    this.drain();
  }

  /** Makes a call under a name and sends it as far as the window goes. */
  call(token: string, request: Request, listener?: string): ReturnType<Session<string, string>['submit']> {
    const call = this.session.submit(request, token, listener);
    this.flush();
    return call;
  }

  flush(): void {
    this.session.flush(this.now);
    this.drain();
  }

  /** The message that answers the first request without an answer. */
  replyWire(zxid: number, result?: Result | Refusal): unknown[] {
    const next = this.sent.shift();
    if (next === undefined) throw new Error('nothing was sent');
    const { xid, request } = next;
    return replyToWire(xid, request.op, { zxid, result: result ?? resultOf(request) });
  }

  reply(zxid = 101, result?: Result | Refusal): void {
    this.receive(this.replyWire(zxid, result));
  }

  replyAll(zxid = 101): void {
    while (this.sent.length > 0) this.reply(zxid);
  }

  event(type: EventType, path: string, zxid: number): void {
    this.receive(eventToWire({ type, path, zxid }));
  }

  close(token = 'close'): void {
    this.session.close(token, this.now);
    this.drain();
  }

  takeLog(): string[] {
    const { log } = this;
    this.log = [];
    return log;
  }
}
