/**
 * What two servers need not have in common, and how it must hang together nevertheless: a zxid of the one always meets the
 * same zxid of the other and their order is the same; so do sessions; and a server stamps one time on one transaction,
 * never an earlier one on a later transaction.
 */

/** @typedef {import('@synod/zookeeper').Long} Long */

/** Zxids that mean the same everywhere: none yet, and none at all. */
const fixed = [0, -1];

/** Zxids that a server may use up unseen between two that are seen. */
const mostPassed = 4;

/** Pairs of values, in the order of the first ones. Mostly they come in order, so a new one goes near the end. */
class Pairs {
  /** @type {{ left: Long; right: Long }[]} */
  #pairs = [];
  /** @type {Map<Long, Long>} */
  #known = new Map();

  /** @param {Long} left */
  has(left) {
    return this.#known.has(left);
  }

  /** @param {Long} left @param {Long} right @returns {string | undefined} what speaks against the pair */
  meet(left, right) {
    const before = this.#known.get(left);
    if (before !== undefined) return before === right ? undefined : `${left} has met ${before} before, not ${right}`;
    let at = this.#pairs.length;
    while (at > 0 && /** @type {{ left: Long }} */ (this.#pairs[at - 1]).left > left) at--;
    const below = this.#pairs[at - 1];
    const above = this.#pairs[at];
    if (below && below.right >= right) return `${left} meets ${right}, but ${below.left} has met ${below.right}`;
    if (above && above.right <= right) return `${left} meets ${right}, but ${above.left} has met ${above.right}`;
    this.#pairs.splice(at, 0, { left, right });
    this.#known.set(left, right);
    return undefined;
  }
}

/** One server's zxids: which of them stand for another one, and what time was stamped on them. */
class Zxids {
  /** @type {Map<Long, Long>} */
  #same = new Map();
  #times = new Pairs();
  /** @type {Map<Long, Long>} */
  #stamped = new Map();

  /** The zxid that counts. @param {Long} zxid @returns {Long} */
  canonical(zxid) {
    const same = this.#same.get(zxid);
    return same === undefined ? zxid : this.canonical(same);
  }

  /** From here on this zxid is as good as the one before it. @param {Long} zxid */
  pass(zxid) {
    this.#same.set(zxid, Number(zxid) - 1);
  }

  /** @param {Long} zxid @param {Long} time @returns {string | undefined} */
  stamp(zxid, time) {
    const before = this.#stamped.get(zxid);
    if (before !== undefined) return before === time ? undefined : `${zxid} is of ${before} and of ${time}`;
    this.#stamped.set(zxid, time);
    // Several transactions may have one time: what is compared is the time with the zxid behind it.
    return this.#times.meet(zxid, BigInt(time) * 2n ** 64n + BigInt(zxid));
  }
}

export class Relations {
  #zxids = new Pairs();
  #left = new Zxids();
  #right = new Zxids();
  /** @type {Map<Long, Long>} */
  #sessions = new Map([[0, 0]]);

  /** @param {Long} left @param {Long} right @returns {string | undefined} */
  zxid(left, right) {
    const [one, other] = [this.#left.canonical(left), this.#right.canonical(right)];
    if (one === other && fixed.includes(Number(one))) return undefined;
    if (fixed.includes(Number(one)) || fixed.includes(Number(other))) return `${left} is not ${right}`;
    return this.#zxids.meet(one, other);
  }

  /** The left server has used up a zxid that the right one has not. @param {Long} left */
  pass(left) {
    if (this.#left.canonical(left) === left) this.#left.pass(left);
  }

  /**
   * As {@link zxid}, but the left server may have used up some zxids that the right one has not.
   *
   * @param {Long} left
   * @param {Long} right
   * @returns {string | undefined}
   */
  zxidBehind(left, right) {
    let reason = this.zxid(left, right);
    for (let more = 0; reason !== undefined && more < mostPassed; more++) {
      const last = this.#left.canonical(left);
      if (this.#zxids.has(last)) break;
      this.#left.pass(last);
      reason = this.zxid(left, right);
    }
    return reason;
  }

  /** @param {Long} left @param {Long} right */
  newSession(left, right) {
    this.#sessions.set(left, right);
  }

  /** @param {Long} left @param {Long} right @returns {string | undefined} */
  session(left, right) {
    const known = this.#sessions.get(left);
    return known === right ? undefined : `session ${left} is ${known ?? 'not known'}, not ${right}`;
  }

  /**
   * @param {readonly [zxid: Long, time: Long]} left
   * @param {readonly [zxid: Long, time: Long]} right
   * @returns {string | undefined}
   */
  time([leftZxid, leftTime], [rightZxid, rightTime]) {
    return this.#left.stamp(leftZxid, leftTime) ?? this.#right.stamp(rightZxid, rightTime);
  }
}
