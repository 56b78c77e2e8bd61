/**
 * MessagePack to values, for the subset of the protocol: nil, booleans, numbers, strings, binary and arrays.
 *
 * Every length is checked against the bytes that are there before anything is allocated, so decoding costs a small
 * multiple of its input whatever the input claims. Written out here, and not left to a library, because bytes of
 * strangers come first to it, and because all servers must read the same value from the same bytes, wherever they run:
 * strings that are not UTF-8 read with U+FFFD in place of what is wrong, and nothing else is ever changed.
 */
import { badMessage } from './synod-error.js';
import { utf8Of } from './utf8.js';

const TRUNCATED = 'a message ends in the middle of a value';

/** Reads one value from bytes. Binary values are views into them. */
export class Decoder {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #maxDepth: number;
  readonly #maxValues: number;
  #view: DataView | undefined;
  #at = 0;
  #depth = 0;
  /** Values that there are by what the arrays so far have claimed. */
  #claimed = 1;

  /** `maxValues`: values of any kind; `maxDepth`: arrays in arrays. */
  constructor(bytes: Uint8Array, maxValues: number, maxDepth: number) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#maxValues = maxValues;
    this.#maxDepth = maxDepth;
  }

  /** The one value that the bytes hold; throws SynodError MARSHALLING_ERROR that says what is wrong. */
  only(): unknown {
    const value = this.#value();
    if (this.#at !== this.#end) throw badMessage(`${this.#end - this.#at} bytes follow the message`);
    return value;
  }

  #value(): unknown {
    if (this.#at >= this.#end) throw badMessage(TRUNCATED);
    const tag = this.#bytes[this.#at++]!;
    if (tag < 0x80) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag < 0x90) throw badMessage('maps are not part of the protocol');
    if (tag < 0xa0) return this.#array(tag & 0x0f);
    if (tag < 0xc0) return this.#string(tag & 0x1f);
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#uint(1));
      case 0xc5:
        return this.#binary(this.#uint(2));
      case 0xc6:
        return this.#binary(this.#uint(4));
      case 0xd9:
        return this.#string(this.#uint(1));
      case 0xda:
        return this.#string(this.#uint(2));
      case 0xdb:
        return this.#string(this.#uint(4));
      case 0xdc:
        return this.#array(this.#uint(2));
      case 0xdd:
        return this.#array(this.#uint(4));
      default:
        return this.#number(tag);
    }
  }

  #number(tag: number): number {
    switch (tag) {
      case 0xca:
        return this.#float(4);
      case 0xcb:
        return this.#float(8);
      case 0xcc:
        return this.#uint(1);
      case 0xcd:
        return this.#uint(2);
      case 0xce:
        return this.#uint(4);
      case 0xcf:
        return this.#uint(4) * 4294967296 + this.#uint(4);
      case 0xd0:
        return (this.#uint(1) << 24) >> 24;
      case 0xd1:
        return (this.#uint(2) << 16) >> 16;
      case 0xd2:
        return this.#uint(4) | 0;
      case 0xd3:
        return (this.#uint(4) | 0) * 4294967296 + this.#uint(4);
      default:
        throw badMessage(`MessagePack type 0x${tag.toString(16)} is not part of the protocol`);
    }
  }

  #uint(width: 1 | 2 | 4): number {
    const bytes = this.#bytes;
    const at = this.#at;
    if (width > this.#end - at) throw badMessage(TRUNCATED);
    this.#at = at + width;
    if (width === 1) return bytes[at]!;
    if (width === 2) return bytes[at]! * 256 + bytes[at + 1]!;
    return bytes[at]! * 16777216 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
  }

  #float(width: 4 | 8): number {
    const at = this.#skip(width);
    this.#view ??= new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#end);
    return width === 8 ? this.#view.getFloat64(at) : this.#view.getFloat32(at);
  }

  /** Steps over a value of this length and returns where it starts. */
  #skip(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) {
      throw badMessage(`a value claims ${length} bytes, but only ${this.#end - start} follow`);
    }
    this.#at = start + length;
    return start;
  }

  #string(length: number): string {
    const start = this.#skip(length);
    return utf8Of(this.#bytes, start, start + length);
  }

  #binary(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  #array(length: number): unknown[] {
    const rest = this.#end - this.#at;
    const claimed = (this.#claimed += length);
    // A value takes a byte at least: what all arrays claim together is bounded too, so that none is made in vain.
    if (length > rest || claimed > this.#end) {
      throw badMessage(`an array claims ${length} values, but only ${rest} bytes follow`);
    }
    if (claimed > this.#maxValues) throw badMessage(`a message holds more than ${this.#maxValues} values`);
    if (this.#depth >= this.#maxDepth) throw badMessage(`a message is nested deeper than ${this.#maxDepth} arrays`);
    this.#depth++;
    const values = new Array<unknown>(length);
    for (let i = 0; i < length; i++) values[i] = this.#value();
    this.#depth--;
    return values;
  }
}
