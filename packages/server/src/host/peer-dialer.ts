/**
 * When to call one other server: at once, then again and again with growing pauses until there is a link, and anew when
 * the link is lost. Each peer has its own, and an attempt occupies nothing that another one waits for.
 */
import type { PeerSocket } from './peer-socket.js';

const FIRST_DELAY_MS = 20;
const LAST_DELAY_MS = 500;

/** A link that lasted this long was a good one: the pauses start from the shortest again. */
const GOOD_LINK_MS = 1_000;

/** Milliseconds after which an attempt without a TCP connection is given up in favour of a new one, where that is wanted. */
const STALE_ATTEMPT_MS = 250;

/** Milliseconds before attempt `failures` + 1, with up to half taken off by chance, so that servers do not march in step. */
export function retryDelay(failures: number, random: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures, 10), LAST_DELAY_MS) * (1 - random / 2);
}

export class PeerDialer {
  readonly #dial: () => PeerSocket;
  #attempt: PeerSocket | undefined;
  #attemptSince = 0;
  #linkSince = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `dial` begins one attempt and returns its connection. */
  constructor(dial: () => PeerSocket) {
    this.#dial = dial;
  }

  /** Calls now. */
  start(): void {
    clearTimeout(this.#timer);
    this.#attemptSince = performance.now();
    this.#attempt = this.#dial();
  }

  /** The other server is known to listen: calls now, unless an attempt is already on a good way. */
  hurry(): void {
    const attempt = this.#attempt;
    if (attempt && (attempt.connected || performance.now() - this.#attemptSince < STALE_ATTEMPT_MS)) return;
    this.#attempt = undefined;
    attempt?.terminate('a newer attempt takes its place');
    this.start();
  }

  /** There is a link: no further calls. Another attempt that is still under way ends. */
  settle(link: PeerSocket): void {
    const attempt = this.#attempt;
    this.stop();
    if (attempt !== link) attempt?.terminate('there is a link already');
    this.#linkSince = performance.now();
  }

  /** The link is lost: calls again soon. */
  lost(): void {
    if (performance.now() - this.#linkSince >= GOOD_LINK_MS) this.#failures = 0;
    this.#retry();
  }

  /** A connection ended that was no link; true where it was the attempt of this dialer, which then calls again. */
  failed(connection: PeerSocket): boolean {
    if (connection !== this.#attempt) return false;
    this.#attempt = undefined;
    this.#retry();
    return true;
  }

  /** No further calls. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#attempt = undefined;
  }

  #retry(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.start(), retryDelay(this.#failures++, Math.random()));
  }
}
