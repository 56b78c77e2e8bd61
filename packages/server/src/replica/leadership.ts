/**
 * What only the leader does with sessions: which server speaks for each, when each has been silent for too long, and
 * turning requests into proposals. Made anew with each leadership; nothing of it is replicated.
 *
 * Expiry is decided here alone, on a clock on which a pause of this process is short, and carried out by a transaction.
 * A new leader gives every session its full timeout.
 */
import { limits, type Identity, type WriteRequest, type Zxid } from '@synod/protocol';
import { CONFIG_PATH, configText, encodeTxn, Preparer, type InternalRequest, type Tree } from '@synod/tree';
import type { Peer } from '@synod/zab';
import type { LogEffect } from './effect.js';
import type { ServerMessage } from './message.js';
import type { ReplicaOptions } from './options.js';
import { ProposalSizes } from './proposal-sizes.js';

/** What a leadership says to the servers, and to its own log. */
export interface LeadershipOutput {
  readonly send: (to: number, message: ServerMessage) => void;
  readonly log: (level: LogEffect['level'], event: string, fields: LogEffect['fields']) => void;
}

/** A quota is named in the log at most once, and so many quotas at most, in this time. */
const QUOTA_NOTE_MS = 60_000;
const QUOTA_NOTES = 100;

/** Which server speaks for a session. */
interface Attachment {
  readonly server: number;
  readonly generation: number;
  identities: readonly Identity[];
}

type Attach = Extract<ServerMessage, { type: 'attach' }>;

interface Lease {
  timeout: number;
  deadline: number;
}

export class Leadership {
  readonly #options: ReplicaOptions;
  readonly #peer: Peer;
  readonly #tree: Tree;
  readonly #preparer: Preparer;
  readonly #send: LeadershipOutput['send'];
  readonly #log: LeadershipOutput['log'];
  readonly #attachments = new Map<number, Attachment>();
  readonly #leases = new Map<number, Lease>();
  readonly #since: number;
  readonly proposals = new ProposalSizes();
  readonly #expiring = new Set<number>();
  /** Questions about sessions whose creation or end is in the log but not applied here. */
  readonly #undecided: { readonly from: number; readonly message: Attach }[] = [];
  readonly #syncs = new Map<number, { readonly from: number; readonly tag: number }>();
  readonly #notedQuotas = new Set<string>();
  #notedSince = 0;
  #configured = false;
  #ticket = 0;
  #generation = 0;
  #clock: number;
  #wall: number;
  #lastReap: number;

  constructor(
    options: ReplicaOptions,
    peer: Peer,
    tree: Tree,
    clock: number,
    wall: number,
    { send, log }: LeadershipOutput,
  ) {
    this.#options = options;
    this.#peer = peer;
    this.#tree = tree;
    this.#send = send;
    this.#log = log;
    this.#clock = clock;
    this.#wall = wall;
    this.#since = this.#lastReap = clock;
    const { skipAcl, ttlEnabled, enforceQuota } = options;
    const quotas = enforceQuota ? { noted: this.#quotaNoted.bind(this) } : null;
    this.#preparer = new Preparer(tree, { skipAcl, ttlEnabled, transactionBytes: limits.transactionBytes, quotas });
    for (const session of tree.sessions.values()) this.#lease(session.id, session.timeout);
  }

  /** A request of a server, this one included. */
  message(from: number, message: ServerMessage): void {
    switch (message.type) {
      case 'write':
        this.#write(from, message);
        return;
      case 'touch':
        for (const session of message.sessions) this.#touch(session);
        return;
      case 'open':
        this.#open(from, message);
        return;
      case 'attach':
        this.#attach(from, message);
        return;
      case 'reattach':
        this.#reattach(from, message);
        return;
      case 'identities': {
        const attachment = this.#attachments.get(message.session);
        if (attachment?.generation === message.generation) attachment.identities = message.identities;
        return;
      }
      case 'sync':
        this.#syncs.set(++this.#ticket, { from, tag: message.tag });
        this.#peer.step({ type: 'confirm', ticket: this.#ticket });
        return;
      default:
        return;
    }
  }

  /** A quorum still followed after the question. */
  confirmed(ticket: number, zxid: Zxid): void {
    const sync = this.#syncs.get(ticket);
    this.#syncs.delete(ticket);
    if (sync) this.#send(sync.from, { type: 'synced', tag: sync.tag, zxid });
  }

  #write(from: number, message: Extract<ServerMessage, { type: 'write' }>): void {
    const { session, generation, number, acked, request } = message;
    const last = this.#preparer.lastNumber(session);
    const attachment = this.#attachments.get(session);
    if (last === undefined) {
      this.#absent(from, session);
      return;
    }
    if (attachment?.server !== from || attachment.generation !== generation) {
      this.#send(from, { type: 'moved', session, generation: attachment?.generation ?? Number.MAX_SAFE_INTEGER });
      return;
    }
    this.#touch(session);
    if (number <= last) {
      this.#send(from, { type: 'duplicate', session, number, zxid: this.#peer.status.last });
      return;
    }
    // A gap means that an earlier write was lost on the way here: its server will send all of them again, in order.
    if (number === last + 1) this.#propose(request, session, number, acked, attachment.identities);
  }

