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

const NOTHING = new Uint8Array(0);

/**
 * Splits one connection's bytes. A length is judged as soon as it is complete, before there is memory for its frame; a
 * frame that comes in pieces takes at most twice the memory of the bytes that have come.
 */
export class FrameSplitter {
  readonly #maxBytes: number;
  /** What was fed and not yet read, from `#at` on. */
  #chunk: Uint8Array = NOTHING;
  #at = 0;
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
    this.feed(chunk);
    const found: Incoming[] = [];
    for (let one = this.next(); one !== undefined; one = this.next()) found.push(one);
    return found;
  }

  /** Takes the next bytes without looking at them: `next` does. For whoever cannot take all frames of a chunk at once. */
  feed(chunk: Uint8Array): void {
    if (this.#ended) return;
    if (this.unread === 0) this.#chunk = chunk;
    else {
      const joined = new Uint8Array(this.unread + chunk.length);
      joined.set(this.#chunk.subarray(this.#at));
      joined.set(chunk, this.unread);
      this.#chunk = joined;
    }
    this.#at = 0;
  }

  /** Bytes that were fed and not looked at. */
  get unread(): number {
    return this.#chunk.length - this.#at;
  }

  /** The next that the bytes complete; undefined where more of them are needed. As `push` for the memory of frames. */
  next(): Incoming | undefined {
    if (this.#ended) return undefined;
    const found = this.#frame === null ? this.#begin() : this.#continue();
    if (this.unread === 0 || found?.kind === 'fault' || found?.kind === 'word') {
      // The memory of the chunk is not held on to.
      this.#chunk = NOTHING;
      this.#at = 0;
    }
    return found;
  }

  /** From a length on. */
  #begin(): Incoming | undefined {
    const chunk = this.#chunk;
    while (this.#lengthBytes < 4 && this.#at < chunk.length) {
      this.#length = (this.#length << 8) | chunk[this.#at++]!;
      this.#lengthBytes++;
    }
    if (this.#lengthBytes < 4) return undefined;
    const refused = this.#judge();
    if (refused !== undefined) {
      this.#ended = true;
      return refused;
    }
    if (this.unread < this.#length) return this.#continue();
    const bytes = chunk.subarray(this.#at, this.#at + this.#length);
    this.#at += this.#length;
    this.#forget();
    return { kind: 'frame', bytes };
  }

  /** More of a frame that comes in pieces. */
  #continue(): Incoming | undefined {
    this.#fill();
    const bytes = this.#frame;
    if (bytes === null || this.#filled < this.#length) return undefined;
    this.#forget();
    return { kind: 'frame', bytes };
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

  #forget(): void {
    this.#frame = null;
    this.#filled = 0;
    this.#length = 0;
    this.#lengthBytes = 0;
  }

  /** Copies what the chunk has of the frame. */
  #fill(): void {
    const count = Math.min(this.unread, this.#length - this.#filled);
    const filled = this.#filled + count;
    let frame = this.#frame ?? NOTHING;
    if (filled > frame.length) {
      const larger = new Uint8Array(Math.min(this.#length, Math.max(FIRST, 2 * frame.length, filled)));
      larger.set(frame.subarray(0, this.#filled));
      frame = larger;
    }
    frame.set(this.#chunk.subarray(this.#at, this.#at + count), this.#filled);
    this.#at += count;
    this.#frame = frame;
    this.#filled = filled;
  }
}
