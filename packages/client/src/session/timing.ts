/**
 * All spans of time of a session, in milliseconds, as parts of its timeout: what a live server is allowed, and how the
 * last third of the timeout is left for finding another one (ZooKeeper programmer's guide, "ZooKeeper Sessions").
 */
import { dueAt, type State } from './state.js';

/** A connection that lived so long counts as a success: the back-off starts anew after it. */
export const STABLE_MS = 1_000;

/** Nothing sent for so long: a ping is due. */
export function idleLimit(timeout: number): number {
  return timeout / 3;
}

/** Nothing heard for so long: the server counts as gone. */
export function silenceLimit(timeout: number): number {
  return (timeout * 2) / 3;
}

/** How long opening a connection may take: the servers of the list share a third of the timeout. */
export function dialLimit(timeout: number, servers: number): number {
  return Math.min(3_000, Math.max(250, timeout / 3 / Math.max(2, servers)));
}

/** How long a server may think about a hello: a new session takes it a write. */
export function helloLimit(timeout: number): number {
  return Math.min(10_000, Math.max(1_000, timeout / 3));
}

/** Without any server for so long, the session counts as lost where nobody has set another limit. */
export function defaultExpireAfter(timeout: number): number {
  return Math.max(timeout * 2, 60_000);
}

/** When a session in this state has something to do by itself; Infinity where never. */
export function wakeAt(state: State, timeout: number): number {
  switch (state.phase) {
    case 'connecting':
      return dueAt(state.attempt);
    case 'suspended':
      return Math.min(dueAt(state.attempt), state.giveUpAt);
    case 'handshaking':
      return Math.min(state.deadline, state.giveUpAt);
    case 'connected':
      return Math.min(state.sentAt + idleLimit(timeout), state.heardAt + silenceLimit(timeout));
    default:
      return Infinity;
  }
}
