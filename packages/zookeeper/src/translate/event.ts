import { EventType, type WatchEvent } from '@synod/protocol';
import type { WatcherEvent } from '../record/watch.js';

/** The state of a connection in events: connected. ZooKeeper's servers send no other. */
const CONNECTED = 3;

/**
 * A watch event as ZooKeeper's clients know it; its zxid goes into the header. Undefined for `resync`, which ZooKeeper does
 * not have: there, a persistent watch is not told after a reconnect that it may have missed something, and its holder
 * reads again of its own accord.
 */
export function toWatcherEvent(event: WatchEvent): WatcherEvent | undefined {
  if (event.type === EventType.resync) return undefined;
  return { type: event.type, state: CONNECTED, path: event.path };
}
