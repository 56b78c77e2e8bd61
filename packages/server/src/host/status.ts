/** What a server tells of itself at /health and /status: numbers and names, no data, no secrets, no clients. */
import { counterOf, epochOf, formatHash, formatZxid } from '@synod/protocol';
import type { Config } from '../config.js';
import type { ReplicaStatus } from '../replica/replica.js';
import type { Health } from './http-status.js';

/** Another server as this one sees it; the last three are known to the leader only, of servers that follow it. */
export interface PeerReport {
  readonly server: number;
  readonly role: 'participant' | 'observer';
  readonly connected: boolean;
  /** How far it has come: discovery, promised, state, sync, live. */
  readonly stage?: string;
  /** Transactions of the leader's log that it has not acknowledged; of earlier epochs none are counted. */
  readonly behind?: number;
  readonly silentMs?: number;
}

/** The answer of GET /status; zxids and the digest in hexadecimal, times in milliseconds. */
export interface ServerStatus {
  readonly server: number;
  readonly cluster: string;
  /** standalone, leading, following, observing, looking. */
  readonly role: string;
  readonly phase: string;
  readonly serving: boolean;
  /** False: new, wiped or damaged, and not counted in any quorum until a leader has repaired it. */
  readonly member: boolean;
  readonly epoch: number;
  /** 0: none. */
  readonly leader: number;
  /** Last transaction applied, logged, durable, known as committed, and folded into the state at rest. */
  readonly zxid: string;
  readonly logged: string;
  readonly durable: string;
  readonly committed: string;
  readonly folded: string;
  /** Of all state at `zxid`: equal on all servers. */
  readonly digest: string;
  readonly sessions: number;
  readonly znodes: number;
  readonly ephemerals: number;
  readonly dataBytes: number;
  readonly connections: number;
  readonly watches: number;
  /** Servers whose digest differed from the leader's; never to be seen. */
  readonly diverged: readonly number[];
  readonly peers: readonly PeerReport[];
  readonly uptimeMs: number;
  readonly memoryBytes: number;
}

export function healthOf(
  config: Config,
  { serving, zab }: ReplicaStatus,
  connected: (peer: number) => boolean,
): Health {
  const detail = serving
    ? `epoch ${zab.epoch}, leader ${zab.leader}`
    : `no leader; in ${zab.phase}; ${quorumWords(config, zab.member, connected)}`;
  return { serving, role: roleOf(config, zab.role), detail };
}

/** Who could elect a leader, for whoever wonders why there is none. */
function quorumWords(config: Config, member: boolean, connected: (peer: number) => boolean): string {
  const voters = config.servers.filter(({ role }) => role === 'participant');
  if (config.servers.length < 2) return 'still starting';
  const here = voters.filter(({ id }) => id === config.serverId || connected(id)).length;
  const words = `${here} of ${voters.length} voters are connected`;
  if (member || !voters.some(({ id }) => id === config.serverId)) return words;
  return `${words}; this one has no history of its own and does not count (the very first start needs all of them)`;
}

function roleOf({ servers }: Config, role: string): string {
  return servers.length < 2 && role === 'leading' ? 'standalone' : role;
}

export function statusOf(
  config: Config,
  status: ReplicaStatus,
  connected: (peer: number) => boolean,
  uptimeMs: number,
): ServerStatus {
  const { zab } = status;
  const { serverId, clusterName, servers } = config;
  const peer = ({ id, role }: Config['servers'][number]): PeerReport => {
    const learner = zab.learners.find((one) => one.id === id);
    const known = { server: id, role, connected: connected(id) };
    if (!learner) return known;
    const { stage, acked, silentMs } = learner;
    const behind = epochOf(acked) === epochOf(zab.last) ? zab.last - acked : counterOf(zab.last);
    return { ...known, stage, behind: Math.max(0, behind), silentMs };
  };
  return {
    server: serverId,
    cluster: clusterName,
    role: roleOf(config, zab.role),
    phase: zab.phase,
    serving: status.serving,
    member: zab.member,
    epoch: zab.epoch,
    leader: zab.leader,
    zxid: formatZxid(status.zxid),
    logged: formatZxid(zab.last),
    durable: formatZxid(zab.durable),
    committed: formatZxid(zab.committed),
    folded: formatZxid(status.folded),
    digest: formatHash(status.digest),
    sessions: status.sessions,
    znodes: status.znodes,
    ephemerals: status.ephemerals,
    dataBytes: status.dataBytes,
    connections: status.connections,
    watches: status.watches,
    diverged: status.diverged,
    peers: servers.filter(({ id }) => id !== serverId).map(peer),
    uptimeMs: Math.round(uptimeMs),
    memoryBytes: process.memoryUsage.rss(),
  };
}
