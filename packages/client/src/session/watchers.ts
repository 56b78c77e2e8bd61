/**
 * Who listens to which watch. The server knows only that this connection watches a path; the client knows the listeners,
 * tells all of them once, and arms everything again after a reconnect.
 *
 * Kinds (ZooKeeper programmer's guide, "ZooKeeper Watches"): `data` set by get and by exists on a znode that exists,
 * `exists` by exists on a missing one, `children` by children: these fire once. `persistent` and `recursive` stay.
 */
import {
  EventType,
  Op,
  parentPath,
  WatcherType,
  type SetWatchesRequest,
  type WatchEvent,
  type Zxid,
} from '@synod/protocol';
import { text } from './measure.js';

export type WatchKind = 'data' | 'exists' | 'children' | 'persistent' | 'recursive';

const KINDS: readonly WatchKind[] = ['data', 'exists', 'children', 'persistent', 'recursive'];

/** The kinds of one-shot watches that an event uses up. */
const FIRED: ReadonlyMap<EventType, readonly WatchKind[]> = new Map([
  [EventType.nodeCreated, ['data', 'exists']],
  [EventType.nodeDataChanged, ['data', 'exists']],
  [EventType.nodeDeleted, ['data', 'exists', 'children']],
  [EventType.nodeChildrenChanged, ['children']],
]);

/** The kinds that a removal takes away. */
const REMOVED: Readonly<Record<WatcherType, readonly WatchKind[]>> = {
  [WatcherType.children]: ['children'],
  [WatcherType.data]: ['data', 'exists'],
  [WatcherType.any]: KINDS,
  [WatcherType.persistent]: ['persistent'],
  [WatcherType.persistentRecursive]: ['recursive'],
};

export class Watchers<L> {
  readonly #kinds: Readonly<Record<WatchKind, Map<string, Set<L>>>> = {
    data: new Map(),
    exists: new Map(),
    children: new Map(),
    persistent: new Map(),
    recursive: new Map(),
  };
  /** Persistent watches that are asked for and not yet answered, by kind and path. */
  readonly #expected = new Map<string, number>();

  /** A persistent watch was asked for: until {@link Watchers.settle} it must not be removed for want of listeners. */
  expect(kind: WatchKind, path: string): void {
    const key = kind + path;
    this.#expected.set(key, (this.#expected.get(key) ?? 0) + 1);
  }

  /** The answer to what was expected is there. */
  settle(kind: WatchKind, path: string): void {
    const key = kind + path;
    const left = (this.#expected.get(key) ?? 0) - 1;
    if (left > 0) this.#expected.set(key, left);
    else this.#expected.delete(key);
  }

  /** Registers a listener; the same listener on the same watch counts once. */
  add(kind: WatchKind, path: string, listener: L): void {
    const paths = this.#kinds[kind];
    const listeners = paths.get(path);
    if (listeners === undefined) paths.set(path, new Set([listener]));
    else listeners.add(listener);
  }

  /** Takes one listener away; true where it was the last one of that watch and no other is on its way. */
  removeListener(kind: WatchKind, path: string, listener: L): boolean {
    const listeners = this.#kinds[kind].get(path);
    if (listeners === undefined || !listeners.delete(listener) || listeners.size > 0) return false;
    this.#kinds[kind].delete(path);
    return !this.#expected.has(kind + path);
  }

  /** Forgets the watches that the server has removed. */
  remove(path: string, type: WatcherType): void {
    for (const kind of REMOVED[type]) this.#kinds[kind].delete(path);
  }

  clear(): void {
    for (const kind of KINDS) this.#kinds[kind].clear();
    this.#expected.clear();
  }

  /** Whom an event concerns, each listener once; uses up one-shot watches. */
  fire(event: WatchEvent): L[] {
    const { path, type } = event;
    const told = new Set<L>();
    for (const kind of FIRED.get(type) ?? []) {
      const listeners = this.#kinds[kind].get(path);
      if (listeners === undefined) continue;
      this.#kinds[kind].delete(path);
      for (const listener of listeners) told.add(listener);
    }
    for (const listener of this.#kinds.persistent.get(path) ?? []) told.add(listener);
    if (type !== EventType.nodeChildrenChanged) this.#fireRecursive(event, told);
    return [...told];
  }

  #fireRecursive(event: WatchEvent, told: Set<L>): void {
    const { recursive } = this.#kinds;
    if (recursive.size === 0) return;
    let path = event.path;
    for (;;) {
      for (const listener of recursive.get(path) ?? []) told.add(listener);
      // A resync names the watch itself; the watches above it get one of their own.
      if (path === '/' || event.type === EventType.resync) return;
      path = parentPath(path);
    }
  }

  /** Requests that arm everything again, each with at most `maxPaths` paths and `maxBytes` bytes of them. */
  rearm(since: Zxid, maxPaths: number, maxBytes: number): SetWatchesRequest[] {
    const requests: SetWatchesRequest[] = [];
    let lists = emptyLists();
    let paths = 0;
    let bytes = 0;
    for (const kind of KINDS) {
      for (const path of this.#kinds[kind].keys()) {
        const size = text(path);
        if (paths > 0 && (paths >= maxPaths || bytes + size > maxBytes)) {
          requests.push({ op: Op.setWatches, since, ...lists });
          lists = emptyLists();
          paths = bytes = 0;
        }
        lists[kind].push(path);
        paths++;
        bytes += size;
      }
    }
    if (paths > 0) requests.push({ op: Op.setWatches, since, ...lists });
    return requests;
  }
}

function emptyLists(): Record<WatchKind, string[]> {
  return { data: [], exists: [], children: [], persistent: [], recursive: [] };
}
