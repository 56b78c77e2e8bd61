/**
 * One server without its sockets, disk and clock: zab, the tree, the sessions and the clients' requests in one machine.
 *
 * A synchronous machine, as zab is: `step` takes one event, `take` ends a turn and returns its effects. What a request
 * meets on its way: clients.ts (queue) → leadership.ts (the leader prepares) → zab (order) → here (apply) → clients.ts
 * (watches, then the answer).
 */
import { counterOf, formatHash, formatZxid } from '@synod/protocol';
import { decodeTxn, type Tree } from '@synod/tree';
import {
  Peer,
  peerMessageToWire,
  type LogRecord,
  type PeerStatus,
  type Position,
  type RecoveredHistory,
  type RoleChange,
  type ZabEffect,
} from '@synod/zab';
import { Clients } from './clients.js';
import type { LogEffect, ReplicaEffect } from './effect.js';
import type { ReplicaEvent } from './event.js';
import { Folding } from './folding.js';
import { IncomingState } from './incoming-state.js';
import { Insight } from './insight.js';
import { Leadership } from './leadership.js';
import { isAnswer, serverMessageToWire, type ServerMessage } from './message.js';
import type { ReplicaOptions } from './options.js';

/** A step of the replica's clock is never longer: a pause of this process must not expire sessions. */
const LONGEST_STEP_MS = 250;
/** Sessions and handshakes are checked for their time this often. */
const CHECK_MS = 100;
/** The digest is compared with the leader's at zxids whose counter is a multiple of this. */
const CHECKPOINT = 1024;
const CHECKPOINTS_KEPT = 64;

/** What a replica starts from. */
export interface ReplicaStart {
  readonly history: RecoveredHistory;
  /** Loaded from the state at rest: shows `history.state`. */
  readonly tree: Tree;
  /** Random; see Peer. */
  readonly seed: number;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** For the status page. */
export interface ReplicaStatus {
  readonly zab: PeerStatus;
  readonly serving: boolean;
  readonly zxid: number;
  readonly digest: number;
  readonly folded: number;
  readonly sessions: number;
  readonly znodes: number;
  readonly ephemerals: number;
  readonly dataBytes: number;
  readonly connections: number;
  readonly watches: number;
  /** Servers whose digest once differed from the leader's (known to the leader only). */
  readonly diverged: readonly number[];
}

export class Replica {
  readonly #options: ReplicaOptions;
  readonly #peer: Peer;
  readonly #clients: Clients;
  readonly #folding: Folding;
  #tree: Tree;
  #applied: Position;
  #leadership: Leadership | null = null;
  #leader = 0;
  #serving = false;
  #resigning = false;
  #clock = 0;
  #now = 0;
  #wall = 0;
  #touchedAt = 0;
  #checkedAt = 0;
  readonly #incoming = new IncomingState();
  readonly #checkpoints: { readonly zxid: number; readonly digest: number }[] = [];
  readonly #diverged = new Set<number>();
  #effects: ReplicaEffect[] = [];
  /** Requests of this server to itself as leader wait here, so that a step never calls back into itself. */
  #toSelf: ServerMessage[] = [];

  constructor(options: ReplicaOptions, start: ReplicaStart) {
    this.#options = options;
    this.#tree = start.tree;
    this.#applied = start.history.state;
    this.#folding = new Folding(options.foldMs, options.foldRows, start.history.state.zxid);
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the surroundings are live views of this replica
    const self = this;
    this.#clients = new Clients(
      options,
      {
        get tree() {
          return self.#tree;
        },
        get serving() {
          return self.#serving;
        },
        get clock() {
          return self.#clock;
        },
        toLeader: (message) => {
          this.#toLeader(message);
        },
        randomBytes: start.randomBytes,
      },
      start.seed,
    );
    this.#peer = new Peer(options.zab, start.history, start.seed);
    this.#carryOut();
  }

  /** The tree as applied here. For reading only. */
  get tree(): Tree {
    return this.#tree;
  }

  /** What the tree shows. */
  get applied(): Position {
    return this.#applied;
  }

