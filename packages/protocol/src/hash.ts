/**
 * A 52-bit non-cryptographic hash for checksums, chain hashes and the state digest.
 *
 * It finds damage and divergence, it does not resist an adversary. Two 32-bit lanes are stepped with a xor and an odd
 * multiplication (a bijection, so one changed byte always changes both lanes) and mixed at the end. 52 bits leave room
 * to add two hashes without leaving the safe integers.
 */

const MODULUS = 2 ** 52;

/** Two running 32-bit lanes. Feed it numbers, strings and bytes, then call {@link Hasher.value}. */
export class Hasher {
  #a: number;
  #b: number;

  constructor(seed = 0) {
    this.#a = 0x9e3779b9 | 0;
    this.#b = 0x85ebca6b | 0;
    if (seed !== 0) this.number(seed);
  }

  /** Adds bytes, then their length, so that neighbouring fields cannot run into each other. */
  bytes(bytes: Uint8Array): this {
    let a = this.#a;
    let b = this.#b;
    const length = bytes.length;
    for (let i = 0; i < length; i++) {
      const byte = bytes[i]!;
      a = Math.imul(a ^ byte, 0x2c1b3c6d);
      a ^= a >>> 15;
      b = Math.imul(b ^ byte, 0x297a2d39);
      b ^= b >>> 13;
    }
    this.#a = a;
    this.#b = b;
    return this.#word(length);
  }

  /** Adds a string by its UTF-16 units, then its length. */
  string(text: string): this {
    let a = this.#a;
    let b = this.#b;
    const length = text.length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x2c1b3c6d);
      a ^= a >>> 15;
      b = Math.imul(b ^ unit, 0x297a2d39);
      b ^= b >>> 13;
    }
    this.#a = a;
    this.#b = b;
    return this.#word(length);
  }

  /** Adds a safe integer (also a negative one). */
  number(value: number): this {
    const high = Math.floor(value / 4294967296);
    return this.#word(value - high * 4294967296).#word(high);
  }

  /** The hash of all that was added: an integer of 52 bits. The hasher may be fed further. */
  value(): number {
    let a = this.#a;
    let b = this.#b;
    a = Math.imul(a ^ (a >>> 16), 0x7feb352d) ^ Math.imul(b ^ (b >>> 15), 0x846ca68b);
    b = Math.imul(b ^ (b >>> 16), 0x45d9f3b3) ^ Math.imul(a ^ (a >>> 13), 0x27d4eb2f);
    a ^= a >>> 14;
    b ^= b >>> 16;
    return (b & 0xfffff) * 4294967296 + (a >>> 0);
  }

  #word(word: number): this {
    const bits = word | 0;
    this.#a = Math.imul(this.#a ^ bits, 0x2c1b3c6d);
    this.#a ^= this.#a >>> 15;
    this.#b = Math.imul(this.#b ^ bits, 0x297a2d39);
    this.#b ^= this.#b >>> 13;
    return this;
  }
}

/** Adds two 52-bit hashes so that the order of additions does not matter: the running digest of a set. */
export function addHash(sum: number, hash: number): number {
  const total = sum + hash;
  return total >= MODULUS ? total - MODULUS : total;
}

/** Takes a hash out of a sum that {@link addHash} put it in. */
export function removeHash(sum: number, hash: number): number {
  const total = sum - hash;
  return total < 0 ? total + MODULUS : total;
}

/** A digest or chain hash for people: 13 hexadecimal digits. */
export function formatHash(hash: number): string {
  return hash.toString(16).padStart(13, '0');
}
