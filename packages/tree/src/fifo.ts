/** First in, first out, with constant cost for each step also when it is long (an array's `shift` moves the rest). */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The oldest item. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** Drops the oldest item, if there is one. */
  drop(): void {
    if (this.#head === this.#items.length) return;
    this.#head++;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The items from the first one on that `isIn` holds for, given that it holds for all behind it as well. */
  from(isIn: (item: T) => boolean): T[] {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isIn(this.#items[middle]!)) high = middle;
      else low = middle + 1;
    }
    return this.#items.slice(low);
  }
}
