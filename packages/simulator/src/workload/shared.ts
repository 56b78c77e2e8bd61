/**
 * What all clients of a run know of each other: the paths they use. Everything else they learn from the servers.
 *
 * Keys that are to be checked for linearizability, whose cost grows fast with a key's length, are used for a while and
 * then replaced by fresh ones.
 */
import type { Random } from '../random.js';
import type { WorkloadSettings } from './settings.js';

/** Calls on one key, and those of them that are open at once. */
const CALLS_PER_REGISTER = 150;
const CALLS_PER_LIST = 80;
const OPEN_PER_KEY = 6;
/** A call without a known outcome stays open for ever; it counts like so many. */
export const UNKNOWN_COSTS = 30;

interface Key {
  readonly path: string;
  calls: number;
  open: number;
}

/** Keys below one parent, a few at a time. */
export class Keys {
  readonly parent: string;
  readonly #most: number;
  readonly #keys: Key[] = [];
  #made = 0;

  /** `most`: calls on one key. */
  constructor(parent: string, count: number, most: number) {
    this.parent = parent;
    this.#most = most;
    for (let i = 0; i < count; i++) this.#keys.push(this.#fresh());
  }

  #fresh(): Key {
    return { path: `${this.parent}/${this.#made++}`, calls: 0, open: 0 };
  }

  /** A key for one call; null where too many are under way. Give it back with {@link Keys.done}. */
  take(random: Random): Key | null {
    const at = random.int(0, this.#keys.length - 1);
    let key = this.#keys[at]!;
    if (key.calls >= this.#most) {
      key = this.#fresh();
      this.#keys[at] = key;
    }
    if (key.open >= OPEN_PER_KEY) return null;
    key.calls++;
    key.open++;
    return key;
  }

  /** A call has ended; it counts like so many more. */
  done(key: Key, costs = 0): void {
    key.open--;
    key.calls += costs;
  }
}

/** Znodes beside the key space, which should not become more and more. */
const MOST_MADE = 60;

export class Shared {
  /** Paths of the program `random`; parents come before their children. */
  readonly paths: readonly string[];
  readonly registers: Keys;
  readonly lists: Keys;
  readonly counters: readonly string[];
  readonly locks: readonly string[];
  readonly queues: readonly string[];
  readonly watched: readonly string[];
  /** What the program `random` has made beside its paths, sequential znodes above all. */
  readonly made: string[] = [];

  constructor(settings: WorkloadSettings, random: Random) {
    this.paths = keySpace(settings, random);
    this.registers = new Keys('/reg', settings.keys, CALLS_PER_REGISTER);
    this.lists = new Keys('/append', settings.keys, CALLS_PER_LIST);
    this.counters = numbered('/counter', settings.keys);
    this.locks = numbered('/lock', Math.ceil(settings.keys / 2));
    this.queues = numbered('/queue', Math.ceil(settings.keys / 2));
    this.watched = numbered('/watched', 3 * settings.keys);
  }

  get tooManyMade(): boolean {
    return this.made.length > MOST_MADE;
  }
}

function numbered(parent: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${parent}/${i}`);
}

/** A random tree of paths. */
function keySpace({ paths, levels }: WorkloadSettings, random: Random): string[] {
  const found: { readonly path: string; readonly level: number }[] = [];
  const inner: { readonly path: string; readonly level: number }[] = [{ path: '', level: 0 }];
  while (found.length < paths) {
    const parent = random.pick(inner);
    const one = { path: `${parent.path}/k${found.length.toString(36)}`, level: parent.level + 1 };
    found.push(one);
    if (one.level < levels) inner.push(one);
  }
  return found.map(({ path }) => path);
}
