/**
 * How many questions may be under way at a time: many while answers are short, few while they are long, because the server
 * that answers must hold all of them in its memory.
 */

/** The most. Above a thousand ZooKeeper stops to read. */
const MOST = 500;
const LEAST = 8;
/** Bytes of answers that may be under way, as far as it can be guessed. */
const BYTES = 16 * 1_048_576;

export class Window {
  /** What an answer is expected to take: rises at once and falls slowly. The first ones may be long. */
  #expected = 1_048_576;

  get size(): number {
    return Math.max(LEAST, Math.min(MOST, Math.floor(BYTES / this.#expected)));
  }

  /** An answer of so many bytes has come. */
  note(bytes: number): void {
    this.#expected = Math.max(bytes, this.#expected - (this.#expected - bytes) / 16, 1);
  }
}
