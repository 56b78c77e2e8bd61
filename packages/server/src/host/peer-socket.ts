/**
 * One connection to another server: handshake first, then opaque frames in order, then an end with its cause in words.
 * Knows nothing of other connections; peer-links.ts decides which connection is the link of a pair.
 *
 * Both sides ping, and a side that hears nothing at all for {@link SILENT_PINGS} rounds ends the connection. Rounds are
 * counted, not time, so that a pause of this process alone does not end it. Frames are sent with an all-zero mask:
 * WebSocket's mask protects proxies from scripts in browsers, and there are neither between servers.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { Burst } from './burst.js';
import { closeReason } from './close-reason.js';
import { describeError } from './logger.js';
import { HANDSHAKE_BYTES, type Handshake, type Purpose } from './peer-handshake.js';

/** Rounds of pings without a byte from the other side after which a connection is given up. */
const SILENT_PINGS = 5;

/** Settings of the WebSocket that both sides share. `closeTimeout`: milliseconds for a closing handshake. */
export const peerWebSocketOptions = { perMessageDeflate: false, maxFragments: 1, closeTimeout: 1_000 } as const;

/** What a connection tells. Calls come from the loop, never from within a call of {@link PeerSocket}. */
export interface PeerSocketEvents {
  /** The other side is who it says. At most once. */
  onReady(connection: PeerSocket, peer: number, purpose: Purpose): void;
  onFrame(connection: PeerSocket, bytes: Uint8Array): void;
  /** The end, once, also of a connection that never became ready. Nothing follows. */
  onClose(connection: PeerSocket, cause: string): void;
}

/** What a connection is made with; times in milliseconds. */
export interface PeerSocketOptions {
  readonly events: PeerSocketEvents;
  readonly handshake: Handshake;
  /** From the open WebSocket to the end of the handshake. */
  readonly handshakeMs: number;
  /** From the dialling to the open WebSocket. */
  readonly connectMs: number;
  readonly pingMs: number;
  readonly maxFrameBytes: number;
}

export class PeerSocket {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #options: PeerSocketOptions;
  readonly #burst: Burst;
  #peer: number | undefined;
  #ready = false;
  #cause: string | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #pings: NodeJS.Timeout | undefined;
  #probe: NodeJS.Timeout | undefined;

  /** `socket` is the one under `ws`, which may still be connecting. */
  constructor(ws: WebSocket, socket: Socket, options: PeerSocketOptions) {
    this.#ws = ws;
    this.#socket = socket;
    this.#options = options;
    this.#burst = new Burst(socket);
    ws.on('message', (data, isBinary) => this.#message(data as Buffer, isBinary));
    ws.on('error', (error) => (this.#cause ??= describeError(error)));
    ws.on('close', (code, reason) => this.#closed(code, reason));
    if (ws.readyState === ws.OPEN) {
      this.#opened();
    } else {
      this.#within(options.connectMs, () => this.terminate(`no connection within ${options.connectMs} ms`));
      ws.on('open', () => this.#opened());
    }
  }

  /** Whom the other side has claimed (before it is ready) or proved to be; undefined while it has not said. */
  get peer(): number | undefined {
    return this.#peer;
  }

  /** False until the TCP connection stands. */
  get connected(): boolean {
    return !this.#socket.connecting;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  /**
   * Sends a frame, which must not be changed any more; false where the connection is not ready or already ending. All
   * frames of one turn of the loop leave together.
   */
  send(bytes: Uint8Array): boolean {
    if (bytes.length > this.#options.maxFrameBytes) {
      throw new Error(`a frame of ${bytes.length} bytes for a peer, more than ${this.#options.maxFrameBytes}`);
    }
    if (!this.#ready || this.#cause !== undefined || this.#ws.readyState !== this.#ws.OPEN) return false;
    this.#burst.hold();
    this.#ws.send(bytes);
    return true;
  }

  /** Ends the connection unless a byte arrives within the time of one ping. */
  probe(cause: string): void {
    if (this.#probe) return;
    const heard = this.#socket.bytesRead;
    this.#ws.ping();
    this.#probe = setTimeout(() => {
      this.#probe = undefined;
      if (this.#socket.bytesRead === heard) this.terminate(cause);
    }, this.#options.pingMs);
  }

  /** Ends the connection politely: what was sent still arrives, and the other side is told the cause. */
  close(cause: string, code = 1000): void {
    this.#cause ??= cause;
    if (this.#ws.readyState === this.#ws.CONNECTING) this.#ws.terminate();
    else this.#ws.close(code, closeReason(cause));
  }

  /** Ends the connection at once. */
  terminate(cause: string): void {
    this.#cause ??= cause;
    this.#ws.terminate();
  }

  #within(ms: number, late: () => void): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(late, ms);
  }

  #opened(): void {
    const { handshake, handshakeMs } = this.#options;
    this.#within(handshakeMs, () => this.#refuse(`no handshake within ${handshakeMs} ms`));
    this.#limitBytes();
    if (handshake.greeting) this.#ws.send(handshake.greeting);
  }

  /** The frame limit of the WebSocket is for trusted servers; until then a few bytes must do. */
  #limitBytes(): void {
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      // The WebSocket has seen this chunk before: where it ended the handshake, frames may follow in it.
      if (this.#ready) {
        this.#socket.off('data', count);
        return;
      }
      bytes += chunk.length;
      if (bytes > HANDSHAKE_BYTES) this.terminate(`more than ${HANDSHAKE_BYTES} bytes before the end of the handshake`);
    };
    this.#socket.on('data', count);
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.#cause !== undefined) return;
    if (!isBinary) this.#refuse('a text frame', 1003);
    else if (this.#ready) this.#options.events.onFrame(this, data);
    else this.#handshake(data);
  }

  #handshake(data: Buffer): void {
    const step = this.#options.handshake.receive(data);
    if (step.state === 'refused') {
      this.#peer = step.peer;
      this.#refuse(step.reason);
      return;
    }
    if (step.send) this.#ws.send(step.send);
    if (step.state === 'more') return;
    this.#peer = step.peer;
    this.#ready = true;
    clearTimeout(this.#deadline);
    this.#keepAlive();
    this.#options.events.onReady(this, step.peer, step.purpose);
  }

  #keepAlive(): void {
    let heard = this.#socket.bytesRead;
    let silent = 0;
    this.#pings = setInterval(() => {
      silent = this.#socket.bytesRead === heard ? silent + 1 : 0;
      heard = this.#socket.bytesRead;
      if (silent >= SILENT_PINGS) this.terminate(`silent for ${silent * this.#options.pingMs} ms`);
      else this.#ws.ping();
    }, this.#options.pingMs);
  }

  #refuse(reason: string, code = 1008): void {
    this.close(reason, code);
  }

  #closed(code: number, reason: Buffer): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#probe);
    clearInterval(this.#pings);
    const told = reason.length > 0 ? `the other server closed it: ${reason.toString()}` : `connection lost (${code})`;
    this.#options.events.onClose(this, this.#cause ?? told);
  }
}
