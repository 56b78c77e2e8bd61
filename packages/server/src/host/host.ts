/**
 * The one loop of a server: sockets, disk and clock (world.ts) around the pure replica.
 *
 * What happens is handed to the replica at once; its effects are taken once at the end of each turn of the event loop and
 * carried out together: one persist, one frame for each socket. Nothing that depends on a persist leaves before storage
 * has said that it is durable.
 */
import { frameMessages, isSynodError, limits, unpackForeign } from '@synod/protocol';
import type { Storage, StorageError, StorageOptions } from '@synod/storage';
import { readPeerMessage } from '@synod/zab';
import { answerWord, type FourLetterWord } from '@synod/zookeeper';
import type { Config } from '../config.js';
import type { ReplicaEffect } from '../replica/effect.js';
import { readServerMessage } from '../replica/message.js';
import type { Replica } from '../replica/replica.js';
import { ClientPort } from './client-port.js';
import type { Health } from './http-status.js';
import { describeError, type Logger } from './logger.js';
import { Outbox } from './outbox.js';
import { recover } from './recovery.js';
import { replicaOptions, zabOptions } from './replica-options.js';
import { healthOf, statusOf, type ServerStatus } from './status.js';
import { HostWords } from './word-facts.js';
import type { Cancel, HostWorld, Links } from './world.js';

const TICK_MS = 20;
/** How long a stopping leader waits to hand over. */
const RESIGN_MS = 3_000;

/** What ends a host before its time. */
export type Fatal = (reason: string) => void;

export class Host {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #world: HostWorld;
  readonly #fatal: Fatal;
  readonly #startedAt: number;
  readonly #outboxes = new Map<number, Outbox>();
  #storage!: Storage;
  #replica!: Replica;
  #links: Links | null = null;
  #clients!: ClientPort;
  #stopTicking: Cancel = () => undefined;
  #durable = 0;
  #turnPlanned = false;
  #stopped = false;
  #onResigned: () => void = () => undefined;

  /** `fatal` is called at most once, when going on would break a promise; the process must end then. */
  constructor(config: Config, log: Logger, world: HostWorld, fatal: Fatal) {
    this.#config = config;
    this.#log = log;
    this.#world = world;
    this.#fatal = fatal;
    this.#startedAt = world.now();
  }

  /** Opens storage, loads the state, opens the ports. Rejects in words where one of them is not to be had. */
  async start(): Promise<void> {
    const { dataDir, clusterName, serverId, logRetention } = this.#config;
    const zab = zabOptions(this.#config);
    const options: StorageOptions = {
      dir: dataDir,
      cluster: clusterName,
      server: serverId,
      repairable: zab.voters.length + zab.observers.length > 1,
      retainRecords: logRetention.records,
      retainBytes: logRetention.bytes,
      onDurable: (token) => this.#onDurable(token),
      onFolded: (position) => this.#step({ type: 'folded', position }),
      onPruned: (base) => this.#step({ type: 'pruned', base: base.zxid }),
      onFailure: (error) => this.#fail(`storage failed: ${error.message}`),
    };
    const world = this.#world;
    const { storage, history, tree } = await recover(options, this.#log, world);
    this.#storage = storage;
    const seed = world.randomInt(2 ** 47);
    const randomBytes = (length: number): Uint8Array => world.randomBytes(length);
    this.#replica = world.makeReplica(replicaOptions(this.#config, zab), { history, tree, seed, randomBytes });
    this.#clients = this.#makeClientPort();
    await this.#openPeerPort();
    await this.#clients.start();
    this.#log.info('ready', { clients: `${this.#config.clientAddress.host}:${this.#clients.port}` });
    this.#tick();
    this.#stopTicking = world.every(TICK_MS, () => this.#tick());
  }

  /** Where clients connect to. */
  get clientPort(): number {
    return this.#clients.port;
  }

  #makeClientPort(): ClientPort {
    return new ClientPort(this.#config, this.#log, this.#world, {
      step: (event) => this.#step(event),
      knows: (connection) => this.#replica.knows(connection),
      status: () => this.status(),
      health: () => this.#health(),
      words: (word) => this.#answerWord(word),
    });
  }

