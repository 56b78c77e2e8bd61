/**
 * The clients of a host: their links, the language of each, and what waits for those who do not read. Between the door
 * (client-door.ts) and the replica, which it tells what clients say.
 */
import { isSynodError, limits } from '@synod/protocol';
import { ConnectionStats, ServerStats } from '@synod/zookeeper';
import type { Config } from '../config.js';
import type { ReplicaEffect } from '../replica/effect.js';
import type { ReplicaEvent } from '../replica/event.js';
import type { ClientDoorOptions, ClientLink } from './client-door.js';
import type { ClientLanguage, Hearer, LanguageName } from './client-language.js';
import type { Logger } from './logger.js';
import { SynodLanguage } from './synod-language.js';
import { SynodTally } from './synod-tally.js';
import type { Door, HostWorld } from './world.js';
import { ZooKeeperLanguage } from './zookeeper-language.js';

/** Below this much unsent data a client that was full gets more. */
const DRAINED_BYTES = 256 * 1024;

/** What the port needs of its host. */
export interface ClientPortHost extends Pick<ClientDoorOptions, 'status' | 'health' | 'words'> {
  step(event: ReplicaEvent): void;
  /** The replica knows the connection. */
  knows(connection: number): boolean;
}

/** A client's connection. */
export interface Client {
  readonly link: ClientLink;
  readonly language: ClientLanguage;
  readonly stats: ConnectionStats;
}

export class ClientPort {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #world: HostWorld;
  readonly #host: ClientPortHost;
  readonly #door: Door;
  readonly #clients = new Map<number, Client>();
  readonly #full = new Set<ClientLink>();
  /** Sums over all connections there were. */
  readonly stats = new ServerStats();

  constructor(config: Config, log: Logger, world: HostWorld, host: ClientPortHost) {
    this.#config = config;
    this.#log = log;
    this.#world = world;
    this.#host = host;
    this.#door = this.#openDoor();
  }

  start(): Promise<void> {
    return this.#door.start();
  }

  close(): Promise<void> {
    return this.#door.close();
  }

  get port(): number {
    return this.#door.address().port;
  }

  /** Open connections. */
  get size(): number {
    return this.#clients.size;
  }

  /** Requests without an answer, of all connections. */
  get outstanding(): number {
    let sum = 0;
    for (const { stats } of this.#clients.values()) sum += stats.outstanding;
    return sum;
  }

  /** Open connections, oldest first. */
  list(): readonly Client[] {
    return [...this.#clients.values()];
  }

  #openDoor(): Door {
    const { clientAddress, maxClientCnxns, maxCnxns, allowedOrigins } = this.#config;
    const { status, health, words } = this.#host;
    return this.#world.openClientDoor({
      ...clientAddress,
      maxFrameBytes: limits.frameBytes,
      maxPerAddress: maxClientCnxns,
      maxConnections: maxCnxns,
      allowedOrigins,
      helloMs: limits.helloMs,
      log: this.#log,
      onOpen: (link, language) => {
        const stats = new ConnectionStats(this.stats, this.#world.wall());
        this.#clients.set(link.id, { link, language: this.#languageOf(link, language, stats), stats });
        this.#host.step({ type: 'client-open', connection: link.id, address: link.address });
      },
      onBytes: (link, bytes) => this.#clients.get(link.id)?.language.receive(bytes),
      onClose: (link) => {
        this.#clients.delete(link.id);
        this.#full.delete(link);
        this.#host.step({ type: 'client-closed', connection: link.id });
      },
      ...{ status, health, words },
    });
  }

  #languageOf(link: ClientLink, name: LanguageName, stats: ConnectionStats): ClientLanguage {
    const hearer = this.#hearerOf(link.id);
    const now = (): number => this.#world.now();
    if (name === 'synod') return new SynodLanguage(link, hearer, new SynodTally(stats, now));
    return new ZooKeeperLanguage(link, hearer, stats, {
      maxFrameBytes: this.#config.juteMaxBuffer,
      log: this.#log,
      now,
    });
  }

  #hearerOf(connection: number): Hearer {
    const host = this.#host;
    return {
      get listens() {
        return host.knows(connection);
      },
      message(message) {
        host.step({ type: 'client-message', connection, message });
      },
      fault(xid, error) {
        if (!isSynodError(error)) throw error;
        const code = error.code === 'UNIMPLEMENTED' ? 'UNIMPLEMENTED' : 'MARSHALLING_ERROR';
        host.step({ type: 'client-fault', connection, xid, error: { code, reason: error.reason } });
      },
    };
  }

  /** Carries out what the replica wants done for a client. */
  carryOut(
    effect: Extract<ReplicaEffect, { type: 'client-send' | 'client-close' | 'client-pause' | 'client-resume' }>,
  ): void {
    const client = this.#clients.get(effect.connection);
    switch (effect.type) {
      case 'client-send':
        if (client) this.#send(client, effect);
        return;
      case 'client-close':
        this.#log.debug('client-closed', { connection: effect.connection, cause: effect.reason });
        client?.link.close(effect.reason);
        return;
      case 'client-pause':
        client?.language.pause();
        return;
      case 'client-resume':
        client?.language.resume();
        return;
    }
  }

  #send({ link, language }: Client, effect: Extract<ReplicaEffect, { type: 'client-send' }>): void {
    language.send(effect.messages);
    if (link.bufferedBytes > limits.clientBacklogBytes) {
      this.#log.warn('client-too-slow', { address: link.address, port: link.port, bytes: link.bufferedBytes });
      link.terminate();
    } else if (effect.full) {
      this.#full.add(link);
      this.#world.soon(() => this.#drainedWhenEmpty(link));
    }
  }

  /** Looks again after clients that had more to come than they had read. */
  tick(): void {
    for (const link of this.#full) this.#drainedWhenEmpty(link);
  }

  #drainedWhenEmpty(link: ClientLink): void {
    if (link.bufferedBytes > DRAINED_BYTES || !this.#full.delete(link)) return;
    this.#host.step({ type: 'client-drained', connection: link.id });
  }
}
