/** Chance from a seed: the same seed makes the same choices, so that a run can be repeated. */

/** A stream of choices. Streams of different names are independent of each other. */
export class Random {
  #state;

  /**
   * @param {string} seed
   * @param {string} [name] what the stream is for
   */
  constructor(seed, name = '') {
    let hash = 2166136261;
    for (const char of `${seed}/${name}`) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
    this.#state = hash >>> 0;
  }

  /** From 0 up to, but not including, 1 (mulberry32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A number from `low` up to, but not including, `high`. */
  between(/** @type {number} */ low, /** @type {number} */ high) {
    return low + this.next() * (high - low);
  }

  /** As {@link between}, but small numbers are as likely as large ones on a logarithmic scale. */
  spread(/** @type {number} */ low, /** @type {number} */ high) {
    return low * (high / low) ** this.next();
  }

  /** A whole number from 0 up to, but not including, `count`. */
  below(/** @type {number} */ count) {
    return Math.floor(this.next() * count);
  }

  /** True with this probability. */
  chance(/** @type {number} */ probability) {
    return this.next() < probability;
  }

  /**
   * One of a list, each as likely as the others.
   *
   * @template T
   * @param {readonly T[]} list not empty
   * @returns {T}
   */
  pick(list) {
    return /** @type {T} */ (list[this.below(list.length)]);
  }

  /**
   * One of the names, each as likely as its weight says.
   *
   * @template {string} K
   * @param {Readonly<Record<K, number>>} weights
   * @returns {K}
   */
  weighted(weights) {
    const entries = /** @type {[K, number][]} */ (Object.entries(weights));
    let rest = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      rest -= weight;
      if (rest < 0) return name;
    }
    return /** @type {[K, number]} */ (entries[0])[0];
  }
}
