/**
 * Is there an order of operations that explains all answers? The search of Wing and Gong with the memory of Lowe: the
 * operations that may come next are tried in turn, and a set of operations that has led to the same state before is not
 * tried again.
 *
 * An operation of open outcome may come at any time after its start, or never.
 */
import { act, cellsKey, type Action, type Cells } from './linear-model.js';

/** One operation: it took effect between `start` and `end` (both included). */
export interface Interval {
  readonly start: number;
  /** Infinity for an open outcome. */
  readonly end: number;
  readonly action: Action;
}

export type Search =
  | { readonly verdict: 'explained' }
  /** The step limit was reached. */
  | { readonly verdict: 'unknown' }
  /** `stuck`: index of the operation that no order reaches in time, where most were explained (`explained` of them). */
  | { readonly verdict: 'impossible'; readonly stuck: number; readonly explained: number };

/** A call or a return in the list of those that are not in the order yet. */
interface Mark {
  readonly id: number;
  /** Of a call: its return; null for an open outcome. */
  readonly end: Mark | null;
  readonly call: boolean;
  next: Mark | null;
  previous: Mark | null;
}

/** Looks for an order. Each operation that is tried costs a step. */
export function search(intervals: readonly Interval[], cells: Cells, maxSteps: number): Search {
  return new Searching(intervals, cells).run(maxSteps);
}

class Searching {
  readonly #intervals: readonly Interval[];
  readonly #head: Mark;
  readonly #chosen: Chosen;
  readonly #stack: { readonly mark: Mark; readonly cells: Cells }[] = [];
  #cells: Cells;
  /** Operations with an answer that are not in the order yet. */
  #left: number;

  constructor(intervals: readonly Interval[], cells: Cells) {
    this.#intervals = intervals;
    this.#cells = cells;
    this.#head = marks(intervals);
    this.#chosen = new Chosen(intervals.length);
    this.#left = intervals.filter(({ end }) => end !== Infinity).length;
  }

  run(maxSteps: number): Search {
    let stuck = 0;
    let most = -1;
    let steps = 0;
    let mark = this.#head.next;
    while (this.#left > 0) {
      if (mark === null) throw new Error('an operation without an end is waited for');
      if (mark.call) {
        if (++steps > maxSteps) return { verdict: 'unknown' };
        mark = this.#choose(mark) ? this.#head.next : mark.next;
        continue;
      }
      if (this.#stack.length > most) {
        most = this.#stack.length;
        stuck = mark.id;
      }
      const back = this.#undo();
      if (back === null) return { verdict: 'impossible', stuck, explained: most };
      mark = back.next;
    }
    return { verdict: 'explained' };
  }

  /** Puts an operation next in the order where that is possible and new. */
  #choose(mark: Mark): boolean {
    const after = act(this.#cells, this.#intervals[mark.id]!.action);
    if (after === null) return false;
    this.#chosen.flip(mark.id);
    if (!this.#chosen.isNew(cellsKey(after))) {
      this.#chosen.flip(mark.id);
      return false;
    }
    this.#stack.push({ mark, cells: this.#cells });
    this.#cells = after;
    takeOut(mark);
    if (mark.end !== null) {
      takeOut(mark.end);
      this.#left--;
    }
    return true;
  }

  /** Takes the last operation out of the order again. */
  #undo(): Mark | null {
    const last = this.#stack.pop();
    if (last === undefined) return null;
    const { mark, cells } = last;
    this.#cells = cells;
    this.#chosen.flip(mark.id);
    if (mark.end !== null) {
      putBack(mark.end);
      this.#left++;
    }
    putBack(mark);
    return mark;
  }
}

/** Calls and returns by time; of the same moment, calls first, so that they overlap. */
function marks(intervals: readonly Interval[]): Mark {
  const all: { readonly at: number; readonly mark: Mark }[] = [];
  for (const [id, { start, end }] of intervals.entries()) {
    const open = end === Infinity;
    const back: Mark | null = open ? null : { id, end: null, call: false, next: null, previous: null };
    all.push({ at: start, mark: { id, end: back, call: true, next: null, previous: null } });
    if (back !== null) all.push({ at: end, mark: back });
  }
  all.sort((a, b) => a.at - b.at || Number(b.mark.call) - Number(a.mark.call) || a.mark.id - b.mark.id);
  const head: Mark = { id: -1, end: null, call: false, next: null, previous: null };
  let before = head;
  for (const { mark } of all) {
    before.next = mark;
    mark.previous = before;
    before = mark;
  }
  return head;
}

function takeOut(mark: Mark): void {
  if (mark.previous !== null) mark.previous.next = mark.next;
  if (mark.next !== null) mark.next.previous = mark.previous;
}

function putBack(mark: Mark): void {
  if (mark.previous !== null) mark.previous.next = mark;
  if (mark.next !== null) mark.next.previous = mark;
}

/** The set of operations in the order, and all pairs of such a set and a state that were met. */
class Chosen {
  readonly #bits: Uint32Array;
  #hash = 0;
  readonly #met = new Map<number, { readonly bits: Uint32Array; readonly state: number }[]>();
  readonly #states = new Map<string, number>();

  constructor(size: number) {
    this.#bits = new Uint32Array((size + 31) >>> 5);
  }

  flip(id: number): void {
    this.#bits[id >>> 5]! ^= 1 << (id & 31);
    this.#hash ^= mix(id + 1);
  }

  /** True for a pair of the set and this state that was not met; it counts as met then. */
  isNew(key: string): boolean {
    let state = this.#states.get(key);
    if (state === undefined) this.#states.set(key, (state = this.#states.size));
    const hash = this.#hash ^ mix(-state - 1);
    const met = this.#met.get(hash);
    if (met === undefined) this.#met.set(hash, [{ bits: this.#bits.slice(), state }]);
    else if (met.some((one) => one.state === state && one.bits.every((word, i) => word === this.#bits[i])))
      return false;
    else met.push({ bits: this.#bits.slice(), state });
    return true;
  }
}

/** Spreads a number over 32 bits. */
function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return hash ^ (hash >>> 16);
}
