/**
 * What the four-letter words tell of this server (see @synod/zookeeper's words), gathered from the replica, the client
 * port and the machine at the moment a word asks: each getter costs something only when it is read.
 */
import type {
  ConfigurationFacts,
  ConnectionFacts,
  FileFacts,
  FolderFacts,
  LeaderFacts,
  ServerFacts,
  ServerMode,
  SessionFacts,
  WatchFact,
  WordFacts,
  WordSource,
} from '@synod/zookeeper';
import type { Config } from '../config.js';
import { shownElectionPort } from '../config/server-lines.js';
import type { Replica, ReplicaStatus } from '../replica/replica.js';
import type { ClientPort } from './client-port.js';
import { environment, filesOf, foldersOf, versionOf } from './machine.js';
import type { HostWorld } from './world.js';

/** What the facts are about. */
export interface WordSubject {
  readonly config: Config;
  readonly replica: Replica;
  readonly clients: ClientPort;
  readonly world: Pick<HostWorld, 'now' | 'wall'>;
  /** When the process began, on the clock that nobody sets. */
  readonly startedAt: number;
}

const modes: Readonly<Record<ReplicaStatus['zab']['role'], ServerMode>> = {
  leading: 'leader',
  following: 'follower',
  observing: 'observer',
  // Never shown: who looks for a leader does not serve.
  looking: 'follower',
};

export class HostWords implements WordSource {
  readonly #subject: WordSubject;

  constructor(subject: WordSubject) {
    this.#subject = subject;
  }

  get serving(): boolean {
    return this.#subject.replica.status.serving;
  }

  get version(): WordFacts['version'] {
    return versionOf();
  }

  get server(): ServerFacts {
    const { config, replica, clients, world, startedAt } = this.#subject;
    const status = replica.status;
    const alone = config.servers.length < 2;
    const { packetsReceived, packetsSent, latencies } = clients.stats;
    return {
      mode: alone ? 'standalone' : modes[status.zab.role],
      zxid: status.zxid,
      znodes: status.znodes,
      ephemerals: status.ephemerals,
      dataBytes: status.dataBytes + replica.tree.pathLength,
      sessions: status.sessions,
      connections: clients.size,
      watches: status.watches,
      outstanding: clients.outstanding,
      packetsReceived,
      packetsSent,
      latencies,
      uptime: world.now() - startedAt,
      voters: alone ? 0 : config.servers.filter(({ role }) => role === 'participant').length,
      leading: alone ? null : this.#leading(status),
    };
  }

  #leading({ zab: { learners } }: ReplicaStatus): LeaderFacts | null {
    const { leading } = this.#subject.replica.insight;
    if (leading === null) return null;
    const live = learners.filter(({ stage }) => stage === 'live');
    return {
      learners: learners.length,
      syncedFollowers: live.filter(({ voter }) => voter).length,
      syncedObservers: live.filter(({ voter }) => !voter).length,
      pendingSyncs: leading.pendingSyncs,
      uptime: leading.uptime,
      proposals: leading.proposals,
    };
  }

  get connections(): Iterable<ConnectionFacts> {
    const { clients, replica } = this.#subject;
    const { insight } = replica;
    return clients.list().map(({ link: { id, address, port }, stats }) => {
      const { packetsReceived, packetsSent, outstanding, establishedAt, latencies, last } = stats;
      const { session, timeout } = insight.sessionOf(id);
      const counts = { packetsReceived, packetsSent, outstanding, establishedAt, latencies, last };
      return { address, port, session, timeout, ...counts };
    });
  }

  get sessions(): Iterable<SessionFacts> {
    const { replica, world } = this.#subject;
    const now = world.wall();
    return [...replica.insight.sessions()].map(({ session: { id, timeout, ephemerals }, expiresIn }) => {
      return { id, timeout, expiresAt: expiresIn === null ? null : now + expiresIn, ephemerals };
    });
  }

  get watches(): Iterable<WatchFact> {
    return this.#subject.replica.insight.dataWatches();
  }

  get configuration(): ConfigurationFacts {
    const { config, clients, replica } = this.#subject;
    const { dataDir, tickTime, maxClientCnxns, minSessionTimeout, maxSessionTimeout, serverId, servers } = config;
    const { initLimit, syncLimit } = config;
    const own = servers.length < 2 ? undefined : servers.find(({ id }) => id === serverId);
    return {
      clientPort: clients.port,
      ...{ dataDir, tickTime, maxClientCnxns, minSessionTimeout, maxSessionTimeout, serverId },
      ensemble: own
        ? {
            initLimit,
            syncLimit,
            peerPort: own.port,
            electionPort: shownElectionPort(own),
            observer: own.role === 'observer',
            membership: replica.insight.membership,
          }
        : null,
    };
  }

  get folders(): FolderFacts {
    return foldersOf(this.#subject.config.dataDir);
  }

  get files(): FileFacts {
    return filesOf();
  }

  get environment(): WordFacts['environment'] {
    return environment();
  }

  resetServer(): void {
    this.#subject.clients.stats.reset();
    this.#subject.replica.insight.leading?.proposals.reset();
  }

  resetConnections(): void {
    for (const { stats } of this.#subject.clients.list()) stats.reset();
  }
}
