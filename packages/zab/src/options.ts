import type { Zxid } from '@synod/protocol';
import type { EpochEnds } from './message.js';
import type { LogRecord, Position } from './record.js';

/** Who takes part, and how long things may take. Times in milliseconds. */
export interface ZabOptions {
  readonly self: number;
  /** Ids of all voters, in any order; holds `self` unless this server is an observer. */
  readonly voters: readonly number[];
  readonly observers: readonly number[];
  /** Heartbeats leave every half tick. */
  readonly tickMs: number;
  /** For finding, and being brought level with, a leader (`initLimit` ticks). */
  readonly initMs: number;
  /** Silence after which a leader or a learner counts as lost (`syncLimit` ticks). */
  readonly syncMs: number;
  /** How long an election that a quorum agrees on waits for voters that are connected but silent. */
  readonly finalizeMs: number;
  /** Records and bytes that stay in memory for learners that lag. */
  readonly cacheRecords: number;
  readonly cacheBytes: number;
}

/** What storage found at start. */
export interface RecoveredHistory {
  /** In words why this server cannot prove its history; null for a sound one. */
  readonly damage: string | null;
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** Known to be committed. */
  readonly committed: Zxid;
  /** What the log at rest starts behind. */
  readonly base: Position;
  /** What the state that was loaded reflects. */
  readonly state: Position;
  readonly last: Position;
  readonly ends: EpochEnds;
  /** All records behind `state`. */
  readonly tail: readonly LogRecord[];
}

/** Defaults for what a configuration rarely names. */
export const ZAB_DEFAULTS = { finalizeMs: 100, cacheRecords: 20_000, cacheBytes: 32 * 1_048_576 } as const;
