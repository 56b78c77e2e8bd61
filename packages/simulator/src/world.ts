/**
 * The world of one run: time, network, servers with their machines and disks, clients; everything drawn from one seed.
 */
import { limits } from '@synod/protocol';
import type { Config } from '@synod/server';
import type { ReplicaOptions } from '@synod/server/replica/options';
import { ClientTrace } from './client-trace.js';
import { SimClient } from './client.js';
import type { SimDisk } from './disk/sim-disk.js';
import { emptyHistory, type History, type Violation } from './history.js';
import { Network } from './network.js';
import { Observation } from './observe.js';
import { Clock, Process } from './process.js';
import { Random } from './random.js';
import { SimServer, type ServerEnd } from './server.js';
import type { SwarmConfig } from './swarm.js';
import { Timeline } from './timeline.js';
import type { Trace } from './trace.js';

/** Milliseconds since 1970 when every world begins: 2033-05-18. */
const BEGINNING = 2_000_000_000_000;

/** Makes the disk of a server. */
export type MakeDisk = (server: number) => SimDisk;

export class World {
  readonly config: SwarmConfig;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly network: Network;
  readonly observation: Observation;
  readonly servers = new Map<number, SimServer>();
  readonly voters: readonly number[];
  readonly observers: readonly number[];
  readonly history: History = emptyHistory();
  readonly violations: Violation[] = [];
  /** Servers that are not started again by themselves. */
  readonly keptDown = new Set<number>();
  readonly #clientTrace: ClientTrace | null;
  /** Some disk may do nothing before this moment. */
  stalledUntil = 0;
  /** How long a server stays down, on average; changes when the world is healed. */
  downMs: number;
  #clients = 0;

  constructor(seed: number | string, config: SwarmConfig, makeDisk: MakeDisk, trace: Trace | null) {
    this.config = config;
    this.random = new Random(seed, 'world');
    this.downMs = config.downMs;
    this.timeline = new Timeline(this.random.fork('order'));
    this.network = new Network(this.timeline, this.random.fork('network'), config.network);
    const ids = Array.from({ length: config.voters + config.observers }, (_, index) => index + 1);
    this.voters = ids.slice(0, config.voters);
    this.observers = ids.slice(config.voters);
    this.observation = new Observation({
      voters: this.voters,
      observers: this.observers,
      timeline: this.timeline,
      trace,
      report: (violation) => this.report(violation),
      ended: (server, how, reason) => this.#ended(server, how, reason),
    });
    this.#clientTrace = trace && new ClientTrace((...line) => this.observation.trace(...line));
    for (const id of ids) this.servers.set(id, this.#makeServer(id, makeDisk(id)));
  }

  /** True where the members among these voters, as far as disks tell, are a quorum: they can go on by themselves. */
  isQuorum(ids: readonly number[]): boolean {
    const members = this.voters.filter((id) => {
      const view = this.observation.checker.view(id);
      return ids.includes(id) && view !== null && view.lost === null && view.epochs.current > 0;
    });
    return members.length > this.voters.length / 2;
  }

  report(violation: Violation): void {
    this.violations.push(violation);
    this.observation.trace('·', 'VIOLATION', `${violation.rule}: ${violation.text}`);
  }

  server(id: number): SimServer {
    return this.servers.get(id)!;
  }

  /** The server that leads for the most of the others; null where there is none. */
  get leader(): SimServer | null {
    let found: SimServer | null = null;
    for (const server of this.servers.values()) {
      const status = server.replica?.status.zab;
      if (status?.role === 'leading' && status.epoch > (found?.replica?.status.zab.epoch ?? 0)) found = server;
    }
    return found;
  }

  /** Clients so far. */
  get clientCount(): number {
    return this.#clients;
  }

  #makeServer(id: number, disk: SimDisk): SimServer {
    const { config, timeline, network } = this;
    const random = this.random.fork(`server ${id}`);
    const rate = 1 + (random.float() * 2 - 1) * config.clockError;
    const wall = BEGINNING + (config.faults.clockStep > 0 ? random.int(-60_000, 60_000) : 0);
    const process = new Process(timeline, new Clock(timeline, { rate, wall }, random.int(1_000, 1_000_000)));
    const settings = {
      config: this.#serverConfig(id),
      tune: (options: ReplicaOptions): ReplicaOptions => this.#tune(options),
      speed: config.disk,
      turnMs: config.turnMs,
      coarse: config.coarse,
      window: { writes: config.tuning.windowWrites, bytes: config.tuning.windowBytes },
    };
    return new SimServer(settings, { process, disk, network, random, observer: this.observation });
  }

