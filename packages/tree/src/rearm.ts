/**
 * Watches of a client that comes back, perhaps to another server: what it has missed since the last zxid it saw is told
 * at once, the rest is armed again. While the journal reaches back that far, the missed changes are replayed, so that the
 * client hears exactly what it would have heard, also of a znode that came and went. Otherwise the zxids of the znodes
 * must do: they tell that something has changed, not what, and a persistent watch gets one `resync`, whereupon the
 * client reads again.
 */
import { EventType, WatcherType, type SetWatchesRequest, type WatchEvent } from '@synod/protocol';
import type { Journal } from './journal.js';
import type { Tree } from './tree.js';
import { Watches, type MayRead, type WatchKind } from './watches.js';

/** One watch to arm; an exists watch is a data watch of a znode that was not there. */
interface Wanted {
  readonly path: string;
  readonly kind: WatchKind;
  readonly wasMissing: boolean;
}

/**
 * Arms the watches of a request and returns the events that the client has missed, in the order of their zxids, a
 * `resync` first. The
 * journal must hold all changes of the tree up to now.
 */
export function rearm(
  connection: number,
  request: SetWatchesRequest,
  tree: Tree,
  journal: Journal,
  watches: Watches,
  mayRead: MayRead,
): WatchEvent[] {
  const { since } = request;
  const missed: Wanted[] = [];
  for (const wanted of wantedOf(request)) {
    if (isQuiet(wanted, tree, since)) watches.add(connection, wanted.path, wanted.kind);
    else missed.push(wanted);
  }
  if (missed.length === 0) return [];

  const known = journal.reaches(since);
  const { events, left } = known ? replay(connection, missed, since, journal, mayRead) : { events: [], left: missed };
  const told = new Set<string>();
  for (const wanted of left) {
    const { path, kind } = wanted;
    const stays = kind === 'persistent' || kind === 'recursive';
    const resync: WatchEvent | undefined = known ? undefined : { type: EventType.resync, path, zxid: tree.zxid };
    const event = stays ? resync : eventOf(wanted, tree, since);
    if (stays || event === undefined) watches.add(connection, path, kind);
    if (event === undefined || told.has(`${event.type} ${path}`)) continue;
    told.add(`${event.type} ${path}`);
    const node = tree.find(path);
    // A resync tells nothing of the znode; what was missed may have been of another ACL, or below.
    if (stays || node === undefined || mayRead(connection, node.acl.id)) events.push(event);
  }
  return events.sort((a, b) => isResync(b) - isResync(a) || a.zxid - b.zxid);
}

/** A client that must read again should know before it is told what only looks like a gap. */
function isResync({ type }: WatchEvent): number {
  return type === EventType.resync ? 1 : 0;
}

function* wantedOf(request: SetWatchesRequest): Generator<Wanted> {
  for (const path of request.data) yield { path, kind: 'data', wasMissing: false };
  for (const path of request.exists) yield { path, kind: 'data', wasMissing: true };
  for (const path of request.children) yield { path, kind: 'child', wasMissing: false };
  for (const path of request.persistent) yield { path, kind: 'persistent', wasMissing: false };
  for (const path of request.recursive) yield { path, kind: 'recursive', wasMissing: false };
}

/**
 * True where the zxids prove that the watch has missed nothing, which is so for nearly all watches when all clients of a
 * server that stopped come back at once: a znode that was neither created, set, nor got or lost a child since, or a
 * missing one whose nearest ancestor got or lost no child since. Below a recursive watch anything may have happened.
 */
function isQuiet({ path, kind, wasMissing }: Wanted, tree: Tree, since: number): boolean {
  if (tree.zxid <= since) return kind === 'persistent' || kind === 'recursive';
  if (kind === 'recursive') return false;
  const node = tree.find(path);
  if (node !== undefined) return !wasMissing && node.mzxid <= since && node.pzxid <= since;
  return (wasMissing || kind === 'persistent') && tree.nearest(path).pzxid <= since;
}

/** Lets the missed changes fire on the watches as if they had been armed all the time. */
function replay(
  connection: number,
  missed: readonly Wanted[],
  since: number,
  journal: Journal,
  mayRead: MayRead,
): { events: WatchEvent[]; left: Wanted[] } {
  const events: WatchEvent[] = [];
  const away = new Watches();
  for (const { path, kind } of missed) away.add(connection, path, kind);
  away.fire(journal.since(since), mayRead, (_, event) => events.push(event));
  return { events, left: missed.filter(({ path, kind }) => away.check(connection, path, TYPES[kind])) };
}

const TYPES: Readonly<Record<WatchKind, WatcherType>> = {
  data: WatcherType.data,
  child: WatcherType.children,
  persistent: WatcherType.persistent,
  recursive: WatcherType.persistentRecursive,
};

/**
 * What the state of the znode tells about a one-shot watch, as in ZooKeeper: missing or not against what the client
 * believes, otherwise the zxid of the last change. Nothing: it may be armed.
 */
function eventOf({ path, kind, wasMissing }: Wanted, tree: Tree, since: number): WatchEvent | undefined {
  const node = tree.find(path);
  if (node === undefined) return wasMissing ? undefined : { type: EventType.nodeDeleted, path, zxid: tree.zxid };
  if (wasMissing) return { type: EventType.nodeCreated, path, zxid: node.czxid };
  if (kind === 'child') {
    return node.pzxid > since ? { type: EventType.nodeChildrenChanged, path, zxid: node.pzxid } : undefined;
  }
  return node.mzxid > since ? { type: EventType.nodeDataChanged, path, zxid: node.mzxid } : undefined;
}
