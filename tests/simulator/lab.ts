/**
 * Makes histories in which every promise is kept: sessions on two servers, one of which lags behind, run by the product's
 * own tree; so what the checkers say of them also compares the product with their reference. Tests break one promise at
 * a time.
 */
import {
  EventType,
  formatZxid,
  isRefusal,
  isWrite,
  limits,
  makeZxid,
  Op,
  Permission,
  refuse,
  WatcherType,
  WatchMode,
  type Identity,
  type ReadRequest,
  type Request,
  type WriteRequest,
} from '@synod/protocol';
import { canonical } from '@synod/simulator/check/canonical';
import { checkHistory } from '@synod/simulator/check/check-history';
import type { CheckOptions } from '@synod/simulator/check/options';
import {
  emptyHistory,
  type EventRecord,
  type LogEntry,
  type OpRecord,
  type StateRecord,
  type Violation,
  type WatchKind,
} from '@synod/simulator/history';
import {
  authenticate,
  check,
  Preparer,
  Tree,
  Watches,
  type InternalRequest,
  type NodeChange,
  type Txn,
} from '@synod/tree';

/** Milliseconds since 1970 when the common clock shows 0. */
const epoch = 2_000_000_000_000;

class Replica {
  readonly tree = new Tree();
  readonly watches = new Watches();
}

export interface LabClient {
  readonly name: string;
  readonly session: number;
  readonly timeout: number;
  /** 0 is up to date. */
  readonly server: number;
  identities: readonly Identity[];
  seq: number;
  numbers: number;
  watchIds: number;
  conn: number;
  seen: number;
  contact: number;
  /** Watches of the client's own. */
  readonly listening: { readonly id: number; readonly kind: WatchKind; readonly path: string; spent: boolean }[];
}