  #serverConfig(id: number): Config {
    const { tickTime, initLimit, syncLimit, tuning } = this.config;
    const alone = this.voters.length + this.observers.length < 2;
    const address = { host: '127.0.0.1', port: 1 };
    const servers = [...this.voters, ...this.observers].map((server) => ({
      id: server,
      ...address,
      role: this.voters.includes(server) ? ('participant' as const) : ('observer' as const),
      ...{ electionPort: null, clientHost: null, clientPort: null },
    }));
    return {
      ...{ file: 'simulated', serverId: id, clusterName: 'simulated', dataDir: `/s${id}`, clientAddress: address },
      ...{ tickTime, initLimit, syncLimit, minSessionTimeout: 2 * tickTime, maxSessionTimeout: 20 * tickTime },
      ...{ servers, peerListen: alone ? null : address, peerSecret: alone ? null : 'simulated' },
      ...{ allowedOrigins: [], maxClientCnxns: 0, maxCnxns: 0, skipAcl: false, superDigest: null, extendedTypes: true },
      ...{ enforceQuota: true, juteMaxBuffer: limits.frameBytes, fourLetterWords: [] },
      container: { checkIntervalMs: tuning.reapMs, maxPerMinute: 10_000, maxNeverUsedMs: 10 * tuning.reapMs },
      globalOutstandingLimit: tuning.outstandingWrites,
      logRetention: { records: tuning.retainRecords, bytes: 64 * 1_048_576 },
      logLevel: 'info',
    };
  }

  #tune(options: ReplicaOptions): ReplicaOptions {
    const { foldMs, foldRows, cacheRecords, cacheBytes, finalizeMs } = this.config.tuning;
    return { ...options, foldMs, foldRows, zab: { ...options.zab, cacheRecords, cacheBytes, finalizeMs } };
  }

  /** A server's process is over: somebody starts it again, sooner or later. */
  #ended(id: number, how: ServerEnd, reason: string): void {
    const { faults } = this.server(id).disk;
    const { failSync, diskFull } = this.config.faults;
    const excused = failSync + diskFull > 0 && /sync failed|no space|ENOSPC|EIO|IOERR|SQLITE_FULL/.test(reason);
    if (how === 'not-started' && !excused) this.report({ rule: 'start', text: `n${id} does not start: ${reason}` });
    Object.assign(faults, { cutAfter: 0, failSync: 0, failSyncSticky: false });
    if (!this.keptDown.has(id)) this.startLater(id);
  }

  startLater(id: number): void {
    this.timeline.after(this.random.exponential(this.downMs), () => {
      if (!this.keptDown.has(id)) this.server(id).start();
    });
  }

  /** `history`: another one, for a client that keeps none of its own; `patience` as of {@link ClientSettings}. */
  makeClient(settings: {
    readonly timeout: number;
    readonly servers?: readonly number[];
    readonly patience?: number;
    readonly history?: History;
  }): SimClient {
    const name = `c${++this.#clients}`;
    const random = this.random.fork(name);
    const { clockError } = this.config;
    const rate = 1 + (random.float() * 2 - 1) * clockError;
    const clock = new Clock(this.timeline, { rate, wall: BEGINNING }, random.int(1_000, 1_000_000));
    const process = new Process(this.timeline, clock);
    process.begin();
    const { timeout, servers = [...this.servers.keys()], patience = 0, history = this.history } = settings;
    const { network } = this;
    return new SimClient(
      { name, timeout, servers, expireAfter: random.chance(0.3) ? 2 * timeout : 3_600_000, patience },
      {
        ...{ process, network, random, history, trace: this.#clientTrace },
        report: (rule, text) => this.report({ rule, text }),
        answered: (zxid) => this.observation.checker.answered(zxid),
      },
    );
  }
}
