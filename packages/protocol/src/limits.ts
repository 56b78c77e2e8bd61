/**
 * Every bound of the wire and of the tree, in one place. Where a server's configuration may change one, the
 * configuration says so; everything else is fixed so that all servers of an ensemble agree.
 */
export const limits = {
  /** Bytes of one WebSocket message from a client, and of the znode data in it. As ZooKeeper's `jute.maxbuffer`. */
  frameBytes: 1_048_575,
  /** Bytes of one WebSocket message between servers (state chunks and batches of proposals stay far below it). */
  peerFrameBytes: 64 * 1_048_576,
  /** Bytes of one transaction in the log. A request that would grow past it is refused before it is proposed. */
  transactionBytes: 4 * 1_048_576,
  /** Nesting of arrays in a message: message, operation list, operation, ACL list, ACL. */
  depth: 8,
  /** Values (of any kind) in one frame; bounds what decoding allocates beyond the bytes themselves. */
  frameValues: 262_144,
  /** UTF-16 units of a path. */
  pathLength: 16_384,
  /** Operations of one multi or multiRead. A multi holds no multi. */
  multiOperations: 10_000,
  /** Entries of an ACL. */
  aclEntries: 64,
  /** UTF-16 units of an ACL scheme or id, bytes of credentials. */
  idLength: 1_024,
  /** Identities one connection may collect with addauth. */
  identities: 16,
  /** Paths of one setWatches request; a client sends several requests where it holds more. */
  watchPaths: 8_192,
  /** Writes of one session that may wait for their answer; so many results are kept for retries. */
  outstandingWrites: 1_000,
  /** Requests of one connection that may wait for their answer before the server stops reading from it. */
  outstandingRequests: 2_000,
  /** Bytes that may wait to be sent to one client; a client that does not read loses its connection. */
  clientBacklogBytes: 16 * 1_048_576,
  /** Milliseconds a new connection has to say hello. */
  helloMs: 10_000,
  /** Longest time to live of a TTL znode, in milliseconds (ZooKeeper keeps 40 bits for it). */
  ttlMs: 2 ** 40 - 1,
} as const;
