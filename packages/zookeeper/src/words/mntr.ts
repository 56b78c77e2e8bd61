/**
 * `mntr`: figures for monitoring, one key and value a line. Only keys of ZooKeeper, and of those only what Synod has a
 * true figure for; the README says what each means here.
 */
import type { ServerMode, WordFacts } from './facts.js';
import { decimal } from './numbers.js';
import { nodeCount } from './srvr.js';
import { versionText } from './version.js';

const peerStates: Readonly<Record<ServerMode, string | null>> = {
  standalone: null,
  leader: 'leading - broadcast',
  follower: 'following - broadcast',
  observer: 'observing - broadcast',
};

export function mntr(facts: WordFacts): string {
  const { server, files } = facts;
  const peerState = peerStates[server.mode];
  return [
    line('version', versionText(facts.version)),
    line('server_state', server.mode),
    line('peer_state', peerState),
    line('ephemerals_count', server.ephemerals),
    line('num_alive_connections', server.connections),
    line('avg_latency', decimal(server.latencies.average)),
    line('min_latency', server.latencies.min),
    line('max_latency', server.latencies.max),
    line('outstanding_requests', server.outstanding),
    line('znode_count', nodeCount(server.znodes)),
    line('global_sessions', server.sessions),
    line('local_sessions', 0),
    line('packets_received', server.packetsReceived),
    line('packets_sent', server.packetsSent),
    line('watch_count', server.watches),
    line('approximate_data_size', server.dataBytes),
    line('open_file_descriptor_count', files.open),
    line('max_file_descriptor_count', files.most),
    line('uptime', Math.round(server.uptime)),
    line('quorum_size', peerState === null ? null : server.voters),
    ...leaderLines(facts),
  ].join('');
}

function leaderLines({ server: { leading } }: WordFacts): string[] {
  if (leading === null) return [];
  const { proposals } = leading;
  return [
    line('learners', leading.learners),
    line('synced_followers', leading.syncedFollowers),
    line('synced_non_voting_followers', 0),
    line('synced_observers', leading.syncedObservers),
    line('pending_syncs', leading.pendingSyncs),
    line('leader_uptime', Math.round(leading.uptime)),
    line('last_proposal_size', proposals.last),
    line('min_proposal_size', proposals.min),
    line('max_proposal_size', proposals.max),
  ];
}

/** Nothing where there is no value. */
function line(key: string, value: string | number | null): string {
  return value === null ? '' : `zk_${key}\t${value}\n`;
}
