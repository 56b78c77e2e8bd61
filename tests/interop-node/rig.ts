/**
 * The client `node-zookeeper-client` of npm for tests: what it exports, in types, its calls as promises, and an ensemble of
 * three servers for all tests of a file. With SYNOD_INTEROP_AGAINST=zookeeper the servers are real ones of ZooKeeper,
 * which shows whether the tests are right about it.
 */
import { afterAll, beforeAll } from '@jest/globals';
import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Ensemble } from '../../scripts/lib/ensemble.js';
import { settings } from '../../scripts/lib/interop/settings.js';
import { ZooKeeperEnsemble } from '../../scripts/lib/zookeeper-ensemble.js';

/** As the client decodes a Stat: longs stay eight bytes. */
export interface Stat {
  readonly czxid: Buffer;
  readonly mzxid: Buffer;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly ephemeralOwner: Buffer;
  readonly dataLength: number;
  readonly numChildren: number;
}

export interface WatchedEvent {
  readonly type: number;
  readonly name: string;
  readonly path: string;
}

export interface State {
  readonly name: string;
}

interface Acl {
  readonly permission: number;
  readonly id: { readonly scheme: string; readonly id: string };
}

export interface Transaction {
  create(path: string, data?: Buffer | null, acls?: readonly Acl[] | null, mode?: number): Transaction;
  setData(path: string, data: Buffer | null, version?: number): Transaction;
  check(path: string, version?: number): Transaction;
  remove(path: string, version?: number): Transaction;
  commit(callback: (error: Error | null, results: { readonly path?: string; readonly stat?: Stat }[]) => void): void;
}

type Watcher = (event: WatchedEvent) => void;

type Callback<T extends unknown[]> = (error: Error | null, ...results: T) => void;

/** The object that the library makes. */
export interface RawClient extends EventEmitter {
  connect(): void;
  close(): void;
  create(path: string, data: Buffer | null, acls: readonly Acl[], mode: number, callback: Callback<[string]>): void;
  mkdirp(path: string, callback: Callback<[string]>): void;
  remove(path: string, version: number, callback: Callback<[]>): void;
  removeRecursive(path: string, version: number, callback: Callback<[]>): void;
  exists(path: string, watcher: Watcher | null, callback: Callback<[Stat | null]>): void;
  getData(path: string, watcher: Watcher | null, callback: Callback<[Buffer | undefined, Stat]>): void;
  setData(path: string, data: Buffer | null, version: number, callback: Callback<[Stat]>): void;
  getChildren(path: string, watcher: Watcher | null, callback: Callback<[string[], Stat]>): void;
  listSubTreeBFS(path: string, callback: Callback<[string[]]>): void;
  getACL(path: string, callback: Callback<[Acl[], Stat]>): void;
  setACL(path: string, acls: readonly Acl[], version: number, callback: Callback<[Stat]>): void;
  transaction(): Transaction;
  addAuthInfo(scheme: string, auth: Buffer): void;
  getState(): State;
  getSessionId(): Buffer;
  getSessionPassword(): Buffer;
  getSessionTimeout(): number;
  /** The part that has the connection; not documented. */
  readonly connectionManager: { readonly socket: { readonly remotePort: number } };
}

interface Library {
  createClient(servers: string, options: object): RawClient;
  readonly CreateMode: Readonly<
    Record<'PERSISTENT' | 'PERSISTENT_SEQUENTIAL' | 'EPHEMERAL' | 'EPHEMERAL_SEQUENTIAL', number>
  >;
  readonly State: Readonly<Record<'DISCONNECTED' | 'SYNC_CONNECTED' | 'EXPIRED', State>>;
  readonly Event: Readonly<Record<'NODE_CREATED' | 'NODE_DELETED' | 'NODE_DATA_CHANGED', number>> &
    Readonly<Record<'NODE_CHILDREN_CHANGED', number>>;
  readonly Exception: Readonly<Record<string, number>>;
  readonly Permission: Readonly<Record<'READ' | 'ALL', number>>;
  readonly ACL: (new (permission: number, id: object) => Acl) &
    Readonly<Record<'OPEN_ACL_UNSAFE' | 'CREATOR_ALL_ACL' | 'READ_ACL_UNSAFE', readonly Acl[]>>;
  readonly Id: new (scheme: string, id: string) => object;
}

export const library = createRequire(import.meta.url)('node-zookeeper-client') as Library;

const { CreateMode, ACL } = library;

/** How long a test waits for what must happen, in milliseconds. */
const patienceMs = 20_000;

/** What a session asks for, in milliseconds. */
export const sessionMs = 15_000;

