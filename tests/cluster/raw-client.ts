/**
 * A client of Synod's protocol that does nothing by itself: no pings, no reconnects, no numbers. For tests in which every
 * message counts.
 */
import {
  frameMessages,
  helloToWire,
  isRefusal,
  pack,
  readServerMessage,
  requestToWire,
  unpack,
  type Goodbye,
  type Hello,
  type OpCode,
  type Reply,
  type Request,
  type Result,
  type ServerMessage,
  type WatchEvent,
  type Welcome,
} from '@synod/protocol';
import { WebSocket } from 'ws';

/** How long a test waits for an answer before it complains, in milliseconds. */
const PATIENCE_MS = 20_000;

export class RawClient {
  readonly ws: WebSocket;
  /** Messages that no one has asked for yet, in order. */
  readonly inbox: ServerMessage[] = [];
  /** Code and reason of the end. */
  readonly closed: Promise<string>;
  readonly #ops = new Map<number, OpCode>();
  readonly #waiting = new Set<() => void>();
  #xid = 0;

  static async dial(address: string): Promise<RawClient> {
    const client = new RawClient(new WebSocket(`ws://${address}/`, { perMessageDeflate: false }));
    await new Promise((resolve, reject) => client.ws.once('open', resolve).once('error', reject));
    return client;
  }

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.binaryType = 'nodebuffer';
    ws.on('error', () => undefined);
    ws.on('message', (bytes) => {
      for (const wire of frameMessages(unpack(bytes as Buffer))) {
        this.inbox.push(readServerMessage(wire, (xid) => this.#ops.get(xid)));
      }
      for (const look of this.#waiting) look();
    });
    this.closed = new Promise((resolve) => ws.on('close', (code, reason) => resolve(`${code} ${reason.toString()}`)));
  }

  /** Opens a session, or resumes one; rejects with the words of a goodbye. */
  async hello(settings: Partial<Hello> = {}): Promise<Welcome> {
    const whole: Hello = { versions: [1], timeout: 30_000, lastZxid: 0, session: 0, secret: null, ...settings };
    this.frame([helloToWire(whole)]);
    const answer = await this.next((message) => message.type === 'welcome' || message.type === 'goodbye');
    if (answer.type !== 'welcome') throw new Error(JSON.stringify(answer));
    return answer.welcome;
  }

  /** Sends one frame of messages. */
  frame(messages: readonly unknown[]): void {
    this.ws.send(pack(messages));
  }

  /** Sends a request; gives its xid. */
  send(request: Request, number = 0, acked = 0): number {
    const xid = ++this.#xid;
    this.#ops.set(xid, request.op);
    this.frame([requestToWire(xid, request, number, acked)]);
    return xid;
  }

  async reply(xid: number): Promise<Reply> {
    const message = await this.next((one) => one.type === 'reply' && one.xid === xid);
    return (message as Extract<ServerMessage, { type: 'reply' }>).reply;
  }

  /** Sends a request and gives its result; a refusal is thrown. */
  async ask<R extends Result>(request: Request, number = 0, acked = 0): Promise<R> {
    const { result } = await this.reply(this.send(request, number, acked));
    if (isRefusal(result)) throw new Error(`${result.code}: ${result.reason}`);
    return result as R;
  }

  async event(): Promise<WatchEvent> {
    const message = await this.next((one) => one.type === 'event');
    return (message as Extract<ServerMessage, { type: 'event' }>).event;
  }

  async goodbye(): Promise<Goodbye> {
    const message = await this.next((one) => one.type === 'goodbye');
    return (message as Extract<ServerMessage, { type: 'goodbye' }>).goodbye;
  }

  /** Takes the first message that fits, as soon as there is one. */
  next(fits: (message: ServerMessage) => boolean): Promise<ServerMessage> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const index = this.inbox.findIndex(fits);
        if (index < 0) return;
        clearTimeout(late);
        this.#waiting.delete(look);
        resolve(this.inbox.splice(index, 1)[0]!);
      };
      const late = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`nothing of the kind within ${PATIENCE_MS} ms; there is ${JSON.stringify(this.inbox)}`));
      }, PATIENCE_MS);
      this.#waiting.add(look);
      look();
    });
  }

  terminate(): void {
    this.ws.terminate();
  }
}