  async #openPeerPort(): Promise<void> {
    const { servers, serverId, clusterName, peerListen, peerSecret } = this.#config;
    if (peerListen === null || peerSecret === null) return;
    const peers = new Map(servers.filter(({ id }) => id !== serverId).map((server) => [server.id, server]));
    for (const id of peers.keys()) this.#outboxes.set(id, new Outbox());
    this.#links = this.#world.openPeerLinks({
      self: serverId,
      cluster: clusterName,
      secret: peerSecret,
      peers,
      listen: peerListen,
      log: this.#log,
      onUp: (peer) => this.#step({ type: 'link-up', peer }),
      onDown: (peer) => {
        this.#outboxes.get(peer)?.clear();
        this.#step({ type: 'link-down', peer });
      },
      onFrame: (peer, bytes) => this.#peerFrame(peer, bytes),
      maxFrameBytes: limits.peerFrameBytes,
    });
    await this.#links.start();
  }

  // ---- what happens

  #step(event: Parameters<Replica['step']>[0]): void {
    if (this.#stopped) return;
    this.#guarded(() => this.#replica.step(event));
    this.#planTurn();
  }

  /** An error inside the machine is a bug: the state may be half changed, so the process must not go on. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(`internal error: ${describeError(error)}`);
    }
  }

  #tick(): void {
    this.#step({ type: 'tick', now: this.#world.now(), wall: this.#world.wall() });
    this.#clients.tick();
  }

  #onDurable(token: number): void {
    this.#durable = token;
    for (const outbox of this.#outboxes.values()) outbox.release(token);
    this.#step({ type: 'durable', token });
  }

  #peerFrame(peer: number, bytes: Uint8Array): void {
    try {
      for (const wire of frameMessages(unpackForeign(bytes, limits.peerFrameBytes))) {
        if (typeof wire[0] === 'number' && wire[0] >= 100) {
          this.#step({ type: 'server-message', from: peer, message: readServerMessage(wire) });
        } else this.#step({ type: 'peer-message', from: peer, message: readPeerMessage(wire) });
      }
    } catch (error) {
      if (!isSynodError(error)) throw error;
      this.#log.error('peer-message-refused', { peer, cause: error.message });
    }
  }

  // ---- what is to be done

  #planTurn(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    this.#world.soon(() => {
      this.#turnPlanned = false;
      if (!this.#stopped) this.#guarded(() => this.#turn());
    });
  }

  #turn(): void {
    for (const effect of this.#replica.take()) this.#carryOut(effect);
    for (const [peer, outbox] of this.#outboxes) {
      for (const frame of outbox.takeFrames()) this.#links?.send(peer, frame);
    }
  }

  #carryOut(effect: ReplicaEffect): void {
    switch (effect.type) {
      case 'persist':
        this.#storage.persist(effect.token, effect.ops);
        return;
      case 'send':
        if (this.#links?.isUp(effect.to))
          this.#outboxes.get(effect.to)?.add(effect.message, effect.after, this.#durable);
        return;
      case 'client-send':
      case 'client-close':
      case 'client-pause':
      case 'client-resume':
        this.#clients.carryOut(effect);
        return;
      case 'log':
        this.#log[effect.level](effect.event, effect.fields);
        return;
      case 'resigned':
        this.#onResigned();
        return;
      case 'exit':
        this.#fail(effect.reason);
        return;
      default:
        this.#disk(effect);
    }
  }

  #disk(
    effect: Extract<ReplicaEffect, { type: 'fold' | 'read-log' | 'read-state' | 'release-state' | 'stage' }>,
  ): void {
    const storage = this.#storage;
    switch (effect.type) {
      case 'fold':
        storage.fold(effect.chunk);
        return;
      case 'read-log':
        this.#when(storage.readLog(effect.after, effect.bytes), (records) =>
          this.#step({ type: 'log-read', ticket: effect.ticket, records }),
        );
        return;
      case 'read-state':
        this.#when(storage.readState(effect.cursor), (chunk) =>
          this.#step({ type: 'state-read', ticket: effect.ticket, chunk }),
        );
        return;
      case 'release-state':
        storage.releaseState();
        return;
      case 'stage':
        this.#when(storage.stage(effect.first, effect.chunk), (error) =>
          this.#step({ type: 'state-staged', ticket: effect.ticket, error }),
        );
        return;
    }
  }

  #when<T>(work: Promise<T>, then: (value: T) => void): void {
    work.then(then, (error: unknown) => {
      // The state that was being read has been replaced; whoever asked has lost its role before.
      if ((error as Partial<StorageError>).code !== 'CLOSED') this.#fail(`storage failed: ${describeError(error)}`);
    });
  }

  // ---- the end

  #fail(reason: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stopTicking();
    this.#log.error('fatal', { cause: reason });
    this.#fatal(reason);
  }

  /** Hands over where this server leads, says goodbye to clients, finishes writing, closes. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    const resigned = new Promise<void>((resolve) => (this.#onResigned = resolve));
    const cancelLate = this.#world.after(RESIGN_MS, () => this.#onResigned());
    this.#step({ type: 'resign' });
    await resigned;
    cancelLate();
    this.#guarded(() => this.#turn());
    this.#stopped = true;
    this.#stopTicking();
    await Promise.all([this.#clients.close(), this.#links?.close()]);
    await this.#storage.close();
    this.#log.info('stopped');
  }

  // ---- what others may know

  readonly #connected = (peer: number): boolean => this.#links?.isUp(peer) ?? false;

  #health(): Health {
    return healthOf(this.#config, this.#replica.status, this.#connected);
  }

  /** The answer to a four-letter word; null where finding it out failed. */
  #answerWord(word: FourLetterWord): string | null {
    const subject = { replica: this.#replica, clients: this.#clients, config: this.#config, world: this.#world };
    const words = new HostWords({ ...subject, startedAt: this.#startedAt });
    try {
      return answerWord(word, words, new Set(this.#config.fourLetterWords));
    } catch (cause) {
      this.#log.error('word-failed', { word, cause });
      return null;
    }
  }

  /** What GET /status shows. */
  status(): ServerStatus {
    return statusOf(this.#config, this.#replica.status, this.#connected, this.#world.now() - this.#startedAt);
  }
}
