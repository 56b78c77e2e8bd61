/**
 * Programs of simulated clients: generators that yield a {@link Latch} and go on when it opens. They are what promises
 * are in a real program, without a microtask in them, so that their order is the seed's alone.
 */

/** Something to wait for; opens once. */
export class Latch<T> {
  #value: T | undefined;
  #open = false;
  #waiting: ((value: T) => void)[] = [];

  get isOpen(): boolean {
    return this.#open;
  }

  open(value: T): void {
    if (this.#open) return;
    this.#open = true;
    this.#value = value;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go(value);
  }

  /** Calls `go` when the latch opens, or at once. */
  then(go: (value: T) => void): void {
    if (this.#open) go(this.#value as T);
    else this.#waiting.push(go);
  }
}

/** A program: `const answer = yield* wait(latch)` waits. */
export type Program = Generator<Latch<unknown>, void, unknown>;

/** A part of a program that has a value. */
export type Part<T> = Generator<Latch<unknown>, T, unknown>;

/** Waits for a latch and gives its value. */
export function* wait<T>(latch: Latch<T>): Part<T> {
  return (yield latch as Latch<unknown>) as T;
}

/** Runs programs, each until it waits; `soon` puts off going on until what is under way is over. */
export class Fibres {
  readonly #ready: (() => void)[] = [];
  #running = 0;

  /** Programs that are not at their end. */
  get running(): number {
    return this.#running;
  }

  start(program: Program): void {
    this.#running++;
    this.#ready.push(() => this.#go(program, undefined));
  }

  /** Lets everything go on that can; true where something did. */
  run(): boolean {
    if (this.#ready.length === 0) return false;
    for (const go of this.#ready.splice(0)) go();
    return true;
  }

  #go(program: Program, value: unknown): void {
    const { done, value: latch } = program.next(value);
    if (done) this.#running--;
    else latch.then((opened) => this.#ready.push(() => this.#go(program, opened)));
  }
}
