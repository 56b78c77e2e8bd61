import type { Zxid } from './zxid.js';

/** What happened to a watched znode; ZooKeeper's numbers, and `resync` of our own. */
export const EventType = {
  nodeCreated: 1,
  nodeDeleted: 2,
  nodeDataChanged: 3,
  nodeChildrenChanged: 4,
  /**
   * Sent to a persistent watch after a reconnect where the server no longer knows what happened since the client's last
   * zxid: the client must read again.
   */
  resync: 100,
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

/** One notice to one connection. It leaves before any reply that shows the state which caused it. */
export interface WatchEvent {
  readonly type: EventType;
  readonly path: string;
  /** The transaction that caused it. */
  readonly zxid: Zxid;
}

const names: Record<EventType, string> = {
  1: 'NodeCreated',
  2: 'NodeDeleted',
  3: 'NodeDataChanged',
  4: 'NodeChildrenChanged',
  100: 'Resync',
};

/** ZooKeeper's name of an event type. */
export function eventName(type: EventType): string {
  return names[type];
}
