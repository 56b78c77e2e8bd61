/** Virtual time: actions that happen at a time, earliest first, those of one time in the order in which they were set. */
interface Entry {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

export class Timeline {
  now = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  /** Sets an action `delay` milliseconds from now. */
  after(delay: number, action: () => void): void {
    this.at(this.now + delay, action);
  }

  at(time: number, action: () => void): void {
    const heap = this.#heap;
    const entry = { at: Math.max(time, this.now), order: this.#order++, action };
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  /** Carries out the next action that is due by `end`; false where there is none, time then stands at `end`. */
  step(end: number): boolean {
    const first = this.#heap[0];
    if (!first || first.at > end) {
      this.now = Math.max(this.now, end);
      return false;
    }
    this.#removeFirst();
    this.now = first.at;
    first.action();
    return true;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
