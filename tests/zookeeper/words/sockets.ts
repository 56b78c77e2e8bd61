/** Real connections to a server: one that says a word, and one of a client of ZooKeeper. */
import { Caller, type RequestRecord } from '@synod/zookeeper';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What is said, in pieces that leave one by one, and whether our side of the connection ends behind it. */
export interface Saying {
  readonly pieces: readonly string[];
  readonly end: boolean;
}

/** Says something, and collects what comes until the server ends the connection. */
export async function say(port: number, saying: string | Saying): Promise<string> {
  const { pieces, end } = typeof saying === 'string' ? { pieces: [saying], end: false } : saying;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('utf8')));
  const ended = once(socket, 'end');
  await once(socket, 'connect');
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, 'latin1', resolve));
    // Each piece is to be a packet of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (end) socket.end();
  await ended;
  socket.destroy();
  return text;
}

/** A client of ZooKeeper with a session. */
export class ZooKeeperClient {
  readonly #socket: Socket;
  readonly #caller: Caller<() => void>;
  #opened: () => void = () => undefined;
  #failed: (reason: Error) => void = () => undefined;

  static async open(port: number): Promise<ZooKeeperClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const client = new ZooKeeperClient(socket);
    await once(socket, 'connect');
    socket.write(client.#caller.take());
    await new Promise<void>((resolve, reject) => {
      client.#opened = resolve;
      client.#failed = reject;
    });
    return client;
  }

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#caller = new Caller({ lastZxidSeen: 0, timeOut: 10_000, maxFrameBytes: 1_048_576 });
    socket.on('error', (error) => this.#failed(error));
    socket.on('data', (chunk) => {
      for (const heard of this.#caller.push(chunk)) {
        if (heard.kind === 'opened') this.#opened();
        else if (heard.kind === 'answer') heard.token();
        else this.#failed(new Error(heard.kind));
      }
    });
  }

  /** Where the connection comes from, as the words write it. */
  get address(): string {
    return `/127.0.0.1:${this.#socket.localPort}`;
  }

  /** Asks, and waits for the answer, whatever it is. */
  async ask(request: RequestRecord): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#failed = reject;
      this.#caller.ask(request, resolve);
      this.#socket.write(this.#caller.take());
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
