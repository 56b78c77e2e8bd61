/**
 * A small ensemble in memory and in virtual time: peers with links, disks and a machine above that only lists what is
 * delivered. It keeps the order contract of effects to the letter and uses every freedom that the contract leaves. What
 * the transactions mean, clients and sockets are left out.
 */
import {
  describeMessage,
  describeRole,
  Peer,
  peerMessageToWire,
  readPeerMessage,
  type PeerMessage,
  type Position,
  type ZabEffect,
  type ZabEvent,
  type ZabOptions,
} from '@synod/zab';
import { shortZxid } from '@synod/protocol';
import { Checks } from './checks.js';
import { bodyText, Disk } from './disk.js';
import { Network } from './network.js';
import type { RandomSource } from './random-source.js';
import { Timeline } from './timeline.js';

/** Delays in milliseconds, from and to. */
export interface Delays {
  message: readonly [number, number];
  disk: readonly [number, number];
  tick: readonly [number, number];
  /** How likely a turn takes in more than one event. */
  batching: number;
}

/** One server: what survives it, and what it is while it runs. */
export class Server {
  readonly id: number;
  readonly voter: boolean;
  readonly options: ZabOptions;
  disk = new Disk();
  peer: Peer | null = null;
  life = 0;
  /** What its machine has taken. */
  items: string[] = [];
  durableToken = 0;
  diskAt = 0;
  /** How long each of its writes takes, where it is not left to the ensemble. */
  diskDelay: number | null = null;
  turnOpen = false;
  readonly waiting = new Map<number, { readonly message: PeerMessage; readonly after: number }[]>();
  /** Questions under way: what was committed when they were asked. */
  readonly confirms = new Map<number, number>();
  confirmed = 0;
  /** Last new-leader message of the attempt it follows, to check the answer against. */
  newLeader: Extract<PeerMessage, { type: 'new-leader' }> | null = null;

  constructor(options: ZabOptions) {
    this.id = options.self;
    this.voter = options.voters.includes(options.self);
    this.options = options;
  }

  get running(): Peer {
    if (!this.peer) throw new Error(`n${this.id} does not run`);
    return this.peer;
  }
}

export const TIMES = { tickMs: 200, initMs: 1000, syncMs: 600, finalizeMs: 60 } as const;

export class Ensemble {
  readonly timeline = new Timeline();
  readonly network: Network;
  readonly servers = new Map<number, Server>();
  readonly checks: Checks;
  readonly delays: Delays;
  /** Gets one line for each thing that happens. */
  trace: (kind: string, line: string) => void = () => {};
  readonly #random: RandomSource;
  #seed = 1000;
  #ticket = 0;

  constructor(voters: number, observers: number, random: RandomSource, delays: Delays, options?: Partial<ZabOptions>) {
    this.#random = random;
    this.delays = delays;
    this.network = new Network(this.timeline, () => random.int(...this.delays.message));
    const ids = Array.from({ length: voters }, (_, i) => i + 1);
    const observerIds = Array.from({ length: observers }, (_, i) => voters + i + 1);
    for (const self of [...ids, ...observerIds]) {
      const cache = { cacheRecords: 20_000, cacheBytes: 1_000_000 };
      this.servers.set(self, new Server({ self, voters: ids, observers: observerIds, ...TIMES, ...cache, ...options }));
    }
    this.checks = new Checks([...this.servers.values()]);
  }

  server(id: number): Server {
    const server = this.servers.get(id);
    if (!server) throw new Error(`there is no n${id}`);
    return server;
  }

  /** The server that serves as leader in the highest epoch. */
  get leader(): Server | undefined {
    const leaders = [...this.servers.values()].filter(({ peer }) => peer?.leads);
    return leaders.sort((a, b) => b.running.status.epoch - a.running.status.epoch)[0];
  }

