import type { AuthenticationSettings } from '@synod/tree';
import type { ZabOptions } from '@synod/zab';

/** What a replica needs to know of its configuration. Times in milliseconds. */
export interface ReplicaOptions {
  readonly zab: ZabOptions;
  readonly minSessionTimeout: number;
  readonly maxSessionTimeout: number;
  readonly skipAcl: boolean;
  readonly authentication: AuthenticationSettings;
  readonly ttlEnabled: boolean;
  /** Whether a leader refuses what would break the hard limit of a quota. */
  readonly enforceQuota: boolean;
  /** What `/zookeeper/config` is to hold while this server leads, but for the version; empty for a server alone. */
  readonly serverLines: string;
  /** How often the leader looks for containers and TTL znodes to remove, and how many it removes at most each time. */
  readonly reapIntervalMs: number;
  readonly reapMost: number;
  /** A container that never had a child is removed after this; 0: never. */
  readonly containerUnusedMs: number;
  /** Writes of this server's clients that may be under way before their sockets are read no further. */
  readonly outstandingWrites: number;
  /** Clients of a server that has had no leader for this long are sent away. */
  readonly noLeaderMs: number;
  /** Changes are folded into the state at rest at least this often. */
  readonly foldMs: number;
  /** Rows handed to the disk with one tick. */
  readonly foldRows: number;
}