  /**
   * Says that a session has ended, once that is committed. Where its end is only proposed nothing is said: the transaction
   * itself will tell, or the next leader will find the session alive.
   */
  #absent(from: number, session: number): void {
    if (!this.#tree.sessions.get(session) && !this.#isAhead(session)) this.#send(from, { type: 'gone', session });
  }

  /**
   * A session's id is the zxid of its creation. Where that is not applied here, nothing can be said of its end: it may be
   * under way, and a leader that was deposed without knowing has never heard of the session.
   */
  #isAhead(session: number): boolean {
    return session > this.#tree.zxid;
  }

  #propose(
    request: WriteRequest | InternalRequest,
    session: number,
    number: number,
    acked: number,
    identities: readonly Identity[],
  ): Zxid {
    const zxid = this.#peer.nextZxid;
    const txn = this.#preparer.prepare(request, { zxid, time: this.#wall, session, number, acked, identities });
    const body = encodeTxn(txn);
    this.proposals.add(body.length);
    this.#peer.step({ type: 'propose', body });
    return zxid;
  }

  #open(from: number, message: Extract<ServerMessage, { type: 'open' }>): void {
    const { tag, timeout, secretHash } = message;
    const session = this.#propose({ op: 'createSession', timeout, secretHash, server: from, tag }, 0, 0, 0, []);
    // The zxid doubles as the generation: later attachments get higher ones.
    this.#attachments.set(session, { server: from, generation: session, identities: message.identities });
    this.#lease(session, timeout);
  }

  #attach(from: number, message: Attach): void {
    const { tag, session, timeout, identities } = message;
    const known = this.#tree.sessions.get(session);
    const lastNumber = this.#preparer.lastNumber(session);
    if (session > this.#peer.status.last) {
      const reason = 'the leader does not know the session; perhaps there is another leader: try again';
      this.#send(from, { type: 'refused', tag, code: 'CONNECTION_LOSS', reason });
      return;
    }
    if (this.#isAhead(session) || (known === undefined) !== (lastNumber === undefined)) {
      // A quorum of others may have made the session, and one of them told its client, before it is durable here.
      this.#undecided.push({ from, message });
      return;
    }
    if (!known || lastNumber === undefined || !sameBytes(known.secretHash, message.secretHash)) {
      const reason = known ? 'the secret is not that of the session' : 'the session has ended';
      this.#send(from, { type: 'refused', tag, code: 'SESSION_EXPIRED', reason });
      return;
    }
    const before = this.#attachments.get(session);
    this.#generation = Math.max(this.#generation + 1, this.#peer.nextZxid);
    const generation = this.#generation;
    if (before) this.#send(before.server, { type: 'moved', session, generation });
    this.#attachments.set(session, { server: from, generation, identities });
    this.#lease(session, timeout);
    const zxid = this.#peer.status.last;
    this.#send(from, { type: 'attached', tag, session, generation, timeout, zxid, lastNumber });
  }

  #reattach(from: number, message: Extract<ServerMessage, { type: 'reattach' }>): void {
    const { session, generation, timeout, identities } = message;
    if (this.#preparer.lastNumber(session) === undefined) {
      this.#absent(from, session);
      return;
    }
    const before = this.#attachments.get(session);
    if (before && before.generation > generation) {
      this.#send(from, { type: 'moved', session, generation: before.generation });
      return;
    }
    this.#attachments.set(session, { server: from, generation, identities });
    this.#generation = Math.max(this.#generation, generation);
    this.#lease(session, timeout);
  }

  #lease(session: number, timeout: number): void {
    this.#leases.set(session, { timeout, deadline: this.#deadline(timeout) });
  }

  #touch(session: number): void {
    const lease = this.#leases.get(session);
    if (lease) lease.deadline = this.#deadline(lease.timeout);
  }

  /** One tick on top of the timeout: servers report what they heard every half tick. */
  #deadline(timeout: number): number {
    return this.#clock + timeout + this.#options.zab.tickMs;
  }

  /** Milliseconds until a session expires unless it is heard; null where there is none. */
  expiresIn(session: number): number | null {
    const lease = this.#leases.get(session);
    return lease === undefined ? null : Math.max(0, lease.deadline - this.#clock);
  }

  /** Questions of `sync` that a quorum has not answered. */
  get pendingSyncs(): number {
    return this.#syncs.size;
  }

  /** Milliseconds of this leadership. */
  get uptime(): number {
    return this.#clock - this.#since;
  }

  /** A session was made or ended by a transaction that is applied now. */
  sessionCreated(session: number, timeout: number): void {
    if (!this.#leases.has(session)) this.#lease(session, timeout);
  }

  sessionClosed(session: number): void {
    this.#attachments.delete(session);
    this.#leases.delete(session);
    this.#expiring.delete(session);
  }

  applied(zxid: Zxid): void {
    this.#preparer.applied(zxid);
  }

  /** After a batch of transactions: those who resume sessions that were being made or ended, in order. */
  level(): void {
    // What was committed is still applied when this server has just ceased to lead; the next leader is asked again.
    if (!this.#peer.leads) return;
    for (const { from, message } of this.#undecided.splice(0)) this.#attach(from, message);
  }

  /** `clock` must advance in short steps only, whatever the real time did. */
  tick(clock: number, wall: number): void {
    this.#clock = clock;
    // Times in znodes do not run backwards under one leader, even where the wall clock does.
    this.#wall = Math.max(this.#wall, wall);
    if (!this.#configured && this.#peer.leads) this.#configure();
  }

  /** The first act of a leader: `/zookeeper/config` is to tell what its own configuration says. */
  #configure(): void {
    this.#configured = true;
    const servers = this.#options.serverLines;
    const config = this.#tree.find(CONFIG_PATH)!;
    if (config.data !== configText(servers, config.mzxid)) this.#propose({ op: 'configure', servers }, 0, 0, 0, []);
  }

  #quotaNoted(quota: string, reason: string): void {
    if (this.#clock - this.#notedSince >= QUOTA_NOTE_MS) {
      this.#notedQuotas.clear();
      this.#notedSince = this.#clock;
    }
    if (this.#notedQuotas.has(quota) || this.#notedQuotas.size >= QUOTA_NOTES) return;
    this.#notedQuotas.add(quota);
    this.#log('warn', 'quota', { quota, reason });
  }

  /** Ends sessions that were silent for too long, and removes containers and TTL znodes whose time has come. */
  expire(): void {
    if (!this.#peer.leads) return;
    const clock = this.#clock;
    for (const [session, lease] of this.#leases) {
      if (lease.deadline > clock || this.#expiring.has(session)) continue;
      this.#expiring.add(session);
      this.#propose({ op: 'expireSession', target: session }, 0, 0, 0, []);
    }
    if (clock - this.#lastReap < this.#options.reapIntervalMs) return;
    this.#lastReap = clock;
    const { containerUnusedMs, reapMost } = this.#options;
    for (const path of this.#tree.reapable(this.#wall, { maxNeverUsedMs: containerUnusedMs, max: reapMost })) {
      this.#propose({ op: 'reap', path }, 0, 0, 0, []);
    }
  }
}

/** Compares without telling by its duration where the first difference is. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
