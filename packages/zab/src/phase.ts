import type { PeerMessage } from './message.js';
import type { StateChunk } from './effect.js';
import type { LogRecord } from './record.js';

/** Where a peer goes from here; carried out by peer.ts between two events. */
export type Transition =
  /** `abstain`: neither stand nor vote. `shun`: a leader that did not work out, not to be asked again at once. */
  | { readonly to: 'looking'; readonly cause: string; readonly abstain?: boolean; readonly shun?: number }
  | { readonly to: 'leading'; readonly follows: readonly EarlyFollow[] }
  | { readonly to: 'following'; readonly leader: number };

/** A request to follow that came before this server knew that it leads. */
export interface EarlyFollow {
  readonly from: number;
  readonly message: Extract<PeerMessage, { type: 'follow' }>;
}

/** One role of a peer: each handler may ask for a transition, and does nothing more after it did. */
export interface Phase {
  readonly name: 'looking' | 'leading' | 'following';
  message(from: number, message: PeerMessage): Transition | undefined;
  tick(): Transition | undefined;
  durable(): Transition | undefined;
  linkUp(peer: number): Transition | undefined;
  linkDown(peer: number): Transition | undefined;
  logRead(ticket: number, records: readonly LogRecord[] | null): Transition | undefined;
  stateRead(ticket: number, chunk: StateChunk): Transition | undefined;
  stateStaged(ticket: number, error: string | null): Transition | undefined;
  /** End of a turn: sends what was collected. */
  flush(): void;
}