  get status(): ReplicaStatus {
    const tree = this.#tree;
    return {
      zab: this.#peer.status,
      serving: this.#serving,
      zxid: tree.zxid,
      digest: tree.digest,
      folded: this.#folding.folded,
      sessions: tree.sessions.size,
      znodes: tree.nodeCount,
      ephemerals: tree.ephemeralCount,
      dataBytes: tree.dataBytes,
      connections: this.#clients.connections.size,
      watches: this.#clients.watches.size,
      diverged: [...this.#diverged],
    };
  }

  /** For whoever wants to know more than the status. */
  get insight(): Insight {
    return new Insight(this.#tree, this.#clients, this.#leadership);
  }

  /** True while a connection is neither closed nor about to be. */
  knows(connection: number): boolean {
    return this.#clients.connections.has(connection);
  }

  step(event: ReplicaEvent): void {
    switch (event.type) {
      case 'tick':
        this.#tick(event.now, event.wall);
        break;
      case 'peer-message':
        this.#peer.step({ type: 'message', from: event.from, message: event.message });
        break;
      case 'server-message':
        this.#serverMessage(event.from, event.message);
        break;
      case 'client-open':
        this.#clients.open(event.connection, event.address);
        break;
      case 'client-message':
        this.#clients.message(event.connection, event.message);
        break;
      case 'client-fault':
        this.#clients.fault(event.connection, event.xid, event.error);
        break;
      case 'client-drained':
        this.#clients.drained(event.connection);
        break;
      case 'client-closed':
        this.#clients.closed(event.connection);
        break;
      case 'folded':
        this.#folding.done(event.position);
        break;
      case 'resign':
        this.#resigning = true;
        this.#peer.step(event);
        break;
      default:
        this.#peer.step(event);
    }
  }

  /** Ends a turn: the effects of all events since the last call, in the order in which they must be carried out. */
  take(): ReplicaEffect[] {
    do {
      for (const message of this.#toSelf.splice(0)) this.#serverMessage(this.#options.zab.self, message);
      this.#carryOut();
    } while (this.#toSelf.length > 0);
    this.#clients.takeOutput({
      send: (connection, messages, full) => this.#effects.push({ type: 'client-send', connection, messages, full }),
      close: (connection, reason) => this.#effects.push({ type: 'client-close', connection, reason }),
      pace: (effect) => this.#effects.push(effect),
    });
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #carryOut(): void {
    for (const effect of this.#peer.take()) this.#zabEffect(effect);
  }

  #zabEffect(effect: ZabEffect): void {
    switch (effect.type) {
      case 'send': {
        const { to, message, after } = effect;
        this.#effects.push({ type: 'send', to, message: peerMessageToWire(message), after });
        return;
      }
      case 'deliver':
        this.#deliver(effect.records);
        return;
      case 'role':
        this.#role(effect.change);
        return;
      case 'confirmed':
        this.#leadership?.confirmed(effect.ticket, effect.zxid);
        return;
      case 'stage':
        this.#stage(effect);
        return;
      case 'adopted':
        this.#adopt(effect.position);
        return;
      case 'persist':
        // From here on the rows of the tree in use would end up beside those of the state that takes its place.
        if (effect.ops.some(({ type }) => type === 'adopt')) this.#folding.suspend();
        this.#effects.push(effect);
        return;
      default:
        this.#effects.push(effect);
    }
  }

  #deliver(records: readonly LogRecord[]): void {
    for (const record of records) {
      const applied = this.#tree.apply(record.zxid, decodeTxn(record.body));
      this.#applied = record;
      this.#leadership?.applied(record.zxid);
      if (applied.createdSession)
        this.#leadership?.sessionCreated(applied.createdSession.id, applied.createdSession.timeout);
      this.#clients.applied(applied);
      if (applied.closedSession !== undefined) this.#leadership?.sessionClosed(applied.closedSession);
      if (counterOf(record.zxid) % CHECKPOINT === 0) this.#checkpoint();
    }
    this.#applied = { zxid: this.#applied.zxid, chain: this.#applied.chain };
    this.#leadership?.level();
    this.#clients.level();
  }

  #checkpoint(): void {
    this.#checkpoints.push({ zxid: this.#tree.zxid, digest: this.#tree.digest });
    if (this.#checkpoints.length > CHECKPOINTS_KEPT) this.#checkpoints.shift();
  }

  // ---- a whole state in place of ours

  #stage(effect: Extract<ZabEffect, { type: 'stage' }>): void {
    const error = this.#incoming.add(effect.first, effect.chunk);
    if (error === null) this.#effects.push(effect);
    else this.#peer.step({ type: 'state-staged', ticket: effect.ticket, error });
  }

