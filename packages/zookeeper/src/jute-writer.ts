/**
 * Jute, the encoding of ZooKeeper's records, from values to bytes, and the frames around them. Frames are written one
 * behind the other into one piece of memory, so that all that is due for a connection leaves in one write.
 */
import { highOf, lowOf, type Long } from './long.js';

/** Bytes of the first piece of memory; each is twice as large as the one before, up to `MOST`. */
const FIRST = 256;
/** Bytes of a piece of memory, but that a larger frame gets a piece of its own. */
const MOST = 8_192;

const NOTHING = new Uint8Array(0);

/** Writes fields and frames. Values that do not fit their field are bugs of the caller and throw an Error. */
export class JuteWriter {
  #bytes = NOTHING;
  #piece = FIRST;
  /** Where that begins which was not taken yet. */
  #start = 0;
  #at = 0;
  /** Where the length of the open frame stands; −1 where none is open. */
  #frame = -1;

  /** Opens a frame: leaves room for its length. */
  begin(): void {
    if (this.#frame !== -1) throw new Error('a frame is open already');
    this.#frame = this.#room(4) - this.#start;
  }

  /** Closes the frame: fills in its length. */
  end(): void {
    if (this.#frame === -1) throw new Error('no frame is open');
    const at = this.#start + this.#frame;
    this.#put(at, this.#at - at - 4);
    this.#frame = -1;
  }

  /** All that was written since the last time, in memory that is not written to again. */
  take(): Uint8Array {
    if (this.#frame !== -1) throw new Error('a frame is still open');
    const taken = this.#bytes.subarray(this.#start, this.#at);
    this.#start = this.#at;
    return taken;
  }

  /** One byte, 0 or 1. */
  bool(value: boolean): void {
    const at = this.#room(1);
    this.#bytes[at] = value ? 1 : 0;
  }

  /** 32 bits with a sign. */
  int(value: number): void {
    if ((value | 0) !== value) throw new Error(`${value} does not fit into 32 bits`);
    this.#put(this.#room(4), value);
  }

  /** 64 bits with a sign. */
  long(value: Long): void {
    const high = highOf(value);
    const at = this.#room(8);
    this.#put(at, high);
    this.#put(at + 4, lowOf(value) | 0);
  }

  /** Bytes, or null. */
  buffer(value: Uint8Array | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    const at = this.#room(4 + value.length);
    this.#put(at, value.length);
    this.#bytes.set(value, at + 4);
  }

  /** Text as UTF-8, or null. Half a surrogate pair becomes U+FFFD. */
  string(value: string | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    const at = this.#room(4 + 3 * value.length);
    this.#at = at + 4;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit < 0x80) this.#bytes[this.#at++] = unit;
      else if (unit >= 0xd800 && unit <= 0xdbff && i + 1 < value.length) i += this.#pair(value, i) - 1;
      else this.#character(unit >= 0xd800 && unit <= 0xdfff ? 0xfffd : unit);
    }
    this.#put(at, this.#at - at - 4);
  }

  /** A list, or null. */
  vector<T>(list: readonly T[] | null, element: (output: this, value: T) => void): void {
    this.int(list === null ? -1 : list.length);
    if (list !== null) for (const value of list) element(this, value);
  }

  /** Writes the pair, or the half of one, at `i`; returns how many units of the string that were. */
  #pair(value: string, i: number): number {
    const character = value.codePointAt(i)!;
    this.#character(character > 0xffff ? character : 0xfffd);
    return character > 0xffff ? 2 : 1;
  }

  /** Writes a character beyond ASCII; there is room for it. */
  #character(code: number): void {
    const bytes = this.#bytes;
    if (code < 0x800) {
      bytes[this.#at++] = 0xc0 | (code >> 6);
    } else {
      if (code < 0x10000) {
        bytes[this.#at++] = 0xe0 | (code >> 12);
      } else {
        bytes[this.#at++] = 0xf0 | (code >> 18);
        bytes[this.#at++] = 0x80 | ((code >> 12) & 0x3f);
      }
      bytes[this.#at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[this.#at++] = 0x80 | (code & 0x3f);
  }

  #put(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value >> 24;
    bytes[at + 1] = value >> 16;
    bytes[at + 2] = value >> 8;
    bytes[at + 3] = value;
  }

  /** Makes room for `count` bytes behind what was written and returns where they begin. */
  #room(count: number): number {
    if (this.#at + count > this.#bytes.length) {
      const used = this.#at - this.#start;
      // Behind large data little more comes; a long list of small fields doubles what there is each time.
      const larger = new Uint8Array(Math.max(2 * used, used + count + this.#piece));
      this.#piece = Math.min(2 * this.#piece, MOST);
      larger.set(this.#bytes.subarray(this.#start, this.#at));
      this.#bytes = larger;
      this.#start = 0;
      this.#at = used;
    }
    const at = this.#at;
    this.#at = at + count;
    return at;
  }
}
