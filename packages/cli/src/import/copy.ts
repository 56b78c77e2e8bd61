/**
 * Copies a subtree, znode by znode: what the target does not have is created with its access list at once, what it has is
 * compared and brought up to date, parents before children. What only the target has is left alone.
 *
 * Order of rights: a parent has its final access list before anything is created below it, so nothing is ever more open than
 * at the source. That takes an identity that these lists allow to create, best the superuser.
 */
import { joinPath, parentPath, pathProblem, OPEN_ACL, type Acl } from '@synod/protocol';
import { isHidden, isWithin, judgeAcl, sameAcl, type Judged } from './acl.js';
import type { Source } from './source.js';
import { refusalText, type Skipped, type Tally } from './tally.js';
import { createsOf, isOfZnode, type Present, type Target } from './target.js';
import { Walk } from './walk.js';
import { readNames, readZnode, type Znode } from './znode.js';

/** A znode of the source and where it goes. */
interface Item {
  readonly from: string;
  readonly to: string;
  /** True where the target has it, as far as is known. */
  readonly present: boolean;
  /** True where only the znode itself is meant: its children are seen to. */
  readonly alone?: boolean;
}

/** A znode below one that was skipped: it is only counted. */
interface Lost {
  readonly from: string;
  readonly below: Skipped;
}

/** How many children were ever created below a znode at the source. */
export interface Counter {
  readonly from: string;
  readonly to: string;
  readonly creates: number;
}

export interface CopyPolicy {
  readonly dropUnknownAcl: boolean;
  /** Paths of the target that belong to the servers. */
  readonly reserved: ReadonlySet<string>;
}

/** Znodes that are looked at together: enough to keep the source's window full. */
const AT_A_TIME = 400;

const UNREADABLE = {
  denied: 'the source does not let it be read (--from-auth of an owner)',
  restless: 'it changes faster than it can be read',
} as const;

/** The usage of a quota: counted by whoever has it. */
const QUOTA_USAGE = /^\/zookeeper\/quota\/.*\/zookeeper_stats$/;

