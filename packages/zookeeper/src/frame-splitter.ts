/**
 * The bytes of a connection, in whatever chunks they come, to frames: each has its length in front of it, in four bytes.
 * How the bytes were cut makes no difference to what comes out. What the frames hold is not looked at.
 */
import { badMessage, limits, type SynodError } from '@synod/protocol';
import { fourLetterWord, type FourLetterWord } from './word.js';

/** What comes out. Behind a word or a fault nothing follows: the connection is to be answered, if at all, and closed. */
export type Incoming =
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  | { readonly kind: 'word'; readonly word: FourLetterWord }
  | { readonly kind: 'fault'; readonly error: SynodError };

/** Memory for the first bytes of a frame that comes in pieces; from there on it doubles with what has come. */
const FIRST = 256;

/**
 * Splits one connection's bytes. A length is judged as soon as it is complete, before there is memory for its frame; a
 * frame that comes in pieces takes at most twice the memory of the bytes that have come.
 */
export class FrameSplitter {
  readonly #maxBytes: number;
  /** True until the first length, which alone may be a word. */
  #fresh = true;
  #ended = false;
  #lengthBytes = 0;
  #length = 0;
  /** The frame that has begun, and how much of it is there; null between frames and in lengths. */
  #frame: Uint8Array | null = null;
  #filled = 0;

  /** `maxBytes`: of a frame without its length, ZooKeeper's `jute.maxbuffer`. */
  constructor(maxBytes: number = limits.frameBytes) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next bytes and returns what they complete. A frame is a view into the chunk where it lies there in one
   * piece: use it before the chunk's memory is used again.
   */
  push(chunk: Uint8Array): Incoming[] {
    const found: Incoming[] = [];
    let at = 0;
    while (!this.#ended) {
      if (this.#frame === null) {
        while (this.#lengthBytes < 4 && at < chunk.length) {
          this.#length = (this.#length << 8) | chunk[at++]!;
          this.#lengthBytes++;
        }
        if (this.#lengthBytes < 4) break;
        const refused = this.#judge();
        if (refused !== undefined) {
          this.#ended = true;
          found.push(refused);
          break;
        }
        if (chunk.length - at >= this.#length) {
          found.push({ kind: 'frame', bytes: chunk.subarray(at, at + this.#length) });
          at += this.#length;
          this.#next();
          continue;
        }
      }
      at += this.#fill(chunk, at);
      if (this.#frame === null || this.#filled < this.#length) break;
      found.push({ kind: 'frame', bytes: this.#frame });
      this.#next();
    }
    return found;
  }

  /** What speaks against the length that is complete now. */
  #judge(): Incoming | undefined {
    const length = this.#length;
    const word = this.#fresh ? fourLetterWord(length) : undefined;
    this.#fresh = false;
    if (word !== undefined) return { kind: 'word', word };
    if (length >= 0 && length <= this.#maxBytes) return undefined;
    return { kind: 'fault', error: badMessage(`a frame of ${length} bytes; from 0 to ${this.#maxBytes} are allowed`) };
  }

  #next(): void {
    this.#frame = null;
    this.#filled = 0;
    this.#length = 0;
    this.#lengthBytes = 0;
  }

  /** Copies what the chunk has of the frame; returns how much that is. */
  #fill(chunk: Uint8Array, at: number): number {
    const count = Math.min(chunk.length - at, this.#length - this.#filled);
    const filled = this.#filled + count;
    let frame = this.#frame ?? new Uint8Array(0);
    if (filled > frame.length) {
      const larger = new Uint8Array(Math.min(this.#length, Math.max(FIRST, 2 * frame.length, filled)));
      larger.set(frame.subarray(0, this.#filled));
      frame = larger;
    }
    frame.set(chunk.subarray(at, at + count), this.#filled);
    this.#frame = frame;
    this.#filled = filled;
    return count;
  }
}
