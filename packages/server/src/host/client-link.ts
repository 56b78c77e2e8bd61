/**
 * One client's connection as the host sees it, and the WebSocket behind it; tcp-client-link.ts has bare bytes behind it.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { Burst } from './burst.js';
import { closeReason } from './close-reason.js';
import { describeError } from './logger.js';

/** A client's connection: bytes out, and the means to slow it down or end it. */
export interface ClientLink {
  /** Unique within this process. */
  readonly id: number;
  /** The client's IP address; IPv4 always in its own form. */
  readonly address: string;
  readonly port: number;
  /**
   * Sends bytes (a frame, where the protocol below has frames), which must not be changed any more; nothing happens where
   * the link is ending. All that is sent in one turn of the loop leaves together.
   */
  send(bytes: Uint8Array): void;
  /** Bytes that wait to be sent: a client that does not read makes it grow until the host terminates the link. */
  readonly bufferedBytes: number;
  /** Stops reading; what was read already (up to one packet of the system, 64 KiB) may still arrive. */
  pause(): void;
  resume(): void;
  /** Ends the link after what was sent has left, or after {@link CLOSE_MS}. Nothing of the client arrives any more. */
  close(reason: string): void;
  /** Ends the link at once. Nothing of the client arrives any more. */
  terminate(): void;
}

/** Whose connection it is. */
export interface Origin {
  readonly id: number;
  readonly address: string;
  readonly port: number;
}

/** What a link tells. Calls come from the loop, never from within a method of the link. */
export interface ClientLinkEvents {
  /** A frame, or bytes as they came. */
  onBytes(link: ClientLink, bytes: Uint8Array): void;
  /** The end, once; `cause` in words. Nothing follows. */
  onClose(link: ClientLink, cause: string): void;
}

/** Milliseconds that a polite end may take. */
export const CLOSE_MS = 2_000;

/** A client's connection over WebSocket. */
export class WebSocketClientLink implements ClientLink {
  readonly id: number;
  readonly address: string;
  readonly port: number;
  readonly #ws: WebSocket;
  readonly #burst: Burst;
  #cause: string | undefined;

  constructor(ws: WebSocket, socket: Socket, from: Origin, events: ClientLinkEvents) {
    this.id = from.id;
    this.address = from.address;
    this.port = from.port;
    this.#ws = ws;
    this.#burst = new Burst(socket);
    ws.on('message', (data, isBinary) => {
      if (this.#cause !== undefined) return;
      if (isBinary) events.onBytes(this, data as Buffer);
      else this.end('only binary frames are understood', 1003);
    });
    ws.on('error', (error) => (this.#cause ??= describeError(error)));
    ws.on('close', (code) => events.onClose(this, this.#cause ?? `closed by the client (${code})`));
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  send(bytes: Uint8Array): void {
    if (this.#cause !== undefined || this.#ws.readyState !== this.#ws.OPEN) return;
    this.#burst.hold();
    this.#ws.send(bytes);
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  close(reason: string): void {
    this.end(reason, 1000);
  }

  terminate(): void {
    this.#cause ??= 'terminated';
    this.#ws.terminate();
  }

  /** As `close`, with another code of WebSocket. */
  end(reason: string, code: number): void {
    this.#cause ??= reason;
    // A paused socket would not see the client's part of the closing handshake.
    this.#ws.resume();
    this.#ws.close(code, closeReason(reason));
  }
}