  start(id: number): void {
    const server = this.server(id);
    if (server.peer) throw new Error(`n${id} runs already`);
    server.life++;
    server.durableToken = 0;
    server.diskAt = this.timeline.now;
    server.items = [...server.disk.state.items];
    this.#seed += 1000;
    server.peer = new Peer(server.options, server.disk.recover(), this.#seed);
    this.#takeEffects(server);
    this.network.attach(id, {
      up: (peer) => this.step(server, { type: 'link-up', peer }),
      down: (peer) => this.step(server, { type: 'link-down', peer }),
      message: (from, message) => this.#receive(server, from, message),
    });
    this.#tick(server, server.life);
  }

  /** The process ends; of the writes under way the first `kept` were done. */
  crash(id: number, kept = 0, lose = false): void {
    const server = this.server(id);
    if (!server.peer) return;
    server.peer = null;
    server.life++;
    server.turnOpen = false;
    server.waiting.clear();
    server.confirms.clear();
    server.disk.crash(kept);
    this.network.detach(id, lose);
  }

  wipe(id: number): void {
    this.server(id).disk = new Disk();
    this.checks.copiesLost = true;
  }

  /** One event; the turn ends with it, or takes in more. */
  step(server: Server, event: ZabEvent): void {
    server.running.step(event);
    if (server.turnOpen) return;
    if (!this.#random.chance(this.delays.batching)) {
      this.#takeEffects(server);
      return;
    }
    server.turnOpen = true;
    this.#later(server, this.#random.int(0, 8), () => {
      server.turnOpen = false;
      this.#takeEffects(server);
    });
  }

  propose(id: number, body: string): void {
    this.step(this.server(id), { type: 'propose', body: new TextEncoder().encode(body) });
  }

  confirm(id: number): void {
    const server = this.server(id);
    const ticket = ++this.#ticket;
    server.confirms.set(ticket, this.checks.committed.at(-1)?.zxid ?? 0);
    this.step(server, { type: 'confirm', ticket });
  }

  /** Folds what is delivered into the state at rest, and drops the log up to `keep` records before that. */
  fold(id: number, keep: number): void {
    const { disk, peer, items } = this.server(id);
    if (!peer || disk.reading || disk.pending.length > 0 || disk.damage !== null) return;
    const { committed } = this.checks;
    const upTo = committed[Math.min(items.length, committed.length) - 1]?.zxid ?? 0;
    disk.fold(upTo, committed[items.length - 1 - keep]?.zxid ?? 0);
    this.step(this.server(id), { type: 'pruned', base: disk.base.zxid });
  }

  run(ms: number): void {
    const end = this.timeline.now + ms;
    while (this.timeline.step(end));
  }

  /** Runs until `done`, asked after each event; false where it does not come true in time. */
  runUntil(ms: number, done: () => boolean): boolean {
    const end = this.timeline.now + ms;
    while (!done()) if (!this.timeline.step(end)) return done();
    return true;
  }

  #tick(server: Server, life: number): void {
    if (server.life !== life) return;
    this.step(server, { type: 'tick', now: this.timeline.now });
    this.timeline.after(this.#random.int(...this.delays.tick), () => this.#tick(server, life));
  }

  #later(server: Server, ms: number, action: () => void): void {
    const { life } = server;
    this.timeline.after(ms, () => {
      if (server.life === life) action();
    });
  }

  #receive(server: Server, from: number, message: PeerMessage): void {
    if (message.type === 'new-leader') server.newLeader = message;
    this.step(server, { type: 'message', from, message });
  }

  #takeEffects(server: Server): void {
    for (const effect of server.running.take()) {
      this.#carryOut(server, effect);
      if (!server.peer) return;
    }
  }

  #carryOut(server: Server, effect: ZabEffect): void {
    const { disk } = server;
    switch (effect.type) {
      case 'persist':
        return this.#persist(server, effect);
      case 'send':
        return this.#send(server, effect.to, effect.message, effect.after);
      case 'deliver':
        for (const record of effect.records) {
          this.checks.delivered(server, record, server.items.length);
          server.items.push(bodyText(record));
        }
        this.trace('deliver', `n${server.id} delivers ${effect.records.map(({ zxid }) => shortZxid(zxid)).join(' ')}`);
        return;
      case 'role':
        if (effect.change.role === 'leading') this.checks.established(server, effect.change.epoch);
        this.trace('role', `n${server.id} ${describeRole(effect.change)}`);
        return;
      case 'read-log': {
        const { ticket, after, bytes } = effect;
        return this.#answer(server, () => ({ type: 'log-read', ticket, records: disk.readLog(after, bytes) }));
      }
      case 'read-state': {
        const { ticket, cursor } = effect;
        const chunk = disk.readState(cursor);
        return this.#answer(server, () => ({ type: 'state-read', ticket, chunk }));
      }
      case 'release-state':
        disk.reading = null;
        return;
      case 'stage': {
        const { ticket, first, chunk } = effect;
        const error = disk.stage(first, chunk);
        return this.#answer(server, () => ({ type: 'state-staged', ticket, error }));
      }
      case 'adopted':
        return this.#adopted(server, effect.position);
      case 'confirmed':
        return this.#confirmed(server, effect.ticket, effect.zxid);
      case 'exit':
        throw new Error(`n${server.id} gives up: ${effect.reason}`);
    }
  }

  #adopted(server: Server, position: Position): void {
    const { items, position: at } = server.disk.state;
    if (at.zxid !== position.zxid) throw new Error(`n${server.id} says that it adopted another state than it holds`);
    this.checks.adopted(server, position, items);
    server.items = [...items];
    this.trace('deliver', `n${server.id} adopts the state at ${shortZxid(position.zxid)}`);
  }

  #confirmed(server: Server, ticket: number, zxid: number): void {
    const wanted = server.confirms.get(ticket);
    if (wanted === undefined) throw new Error(`n${server.id} answers a question that was not asked`);
    server.confirms.delete(ticket);
    server.confirmed++;
    if (zxid < wanted) throw new Error(`n${server.id} confirms ${shortZxid(zxid)} after ${shortZxid(wanted)}`);
    this.trace('confirm', `n${server.id} confirms ${shortZxid(zxid)}`);
  }

  #answer(server: Server, make: () => ZabEvent): void {
    this.#later(server, this.#random.int(...this.delays.disk), () => this.step(server, make()));
  }

  #persist(server: Server, effect: Extract<ZabEffect, { type: 'persist' }>): void {
    const { disk } = server;
    disk.pending.push(effect);
    const delay = server.diskDelay ?? this.#random.int(...this.delays.disk);
    server.diskAt = Math.max(server.diskAt, this.timeline.now + delay);
    this.#later(server, server.diskAt - this.timeline.now, () => {
      const before = { accepted: disk.accepted, current: disk.current };
      const { token, ops } = disk.makeDurable();
      this.checks.wrote(server, before, ops);
      // One event may stand for several writes.
      if (disk.pending.length > 0 && this.#random.chance(this.delays.batching)) return;
      server.durableToken = token;
      for (const to of server.waiting.keys()) this.#release(server, to);
      this.step(server, { type: 'durable', token });
    });
  }

  #send(server: Server, to: number, message: PeerMessage, after: number): void {
    const queue = server.waiting.get(to);
    if (queue) queue.push({ message, after });
    else server.waiting.set(to, [{ message, after }]);
    this.#release(server, to);
  }

  #release(server: Server, to: number): void {
    const queue = server.waiting.get(to) ?? [];
    while (queue.length > 0 && queue[0]!.after <= server.durableToken) {
      const { message } = queue.shift()!;
      this.checks.sent(server, message);
      const { newLeader } = server;
      if (message.type === 'ack-leader' && newLeader?.attempt === message.attempt) {
        this.checks.saidLevel(server, message.epoch, newLeader.last, newLeader.member);
      }
      this.trace(message.type, `n${server.id} > n${to} ${describeMessage(message)}`);
      this.network.send(server.id, to, readPeerMessage(peerMessageToWire(message)));
    }
  }
}
