/**
 * The links between this server and the others: one authenticated WebSocket for each pair, opened again whenever it is
 * lost. Frames on it are opaque, arrive in order, and are lost with it.
 *
 * The server with the larger id opens the link. The other one cannot open it, but it can knock: a connection that does
 * the whole handshake and says "call me". So there is never more than one attempt at a link of a pair, nothing has to be
 * untangled when both start together, and yet whichever side was restarted acts at once: the larger one calls, the
 * smaller one is called as soon as it knocks. (ZooKeeper's election port works the same way: the connection of the
 * wrong side is closed and answered by a call.) A knock while there is a link makes the larger side look whether the
 * link is still alive.
 *
 * The newest authenticated link of a peer is the link. Nothing about one peer waits for another peer: each has its own
 * attempts, timers and buffers, and name resolution cannot pile up (shared-lookup.ts).
 *
 * Left out: encryption and integrity of frames after the handshake (peer-handshake.ts says why), and a bound on what
 * waits to be sent: the owner looks at `bufferedBytes`.
 */
import { createSecretKey, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { formatAddress } from './listen.js';
import { LogThrottle } from './log-throttle.js';
import type { Logger } from './logger.js';
import { PeerDialer } from './peer-dialer.js';
import { PEER_PATH, PeerDoor } from './peer-door.js';
import {
  AcceptorHandshake,
  DialerHandshake,
  NONCE_BYTES,
  type Handshake,
  type HandshakeParty,
  type Purpose,
} from './peer-handshake.js';
import { PeerSocket, peerWebSocketOptions, type PeerSocketEvents } from './peer-socket.js';
import { sharedLookup } from './shared-lookup.js';

const CONNECT_MS = 2_000;
const HANDSHAKE_MS = 5_000;
const PING_MS = 1_000;

/** What links are made with; times in milliseconds. */
export interface PeerLinksOptions {
  /** Id of this server. */
  readonly self: number;
  /** Name of the ensemble; servers of another one are refused. */
  readonly cluster: string;
  /** Known to the servers of the ensemble and to nobody else; not empty. */
  readonly secret: string;
  /** The other servers. Addresses are read again at each attempt; an entry for `self` is ignored. */
  readonly peers: ReadonlyMap<number, { readonly host: string; readonly port: number }>;
  readonly listen: { readonly host: string; readonly port: number };
  readonly log: Logger;
  /** There is a link. Like all callbacks called from the loop, never from within a method. */
  onUp(peer: number): void;
  /** The link is gone, and what was not yet delivered with it; one for each `onUp`, except after `close`. */
  onDown(peer: number, cause: string): void;
  /** A frame, a view of memory that other frames share: copy what must be kept for long. */
  onFrame(peer: number, bytes: Uint8Array): void;
  /** Bytes of one frame, in both directions. */
  readonly maxFrameBytes: number;
  /** Time between two pings; a link that is silent for five of them is given up. Default 1,000. */
  readonly pingMs?: number;
  /** Time for a handshake. Default 5,000. */
  readonly handshakeMs?: number;
}

interface Peer {
  readonly id: number;
  readonly dialer: PeerDialer;
  link: PeerSocket | undefined;
}

export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #party: HandshakeParty;
  readonly #door: PeerDoor;
  readonly #throttle: LogThrottle;
  readonly #lookup = sharedLookup();
  readonly #peers = new Map<number, Peer>();
  readonly #connections = new Set<PeerSocket>();
  #closed: (() => void) | undefined;

  constructor(options: PeerLinksOptions) {
    const { self, cluster, secret, peers, log, maxFrameBytes, handshakeMs = HANDSHAKE_MS } = options;
    if (secret === '') throw new Error('the secret of the servers is empty');
    this.#options = options;
    this.#throttle = new LogThrottle(log);
    for (const id of peers.keys()) {
      if (id !== self) this.#peers.set(id, { id, dialer: new PeerDialer(() => this.#dial(id)), link: undefined });
    }
    this.#party = { self, cluster, secret: createSecretKey(Buffer.from(secret)), peers: this.#peers };
    this.#door = new PeerDoor({
      listen: options.listen,
      maxFrameBytes,
      handshakeMs,
      log: this.#throttle,
      onSocket: (ws, socket, address, admitted) => this.#accept(ws, socket, address, admitted),
    });
  }

  /** Resolves once this server listens; links come up afterwards, on their own. Rejects where the port is not to be had. */
  async start(): Promise<void> {
    await this.#door.start();
    if (this.#closed) return;
    for (const peer of this.#peers.values()) peer.dialer.start();
  }

  /** The port this server listens on. */
  address(): { port: number } {
    return { port: this.#door.port };
  }

  /**
   * Sends a frame, which must not be changed any more. False where there is no link: the frame is dropped. True promises
   * nothing but order. Throws for a frame above `maxFrameBytes`.
   */
  send(peer: number, bytes: Uint8Array): boolean {
    return this.#peers.get(peer)?.link?.send(bytes) ?? false;
  }

  /** Bytes that wait to be sent to a peer; 0 where there is no link. */
  bufferedBytes(peer: number): number {
    return this.#peers.get(peer)?.link?.bufferedBytes ?? 0;
  }

  isUp(peer: number): boolean {
    return this.#peers.get(peer)?.link !== undefined;
  }

  /** Ends all links and closes the port. No callback is called any more. Resolves when all sockets are gone. */
  async close(): Promise<void> {
    const gone = new Promise<void>((resolve) => (this.#closed = resolve));
    for (const peer of this.#peers.values()) {
      peer.dialer.stop();
      peer.link = undefined;
    }
    for (const connection of this.#connections) connection.close('the server shuts down', 1001);
    if (this.#connections.size === 0) this.#closed?.();
    await Promise.all([gone, this.#door.close()]);
  }

  #dial(id: number): PeerSocket {
    const { self, peers, maxFrameBytes } = this.#options;
    const { host, port } = peers.get(id) ?? { host: '', port: 0 };
    const socket = connect({ host, port, noDelay: true, lookup: this.#lookup });
    const ws = new WebSocket(`ws://synod${PEER_PATH}`, {
      ...peerWebSocketOptions,
      maxPayload: maxFrameBytes,
      generateMask: (mask) => mask.fill(0),
      createConnection: (() => socket) as typeof connect,
    });
    const purpose: Purpose = self > id ? 'link' : 'knock';
    const handshake = new DialerHandshake(this.#party, id, purpose, randomBytes(NONCE_BYTES));
    const address = formatAddress(host, port);
    return this.#adopt(ws, socket, handshake, {
      onReady: (connection) => {
        if (purpose === 'link') this.#up(connection, id, address);
        else connection.close('knocked');
      },
      onClose: (connection, cause) => {
        if (this.#peers.get(id)?.dialer.failed(connection) && cause !== 'knocked') {
          this.#throttle.warn('peer-dial-failed', { peer: id, address, cause });
        }
      },
    });
  }

  #accept(ws: WebSocket, socket: Socket, address: string, admitted: () => void): void {
    const handshake = new AcceptorHandshake(this.#party, randomBytes(NONCE_BYTES));
    let ready = false;
    this.#adopt(ws, socket, handshake, {
      onReady: (connection, id, purpose) => {
        ready = true;
        admitted();
        if (purpose === 'link') return this.#up(connection, id, address);
        connection.close('knock heard');
        this.#knocked(id);
      },
      onClose: (connection, cause) => {
        if (ready) return;
        const fields = { peer: connection.peer, address, cause };
        // A server gives up its knock when the link comes up meanwhile: nothing to look at.
        if (cause.startsWith('connection lost')) this.#options.log.debug('peer-accept-ended', fields);
        else this.#throttle.warn('peer-accept-failed', fields);
      },
    });
  }

  /** Events of a connection that is the link of its peer are the links' own business; the others are the given ones. */
  #adopt(ws: WebSocket, socket: Socket, handshake: Handshake, others: Omit<PeerSocketEvents, 'onFrame'>): PeerSocket {
    const { pingMs = PING_MS, handshakeMs = HANDSHAKE_MS, maxFrameBytes } = this.#options;
    const events: PeerSocketEvents = {
      onReady: (connection, id, purpose) => {
        if (!this.#closed) others.onReady(connection, id, purpose);
      },
      onFrame: (connection, bytes) => {
        const peer = this.#linkedPeer(connection);
        if (peer && !this.#closed) this.#options.onFrame(peer.id, bytes);
      },
      onClose: (connection, cause) => {
        this.#connections.delete(connection);
        if (this.#closed) {
          if (this.#connections.size === 0) this.#closed();
          return;
        }
        const peer = this.#linkedPeer(connection);
        if (peer) this.#down(peer, cause);
        else others.onClose(connection, cause);
      },
    };
    const times = { handshakeMs, connectMs: CONNECT_MS, pingMs };
    const connection = new PeerSocket(ws, socket, { events, handshake, maxFrameBytes, ...times });
    this.#connections.add(connection);
    return connection;
  }

  #linkedPeer(connection: PeerSocket): Peer | undefined {
    const peer = connection.peer === undefined ? undefined : this.#peers.get(connection.peer);
    return peer?.link === connection ? peer : undefined;
  }

  #up(connection: PeerSocket, id: number, address: string): void {
    const peer = this.#peers.get(id);
    if (!peer) throw new Error(`server ${id} came through the handshake, but is no peer`);
    const old = peer.link;
    if (old) {
      peer.link = undefined;
      old.terminate('replaced by a newer link');
      this.#told(id, 'replaced by a newer link');
    }
    peer.link = connection;
    peer.dialer.settle(connection);
    this.#options.log.info('peer-up', { peer: id, address });
    this.#options.onUp(id);
  }

  #down(peer: Peer, cause: string): void {
    peer.link = undefined;
    peer.dialer.lost();
    this.#told(peer.id, cause);
  }

  #told(peer: number, cause: string): void {
    this.#options.log.info('peer-down', { peer, cause });
    this.#options.onDown(peer, cause);
  }

  #knocked(id: number): void {
    const peer = this.#peers.get(id);
    if (peer?.link) peer.link.probe('the other server knocked, and the link was silent');
    else peer?.dialer.hurry();
  }
}