export class Lab {
  readonly log: LogEntry[] = [];
  readonly history = emptyHistory();
  readonly clients: LabClient[] = [];
  now = 0;
  readonly #servers = [new Replica(), new Replica()] as const;
  readonly #preparer = new Preparer(this.leader, {
    skipAcl: false,
    ttlEnabled: true,
    transactionBytes: limits.transactionBytes,
    quotas: { noted: () => undefined },
  });
  #counter = 0;
  #lag = 0;

  get leader(): Tree {
    return this.#servers[0].tree;
  }

  get end(): { zxid: number; digest: number } {
    return { zxid: this.leader.zxid, digest: this.leader.digest };
  }

  check(options: Partial<CheckOptions> = {}): Violation[] {
    return checkHistory(this.log, this.history, this.end, options);
  }

  /** A new session on a server. */
  open(name: string, server = 0, timeout = 4000): LabClient {
    this.now += 10;
    const createSession = { op: 'createSession', timeout, secretHash: new Uint8Array(32), server, tag: 1 } as const;
    const session = this.propose(createSession).zxid;
    const client: LabClient = {
      ...{ name, session, timeout, server, identities: [], seq: 0, numbers: 0, watchIds: 0, conn: 1, seen: session },
      ...{ contact: this.now, listening: [] },
    };
    this.clients.push(client);
    this.#catchUp(client.server, session);
    this.history.sessions.push({ t: 'session', client: name, session, timeout, at: this.now });
    this.state(client, 'connected');
    return client;
  }

  /** One more transaction, applied by the first server; `client` where it is a client's write. */
  propose(request: WriteRequest | InternalRequest, client?: LabClient): LogEntry {
    const zxid = makeZxid(1, ++this.#counter);
    const context = {
      ...{ zxid, time: epoch + Math.floor(this.now), acked: 0 },
      ...{ session: client?.session ?? 0, number: client ? ++client.numbers : 0, identities: client?.identities ?? [] },
    };
    const txn: Txn = this.#preparer.prepare(request, context);
    const entry: LogEntry = { zxid, chain: zxid % 977, txn, proposed: this.now };
    this.log.push(entry);
    this.#apply(0, entry);
    this.#preparer.applied(zxid);
    return entry;
  }

  /** Asks, and gets the answer. */
  ask(client: LabClient, request: Request, kind: WatchKind | null = null): OpRecord {
    const called = (this.now += 5);
    const sent = (this.now += 1);
    const number = isWrite(request) ? client.numbers + 1 : 0;
    this.now += 1;
    const { zxid, result } = isWrite(request) ? this.#write(client, request) : this.#read(client, request);
    client.seen = Math.max(client.seen, zxid);
    client.contact = sent;
    this.now += 2;
    const refused = isRefusal(result);
    const watch = kind === null ? null : { id: ++client.watchIds, kind };
    const record: OpRecord = {
      ...{ t: 'op', client: client.name, session: client.session, seq: ++client.seq, conn: client.conn, request },
      ...{ write: isWrite(request), number, called, sent, end: this.now, zxid, resent: 0, watch },
      outcome: refused ? 'fail' : 'ok',
      code: refused ? result.code : '',
      result: refused ? null : canonical(result),
    };
    this.history.ops.push(record);
    const armed = !refused || (request.op === Op.exists && result.code === 'NO_NODE');
    if (watch && armed && 'path' in request) {
      client.listening.push({ ...watch, path: request.path, spent: false });
      this.#servers[client.server]!.watches.add(client.session, request.path, serverKind(watch.kind));
    }
    return record;
  }

  #write(client: LabClient, request: WriteRequest): ReturnType<Tree['apply']>['reply'] {
    const { zxid } = this.propose(request, client);
    this.#catchUp(client.server, zxid);
    return this.#replies.get(zxid)!;
  }

  readonly #replies = new Map<number, ReturnType<Tree['apply']>['reply']>();

  #read(client: LabClient, request: Request): ReturnType<Tree['apply']>['reply'] {
    this.#catchUp(client.server, request.op === Op.sync ? this.leader.zxid : client.seen);
    const { tree, watches } = this.#servers[client.server]!;
    if (request.op === Op.removeWatches) {
      if (!watches.remove(client.session, request.path, request.type))
        return { zxid: tree.zxid, result: refuse('NO_WATCHER', request.path, '') };
      const kinds = removed[request.type];
      for (const one of client.listening) if (one.path === request.path && kinds.includes(one.kind)) one.spent = true;
      return { zxid: tree.zxid, result: {} };
    }
    if (request.op === Op.addAuth) {
      const identities = authenticate(request.scheme, request.credentials, {});
      if ('code' in identities) return { zxid: tree.zxid, result: identities };
      client.identities = [...client.identities, ...identities];
      return { zxid: tree.zxid, result: {} };
    }
    if (request.op === Op.sync || request.op === Op.addWatch) return { zxid: tree.zxid, result: {} };
    const reader = { session: client.session, identities: client.identities, skipAcl: false };
    return { zxid: tree.zxid, result: tree.read(request as ReadRequest, reader) };
  }

  /** Lets the lagging server apply up to a zxid. */
  #catchUp(server: number, zxid: number): void {
    if (server === 0) return;
    for (let entry = this.log[this.#lag]; entry && entry.zxid <= zxid; entry = this.log[++this.#lag])
      this.#apply(server, entry);
  }

  /** The lagging server comes somewhat nearer. */
  advance(entries: number): void {
    const target = this.log[Math.min(this.#lag + entries, this.log.length) - 1];
    if (target) this.#catchUp(1, target.zxid);
  }

  #apply(server: number, { zxid, txn }: LogEntry): void {
    const replica = this.#servers[server]!;
    const { reply, changes } = replica.tree.apply(zxid, txn);
    this.#replies.set(zxid, reply);
    const ofSession = (session: number): LabClient => this.clients.find((client) => client.session === session)!;
    const mayRead = (session: number, acl: number): boolean =>
      check(replica.tree.acl(acl)!, ofSession(session).identities, Permission.READ);
    replica.watches.fire(changes, mayRead, (session, event) => this.#event(ofSession(session), event));
  }

  #event(client: LabClient, { type, path, zxid }: Pick<NodeChange, 'type' | 'path' | 'zxid'>): void {
    client.seen = Math.max(client.seen, zxid);
    for (const one of client.listening) {
      if (one.spent || !hears(one, type, path)) continue;
      one.spent = one.kind !== 'persistent' && one.kind !== 'recursive';
      const { name, session, conn } = client;
      const record: EventRecord = {
        ...{
          t: 'event',
          client: name,
          session,
          seq: ++client.seq,
          conn,
          at: this.now,
          watch: one.id,
          type,
          path,
          zxid,
        },
      };
      this.history.events.push(record);
    }
  }

  watch(client: LabClient, path: string, kind: 'persistent' | 'recursive'): OpRecord {
    const mode = kind === 'persistent' ? WatchMode.persistent : WatchMode.persistentRecursive;
    return this.ask(client, { op: Op.addWatch, path, mode }, kind);
  }

  state(client: LabClient, state: string): StateRecord {
    const { name, session, contact } = client;
    const record: StateRecord = {
      ...{ t: 'state', client: name, session, seq: ++client.seq, at: this.now, state, cause: '', contact },
      wall: epoch + contact,
    };
    this.history.states.push(record);
    return record;
  }

  /** The client ends its session. */
  close(client: LabClient): OpRecord {
    const record = this.ask(client, { op: Op.closeSession });
    this.#leave(client, 'closed');
    return record;
  }

  /** The client goes without a word, and its session expires in its time. */
  abandon(client: LabClient, after = client.timeout + 200): LogEntry {
    this.#leave(client, 'abandoned');
    this.now = Math.max(this.now, client.contact + after);
    return this.propose({ op: 'expireSession', target: client.session });
  }

  #leave(client: LabClient, how: 'closed' | 'abandoned'): void {
    const { name, session } = client;
    this.#servers[client.server]!.watches.drop(session);
    this.history.ends.push({ t: 'end', client: name, session, how, at: this.now });
  }

  /** What a client asked, by its place among all that it asked. */
  op(client: LabClient, index: number): OpRecord {
    const record = this.history.ops.filter(({ session }) => session === client.session)[index];
    if (!record) throw new Error(`${client.name} (${formatZxid(client.session)}) has no call ${index}`);
    return record;
  }
}

const removed: Readonly<Record<WatcherType, readonly WatchKind[]>> = {
  [WatcherType.children]: ['child'],
  [WatcherType.data]: ['data', 'exists'],
  [WatcherType.any]: ['data', 'exists', 'child', 'persistent', 'recursive'],
  [WatcherType.persistent]: ['persistent'],
  [WatcherType.persistentRecursive]: ['recursive'],
};

function serverKind(kind: WatchKind): 'data' | 'child' | 'persistent' | 'recursive' {
  return kind === 'exists' ? 'data' : kind;
}

/** As the client's library distributes events: the type decides which one-shot watches they use up. */
function hears({ kind, path: watched }: { kind: WatchKind; path: string }, type: EventType, path: string): boolean {
  const ofChildren = type === EventType.nodeChildrenChanged;
  if (kind === 'recursive')
    return !ofChildren && (path === watched || path.startsWith(watched === '/' ? '/' : `${watched}/`));
  if (path !== watched) return false;
  if (kind === 'child') return ofChildren || type === EventType.nodeDeleted;
  return kind === 'persistent' || !ofChildren;
}
