/**
 * Keys of ZooKeeper that Synod does not have. A zoo.cfg that is moved here must not be refused for a cache size, and must
 * not be accepted in silence either: what has no effect is a warning, and what would leave its author less protected or
 * with other servers than the file says is an error.
 *
 * The list follows the administrator's guide, Java system properties included (there they may also be written into the
 * file, with or without the prefix `zookeeper.`).
 */
import type { Entry } from './properties.js';
import type { Findings } from './problems.js';

interface ForeignKey {
  /** Values that ask for what Synod does anyway, in lower case: nothing is said about them. */
  readonly fine?: readonly string[];
  /** Refuse the file, for this reason. Without it the key is a warning. */
  readonly refusal?: string;
  /** Added to "not supported yet": what that means. */
  readonly note?: string;
  /** For what Synod will not have: what it does instead. */
  readonly instead?: string;
}

const off = ['false', 'no'];
const on = ['true', 'yes'];
const noTls = 'TLS is not supported yet; refusing rather than serving without it';
const noSasl = 'SASL is not supported yet; refusing rather than letting everybody in';
const ownCleaning = 'Synod removes what it no longer needs by itself';
const oneVote = 'each participant has one vote';
const oneFolder = 'the log stands in dataDir too';
const status = 'GET /health and GET /status on the client port tell how a server is doing';

const plain = (...keys: readonly string[]): [string, ForeignKey][] => keys.map((key) => [key, {}]);

/** By key; a key that ends in `*` stands for every key that begins so. */
const foreignKeys: ReadonlyMap<string, ForeignKey> = new Map<string, ForeignKey>([
  ['secureClientPort', { refusal: noTls }],
  ['secureClientPortAddress', { refusal: noTls }],
  ['sslQuorum', { fine: off, refusal: noTls }],
  ['portUnification', { fine: off, refusal: noTls }],
  ['client.portUnification', { fine: off, refusal: noTls }],
  ['ssl.*', { note: 'all connections are plain' }],
  ['sslQuorumReloadCertFiles', { note: 'all connections are plain' }],
  ['enforce.auth.enabled', { fine: off, refusal: 'clients cannot be made to authenticate yet' }],
  ['enforce.auth.schemes', { refusal: 'clients cannot be made to authenticate yet' }],
  ['sessionRequireClientSASLAuth', { fine: off, refusal: noSasl }],
  ['allowSaslFailedClients', { note: 'clients cannot authenticate with SASL' }],
  ['authProvider*', { note: 'only the schemes world, auth, digest and ip exist' }],
  ['DigestAuthenticationProvider.enabled', { fine: on, refusal: 'the scheme digest cannot be switched off' }],
  ['DigestAuthenticationProvider.digestAlg', { fine: ['sha1'], refusal: 'digests are SHA1' }],
  ['X509AuthenticationProvider.superUser', { instead: 'set DigestAuthenticationProvider.superDigest' }],
  ['quorum.auth.*', { fine: off, instead: 'servers know each other by peerSecretFile' }],
  ['kerberos.*', { instead: 'servers know each other by peerSecretFile' }],
  ['dynamicConfigFile', { refusal: 'the list of servers must stand in this file: copy its server lines here' }],
  ['electionAlg', { fine: ['3'], refusal: 'only algorithm 3 exists' }],
  ['forceSync', { fine: on, instead: 'Synod always syncs the log to disk before it acknowledges a write' }],
  ['group.*', { note: oneVote }],
  ['weight.*', { fine: ['1'], note: oneVote }],
  ['standaloneEnabled', { fine: on }],
  ['reconfigEnabled', { fine: off }],
  ['multiAddress.*', { fine: off }],
  ['quorumListenOnAllIPs', { fine: off, note: 'set peerPortAddress=0.0.0.0' }],
  ['dataLogDir', { instead: oneFolder }],
  ['audit.enable', { fine: off, note: 'no audit log is written' }],
  ['enableEagerACLCheck', { fine: off }],
  ['localSessionsEnabled', { fine: off, instead: 'every session is known to all servers' }],
  ['localSessionsUpgradingEnabled', { fine: off }],
  ['readonlymode.enabled', { fine: off, note: 'a server without a quorum serves nobody' }],
  ['leaderServes', { fine: on, instead: 'the leader serves clients too' }],
  ['syncEnabled', { fine: on }],
  ['autopurge.*', { instead: ownCleaning }],
  ['snapCount', { instead: ownCleaning }],
  ['snapSizeLimitInKb', { instead: ownCleaning }],
  ['admin.*', { note: status }],
  ['metricsProvider.*', { note: status }],
  ['serverCnxnFactory', { fine: ['org.apache.zookeeper.server.nioservercnxnfactory'] }],
  ['digest.enabled', { fine: on, instead: 'servers always compare digests' }],
  ['serializeLastProcessedZxid.enabled', { fine: on }],
  ['closeSessionTxn.enabled', { fine: on }],
  ...plain('clientPortListenBacklog', 'connectToLearnerMasterLimit', 'observerMasterPort', 'electionPortBindRetry'),
  ...plain('preAllocSize', 'txnLogSizeLimitInKb', 'commitLogCount', 'fsync.*', 'snapshot.*', 'snapshotSizeFactor'),
  ...plain(
    'flushDelay',
    'maxWriteQueuePollTime',
    'maxBatchSize',
    'commitProcessor.*',
    'nio.*',
    'netty.*',
    'tcpKeepAlive',
  ),
  ...plain('maxResponseCacheSize', 'maxGetChildrenResponseCacheSize', 'bitHashCacheSize', 'jvm.pause.*', 'cnxTimeout'),
  ...plain('watchManagerName', 'watcherClean*', 'maxInProcessingDeadWatchers', 'messageTracker.*', 'fastleader.*'),
  ...plain('connection_throttle_*', 'request_throttle*', 'request_stale_*', 'throttled_op_wait_time', 'largeRequest*'),
  ...plain(
    'leader.*',
    'learner.*',
    'observer.*',
    'advancedFlowControlEnabled',
    'outstandingHandshake.limit',
    'fips-mode',
  ),
  ...plain('db.autocreate', 'superUser', 'letAnySaslUserDoX', 'ensembleAuthName', 'IPAuthenticationProvider.*'),
  ...plain('jute.maxbuffer.extrasize', 'audit.impl.class', 'client.certReload', 'forward_learner_requests_*'),
]);

/** Names for "did you mean". */
export const foreignKeyNames: readonly string[] = [...foreignKeys.keys()].filter((key) => !key.endsWith('*'));

/** Reports a key of ZooKeeper; false where it is none. */
export function reportForeignKey(entry: Entry, findings: Findings): boolean {
  const known = find(entry.key);
  if (known === undefined) return false;
  if (known.fine?.includes(entry.value.toLowerCase())) return true;
  if (known.refusal === undefined) findings.warn(entry.line, warning(entry.key, known));
  else findings.error(entry.line, `${entry.key}=${entry.value}: ${known.refusal}`);
  return true;
}

function warning(key: string, { note, instead }: ForeignKey): string {
  if (instead !== undefined) return `ZooKeeper's key ${key} has no effect: ${instead}`;
  return `ZooKeeper's key ${key} is not supported yet and has no effect${note === undefined ? '' : ` (${note})`}`;
}

function find(key: string): ForeignKey | undefined {
  const exact = foreignKeys.get(key);
  if (exact) return exact;
  for (const [name, foreign] of foreignKeys) {
    if (name.endsWith('*') && key.startsWith(name.slice(0, -1))) return foreign;
  }
  return undefined;
}
