/**
 * Virtual time: a heap of what will happen and when. What is due at the same moment happens in an order drawn from the
 * seed. A rolling hash over everything that happened proves that two runs were the same.
 */
import type { Random } from './random.js';

/** Something that will happen, unless it is called off. */
export interface Timer {
  readonly at: number;
  readonly order: number;
  action: (() => void) | null;
}

export class Timeline {
  readonly #random: Random;
  readonly #heap: Timer[] = [];
  #now = 0;
  #events = 0;
  #hash = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** How much has happened. */
  get events(): number {
    return this.#events;
  }

  /** Of everything that was scheduled, when it happened, and everything that was noted. */
  get hash(): number {
    return this.#hash >>> 0;
  }

  /** Takes a number into the hash. */
  note(value: number): void {
    const mixed = Math.imul(this.#hash ^ (value | 0), 0x9e3779b1);
    this.#hash = (mixed << 13) | (mixed >>> 19);
  }

  /** `ms` from now; 0 and less: as soon as everything that is under way is over. */
  after(ms: number, action: () => void): Timer {
    const timer: Timer = { at: this.#now + Math.max(ms, 0), order: this.#random.uint32(), action };
    this.#push(timer);
    return timer;
  }

  cancel(timer: Timer): void {
    timer.action = null;
  }

  /** Lets the next thing happen; false where nothing is to happen up to `end`, to which time then moves. */
  step(end: number): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > end) {
        this.#now = Math.max(this.#now, end);
        return false;
      }
      this.#pop();
      if (next.action === null) continue;
      this.#now = next.at;
      this.#events++;
      this.note(next.order ^ Math.floor(next.at * 1000));
      next.action();
      return true;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
