/**
 * Links between servers: first in, first out in each direction, with a delay; cut on both sides at once or held up in one
 * direction. What is on its way when a link goes down is lost or still arrives, as chance has it. Each end learns for
 * itself that a link went up or down, in order with the messages.
 */
import type { PeerMessage } from '@synod/zab';
import type { Timeline } from './timeline.js';

type Item =
  | { readonly kind: 'up' | 'down'; readonly generation: number }
  | { readonly kind: 'message'; readonly generation: number; readonly message: PeerMessage };

interface Pipe {
  queue: Item[];
  blocked: boolean;
  /** Items that were due while the pipe was blocked. */
  stalled: number;
  lastAt: number;
}

export interface NetworkEnd {
  up(from: number): void;
  down(from: number): void;
  message(from: number, message: PeerMessage): void;
}

export class Network {
  readonly #timeline: Timeline;
  readonly #delay: () => number;
  /** What the running servers do with what arrives. */
  readonly #ends = new Map<number, NetworkEnd>();
  readonly #pipes = new Map<string, Pipe>();
  /** Generation of the connection that stands between two servers. */
  readonly #standing = new Map<string, number>();
  /** Generation of the connection that a server believes to stand to another. */
  readonly #believed = new Map<string, number>();
  readonly #cut = new Set<string>();
  #generation = 0;

  constructor(timeline: Timeline, delay: () => number) {
    this.#timeline = timeline;
    this.#delay = delay;
  }

  /** A server is there: links to all others that are, and that are not cut off, come up. */
  attach(id: number, end: NetworkEnd): void {
    this.#ends.set(id, end);
    for (const other of this.#ends.keys()) if (other !== id) this.#connect(id, other);
  }

  /** A server is gone. What it had sent still arrives unless `lose`. */
  detach(id: number, lose: boolean): void {
    this.#ends.delete(id);
    for (const key of [...this.#believed.keys()]) if (key.startsWith(`${id}>`)) this.#believed.delete(key);
    for (const [key, pipe] of this.#pipes) if (key.endsWith(`>${id}`)) pipe.queue = [];
    for (const other of this.#ends.keys()) this.#disconnect(id, other, lose);
  }

  cut(a: number, b: number, lose: boolean): void {
    this.#cut.add(pair(a, b));
    this.#disconnect(a, b, lose);
  }

  mend(a: number, b: number): void {
    this.#cut.delete(pair(a, b));
    this.#connect(a, b);
  }

  /** Holds up what `from` sends to `to`; both sides still believe in the link. */
  block(from: number, to: number): void {
    this.#pipe(from, to).blocked = true;
  }

  unblock(from: number, to: number): void {
    const pipe = this.#pipe(from, to);
    pipe.blocked = false;
    for (; pipe.stalled > 0; pipe.stalled--) this.#timeline.after(1, () => this.#drain(from, to));
  }

  send(from: number, to: number, message: PeerMessage): void {
    const generation = this.#believed.get(`${from}>${to}`);
    if (generation === undefined || this.#standing.get(pair(from, to)) !== generation) return;
    this.#push(from, to, { kind: 'message', generation, message });
  }

  #connect(a: number, b: number): void {
    const key = pair(a, b);
    if (this.#cut.has(key) || this.#standing.has(key) || !this.#ends.has(a) || !this.#ends.has(b)) return;
    const generation = ++this.#generation;
    this.#standing.set(key, generation);
    this.#push(a, b, { kind: 'up', generation });
    this.#push(b, a, { kind: 'up', generation });
  }

  #disconnect(a: number, b: number, lose: boolean): void {
    const generation = this.#standing.get(pair(a, b));
    if (generation === undefined) return;
    this.#standing.delete(pair(a, b));
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const pipe = this.#pipe(from, to);
      if (lose || pipe.blocked) pipe.queue = pipe.queue.filter(({ kind }) => kind !== 'message');
      this.#push(from, to, { kind: 'down', generation });
    }
  }

  #pipe(from: number, to: number): Pipe {
    const key = `${from}>${to}`;
    let pipe = this.#pipes.get(key);
    if (!pipe) this.#pipes.set(key, (pipe = { queue: [], blocked: false, stalled: 0, lastAt: 0 }));
    return pipe;
  }

  #push(from: number, to: number, item: Item): void {
    const pipe = this.#pipe(from, to);
    pipe.queue.push(item);
    pipe.lastAt = Math.max(pipe.lastAt, this.#timeline.now + this.#delay());
    this.#timeline.at(pipe.lastAt, () => this.#drain(from, to));
  }

  #drain(from: number, to: number): void {
    const pipe = this.#pipe(from, to);
    const first = pipe.queue[0];
    if (!first) return;
    if (pipe.blocked && first.kind === 'message') {
      pipe.stalled++;
      return;
    }
    pipe.queue.shift();
    const end = this.#ends.get(to);
    if (end) this.#arrive(end, from, to, first);
  }

  #arrive(end: NetworkEnd, from: number, to: number, item: Item): void {
    const key = `${to}>${from}`;
    const believed = this.#believed.get(key);
    if (item.kind === 'message') {
      if (believed === item.generation) end.message(from, item.message);
      return;
    }
    if (item.kind === 'down') {
      if (believed !== item.generation) return;
      this.#believed.delete(key);
      end.down(from);
      return;
    }
    if (believed !== undefined) end.down(from);
    this.#believed.set(key, item.generation);
    end.up(from);
  }
}

function pair(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}
