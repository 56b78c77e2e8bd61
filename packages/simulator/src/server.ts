/**
 * One simulated server: the host that ships, in a machine of virtual time. It can be killed, lose its power in the middle
 * of a write, stand still, stop in good order, and start again from its disk.
 *
 * It leaves out what stands before the host in a real process: the configuration file, authentication between servers,
 * HTTP and WebSocket.
 */
import { frameMessages, limits, readServerMessage, unpackForeign, welcomeToWire } from '@synod/protocol';
import type { Config } from '@synod/server';
import type { Logger } from '@synod/server/host/logger';
import { Host } from '@synod/server/host/host';
import type { HostWorld } from '@synod/server/host/world';
import type { ReplicaEffect } from '@synod/server/replica/effect';
import type { ReplicaOptions } from '@synod/server/replica/options';
import { Replica, type ReplicaStart } from '@synod/server/replica/replica';
import { openWith } from '@synod/storage/storage';
import type { LogOpened } from '@synod/storage/messages';
import { readPeerMessage, type PeerMessage, type PersistOp, type Position } from '@synod/zab';
import type { SimDisk } from './disk/sim-disk.js';
import type { Network } from './network.js';
import type { Process } from './process.js';
import type { Random } from './random.js';
import { SimDoor, SimLinks, serverNode, type Ports } from './server-links.js';
import { SimWorkers, type DiskSpeed } from './workers.js';

/** Who is told what happens in the servers. */
export interface ServerObserver {
  /** The disk was opened and verified. */
  opened(server: number, opened: LogOpened, held: readonly Position[]): void;
  /** The machine is about to begin, with the tree that was loaded. */
  started(server: number, start: ReplicaStart): void;
  durable(server: number, ops: readonly PersistOp[]): void;
  pruned(server: number, base: Position): void;
  /** A message to another server leaves the process. */
  left(server: number, to: number, message: PeerMessage): void;
  /** A turn of the machine is over. */
  turned(server: number, replica: Replica, effects: readonly ReplicaEffect[]): void;
  logged(server: number, level: string, event: string, fields: Readonly<Record<string, unknown>>): void;
  /** The process is over; `how` in words. */
  ended(server: number, how: ServerEnd, reason: string): void;
  /** Promises may have been settled. */
  settled(): void;
}

/** How the life of a server ended: killed from outside, its machine lost power, by itself, in order, or it never began. */
export type ServerEnd = 'killed' | 'power' | 'fatal' | 'stopped' | 'not-started';

/** What clients may have under way: writes, and bytes of a frame. */
export interface ClientWindow {
  readonly writes: number;
  readonly bytes: number;
}

/** What a server is made with. */
export interface ServerSettings {
  readonly config: Config;
  /** Tiny limits and short times in place of those of the configuration. */
  readonly tune: (options: ReplicaOptions) => ReplicaOptions;
  readonly speed: DiskSpeed;
  /** Turns of the event loop take up to so long. */
  readonly turnMs: number;
  /** Timers of the host are so many times as coarse. */
  readonly coarse: number;
  /** What clients are told at most that they may have under way. */
  readonly window: ClientWindow;
}

export class SimServer {
  readonly id: number;
  readonly process: Process;
  readonly disk: SimDisk;
  readonly #settings: ServerSettings;
  readonly #network: Network;
  readonly #random: Random;
  readonly #observer: ServerObserver;
  #host: Host | null = null;
  #replica: Replica | null = null;
  #workers: SimWorkers | null = null;
  /** Called once, when this server next begins to read its state for another one. */
  onStateRead: (() => void) | null = null;
  #starts = 0;

  constructor(
    settings: ServerSettings,
    around: { process: Process; disk: SimDisk; network: Network; random: Random; observer: ServerObserver },
  ) {
    this.id = settings.config.serverId;
    this.#settings = settings;
    this.process = around.process;
    this.disk = around.disk;
    this.#network = around.network;
    this.#random = around.random;
    this.#observer = around.observer;
  }

  /** The process exists. */
  get up(): boolean {
    return this.#host !== null;
  }

  /** The machine, once the process has recovered. */
  get replica(): Replica | null {
    return this.#replica;
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts;
  }

  start(): void {
    if (this.#host) return;
    this.#starts++;
    this.process.begin();
    const { life } = this.process;
    const host = new Host(this.#settings.config, this.#logger(), this.#world(), (reason) => {
      if (this.process.life === life) this.#end('fatal', reason, false);
    });
    this.#host = host;
    host.start().catch((error: unknown) => {
      if (this.process.life === life)
        this.#end('not-started', error instanceof Error ? error.message : String(error), false);
    });
    this.#observer.settled();
  }

