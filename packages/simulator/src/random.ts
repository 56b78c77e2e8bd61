/**
 * Chance, drawn from one seed: every purpose has a stream of its own, so that drawing more for one purpose leaves all the
 * others as they were. Generator: sfc32 (Chris Doty-Humphrey's PractRand), 128 bits of state, 32 bits a draw. Not for secrets.
 */

/** One stream of random numbers. The same seed and purpose give the same numbers, on every machine. */
export class Random {
  readonly #root: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed`: any text or number; `purpose` names the stream within the seed. */
  constructor(seed: number | string, purpose: string) {
    this.#root = `${seed}\n${purpose}`;
    this.#a = mixText(this.#root, 0x9e3779b9);
    this.#b = mixText(this.#root, 0x243f6a88);
    this.#c = mixText(this.#root, 0xb7e15162);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** A stream that depends on the names alone, not on what was drawn from this one so far. */
  fork(purpose: string): Random {
    return new Random(this.#root, purpose);
  }

  /** A whole number in 0…2³²−1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** At least 0, below 1, in steps of 2⁻⁵³. */
  float(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** A whole number in min…max, both included; a range of at most 2⁵³. Throws where max < min. */
  int(min: number, max: number): number {
    const range = max - min + 1;
    if (!(range >= 1)) throw new Error(`no whole number lies between ${min} and ${max}`);
    // The bias of a small range is below 2⁻²⁰: no test can see it, and one draw is enough.
    if (range <= 4096) return min + Math.floor((this.uint32() / 4294967296) * range);
    return min + Math.floor(this.float() * range);
  }

  /** True with probability p (0 never, 1 always). */
  chance(p: number): boolean {
    return this.float() < p;
  }

  /** One of a list's elements. Throws where it is empty. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error('nothing to pick from');
    return list[this.int(0, list.length - 1)] as T;
  }

  /** Puts the list in random order, in place; answers the list. */
  shuffle<T>(list: T[]): T[] {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      const moved = list[i] as T;
      list[i] = list[j] as T;
      list[j] = moved;
    }
    return list;
  }

  /** Exponentially distributed: the distance between events that come once per `mean`, independently. */
  exponential(mean: number): number {
    return -Math.log(1 - this.float()) * mean;
  }

  /** Between min and max (both above 0), each order of magnitude equally likely. */
  logUniform(min: number, max: number): number {
    return min * Math.exp(this.float() * Math.log(max / min));
  }

  /** n random bytes. */
  bytes(n: number): Uint8Array {
    const bytes = new Uint8Array(n);
    let word = 0;
    for (let i = 0; i < n; i++) {
      if ((i & 3) === 0) word = this.uint32();
      bytes[i] = word & 255;
      word >>>= 8;
    }
    return bytes;
  }

  /** One of the values, each as likely as its weight (0 never) against the sum of all. Throws where the sum is 0. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let sum = 0;
    for (const [weight] of choices) sum += weight;
    if (!(sum > 0)) throw new Error('nothing to choose from');
    let rest = this.float() * sum;
    let last: T | undefined;
    for (const [weight, value] of choices) {
      if (!(weight > 0)) continue;
      if (rest < weight) return value;
      rest -= weight;
      last = value;
    }
    return last as T;
  }
}

/** MurmurHash3's mixing over the text's code units. */
function mixText(text: string, seed: number): number {
  let hash = seed | 0;
  for (let i = 0; i < text.length; i++) {
    let word = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= Math.imul(word, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
