/** A replica without sockets and disk: persists are durable when told so, clients are lists of messages, time is told. */
import {
  epochOf,
  isWrite,
  Op,
  readServerMessage,
  type ClientMessage,
  type Hello,
  type OpCode,
  type Reply,
  type Request,
  type ServerMessage,
  type Welcome,
} from '@synod/protocol';
import { Tree } from '@synod/tree';
import type { ReplicaEffect } from '@synod/server/replica/effect';
import type { ReplicaOptions } from '@synod/server/replica/options';
import { Replica } from '@synod/server/replica/replica';

const TICK_MS = 20;

export function options(voters: readonly number[]): ReplicaOptions {
  const zab = { self: 1, voters, observers: [], tickMs: 100, initMs: 1000, syncMs: 500 };
  return {
    zab: { ...zab, finalizeMs: 50, cacheRecords: 1000, cacheBytes: 1_000_000 },
    minSessionTimeout: 200,
    maxSessionTimeout: 10_000,
    skipAcl: false,
    authentication: {},
    ttlEnabled: true,
    enforceQuota: false,
    serverLines: '',
    reapIntervalMs: 1_000,
    reapMost: 100,
    containerUnusedMs: 0,
    outstandingWrites: 50_000,
    noLeaderMs: 300,
    foldMs: 1_000,
    foldRows: 100,
  };
}

/** One replica and what it has told its clients. */
export class Rig {
  readonly replica: Replica;
  /** Effects for connections other than messages, in order: `pause 1`. */
  readonly notes: string[] = [];
  /** Warnings: `warn event name=value`. */
  readonly logged: string[] = [];
  /** What is to be sent to another server, once what it depends on is durable. */
  onSend: (to: number, message: readonly unknown[]) => void = () => undefined;
  readonly #unsent: Extract<ReplicaEffect, { type: 'send' }>[] = [];
  #durable = 0;
  #persisted = 0;
  #stalled = false;
  readonly #said = new Map<number, ServerMessage[]>();
  readonly #ops = new Map<string, OpCode>();
  readonly #xids = new Map<number, number>();
  #now = 1_000;

  /** `tree`: what was loaded from the state at rest. */
  constructor(voters: readonly number[] = [1], tree: Tree = new Tree(), more: Partial<ReplicaOptions> = {}) {
    const position = { zxid: tree.zxid, chain: 0 };
    const history = {
      damage: null,
      acceptedEpoch: epochOf(tree.zxid),
      currentEpoch: epochOf(tree.zxid),
      committed: tree.zxid,
      base: position,
      state: position,
      last: position,
      ends: tree.zxid > 0 ? [position] : [],
      tail: [],
    };
    let random = 0;
    this.replica = new Replica(
      { ...options(voters), ...more },
      {
        history,
        tree,
        seed: 1_000_000,
        randomBytes: (length) => new Uint8Array(length).fill(++random),
      },
    );
    this.tick(TICK_MS);
  }

  /** Lets time pass, in one step or in the steps of a healthy process. */
  tick(ms: number, step = TICK_MS): void {
    for (let left = ms; left > 0; left -= step) {
      this.#now += Math.min(step, left);
      this.replica.step({ type: 'tick', now: this.#now, wall: this.#now });
      this.turn();
    }
  }

  /** Carries effects out until there are none. */
  turn(): void {
    for (let effects = this.replica.take(); effects.length > 0; effects = this.replica.take()) {
      for (const effect of effects) this.#carryOut(effect);
    }
  }

  #carryOut(effect: ReplicaEffect): void {
    if (effect.type === 'persist') {
      this.#persisted = effect.token;
      this.#write();
    } else if (effect.type === 'send') {
      this.#unsent.push(effect);
      this.#write();
    } else if (effect.type === 'fold' && effect.chunk.last) {
      this.replica.step({ type: 'folded', position: effect.chunk.position });
    } else if (effect.type === 'client-send') {
      const opOf = (xid: number): OpCode | undefined => this.#ops.get(`${effect.connection}:${xid}`);
      const messages = effect.messages.map((message) => readServerMessage(message, opOf));
      this.#said.set(effect.connection, [...this.said(effect.connection), ...messages]);
      if (effect.full) this.notes.push(`full ${effect.connection}`);
    } else if (effect.type === 'log' && effect.level === 'warn') {
      const fields = Object.entries(effect.fields).map(([name, value]) => ` ${name}=${value}`);
      this.logged.push(`warn ${effect.event}${fields.join('')}`);
    } else if (effect.type === 'client-close' || effect.type === 'client-pause' || effect.type === 'client-resume') {
      this.notes.push(`${effect.type.slice(7)} ${effect.connection}`);
    }
  }

  /** The disk does nothing, or goes on; the turn is not ended by it. */
  set stalled(stalled: boolean) {
    this.#stalled = stalled;
    this.#write();
  }

  #write(): void {
    if (!this.#stalled && this.#persisted > this.#durable) {
      this.#durable = this.#persisted;
      this.replica.step({ type: 'durable', token: this.#durable });
    }
    const held = new Set<number>();
    for (const effect of this.#unsent.splice(0)) {
      // What stands behind a message that waits, to the same server, waits with it.
      if (effect.after > this.#durable) held.add(effect.to);
      if (held.has(effect.to)) this.#unsent.push(effect);
      else this.onSend(effect.to, effect.message);
    }
  }

  /** Everything a client was told. */
  said(connection: number): ServerMessage[] {
    return this.#said.get(connection) ?? [];
  }

  /** Its replies alone. */
  replies(connection: number): Reply[] {
    return this.said(connection).flatMap((message) => (message.type === 'reply' ? [message.reply] : []));
  }

  goodbye(connection: number): string | undefined {
    const last = this.said(connection).find((message) => message.type === 'goodbye');
    return last?.type === 'goodbye' ? last.goodbye.code : undefined;
  }

  /** Opens a connection and says hello. */
  connect(connection: number, hello: Partial<Hello> = {}): Welcome | undefined {
    this.replica.step({ type: 'client-open', connection, address: '127.0.0.1' });
    const full: Hello = { versions: [1], timeout: 1_000, lastZxid: 0, session: 0, secret: null, ...hello };
    this.send(connection, { type: 'hello', hello: full });
    this.turn();
    const welcome = this.said(connection).find((message) => message.type === 'welcome');
    return welcome?.type === 'welcome' ? welcome.welcome : undefined;
  }

  send(connection: number, message: ClientMessage): void {
    this.replica.step({ type: 'client-message', connection, message });
  }

  /** Sends a request without ending the turn; `number` for writes. */
  ask(connection: number, request: Request, number = 0, acked = 0): void {
    const xid = (this.#xids.get(connection) ?? 0) + 1;
    this.#xids.set(connection, xid);
    this.#ops.set(`${connection}:${xid}`, request.op);
    this.send(connection, { type: 'request', xid, number: isWrite(request) ? number : 0, acked, request });
  }
}

export const data = (text: string): Uint8Array => Buffer.from(text);

/** A plain create. */
export function create(path: string, text = '', mode: 0 | 1 = 0): Request {
  const acl = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
  return { op: Op.create, path, data: data(text), acl, mode, ttl: 0 };
}
