/**
 * Counts what Synod's own protocol carries over one connection, for the four-letter words. Answers come in the order of
 * the requests, so all that has to be remembered of a request is what it was and when it came.
 */
import { readServerMessage, type ClientMessage } from '@synod/protocol';
import type { ConnectionStats } from '@synod/zookeeper';

/** The handshake among the operations. */
const CREATE_SESSION = -10;
/** What could not be read. */
const UNKNOWN = 0;

/** So many that were answered may lie in front of those that wait. */
const SPARE = 1_024;

interface Asked {
  readonly op: number;
  readonly xid: number;
  readonly at: number;
}

export class SynodTally {
  readonly #stats: ConnectionStats;
  readonly #now: () => number;
  #asked: Asked[] = [];
  #head = 0;

  /** `now`: a clock that nobody sets, in milliseconds. */
  constructor(stats: ConnectionStats, now: () => number) {
    this.#stats = stats;
    this.#now = now;
  }

  /** A message came. */
  heard(message: ClientMessage): void {
    if (message.type === 'hello') this.#ask(CREATE_SESSION, 0);
    else this.#ask(message.request.op, message.xid);
  }

  /** Something came that could not be read, but will be answered. */
  misheard(xid: number): void {
    this.#ask(UNKNOWN, xid);
  }

  #ask(op: number, xid: number): void {
    this.#stats.received();
    this.#asked.push({ op, xid, at: this.#now() });
  }

  /** Messages leave, in their wire form. */
  said(messages: readonly (readonly unknown[])[]): void {
    const now = this.#now();
    for (const message of messages) {
      const kind = message[0] as number;
      const asked = kind < 0 ? undefined : this.#take();
      if (asked) this.#stats.answered(asked.op, asked.xid, zxidOf(message), asked.at, now);
      else this.#stats.event();
    }
  }

  #take(): Asked | undefined {
    const asked = this.#asked[this.#head];
    if (asked) this.#head++;
    if (this.#head === this.#asked.length || (this.#head > SPARE && this.#head * 2 > this.#asked.length)) {
      this.#asked = this.#asked.slice(this.#head);
      this.#head = 0;
    }
    return asked;
  }
}

/** Of a welcome or a reply. */
function zxidOf(message: readonly unknown[]): number {
  if (message[0] !== 0) return message[1] as number;
  const read = readServerMessage(message, () => undefined);
  return read.type === 'welcome' ? read.welcome.zxid : 0;
}
