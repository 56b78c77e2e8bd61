/**
 * A ZooKeeper client of sockets and frames, which hides nothing: every frame that comes is kept, in order, and the test
 * says every byte that leaves. Answers are looked up by their order, as ZooKeeper's clients do.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  connectResponse,
  FrameSplitter,
  JuteReader,
  readResponseBody,
  replyHeader,
  watcherEvent,
  Xid,
  ZooKeeperOp,
  type ConnectRequest,
  type ConnectResponse,
  type ReplyHeader,
  type RequestRecord,
  type Responses,
  type WatcherEvent,
} from '@synod/zookeeper';
import { Journal } from '../../server/journal.js';
import { asked, hello } from './talk.js';

/** What came from the server. */
export type Told =
  | { readonly kind: 'connected'; readonly response: ConnectResponse }
  | { readonly kind: 'event'; readonly header: ReplyHeader; readonly event: WatcherEvent }
  | { readonly kind: 'reply'; readonly header: ReplyHeader; readonly body: JuteReader }
  | { readonly kind: 'end' };

/** An answer: its header, and its body where there is no error. */
export interface Answered<T extends RequestRecord> {
  readonly header: ReplyHeader;
  readonly body: Responses[T['type']];
}

export class ZkClient {
  readonly socket: Socket;
  readonly told = new Journal<Told>();
  readonly #splitter = new FrameSplitter(64 * 1_048_576);
  #connected = false;
  /** Answers that came, and how many of them were asked for. */
  readonly #replies: Told[] = [];
  #taken = 0;
  #xid = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => this.told.add({ kind: 'end' }));
  }

  static async dial(port: number): Promise<ZkClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new ZkClient(socket);
  }

  /** A client with a session, a new one unless `changes` name one. */
  static async open(port: number, changes: Partial<ConnectRequest> = {}): Promise<ZkClient> {
    const client = await ZkClient.dial(port);
    client.write(hello(changes));
    await client.response();
    return client;
  }

  #read(chunk: Uint8Array): void {
    for (const found of this.#splitter.push(chunk)) {
      if (found.kind !== 'frame') throw new Error(`the server sent a ${found.kind}`);
      const input = new JuteReader(found.bytes);
      if (!this.#connected) {
        this.#connected = true;
        this.told.add({ kind: 'connected', response: connectResponse.read(input) });
        continue;
      }
      const header = replyHeader.read(input);
      if (header.xid === Xid.event) this.told.add({ kind: 'event', header, event: watcherEvent.read(input) });
      else {
        const reply: Told = { kind: 'reply', header, body: input };
        this.#replies.push(reply);
        this.told.add(reply);
      }
    }
  }

  write(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.socket.write(chunk);
  }

  /** The answer to the handshake. */
  async response(): Promise<ConnectResponse> {
    const first = await this.told.until(({ kind }) => kind === 'connected' || kind === 'end');
    if (first.kind !== 'connected') throw new Error('the server ended the connection without an answer');
    return first.response;
  }

  /** Session and password, to come back with. */
  async identity(): Promise<Pick<ConnectRequest, 'sessionId' | 'passwd'>> {
    const { sessionId, passwd } = await this.response();
    return { sessionId, passwd };
  }

  /** Sends a request and waits for its answer. */
  async ask<T extends RequestRecord>(request: T, xid = ++this.#xid): Promise<Answered<T>> {
    this.write(asked([xid, request]));
    return this.answer(request);
  }

  /** The next answer that was not taken yet: that to `request`. */
  async answer<T extends RequestRecord>({ type }: T): Promise<Answered<T>> {
    const turn = this.#taken++;
    await this.told.until(({ kind }) => kind === 'end' || this.#replies.length > turn);
    const told = this.#replies[turn] ?? ({ kind: 'end' } as const);
    if (told.kind !== 'reply') throw new Error('the connection ended in place of an answer');
    const { header, body } = told;
    const plain = header.err === 0 || type === ZooKeeperOp.sasl;
    return { header, body: (plain ? readResponseBody(type, body) : null) as Responses[T['type']] };
  }

  /** Events so far, as `type path`. */
  get events(): string[] {
    return this.told.entries.flatMap((one) => (one.kind === 'event' ? [`${one.event.type} ${one.event.path}`] : []));
  }

  /** The order of what came: `reply 3`, `event 1 /a`, `end`. */
  get story(): string[] {
    return this.told.entries.map((one) => {
      if (one.kind === 'reply') return `reply ${one.header.xid}`;
      return one.kind === 'event' ? `event ${one.event.type} ${one.event.path}` : one.kind;
    });
  }

  /** Waits until the server has ended the connection. */
  async ended(): Promise<void> {
    await this.told.until(({ kind }) => kind === 'end');
  }

  /** Drops the connection, as a crash would. */
  drop(): void {
    this.socket.destroy();
  }
}
