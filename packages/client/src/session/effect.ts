/**
 * What a session wants done. The driver carries effects out in their order: that order is how watch events reach the
 * user before the replies that came after them, and a state before what follows from it.
 */
import type { Refusal, Result, WatchEvent, Zxid } from '@synod/protocol';
import type { ServerAddress } from './servers.js';
import type { SessionState } from './state.js';

/** T stands for whatever the owner attached to a call, L for whatever listens to a watch. */
export type Effect<T, L> =
  /** Open a connection and report `opened` or `lost` under this number. */
  | { readonly type: 'dial'; readonly connection: number; readonly server: ServerAddress }
  /** End a connection; nothing of it is wanted any more. */
  | { readonly type: 'hangUp'; readonly connection: number }
  /** One frame to send. */
  | { readonly type: 'send'; readonly connection: number; readonly bytes: Uint8Array }
  /** A call is over. `zxid` of the state that the answer shows; 0 where no server answered. */
  | { readonly type: 'answer'; readonly token: T; readonly result: Result | Refusal; readonly zxid: Zxid }
  /** A watch fired. */
  | { readonly type: 'event'; readonly event: WatchEvent; readonly listeners: readonly L[] }
  /** The session changed its state; `cause` in words where it was not asked for. */
  | { readonly type: 'state'; readonly state: SessionState; readonly cause: string };