  #adopt(position: Position): void {
    this.#clients.dismissAll('CONNECTION_LOSS', 'this server takes over the whole state of its leader');
    this.#tree = this.#incoming.take();
    this.#applied = position;
    this.#checkpoints.length = 0;
    this.#folding.abandon(position);
    this.#clients.forgetChanges(position.zxid);
    this.#log('info', 'state-adopted', { zxid: formatZxid(position.zxid), znodes: this.#tree.nodeCount });
  }

  // ---- leadership

  #role(change: RoleChange): void {
    const { role, epoch, leader, cause } = change;
    this.#log('info', 'role', { role, epoch, leader, zxid: formatZxid(this.#tree.zxid), cause });
    this.#leader = leader;
    if (role === 'looking') {
      if (this.#serving) this.#clients.leaderLost();
      this.#serving = false;
      this.#leadership = null;
      this.#toSelf = [];
      if (this.#resigning) {
        this.#clients.dismissAll('CONNECTION_LOSS', 'this server is stopping');
        this.#effects.push({ type: 'resigned' });
      }
      return;
    }
    if (role === 'leading') {
      this.#diverged.clear();
      this.#leadership = new Leadership(this.#options, this.#peer, this.#tree, this.#clock, this.#wall, {
        send: this.#sendTo.bind(this),
        log: this.#log.bind(this),
      });
    }
    this.#serving = true;
    this.#clients.leaderFound();
  }

  #toLeader(message: ServerMessage): void {
    this.#sendTo(this.#leader, message);
  }

  #sendTo(to: number, message: ServerMessage): void {
    if (to === this.#options.zab.self) this.#toSelf.push(message);
    else this.#effects.push({ type: 'send', to, message: serverMessageToWire(message), after: 0 });
  }

  #serverMessage(from: number, message: ServerMessage): void {
    if (isAnswer(message) && from !== this.#leader) return;
    switch (message.type) {
      case 'attached':
        this.#clients.handshakes.attached(message);
        return;
      case 'refused':
        this.#clients.handshakes.refused(message.tag, message.code, message.reason);
        return;
      case 'moved':
        this.#clients.moved(message.session, message.generation);
        return;
      case 'gone':
        this.#clients.gone(message.session);
        return;
      case 'duplicate':
        this.#clients.duplicate(message.session, message.number, message.zxid);
        return;
      case 'synced':
        this.#clients.synced(message.tag, message.zxid);
        return;
      default:
        if (!this.#peer.leads || !this.#leadership) return;
        if (message.type === 'touch' && from !== this.#options.zab.self) this.#compare(from, message);
        this.#leadership.message(from, message);
    }
  }

  /** A follower's digest at a checkpoint must be the leader's at the same zxid. */
  #compare(from: number, { zxid, digest }: Extract<ServerMessage, { type: 'touch' }>): void {
    const own = this.#checkpoints.find((checkpoint) => checkpoint.zxid === zxid);
    if (!own || own.digest === digest || this.#diverged.has(from)) return;
    this.#diverged.add(from);
    const fields = { server: from, zxid: formatZxid(zxid), here: formatHash(own.digest), there: formatHash(digest) };
    this.#log('error', 'digest-differs', fields);
  }

  // ---- time

  #tick(now: number, wall: number): void {
    if (this.#now !== 0) this.#clock += Math.min(Math.max(now - this.#now, 0), LONGEST_STEP_MS);
    this.#now = now;
    this.#wall = wall;
    this.#peer.step({ type: 'tick', now });
    this.#leadership?.tick(this.#clock, wall);
    if (this.#clock - this.#checkedAt >= CHECK_MS) {
      this.#checkedAt = this.#clock;
      this.#leadership?.expire();
      this.#clients.tick();
    }
    if (this.#serving && this.#clock - this.#touchedAt >= this.#options.zab.tickMs / 2) {
      this.#touchedAt = this.#clock;
      const checkpoint = this.#checkpoints.at(-1) ?? { zxid: 0, digest: 0 };
      this.#toLeader({ type: 'touch', sessions: this.#clients.takeTouched(), ...checkpoint });
    }
    const chunk = this.#folding.tick(this.#clock, this.#tree, this.#applied);
    if (chunk) this.#effects.push({ type: 'fold', chunk });
  }

  #log(level: LogEffect['level'], event: string, fields: LogEffect['fields']): void {
    this.#effects.push({ type: 'log', level, event, fields });
  }
}
