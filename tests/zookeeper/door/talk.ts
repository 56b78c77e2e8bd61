/** A conversation with a replica that says what the test wants it to say, in its wire form, and with a clock of the test. */
import {
  eventToWire,
  goodbyeToWire,
  Op,
  replyToWire,
  welcomeToWire,
  type ClientMessage,
  type ErrorCode,
  type OpCode,
  type Refusal,
  type Request,
  type Result,
  type Stat,
  type Welcome,
} from '@synod/protocol';
import {
  connectRequest,
  ConnectionStats,
  Conversation,
  JuteWriter,
  replyHeader,
  ServerStats,
  writeRequest,
  type ConnectRequest,
  type ReplyHeader,
  type RequestRecord,
} from '@synod/zookeeper';
import { digits, framed, inside } from '../bytes.js';

/** Hexadecimal digits without what makes them readable. */
export const flat = (digits: string): string => digits.replaceAll(/[\s|]/g, '');

export const stat: Stat = {
  ...{ czxid: 2, mzxid: 3, pzxid: 2, ctime: 4, mtime: 5, version: 1, cversion: 0, aversion: 0 },
  ...{ ephemeralOwner: 0, dataLength: 2, numChildren: 0 },
};

export const secret = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

/** A handshake's request, with changes. */
export function hello(changes: Partial<ConnectRequest> = {}): Uint8Array {
  return framed(connectRequest, {
    ...{ protocolVersion: 0, lastZxidSeen: 0, timeOut: 10_000, sessionId: 0, passwd: new Uint8Array(16) },
    ...{ readOnly: false },
    ...changes,
  });
}

/** Requests as bytes, one behind the other. */
export function asked(...requests: readonly (readonly [xid: number, request: RequestRecord])[]): Uint8Array {
  const output = new JuteWriter();
  for (const [xid, request] of requests) writeRequest(output, xid, request);
  return output.take();
}

type ReplicaRequest = Extract<ClientMessage, { type: 'request' }>;

export class Talk {
  readonly conversation: Conversation;
  readonly stats = new ConnectionStats(new ServerStats(), 0);
  /** What the replica was told and has not been looked at. */
  readonly heard: ClientMessage[] = [];
  now = 1_000;
  #answered = 0;

  constructor(maxFrameBytes = 0xfffff) {
    this.conversation = new Conversation(maxFrameBytes, this.stats);
  }

  /** A talk behind its handshake: session 9, zxid 1, and no write so far. */
  static open(welcome: Partial<Welcome> = {}, maxFrameBytes?: number): Talk {
    const talk = new Talk(maxFrameBytes);
    talk.say(hello());
    talk.welcome(welcome);
    talk.heard.length = 0;
    return talk;
  }

  /** The client says something; the replica hears. */
  say(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.heard.push(...this.conversation.receive(chunk, this.now));
  }

  /** The replica says something; the client reads these bytes. */
  answer(...messages: readonly (readonly unknown[])[]): string {
    const bytes = this.conversation.answer(messages, this.now);
    this.heard.push(...this.conversation.proceed(this.now));
    return digits(bytes);
  }

  welcome(changes: Partial<Welcome> = {}): string {
    return this.answer(
      welcomeToWire({
        ...{ version: 1, resumed: false, session: 9, secret, timeout: 10_000, zxid: 1, server: 1, lastWrite: 0 },
        ...{ maxFrameBytes: 1, maxOutstandingWrites: 1, maxOutstandingRequests: 1, maxMultiOperations: 1 },
        ...changes,
      }),
    );
  }

  goodbye(code: ErrorCode): string {
    return this.answer(goodbyeToWire({ code, reason: 'so' }));
  }

  event(zxid: number, type: number, path: string): readonly unknown[] {
    return eventToWire({ zxid, type: type as 1, path });
  }

  /** The next reply of the replica, to the oldest request without one. */
  reply(op: OpCode, zxid: number, result: Result | Refusal = {}): readonly unknown[] {
    return replyToWire(++this.#answered, op, { zxid, result });
  }

  /** What was asked of the replica since the last time. */
  requests(): Request[] {
    return this.messages().map(({ request }) => request);
  }

  messages(): ReplicaRequest[] {
    return this.heard.splice(0).filter((message): message is ReplicaRequest => message.type === 'request');
  }

  /** The replica answers a ping at this zxid. */
  pong(zxid: number): string {
    return this.answer(this.reply(Op.ping, zxid));
  }
}

/** The header of an answer without a body. */
export function headerOf(frame: string): ReplyHeader {
  return replyHeader.read(inside(Uint8Array.from(Buffer.from(frame, 'hex'))));
}
