/** Slows down clients that ask faster than they are answered: their sockets are read no further until half is done. */
import { limits } from '@synod/protocol';
import type { Connection } from './connection.js';

/** Stop or go on reading from a connection. */
export interface Pace {
  readonly type: 'client-pause' | 'client-resume';
  readonly connection: number;
}

export class Pacing {
  readonly #mostWrites: number;
  readonly #paused = new Set<Connection>();
  #effects: Pace[] = [];

  /** `mostWrites`: writes of all clients of this server that may wait. */
  constructor(mostWrites: number) {
    this.#mostWrites = mostWrites;
  }

  /** To be asked after each request; `writes` wait on this server in all. */
  check(connection: Connection, writes: number): void {
    if (connection.paused || connection.state !== 'open') return;
    const full =
      connection.waiting >= limits.outstandingRequests ||
      connection.waitingWrites >= limits.outstandingWrites ||
      writes >= this.#mostWrites;
    if (!full) return;
    connection.paused = true;
    this.#paused.add(connection);
    this.#effects.push({ type: 'client-pause', connection: connection.id });
  }

  /** What is to be done at the end of a turn. */
  take(writes: number): Pace[] {
    if (this.#paused.size > 0 && writes * 2 <= this.#mostWrites) this.#resume();
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #resume(): void {
    for (const connection of this.#paused) {
      if (connection.state === 'open') {
        const busy = connection.waiting * 2 > limits.outstandingRequests;
        if (busy || connection.waitingWrites * 2 > limits.outstandingWrites) continue;
        this.#effects.push({ type: 'client-resume', connection: connection.id });
      }
      connection.paused = false;
      this.#paused.delete(connection);
    }
  }
}