  /** SIGKILL. */
  kill(): void {
    if (this.#host) this.#end('killed', 'SIGKILL', false);
  }

  /** The machine loses its power: also what the system had not yet written. */
  cutPower(): void {
    if (this.#host) this.#end('power', 'the power is gone', true);
    else this.disk.powerFailed(this.#random);
  }

  /** SIGTERM. */
  stop(): void {
    const host = this.#host;
    const { life } = this.process;
    if (!host || !this.#replica) {
      this.kill();
      return;
    }
    host.stop().then(
      () => {
        if (this.process.life === life) this.#end('stopped', 'SIGTERM', false);
      },
      (error: unknown) => {
        if (this.process.life === life) this.#end('fatal', `not stopped: ${String(error)}`, false);
      },
    );
    this.#observer.settled();
  }

  /** The disk does nothing for so long. */
  stallDisk(ms: number): void {
    if (this.#workers) this.#workers.stalledUntil = this.process.timeline.now + ms;
  }

  /** What concerns the state at rest takes so much longer, on average. */
  slowState(ms: number): void {
    if (this.#workers) this.#workers.stateSlowMs = ms;
  }

  #end(how: ServerEnd, reason: string, power: boolean): void {
    this.#host = null;
    this.#replica = null;
    this.#workers = null;
    this.process.begin();
    const node = serverNode(this.id);
    this.#network.silence(node);
    this.#network.abortAll(node, how, power);
    if (power) this.disk.powerFailed(this.#random);
    else this.disk.processDied();
    this.#observer.ended(this.id, how, reason);
  }

  #world(): HostWorld {
    const { process } = this;
    const { turnMs, coarse, speed, window } = this.#settings;
    const random = this.#random;
    // What a promise of an earlier life still wants is nobody's wish any more.
    const born = process.life;
    const alive = (): boolean => process.life === born;
    const later = (ms: number, action: () => void): (() => void) =>
      alive() ? process.after(ms, action) : () => undefined;
    const ports: Ports = {
      process,
      network: this.#network,
      leaving: (peer, bytes) => this.#leaving(peer, bytes),
    };
    return {
      now: () => process.clock.now,
      wall: () => Math.floor(process.clock.wall),
      soon: (action) => void later(random.float() * turnMs, action),
      every: (ms, action) => (alive() ? process.every(ms * coarse, action) : () => undefined),
      after: (ms, action) =>
        later(ms, () => {
          action();
          this.#observer.settled();
        }),
      randomBytes: (length) => random.bytes(length),
      randomInt: (below) => random.int(0, below - 1),
      openStorage: (options) => {
        const workers = new SimWorkers(this.disk, process, random, speed, {
          opened: (opened, held) => this.#observer.opened(this.id, opened, held),
          durable: (ops) => this.#observer.durable(this.id, ops),
          pruned: (base) => this.#observer.pruned(this.id, base),
          powerCut: () => this.#end('power', 'the power is gone in the middle of a write', true),
          settled: () => this.#observer.settled(),
        });
        this.#workers = workers;
        return openWith(workers, options);
      },
      openClientDoor: (options) => new SimDoor(options, ports, serverNode(this.id)),
      openPeerLinks: (options) => new SimLinks(options, ports),
      makeReplica: (options, start) => {
        if (!alive()) throw new Error('the process is over');
        this.#observer.started(this.id, start);
        const tuned = this.#settings.tune(options);
        const look = (effects: readonly ReplicaEffect[]): void => this.#look(replica, effects);
        const replica = new Watched(tuned, start, window, look);
        this.#replica = replica;
        return replica;
      },
    };
  }

  #look(replica: Replica, effects: readonly ReplicaEffect[]): void {
    this.#observer.turned(this.id, replica, effects);
    if (this.onStateRead === null || !effects.some((effect) => effect.type === 'read-state')) return;
    const tell = this.onStateRead;
    this.onStateRead = null;
    // What this turn asks for is still asked.
    this.process.after(0, tell);
  }

  #leaving(peer: number, bytes: Uint8Array): void {
    for (const wire of frameMessages(unpackForeign(bytes, limits.peerFrameBytes))) {
      if (typeof wire[0] === 'number' && wire[0] < 100) this.#observer.left(this.id, peer, readPeerMessage(wire));
    }
  }

  #logger(): Logger {
    const at =
      (level: string) =>
      (event: string, fields: Readonly<Record<string, unknown>> = {}) =>
        this.#observer.logged(this.id, level, event, fields);
    const logger: Logger = {
      error: at('error'),
      warn: at('warn'),
      info: at('info'),
      debug: () => undefined,
      child: () => logger,
    };
    return logger;
  }
}

/** A replica whose turns are looked at, and whose clients are told of a smaller window. */
class Watched extends Replica {
  readonly #window: ClientWindow;
  readonly #look: (effects: readonly ReplicaEffect[]) => void;

  constructor(
    options: ReplicaOptions,
    start: ReplicaStart,
    window: ClientWindow,
    look: (effects: readonly ReplicaEffect[]) => void,
  ) {
    super(options, start);
    this.#window = window;
    this.#look = look;
  }

  override take(): ReplicaEffect[] {
    const effects = super.take();
    this.#look(effects);
    const { writes, bytes } = this.#window;
    return writes >= limits.outstandingWrites && bytes >= limits.frameBytes
      ? effects
      : effects.map((effect) => (effect.type === 'client-send' ? this.#narrowed(effect) : effect));
  }

  #narrowed(effect: Extract<ReplicaEffect, { type: 'client-send' }>): ReplicaEffect {
    const [first, ...others] = effect.messages;
    // Nothing but a welcome has the xid 0.
    if (first?.[0] !== 0) return effect;
    const message = readServerMessage(first, () => undefined);
    if (message.type !== 'welcome') return effect;
    const { maxOutstandingWrites, maxFrameBytes } = message.welcome;
    const welcome = welcomeToWire({
      ...message.welcome,
      maxOutstandingWrites: Math.min(this.#window.writes, maxOutstandingWrites),
      maxFrameBytes: Math.min(this.#window.bytes, maxFrameBytes),
    });
    return { ...effect, messages: [welcome, ...others] };
  }
}
