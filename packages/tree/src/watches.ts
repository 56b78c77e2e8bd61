/**
 * The watches of one server's connections, and who is told what when the tree changes (ZooKeeper programmer's guide,
 * "ZooKeeper Watches"). They belong to connections, not to the replicated state.
 *
 * | change of a znode | its data watches | its child watches | the parent's child watches |
 * |---|---|---|---|
 * | created | NodeCreated | | NodeChildrenChanged |
 * | deleted | NodeDeleted | NodeDeleted | NodeChildrenChanged |
 * | data changed | NodeDataChanged | | |
 *
 * Data and child watches fire once. A persistent watch is both and stays; a recursive one is told about its znode and all
 * below it, but never NodeChildrenChanged. A connection is told about one change of one znode once, however many of its
 * watches match. Whoever may not read the znode is told nothing, but its watch is used up all the same.
 */
import { EventType, parentPath, WatcherType, type WatchEvent } from '@synod/protocol';
import { RecursiveWatches } from './recursive-watches.js';
import type { NodeChange } from './state.js';

/** `data` is set by getData and exists, `child` by getChildren, the others by addWatch. */
export type WatchKind = 'data' | 'child' | 'persistent' | 'recursive';

const DATA = 1;
const CHILD = 2;
const PERSISTENT = 4;
const RECURSIVE = 8;
const ONE_SHOT = DATA | CHILD;

const BITS: Readonly<Record<WatchKind, number>> = {
  data: DATA,
  child: CHILD,
  persistent: PERSISTENT,
  recursive: RECURSIVE,
};

const TYPE_BITS: Readonly<Record<WatcherType, number>> = {
  [WatcherType.children]: CHILD,
  [WatcherType.data]: DATA,
  [WatcherType.any]: DATA | CHILD | PERSISTENT | RECURSIVE,
  [WatcherType.persistent]: PERSISTENT,
  [WatcherType.persistentRecursive]: RECURSIVE,
};

/** Says whether a connection may read a znode with the ACL of this number, see {@link NodeChange}. */
export type MayRead = (connection: number, acl: number) => boolean;

/** Takes an event for a connection. */
export type Emit = (connection: number, event: WatchEvent) => void;

/** All watches of one server. Connections are numbers of the caller's choice. */
export class Watches {
  /** For each path, the kinds of watches that each connection has there. */
  readonly #byPath = new Map<string, Map<number, number>>();
  readonly #byConnection = new Map<number, Set<string>>();
  readonly #recursive = new RecursiveWatches();
  #size = 0;

  /** Watches, each kind of each connection at each path counted. */
  get size(): number {
    return this.#size;
  }

  /** Paths with at least one watch. */
  get pathCount(): number {
    return this.#byPath.size;
  }

  /** Connections with at least one watch. */
  get connectionCount(): number {
    return this.#byConnection.size;
  }

  /**
   * Who is told when the data of a znode changes: paths and connections, each pair once, those of one path behind each
   * other. Watches of lists of children alone are left out. No watch may change while it runs.
   */
  *dataWatches(): Generator<readonly [path: string, connection: number], void> {
    for (const [path, watchers] of this.#byPath) {
      for (const [connection, bits] of watchers) {
        if ((bits & ~CHILD) !== 0) yield [path, connection];
      }
    }
  }

  /** Sets a watch; setting it again changes nothing. */
  add(connection: number, path: string, kind: WatchKind): void {
    this.#set(connection, path, this.#bits(connection, path) | BITS[kind]);
  }

  /** True where the connection has a watch of this type at this very path. */
  check(connection: number, path: string, type: WatcherType): boolean {
    return (this.#bits(connection, path) & TYPE_BITS[type]) !== 0;
  }

  /** Removes the connection's watches of this type at this path; false where there was none. Nobody is told. */
  remove(connection: number, path: string, type: WatcherType): boolean {
    const bits = this.#bits(connection, path);
    this.#set(connection, path, bits & ~TYPE_BITS[type]);
    return (bits & TYPE_BITS[type]) !== 0;
  }

  /** The connection is gone. */
  drop(connection: number): void {
    for (const path of this.#byConnection.get(connection) ?? []) this.#set(connection, path, 0);
  }

  /**
   * Tells everybody whom these changes concern, in the order of the changes: for each, the watches of the znode first,
   * then those of its parent. `emit` must not change watches.
   */
  fire(changes: readonly NodeChange[], mayRead: MayRead, emit: Emit): void {
    for (const change of changes) {
      if (this.#byPath.size === 0) return;
      const { type, path, zxid, acl, parentAcl } = change;
      const event: WatchEvent = { type, path, zxid };
      const told = this.#recursive.size > 0 ? new Set<number>() : undefined;
      const used = type === EventType.nodeDeleted ? ONE_SHOT : DATA;
      this.#tell(path, used | PERSISTENT, told, (connection) => {
        if (mayRead(connection, acl)) emit(connection, event);
      });
      this.#recursive.forEach(path, (connection) => {
        if (told!.has(connection)) return;
        told!.add(connection);
        if (mayRead(connection, acl)) emit(connection, event);
      });
      if (type === EventType.nodeDataChanged || path === '/') continue;
      const parent = parentPath(path);
      const ofParent: WatchEvent = { type: EventType.nodeChildrenChanged, path: parent, zxid };
      this.#tell(parent, CHILD | PERSISTENT, undefined, (connection) => {
        if (mayRead(connection, parentAcl)) emit(connection, ofParent);
      });
    }
  }

  /** Tells the connections with one of these kinds at a path, notes whom, and uses up one-shot watches. */
  #tell(path: string, kinds: number, told: Set<number> | undefined, tell: (connection: number) => void): void {
    const watchers = this.#byPath.get(path);
    if (watchers === undefined) return;
    for (const [connection, bits] of watchers) {
      if ((bits & kinds) === 0) continue;
      this.#set(connection, path, bits & ~(kinds & ONE_SHOT));
      told?.add(connection);
      tell(connection);
    }
  }

  #bits(connection: number, path: string): number {
    return this.#byPath.get(path)?.get(connection) ?? 0;
  }

  #set(connection: number, path: string, bits: number): void {
    const watchers = this.#byPath.get(path);
    const before = watchers?.get(connection) ?? 0;
    if (before === bits) return;
    this.#size += count(bits) - count(before);
    if ((bits & RECURSIVE) > (before & RECURSIVE)) this.#recursive.add(connection, path);
    if ((bits & RECURSIVE) < (before & RECURSIVE)) this.#recursive.remove(connection, path);
    if (bits !== 0) {
      if (watchers) watchers.set(connection, bits);
      else this.#byPath.set(path, new Map([[connection, bits]]));
      if (before === 0) this.#remember(connection, path);
      return;
    }
    watchers!.delete(connection);
    if (watchers!.size === 0) this.#byPath.delete(path);
    const paths = this.#byConnection.get(connection)!;
    paths.delete(path);
    if (paths.size === 0) this.#byConnection.delete(connection);
  }

  #remember(connection: number, path: string): void {
    const paths = this.#byConnection.get(connection);
    if (paths) paths.add(path);
    else this.#byConnection.set(connection, new Set([path]));
  }
}

function count(bits: number): number {
  return (bits & 1) + ((bits >> 1) & 1) + ((bits >> 2) & 1) + ((bits >> 3) & 1);
}
