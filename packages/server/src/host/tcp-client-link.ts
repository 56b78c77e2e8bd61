/** A client's connection of bare bytes, for protocols that bring their own frames. */
import type { Socket } from 'node:net';
import { Burst } from './burst.js';
import { CLOSE_MS, type ClientLink, type ClientLinkEvents, type Origin } from './client-link.js';
import { describeError } from './logger.js';

export class TcpClientLink implements ClientLink {
  readonly id: number;
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #burst: Burst;
  #cause: string | undefined;
  #late: NodeJS.Timeout | undefined;

  /** Takes over a paused socket and what was read of it. */
  constructor(socket: Socket, first: Uint8Array, from: Origin, events: ClientLinkEvents) {
    this.id = from.id;
    this.address = from.address;
    this.port = from.port;
    this.#socket = socket;
    this.#burst = new Burst(socket);
    socket.on('data', (bytes: Buffer) => {
      // Behind the end bytes are read and thrown away: unread ones would make the system cut off what is on its way out.
      if (this.#cause === undefined) events.onBytes(this, bytes);
    });
    socket.on('end', () => {
      this.#cause ??= 'closed by the client';
      socket.destroySoon();
    });
    socket.on('error', (error) => (this.#cause ??= describeError(error)));
    socket.on('close', () => {
      clearTimeout(this.#late);
      events.onClose(this, this.#cause ?? 'cut off');
    });
    socket.unshift(first);
    socket.resume();
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  send(bytes: Uint8Array): void {
    if (this.#cause !== undefined || !this.#socket.writable) return;
    this.#burst.hold();
    this.#socket.write(bytes);
  }

  pause(): void {
    if (this.#cause === undefined) this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(reason: string): void {
    if (this.#cause !== undefined) return;
    this.#cause = reason;
    this.#socket.end();
    this.#socket.resume();
    this.#late = setTimeout(() => this.#socket.destroy(), CLOSE_MS);
  }

  terminate(): void {
    this.#cause ??= 'terminated';
    this.#socket.destroy();
  }
}
