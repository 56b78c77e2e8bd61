/**
 * Quotas, as ZooKeeper has them: `/zookeeper/quota/a/b/zookeeper_limits` says how much the subtree `/a/b` may hold, and
 * `zookeeper_stats` beside it how much it does hold. Both are ordinary znodes that clients make; with both of them there
 * is a quota. A change is put down to the deepest quota that encloses it.
 *
 * The data of `zookeeper_stats` is all that is known of a usage: there is no index to keep, store or load. It is kept in
 * two places by this one code: in the state, by every server with every transaction (a usage is part of the digest), and
 * in the leader's view of what is in flight, where limits are enforced. A usage is counted anew at the end of a transaction
 * in which one of the two znodes came or went, there or of a quota below, or that leaves it unreadable. Nothing but the
 * data and so the dataLength of the znode changes, and nobody is told.
 *
 * Left out: quotas of `/`, as in ZooKeeper, and of `/zookeeper` and what is below: those would count themselves.
 */
import {
  isQuotaZnode,
  limitsPath,
  movedText,
  numberOf,
  parentPath,
  QUOTA_ROOT,
  readTrack,
  statsPath,
  usageText,
  type Track,
  type Usage,
} from '@synod/protocol';

/** The tree that quotas are kept in. */
export interface QuotaTree {
  /** False where there is nothing below {@link QUOTA_ROOT}. */
  readonly hasQuotas: boolean;
  /** The data of a znode below {@link QUOTA_ROOT} as a binary string; undefined where there is no such znode. */
  quotaText(path: string): string | null | undefined;
  /** Replaces the data of a `zookeeper_stats`. */
  putUsage(path: string, text: string): void;
  /** Counts what a subtree holds; nothing where there is none. */
  measure(path: string): Usage;
}

/** A limit that a change would break. */
export interface Excess {
  /** The root of the subtree. */
  readonly quota: string;
  /** False: only to be noted. */
  readonly hard: boolean;
  readonly reason: string;
}

/** The books of one tree. */
export class Quotas {
  readonly #tree: QuotaTree;
  /** Roots of subtrees of which a znode of the quota has come or gone, or whose usage cannot be read. */
  readonly #unsettled = new Set<string>();

  constructor(tree: QuotaTree) {
    this.#tree = tree;
  }

  /** Puts down that the znode at a path came (1), stayed (0) or went (−1), and its data grew by so many bytes. */
  charge(path: string, count: number, bytes: number): void {
    if (!this.#tree.hasQuotas) return;
    if (isQuotaZnode(path)) {
      if (count !== 0) this.#unsettled.add(parentPath(path).slice(QUOTA_ROOT.length));
      return;
    }
    const quota = this.#enclosing(path);
    if (quota === null) return;
    const stats = statsPath(quota);
    const text = movedText(this.#tree.quotaText(stats)!, count, bytes);
    if (text === null) this.#unsettled.add(quota);
    else this.#tree.putUsage(stats, text);
  }

  /** At the end of a transaction: counts anew what must be. */
  settle(): void {
    if (this.#unsettled.size === 0) return;
    const due = new Set<string>();
    for (const quota of this.#unsettled) {
      const enclosing = this.#enclosing(quota);
      if (enclosing !== null) due.add(enclosing);
      if (isSubtree(quota) && this.#has(statsPath(quota))) due.add(quota);
    }
    this.#unsettled.clear();
    for (const quota of due) this.#tree.putUsage(statsPath(quota), usageText(this.#tree.measure(quota)));
  }

  /** Takes back what is not settled. */
  forget(): void {
    this.#unsettled.clear();
  }

  /**
   * The limit that a change would break: a hard one, or else the first soft one; also text that is no limits is told.
   * A quota that came with the same transaction has no usage yet, and limits nothing.
   */
  excess(path: string, count: number, bytes: number): Excess | null {
    if (!this.#tree.hasQuotas) return null;
    const quota = this.#enclosing(path);
    if (quota === null) return null;
    if (this.#unsettled.has(quota)) return null;
    const limits = readTrack(this.#tree.quotaText(limitsPath(quota))!);
    if (limits === null) return { quota, hard: false, reason: 'zookeeper_limits cannot be read: there is no limit' };
    const usage = readTrack(this.#tree.quotaText(statsPath(quota))!);
    if (usage === null) return null;
    const counts = count === 0 ? null : broken(quota, limits, 'count', numberOf(usage, 'count') + BigInt(count));
    if (counts?.hard === true) return counts;
    const data = bytes === 0 ? null : broken(quota, limits, 'bytes', numberOf(usage, 'bytes') + BigInt(bytes));
    return data?.hard === true ? data : (counts ?? data);
  }

  /** The root of the deepest subtree with a quota that has this path; null where there is none. */
  #enclosing(path: string): string | null {
    if (!isSubtree(path)) return null;
    let found: string | null = null;
    let end = 0;
    do {
      end = path.indexOf('/', end + 1);
      const quota = end < 0 ? path : path.slice(0, end);
      if (!this.#has(QUOTA_ROOT + quota)) return found;
      if (this.#has(limitsPath(quota)) && this.#has(statsPath(quota))) found = quota;
    } while (end >= 0);
    return found;
  }

  #has(path: string): boolean {
    return this.#tree.quotaText(path) !== undefined;
  }
}

function isSubtree(path: string): boolean {
  return path.length > 1 && path !== '/zookeeper' && !path.startsWith('/zookeeper/');
}

/** A hard limit takes the place of the soft one. */
function broken(quota: string, limits: Track, what: 'count' | 'bytes', next: bigint): Excess | null {
  const most = numberOf(limits, what === 'count' ? 'countHardLimit' : 'byteHardLimit');
  const hard = most > -1n;
  const limit = hard ? most : numberOf(limits, what);
  if (limit <= -1n || next <= limit) return null;
  return { quota, hard, reason: `${what} would be ${next}, the ${hard ? 'hard' : 'soft'} limit is ${limit}` };
}