/** Waits until something is so. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not in time: ${what}`);
    await delay(5);
  }
}

/** One call of the client as a promise of its first result. */
function promised<T>(call: (callback: (error: Error | null, result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}

/** The calls that tests make, as promises. The client's states are noted. */
export class Guest {
  readonly raw: RawClient;
  readonly states: string[] = [];

  constructor(servers: string, options: object = {}) {
    this.raw = library.createClient(servers, { sessionTimeout: sessionMs, spinDelay: 100, ...options });
    this.raw.on('state', (state: State) => this.states.push(state.name));
  }

  async connect(): Promise<this> {
    const connected = once(this.raw, 'connected');
    this.raw.connect();
    await connected;
    return this;
  }

  async close(): Promise<void> {
    const disconnected = once(this.raw, 'disconnected');
    this.raw.close();
    await disconnected;
  }

  get port(): number {
    return this.raw.connectionManager.socket.remotePort;
  }

  create(path: string, data: string | null = null, mode: number = CreateMode.PERSISTENT): Promise<string> {
    const bytes = data === null ? null : Buffer.from(data);
    return promised((callback) => {
      this.raw.create(path, bytes, ACL.OPEN_ACL_UNSAFE, mode, callback);
    });
  }

  remove(path: string, version = -1): Promise<unknown> {
    return promised((callback) => {
      this.raw.remove(path, version, (error) => {
        callback(error, null);
      });
    });
  }

  removeRecursive(path: string): Promise<unknown> {
    return promised((callback) => {
      this.raw.removeRecursive(path, -1, (error) => {
        callback(error, null);
      });
    });
  }

  exists(path: string, watcher: Watcher | null = null): Promise<Stat | null> {
    return promised((callback) => {
      this.raw.exists(path, watcher, callback);
    });
  }

  /** Data and Stat; null where the client says nothing. */
  get(path: string, watcher: Watcher | null = null): Promise<{ data: string | null; stat: Stat }> {
    return promised((callback) => {
      this.raw.getData(path, watcher, (error, data, stat) => {
        callback(error, { data: data?.toString() ?? null, stat });
      });
    });
  }

  set(path: string, data: string, version = -1): Promise<Stat> {
    return promised((callback) => {
      this.raw.setData(path, Buffer.from(data), version, callback);
    });
  }

  children(path: string, watcher: Watcher | null = null): Promise<string[]> {
    return promised((callback) => {
      this.raw.getChildren(path, watcher, (error, names) => {
        callback(error, [...(error ? [] : names)].sort());
      });
    });
  }

  acl(path: string): Promise<{ list: string[]; stat: Stat }> {
    return promised((callback) => {
      this.raw.getACL(path, (error, acls, stat) => {
        const list = error ? [] : acls.map(({ permission, id }) => `${id.scheme}:${id.id}:${permission}`);
        callback(error, { list, stat });
      });
    });
  }

  setAcl(path: string, acls: readonly Acl[], version = -1): Promise<Stat> {
    return promised((callback) => {
      this.raw.setACL(path, acls, version, callback);
    });
  }

  commit(transaction: Transaction): Promise<{ readonly path?: string; readonly stat?: Stat }[]> {
    return promised((callback) => {
      transaction.commit(callback);
    });
  }

  /** Makes a call until no lost connection interrupts it. */
  async insist<T>(call: () => Promise<T>): Promise<T> {
    const end = performance.now() + patienceMs;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        const lost = error instanceof Error && error.name === 'CONNECTION_LOSS';
        if (!lost || performance.now() > end) throw error;
        await delay(20);
      }
    }
  }
}

/** Three servers for the tests of a file, and guests that all leave at its end. */
export class House {
  readonly #guests: Guest[] = [];
  #dir = '';
  #servers: Ensemble | ZooKeeperEnsemble | null = null;

  constructor() {
    beforeAll(() => this.#open());
    afterAll(() => this.#close());
  }

  get servers(): Ensemble | ZooKeeperEnsemble {
    if (!this.#servers) throw new Error('the servers are not there yet');
    return this.#servers;
  }

  /** A connected client of all servers. */
  async guest(suffix = '', options: object = {}): Promise<Guest> {
    return await this.stranger(suffix, options).connect();
  }

  /** A client that is not connected yet. */
  stranger(suffix = '', options: object = {}): Guest {
    const guest = new Guest(this.servers.connectString + suffix, options);
    this.#guests.push(guest);
    return guest;
  }

  /** The server with this client port. */
  idOf(port: number): number {
    const id = this.servers.ids.find((one) => this.servers.member(one).clientPort === port);
    if (id === undefined) throw new Error(`no server serves clients on port ${port}`);
    return id;
  }

  async #open(): Promise<void> {
    this.#dir = mkdtempSync(join(tmpdir(), 'synod-'));
    const real = process.env['SYNOD_INTEROP_AGAINST'] === 'zookeeper';
    this.#servers = real
      ? await ZooKeeperEnsemble.create(this.#dir, settings)
      : await Ensemble.create(this.#dir, { settings, listed: true });
    await this.servers.startAll();
  }

  async #close(): Promise<void> {
    for (const { raw } of this.#guests) if (raw.getState().name !== 'EXPIRED') raw.close();
    await this.servers.stopAll('SIGKILL');
    rmSync(this.#dir, { recursive: true });
  }
}
