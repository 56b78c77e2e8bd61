/**
 * The port for servers: accepts TCP connections, lets WebSocket upgrades to `/peer` through to the handshake and refuses
 * everything else. Until the handshake is done a connection is a stranger's: it has little time, few bytes, and when too
 * many of them stand around the oldest goes, so that strangers cannot keep a server out.
 */
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { listen, plainAddress, portOf } from './listen.js';
import type { LogThrottle } from './log-throttle.js';
import { peerWebSocketOptions } from './peer-socket.js';

/** The path that servers open. */
export const PEER_PATH = '/peer';

/** Connections that may be in their handshake at one time. */
const MAX_STRANGERS = 256;

/** What a door is made with. */
export interface PeerDoorOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly maxFrameBytes: number;
  /** Milliseconds from the connection to the upgrade; the handshake has a deadline of its own. */
  readonly handshakeMs: number;
  readonly log: LogThrottle;
  /** Takes an upgraded connection; `admitted` is to be called once its handshake is done. */
  readonly onSocket: (ws: WebSocket, socket: Socket, address: string, admitted: () => void) => void;
}

interface Stranger {
  readonly timer: NodeJS.Timeout;
  upgraded: boolean;
}

export class PeerDoor {
  readonly #options: PeerDoorOptions;
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  readonly #strangers = new Map<Socket, Stranger>();

  constructor(options: PeerDoorOptions) {
    this.#options = options;
    this.#http = createServer({ maxHeaderSize: 4_096, noDelay: true }, (_request, response) => {
      response.writeHead(404, { Connection: 'close' }).end();
    });
    this.#http.on('connection', (socket) => this.#connection(socket));
    this.#http.on('upgrade', (request, _socket, head) => this.#upgrade(request, request.socket, head));
    this.#webSockets = new WebSocketServer({
      ...peerWebSocketOptions,
      noServer: true,
      clientTracking: false,
      maxPayload: options.maxFrameBytes,
    });
  }

  /** Resolves once the port is open; rejects as `listen` does. */
  start(): Promise<void> {
    return listen(this.#http, this.#options.listen, 'the port for servers');
  }

  get port(): number {
    return portOf(this.#http);
  }

  /** Closes the port and all that was not upgraded; resolves once the upgraded ones, which have owners, are gone too. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    for (const [socket, { upgraded }] of this.#strangers) if (!upgraded) socket.destroy();
    await closed;
  }

  #connection(socket: Socket): void {
    const { handshakeMs } = this.#options;
    const stranger: Stranger = {
      upgraded: false,
      timer: setTimeout(() => this.#refuse(socket, `no request within ${handshakeMs} ms`), handshakeMs),
    };
    this.#strangers.set(socket, stranger);
    socket.once('close', () => this.#forget(socket));
    if (this.#strangers.size <= MAX_STRANGERS) return;
    const [oldest] = this.#strangers.keys();
    if (oldest) this.#refuse(oldest, 'too many connections in their handshake');
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const stranger = this.#strangers.get(socket);
    if (!stranger || stranger.upgraded) return void socket.destroy();
    // Browsers, and only they, send an origin: no page has anything to say to a server's port.
    if (request.headers.origin !== undefined) return this.#refuse(socket, 'a request from a web page', 403);
    if (request.url !== PEER_PATH) return this.#refuse(socket, 'a request for something else than the peer path', 404);
    const address = plainAddress(socket.remoteAddress ?? 'unknown');
    this.#webSockets.handleUpgrade(request, socket, head, (ws) => {
      stranger.upgraded = true;
      clearTimeout(stranger.timer);
      this.#options.onSocket(ws, socket, address, () => this.#forget(socket));
    });
  }

  #refuse(socket: Socket, cause: string, status?: number): void {
    this.#options.log.warn('peer-accept-failed', { address: plainAddress(socket.remoteAddress ?? 'unknown'), cause });
    if (status === undefined) {
      socket.destroy();
      return;
    }
    socket.on('error', () => socket.destroy());
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
      socket.destroy(),
    );
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#strangers.get(socket)?.timer);
    this.#strangers.delete(socket);
  }
}