export class Copy {
  /** In the order of their znodes' discovery; parents that never had a child are left out. */
  readonly counters: Counter[] = [];
  readonly #source: Source;
  readonly #target: Target;
  readonly #tally: Tally;
  readonly #policy: CopyPolicy;
  /** Skipped znodes by their path in the target, where they are missing. */
  readonly #skipped = new Map<string, Skipped>();
  readonly #walk = new Walk<Item | Lost>(AT_A_TIME, (item) =>
    'below' in item ? this.#count(item) : this.#visit(item),
  );

  constructor(source: Source, target: Target, tally: Tally, policy: CopyPolicy) {
    this.#source = source;
    this.#target = target;
    this.#tally = tally;
    this.#policy = policy;
  }

  /** Copies what is at and below `from` to `to`, which takes the parents that `to` lacks. */
  async run(from: string, to: string): Promise<void> {
    for (const parent of ancestorsOf(to)) await this.#makeParent(parent, from === to);
    this.#walk.add([{ from, to, present: await this.#has(to) }]);
    do {
      await this.#walk.run();
      // A znode that somebody else has made meanwhile is visited again.
      await this.#target.drain();
    } while (this.#walk.waiting);
  }

  /** True where the znode was not copied, nor one above it. */
  isLost({ to }: Counter): boolean {
    return this.#skippedAbove(joinPath(to, '-')) !== undefined;
  }

  /** What may not be read is there. */
  async #has(path: string): Promise<boolean> {
    try {
      return (await this.#target.read(path)) !== null;
    } catch (error) {
      if (isOfZnode(error)) return true;
      throw error;
    }
  }

  /** As at the source where the path is the same, otherwise empty and open. */
  async #makeParent(path: string, copied: boolean): Promise<void> {
    if (await this.#has(path)) return;
    if (copied) await this.#visit({ from: path, to: path, present: false, alone: true });
    else await this.#create({ from: path, to: path, present: false }, null, OPEN_ACL);
    await this.#target.drain();
  }

  async #visit(item: Item): Promise<void> {
    const znode = await readZnode(this.#source, item.from);
    if (znode === 'gone') {
      this.#tally.note('gone', item.from);
      return;
    }
    this.#tally.seen++;
    if (typeof znode === 'string') {
      this.#lose(item, UNREADABLE[znode], 0);
      return;
    }
    if (znode.stat.ephemeralOwner !== 0) {
      this.#tally.note('ephemeral', item.from);
      return;
    }
    const reserved = this.#pathProblem(item.to);
    if (reserved !== undefined) {
      this.#lose(item, reserved, znode.stat.numChildren);
      return;
    }
    const judged = judgeAcl(znode.acl, this.#policy.dropUnknownAcl);
    if ('acl' in judged && judged.dropped.length > 0) {
      this.#tally.note('narrowed', item.from, judged.dropped.join(', '));
    }
    if (item.present) await this.#compare(item, znode, judged);
    else await this.#make(item, znode, judged);
  }

  #pathProblem(path: string): string | undefined {
    if (this.#policy.reserved.has(path)) return `the target keeps ${path} for itself`;
    const problem = pathProblem(path);
    return problem === undefined ? undefined : `Synod cannot have this path: ${problem}`;
  }

  async #make(item: Item, znode: Znode, judged: Judged): Promise<void> {
    if ('problem' in judged) {
      this.#lose(item, judged.problem, znode.stat.numChildren);
      return;
    }
    await this.#create(item, znode.data, judged.acl);
    await this.#descend(item, znode, 0);
  }

  async #create(item: Item, data: Uint8Array | null, acl: Acl): Promise<void> {
    await this.#target.create(item.to, data, acl, (refusal) => {
      if (refusal === undefined) {
        this.#tally.bytes += data?.length ?? 0;
        this.#tally.note('copied', item.from);
      } else if (refusal.code === 'NODE_EXISTS') {
        this.#tally.seen--;
        this.#walk.add([{ ...item, present: true, alone: true }]);
      } else {
        const above = refusal.code === 'NO_NODE' ? this.#skippedAbove(item.to) : undefined;
        if (above === undefined) this.#lose(item, refusalText(refusal), 0);
        else above.below++;
      }
    });
  }

  async #compare(item: Item, znode: Znode, judged: Judged): Promise<void> {
    let present: Present | null;
    try {
      present = await this.#target.read(item.to);
    } catch (error) {
      if (!isOfZnode(error)) throw error;
      this.#lose(item, refusalText(error), znode.stat.numChildren);
      return;
    }
    if (present === null) return this.#make(item, znode, judged);
    if (present.stat.ephemeralOwner !== 0) {
      this.#lose(item, 'the target has an ephemeral znode of this path', znode.stat.numChildren);
      return;
    }
    if (QUOTA_USAGE.test(item.to)) this.#tally.note('equal', item.from);
    else if ('problem' in judged) this.#tally.skip(item.from, judged.problem);
    else await this.#update(item, znode, judged.acl, present);
    await this.#descend(item, znode, present.stat.numChildren);
  }

  /** Data and list change in two steps, where the list only loses rights first that, so that nobody sees too much. */
  async #update(item: Item, { data }: Znode, acl: Acl, old: Present): Promise<void> {
    if (old.acl.some(isHidden)) {
      const advice = 'compare with the permission ADMIN (--auth of an owner, or of the superuser)';
      this.#tally.skip(item.from, `the target hides its access list: ${advice}`);
      return;
    }
    const target = this.#target;
    const steps = [];
    if (!sameData(data, old.data)) steps.push({ what: 'data', set: () => target.setData(item.to, data, old) });
    if (!sameAcl(acl, old.acl)) steps.push({ what: 'access list', set: () => target.setAcl(item.to, acl, old) });
    if (steps.length === 0) {
      this.#tally.note('equal', item.from);
      return;
    }
    const changed = steps.map(({ what }) => what);
    if (steps.length === 2 && isWithin(acl, old.acl)) steps.reverse();
    try {
      for (const { set } of steps) await set();
    } catch (error) {
      if (!isOfZnode(error)) throw error;
      this.#tally.skip(item.from, refusalText(error));
      return;
    }
    if (changed[0] === 'data') this.#tally.bytes += data?.length ?? 0;
    this.#tally.note('updated', item.from, changed.join(', '));
  }

  async #descend(item: Item, { stat }: Znode, children: number): Promise<void> {
    if (item.alone === true) return;
    const creates = createsOf(stat);
    if (creates > 0) this.counters.push({ from: item.from, to: item.to, creates });
    const names = stat.numChildren === 0 ? [] : await readNames(this.#source, item.from);
    if (names === 'gone') return;
    if (names === 'denied') {
      this.#tally.skip(item.from, 'the source does not let its children be read');
      return;
    }
    const existing = new Set(children === 0 ? [] : await this.#target.children(item.to));
    const extra = new Set(existing);
    for (const name of names) extra.delete(name);
    for (const name of [...extra].sort()) {
      const path = joinPath(item.to, name);
      if (!this.#policy.reserved.has(path)) this.#tally.note('extra', path);
    }
    this.#walk.add(childrenOf(item, names, existing));
  }

  /** Skips a znode that the target will not have, or not for us, with all that is below it, which is counted. */
  #lose(item: Item, reason: string, children: number): void {
    const below = this.#tally.skip(item.from, reason);
    this.#skipped.set(item.to, below);
    if (children > 0 && item.alone !== true) this.#walk.add([{ from: item.from, below }]);
  }

  #skippedAbove(path: string): Skipped | undefined {
    return ancestorsOf(path)
      .map((above) => this.#skipped.get(above))
      .findLast((found) => found !== undefined);
  }

  async #count({ from, below }: Lost): Promise<void> {
    const names = await readNames(this.#source, from);
    if (names === 'gone' || names === 'denied') return;
    const children = names.map((name) => ({ from: joinPath(from, name), below }));
    const lost = children.filter((child) => child.from !== '/zookeeper');
    below.below += lost.length;
    this.#walk.add(lost);
  }
}

/** Made one by one: a parent may have very many. The subtree of the servers themselves is left out. */
function* childrenOf({ from, to }: Item, names: readonly string[], existing: ReadonlySet<string>): Iterable<Item> {
  for (const name of names) {
    const child = joinPath(from, name);
    if (child !== '/zookeeper') yield { from: child, to: joinPath(to, name), present: existing.has(name) };
  }
}

/** From the highest down, without the root. */
function ancestorsOf(path: string): string[] {
  const above: string[] = [];
  for (let at = path; at !== '/';) {
    at = parentPath(at);
    if (at !== '/') above.unshift(at);
  }
  return above;
}

function sameData(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}
