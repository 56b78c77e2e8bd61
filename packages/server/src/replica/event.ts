/** What can happen to a replica: the only inputs of {@link Replica.step}. */
import type { ClientMessage } from '@synod/protocol';
import type { PeerMessage, Position, ZabEvent } from '@synod/zab';
import type { ServerMessage } from './message.js';

export type ReplicaEvent =
  /** `now`: milliseconds of a monotonic clock; `wall`: milliseconds since 1970, for what is stamped into znodes. */
  | { readonly type: 'tick'; readonly now: number; readonly wall: number }
  | { readonly type: 'peer-message'; readonly from: number; readonly message: PeerMessage }
  | { readonly type: 'server-message'; readonly from: number; readonly message: ServerMessage }
  | { readonly type: 'client-open'; readonly connection: number; readonly address: string }
  | { readonly type: 'client-message'; readonly connection: number; readonly message: ClientMessage }
  /** A message that could not be read: `xid` 0 where there is nothing to answer to. */
  | { readonly type: 'client-fault'; readonly connection: number; readonly xid: number; readonly error: ClientFault }
  | { readonly type: 'client-drained'; readonly connection: number }
  | { readonly type: 'client-closed'; readonly connection: number }
  /** A fold that was asked for is durable. */
  | { readonly type: 'folded'; readonly position: Position }
  | Exclude<ZabEvent, { type: 'tick' | 'message' | 'propose' | 'confirm' }>;

/** Why a client's message was refused before it became a request. */
export interface ClientFault {
  readonly code: 'MARSHALLING_ERROR' | 'UNIMPLEMENTED';
  readonly reason: string;
}
