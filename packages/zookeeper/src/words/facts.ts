/**
 * What the four-letter words tell of a server, as plain data; the formatters beside this file make text of it. Whoever
 * supplies it may work a member out when it is read (a getter): each word reads the members that it shows, once, and
 * some are as long as what they list.
 *
 * Times in milliseconds, sizes in bytes, zxids and sessions as numbers.
 */

/** What a server that serves is in its ensemble. */
export type ServerMode = 'standalone' | 'leader' | 'follower' | 'observer';

/** Smallest, average and largest; see connection-stats.ts. */
export interface LatencyFacts {
  readonly min: number;
  readonly average: number;
  readonly max: number;
}

/** What costs nothing to know. */
export interface ServerFacts {
  readonly mode: ServerMode;
  readonly zxid: number;
  /** Znodes, the root and the other built-in ones included, each counted once. */
  readonly znodes: number;
  readonly ephemerals: number;
  /** Bytes of data and of paths of all znodes. */
  readonly dataBytes: number;
  /** Of the whole ensemble. */
  readonly sessions: number;
  /** Connections of clients to this server, in whatever protocol. */
  readonly connections: number;
  /** Watches of those connections, of all kinds. */
  readonly watches: number;
  /** Requests of those connections without an answer. */
  readonly outstanding: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly latencies: LatencyFacts;
  /** Since the process began. */
  readonly uptime: number;
  /** Servers that vote; 0 where there is no ensemble. */
  readonly voters: number;
  /** Null on whoever does not lead an ensemble. */
  readonly leading: LeaderFacts | null;
}

/** What the leader alone knows. */
export interface LeaderFacts {
  /** Servers that follow or are about to. */
  readonly learners: number;
  readonly syncedFollowers: number;
  readonly syncedObservers: number;
  /** `sync` requests that wait for a quorum. */
  readonly pendingSyncs: number;
  /** Since it began to lead. */
  readonly uptime: number;
  readonly proposals: ProposalFacts;
}

/** Sizes of the transactions that were proposed; −1 before the first. */
export interface ProposalFacts {
  readonly last: number;
  readonly min: number;
  readonly max: number;
}

/** One connection of a client. */
export interface ConnectionFacts {
  readonly address: string;
  readonly port: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly outstanding: number;
  /** 0 before there is one. */
  readonly session: number;
  /** Of the session. */
  readonly timeout: number;
  /** Since 1970. */
  readonly establishedAt: number;
  readonly latencies: LatencyFacts;
  readonly last: AnswerFacts | null;
}

/** The last answer on a connection; see connection-stats.ts. */
export interface AnswerFacts {
  readonly op: number;
  readonly xid: number;
  readonly zxid: number;
  readonly at: number;
  readonly latency: number;
}

/** One session of the ensemble. */
export interface SessionFacts {
  readonly id: number;
  readonly timeout: number;
  /** When it ends unless its client is heard again, since 1970; null where this server does not know. */
  readonly expiresAt: number | null;
  /** Paths. */
  readonly ephemerals: Iterable<string>;
}

/** A session that is told when the data of a znode changes; each path and session once. */
export type WatchFact = readonly [path: string, session: number];

/** What the configuration says. */
export interface ConfigurationFacts {
  readonly clientPort: number;
  readonly dataDir: string;
  readonly tickTime: number;
  readonly maxClientCnxns: number;
  readonly minSessionTimeout: number;
  readonly maxSessionTimeout: number;
  readonly serverId: number;
  /** Null where there is none. */
  readonly ensemble: EnsembleFacts | null;
}

export interface EnsembleFacts {
  /** Ticks. */
  readonly initLimit: number;
  /** Ticks. */
  readonly syncLimit: number;
  readonly peerPort: number;
  readonly electionPort: number;
  readonly observer: boolean;
  /** The text of `/zookeeper/config`. */
  readonly membership: string;
}

/** Sizes of what stands in the server's folder; where they cannot be read, 0. */
export interface FolderFacts {
  /** The state at rest and all that is not the log. */
  readonly dataBytes: number;
  readonly logBytes: number;
}

/** Open files, and how many there may be; null where the system does not say. */
export interface FileFacts {
  readonly open: number | null;
  readonly most: number | null;
}

/** All that the words can tell. */
export interface WordFacts {
  /** False: no quorum, or not ready yet. */
  readonly serving: boolean;
  /** The product's version and what it runs on; see {@link versionText}. */
  readonly version: { readonly product: string; readonly platform: string };
  readonly server: ServerFacts;
  readonly connections: Iterable<ConnectionFacts>;
  readonly sessions: Iterable<SessionFacts>;
  /** Those of one path follow each other. */
  readonly watches: Iterable<WatchFact>;
  readonly configuration: ConfigurationFacts;
  readonly folders: FolderFacts;
  readonly files: FileFacts;
  /** Of the process and its machine: names as ZooKeeper has them, and values. */
  readonly environment: Iterable<readonly [name: string, value: string]>;
}

/** Where the facts come from, and what the words can change. */
export interface WordSource extends WordFacts {
  /** Forgets the packets and latencies of the server, and a leader the sizes of proposals. */
  resetServer(): void;
  /** Forgets those of each connection. */
  resetConnections(): void;
}
