/**
 * The one port for clients. The first bytes of a connection tell its language (sniff.ts): HTTP, which becomes a
 * WebSocket of Synod's own protocol or is answered by http-status.ts; ZooKeeper's four-letter words; ZooKeeper's protocol.
 *
 * Strangers may send what they like: each connection has a deadline until its first message, each address a number of
 * connections, each frame a length, and all of it costs at most that connection. Web pages may only connect from the
 * allowed origins. "Same origin" is not enough: a name that its owner points at this server's address makes any page
 * same-origin.
 *
 * Left out: TLS (put a proxy in front), sessions and what frames mean (the host's), ZooKeeper's frames, which the host
 * finds in the bytes, and how much may wait for a client that does not read: the host looks at `bufferedBytes`.
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { FourLetterWord } from '@synod/zookeeper';
import { WebSocketServer } from 'ws';
import type { LanguageName } from './client-language.js';
import { CLOSE_MS, WebSocketClientLink, type ClientLink, type ClientLinkEvents, type Origin } from './client-link.js';
import { answerHttp, pathOf, refusalText, reply, type StatusSource } from './http-status.js';
import { listen, plainAddress, portOf } from './listen.js';
import { LogThrottle } from './log-throttle.js';
import type { Logger } from './logger.js';
import { claimsHttp, sniff, type Protocol } from './sniff.js';
import { TcpClientLink } from './tcp-client-link.js';
import { claimsZooKeeper, wordProtocol } from './word-protocol.js';

export type { ClientLink } from './client-link.js';

/** Paths on which WebSocket is spoken. */
const PATHS: readonly string[] = ['/', '/synod'];

/** The WebSocket subprotocol; a client may offer it. */
const SUBPROTOCOL = 'synod.v1';

/** Bytes of all headers of a request together; there is no other bound on their number, and no header is ever dropped. */
const HEADER_BYTES = 8_192;

/** Milliseconds of silence after which the system asks whether a client's machine is still there. */
const KEEP_ALIVE_MS = 60_000;

const FORBIDDEN = 'web pages of this origin are not allowed to connect';

/** What a door is made with. */
export interface ClientDoorOptions extends StatusSource {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Bytes of one frame of WebSocket of a client; a larger one ends the connection (code 1009). */
  readonly maxFrameBytes: number;
  /** Open connections of one address, of whatever kind; 0: no limit. */
  readonly maxPerAddress: number;
  /** Open connections altogether; 0: no limit. */
  readonly maxConnections: number;
  /** Origins of web pages that may connect, exactly as browsers send them. */
  readonly allowedOrigins: readonly string[];
  /**
   * Milliseconds from the connection to the first whole frame, to the end of a plain HTTP request, or to the first byte of
   * ZooKeeper's protocol.
   */
  readonly helloMs: number;
  readonly log: Logger;
  /** A new link, and what is spoken on it. Like all callbacks called from the loop, never from within a method. */
  onOpen(link: ClientLink, language: LanguageName): void;
  /**
   * A frame of a link that speaks `synod`, bytes as they came of one that speaks `zookeeper`; a view of memory that others
   * share: copy what must be kept for long.
   */
  onBytes(link: ClientLink, bytes: Uint8Array): void;
  /** The end of a link, once for each `onOpen`. */
  onClose(link: ClientLink): void;
  /** What to answer to one of ZooKeeper's four-letter words; null: nothing. */
  words(word: FourLetterWord): string | null;
}

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
  deadline: NodeJS.Timeout | undefined;
  /** HTTP requests so far; there is never a second one. */
  requests: number;
  link: ClientLink | undefined;
}

