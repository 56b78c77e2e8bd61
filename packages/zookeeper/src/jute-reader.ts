/**
 * Jute, the encoding of ZooKeeper's records, from bytes to values: as strict as ZooKeeper's own reader (BinaryInputArchive)
 * and no stricter. A length is checked against the bytes that are there before anything is allocated, so reading costs a
 * small multiple of the input, whatever the input claims.
 */
import { badMessage } from '@synod/protocol';
import { utf8Of } from '@synod/protocol/utf8';
import { longOf, type Long } from './long.js';

/**
 * Reads the fields of records one after the other; `name` stands in complaints. All methods throw SynodError
 * MARSHALLING_ERROR where the bytes end too early or a length is negative, and nothing else. Bytes behind the last field
 * are nobody's concern: ZooKeeper ignores them.
 */
export class JuteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** One byte, where any but 0 is true. */
  bool(name: string): boolean {
    return this.#bytes[this.#step(1, name)] !== 0;
  }

  /** 32 bits with a sign. */
  int(name: string): number {
    const at = this.#step(4, name);
    const bytes = this.#bytes;
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }

  /** 64 bits with a sign. */
  long(name: string): Long {
    const high = this.int(name);
    return longOf(high, this.int(name) >>> 0);
  }

  /** Bytes, a view into the input; null and empty differ. */
  buffer(name: string): Uint8Array | null {
    const length = this.#length(name);
    if (length === -1) return null;
    const at = this.#step(length, name);
    return this.#bytes.subarray(at, at + length);
  }

  /** UTF-8, with U+FFFD in place of what is not; null and empty differ. */
  string(name: string): string | null {
    const length = this.#length(name);
    if (length === -1) return null;
    const at = this.#step(length, name);
    return utf8Of(this.#bytes, at, at + length);
  }

  /**
   * A list of elements that take at least `least` bytes each; null and empty differ. A count below −1 is one of 0, as in
   * ZooKeeper.
   */
  vector<T>(name: string, least: number, element: (input: this) => T): T[] | null {
    const count = this.int(name);
    if (count === -1) return null;
    if (count * least > this.left) {
      throw badMessage(`${name}: ${count} entries are announced where ${this.left} bytes are left`);
    }
    const list: T[] = [];
    for (let i = 0; i < count; i++) list.push(element(this));
    return list;
  }

  #length(name: string): number {
    const length = this.int(name);
    if (length < -1) throw badMessage(`${name}: ${length} is no length`);
    return length;
  }

  /** Steps over `count` bytes and returns where they begin. */
  #step(count: number, name: string): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) {
      throw badMessage(`${name}: ${count} bytes are needed where ${this.#bytes.length - at} are left`);
    }
    this.#at = at + count;
    return at;
  }
}
