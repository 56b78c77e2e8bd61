/**
 * The servers a client may use, in an order of its own: shuffled once so that clients spread over the ensemble, then
 * tried in turn. Names are resolved by the transport at each attempt, so a server may move.
 */

/** Where a server listens for clients. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress(address: ServerAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** A shuffled ring of addresses. */
export class Servers {
  readonly #list: ServerAddress[];
  #next = 0;

  /** `random` gives numbers from 0 up to, not including, 1. The list must not be empty. */
  constructor(list: readonly ServerAddress[], random: () => number) {
    if (list.length === 0) throw new Error('a client needs at least one server');
    this.#list = [...list];
    for (let i = this.#list.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      const moved = this.#list[i]!;
      this.#list[i] = this.#list[j]!;
      this.#list[j] = moved;
    }
  }

  get size(): number {
    return this.#list.length;
  }

  /** The server to try now; the one after it comes next time. */
  next(): ServerAddress {
    const server = this.#list[this.#next]!;
    this.#next = (this.#next + 1) % this.#list.length;
    return server;
  }
}
