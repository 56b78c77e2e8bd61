import type { Tree } from '@synod/tree';
import type { ServerMessage } from './message.js';

/** What the clients need of the replica around them. */
export interface Surroundings {
  readonly tree: Tree;
  /** This server has a leader and has applied all it must have. */
  readonly serving: boolean;
  readonly clock: number;
  toLeader(message: ServerMessage): void;
  randomBytes(length: number): Uint8Array;
}