export class ClientDoor {
  readonly #options: ClientDoorOptions;
  readonly #log: Logger;
  readonly #throttle: LogThrottle;
  readonly #server: Server;
  readonly #http: HttpServer;
  readonly #webSockets: WebSocketServer;
  readonly #protocols: readonly Protocol[];
  readonly #connections = new Map<Socket, Connection>();
  readonly #perAddress = new Map<string, number>();
  /** Links whose end the host has not been told. */
  readonly #links = new Set<ClientLink>();
  #lastLinkGone: (() => void) | undefined;
  #lastId = 0;

  constructor(options: ClientDoorOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#throttle = new LogThrottle(options.log);
    this.#server = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
      (socket) => this.#accept(socket),
    );
    this.#http = createHttpServer({ maxHeaderSize: HEADER_BYTES }, (request, response) => {
      if (this.#isFirst(request)) this.#answer(request, response);
    });
    this.#http.maxHeadersCount = 0;
    this.#http.on('upgrade', (request, _socket, head) => this.#upgrade(request, head));
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxFrameBytes,
      maxFragments: 256,
      maxBufferedChunks: Math.max(1_024, Math.ceil(options.maxFrameBytes / 64)),
      handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
      ...{ closeTimeout: CLOSE_MS },
    });
    this.#protocols = [
      { name: 'http', claims: claimsHttp, accept: (connection, first) => this.#acceptHttp(connection, first) },
      wordProtocol((word) => options.words(word)),
      { name: 'zookeeper', claims: claimsZooKeeper, accept: this.#acceptZooKeeper.bind(this) },
    ];
  }

  /** Resolves once the port is open; rejects with SynodError SYSTEM_ERROR in words where it is not to be had. */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    await listen(this.#server, { host, port }, 'clientPort');
    this.#server.on('error', (error) => this.#log.error('client-port-failed', { cause: error }));
  }

  /** The port clients connect to. */
  address(): { port: number } {
    return { port: portOf(this.#server) };
  }

  /** Open connections of all kinds. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Closes the port, the links politely (what was sent still leaves), other connections after what they have written, and
   * those that said nothing yet at once. Resolves when all sockets are gone and `onClose` was called for all links, in
   * little more than {@link CLOSE_MS}.
   */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const told = new Promise<void>((resolve) => (this.#lastLinkGone = resolve));
    if (this.#links.size === 0) this.#lastLinkGone?.();
    for (const { socket, link, deadline } of this.#connections.values()) {
      if (link) endLink(link, 'the server shuts down', 1001);
      else if (deadline) socket.destroy();
      else socket.destroySoon();
    }
    const late = setTimeout(() => {
      for (const socket of this.#connections.keys()) socket.destroy();
    }, CLOSE_MS);
    await Promise.all([closed, told]);
    clearTimeout(late);
  }

  #accept(socket: Socket): void {
    socket.on('error', (error) => this.#log.debug('client-socket-failed', { cause: error }));
    const [address, port] = [plainAddress(socket.remoteAddress ?? ''), socket.remotePort ?? 0];
    const already = this.#perAddress.get(address) ?? 0;
    const { maxPerAddress, maxConnections, helloMs } = this.#options;
    const isFull = (open: number, most: number): boolean => most > 0 && open >= most;
    const full = isFull(already, maxPerAddress) ? maxPerAddress : maxConnections;
    if (address === '' || isFull(already, maxPerAddress) || isFull(this.#connections.size, maxConnections)) {
      if (address !== '') this.#throttle.warn('client-refused', { address, cause: `more than ${full} connections` });
      socket.destroy();
      return;
    }
    const connection: Connection = { socket, address, port, deadline: undefined, requests: 0, link: undefined };
    connection.deadline = setTimeout(() => this.#late(connection), helloMs);
    this.#perAddress.set(address, already + 1);
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#gone(connection));
    sniff(socket, this.#protocols, (protocol, first) => {
      if (!protocol)
        this.#refuse(connection, first.length === 0 ? 'closed without a word' : 'an unknown protocol', first);
      else {
        if (protocol !== this.#protocols[0]) this.#met(connection);
        protocol.accept(socket, first);
      }
    });
  }

  #gone(connection: Connection): void {
    this.#met(connection);
    this.#connections.delete(connection.socket);
    const left = (this.#perAddress.get(connection.address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(connection.address, left);
    else this.#perAddress.delete(connection.address);
  }

  /** The connection has said what it had to say in time. */
  #met(connection: Connection): void {
    clearTimeout(connection.deadline);
    connection.deadline = undefined;
  }

  #late(connection: Connection): void {
    connection.deadline = undefined;
    const cause = `nothing to go on within ${this.#options.helloMs} ms`;
    if (connection.link) endLink(connection.link, cause, 1008);
    else this.#refuse(connection, cause);
  }

  #refuse({ socket, address, port }: Connection, cause: string, first?: Buffer): void {
    this.#log.debug('client-refused', { address, port, cause, first });
    socket.destroy();
  }

  #acceptHttp(socket: Socket, first: Uint8Array): void {
    socket.unshift(first);
    this.#http.emit('connection', socket);
    socket.resume();
  }

  /** A connection is good for one request; what is pipelined behind it gets no answer, since the first answer ends it. */
  #isFirst(request: IncomingMessage): boolean {
    const connection = this.#connections.get(request.socket);
    return connection !== undefined && connection.requests++ === 0;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    try {
      if (this.#isForbidden(request)) reply(request, response, 403, { error: FORBIDDEN });
      else answerHttp(request, response, this.#options);
    } catch (cause) {
      this.#log.error('status-failed', { cause });
      reply(request, response, 500, { error: 'the status is not available' });
    }
  }

  #isForbidden(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined || this.#options.allowedOrigins.includes(origin)) return false;
    const address = plainAddress(request.socket.remoteAddress ?? '');
    this.#throttle.warn('client-refused', { address, cause: 'its origin is not allowed', origin });
    return true;
  }

  #upgrade(request: IncomingMessage, head: Buffer): void {
    const first = this.#isFirst(request);
    const connection = this.#connections.get(request.socket);
    if (!connection || !first) {
      request.socket.destroySoon();
      return;
    }
    const { socket } = connection;
    if (this.#isForbidden(request)) return void socket.end(refusalText(403, FORBIDDEN));
    if (!PATHS.includes(pathOf(request)))
      return void socket.end(refusalText(404, `WebSocket is at ${PATHS.join(' and ')}`));
    this.#webSockets.handleUpgrade(request, socket, head, (ws) => {
      this.#adopt(connection, 'synod', (from, events) => new WebSocketClientLink(ws, socket, from, events));
    });
  }

  #acceptZooKeeper(socket: Socket, first: Uint8Array): void {
    const connection = this.#connections.get(socket);
    if (!connection) return;
    this.#adopt(connection, 'zookeeper', (from, events) => new TcpClientLink(socket, first, from, events));
  }

  #adopt(
    connection: Connection,
    language: LanguageName,
    make: (from: Origin, events: ClientLinkEvents) => ClientLink,
  ): void {
    const { address, port } = connection;
    const link = make(
      { id: ++this.#lastId, address, port },
      {
        onBytes: (from, bytes) => {
          if (connection.deadline) this.#met(connection);
          this.#options.onBytes(from, bytes);
        },
        onClose: (from, cause) => {
          this.#log.debug('client-closed', { link: from.id, address, port, cause });
          this.#options.onClose(from);
          this.#links.delete(from);
          if (this.#links.size === 0) this.#lastLinkGone?.();
        },
      },
    );
    connection.link = link;
    this.#links.add(link);
    this.#log.debug('client-opened', { link: link.id, address, port, language });
    this.#options.onOpen(link, language);
  }
}

/** Ends a link; `code` where it is one of WebSocket. */
function endLink(link: ClientLink, reason: string, code: number): void {
  if (link instanceof WebSocketClientLink) link.end(reason, code);
  else link.close(reason);
}
