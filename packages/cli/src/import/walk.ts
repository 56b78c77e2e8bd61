/**
 * Works through a tree of things to do, many at a time. What comes last goes first, so that what waits grows with the depth
 * and width of a tree and not with its size; lists are drawn from as there is room.
 */

export class Walk<T> {
  readonly #most: number;
  readonly #visit: (item: T) => Promise<void>;
  readonly #waiting: Iterator<T>[] = [];
  #active = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** `most`: so many at a time. */
  constructor(most: number, visit: (item: T) => Promise<void>) {
    this.#most = most;
    this.#visit = visit;
  }

  /** Adds things to do; from within a visit, or before `run`. */
  add(items: Iterable<T>): void {
    this.#waiting.push(items[Symbol.iterator]());
  }

  /** True where something was added and not begun. */
  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when all is done, also what visits have added; rejects with the first error, once what was begun has ended. */
  async run(): Promise<void> {
    for (;;) {
      while (this.#active < this.#most && this.#failure === undefined) {
        const item = this.#take();
        if (item === undefined) break;
        this.#begin(item.value);
      }
      if (this.#active === 0) break;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #take(): { readonly value: T } | undefined {
    for (let last = this.#waiting.at(-1); last !== undefined; last = this.#waiting.at(-1)) {
      const next = last.next();
      if (next.done !== true) return next;
      this.#waiting.pop();
    }
    return undefined;
  }

  #begin(item: T): void {
    this.#active++;
    void this.#visit(item)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#active--;
        this.#wake?.();
      });
  }
}
