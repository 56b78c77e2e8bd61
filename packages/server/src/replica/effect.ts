/**
 * What a replica asks its host to do. The order contract is zab's (see zab/effect.ts): persists first in, first out; a
 * send with `after` waits for that token; sends to one peer keep their order, both kinds together. What goes to clients
 * reflects durable state only and leaves at once.
 */
import type { Position, ZabEffect } from '@synod/zab';

/** A log line: an event's name and its fields. */
export interface LogEffect {
  readonly type: 'log';
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

export type ReplicaEffect =
  | Extract<ZabEffect, { type: 'persist' | 'read-log' | 'read-state' | 'release-state' | 'stage' | 'exit' }>
  /** `message` in its wire form. */
  | { readonly type: 'send'; readonly to: number; readonly message: readonly unknown[]; readonly after: number }
  /**
   * Messages in their wire form, for one frame or more. `full`: more is to come; say `client-drained` when these have
   * left.
   */
  | {
      readonly type: 'client-send';
      readonly connection: number;
      readonly messages: readonly (readonly unknown[])[];
      readonly full: boolean;
    }
  /** Close after what was sent; the reason is for the log. */
  | { readonly type: 'client-close'; readonly connection: number; readonly reason: string }
  | { readonly type: 'client-pause'; readonly connection: number }
  | { readonly type: 'client-resume'; readonly connection: number }
  /** Part of a fold; all parts up to `last` are one transaction of the state at rest. Answered by `folded`. */
  | { readonly type: 'fold'; readonly chunk: FoldChunk }
  | LogEffect
  /** The server has resigned and may stop. */
  | { readonly type: 'resigned' };

/** Rows of the state that changed, and the position they show. */
export interface FoldChunk {
  readonly position: Position;
  readonly digest: number;
  readonly rows: readonly { readonly key: string; readonly value: Uint8Array | null }[];
  readonly last: boolean;
}
