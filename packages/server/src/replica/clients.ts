/**
 * The clients connected to this server: their handshakes, their queues, their watches.
 *
 * It passes on to the leader what must be ordered, and answers from the applied state what may be read. While the server
 * has no leader everything waits where it is; with the next leader sessions are attached again and unanswered writes are
 * sent again under their old numbers, so a change of leadership costs a client nothing but time.
 */
import {
  isRefusal,
  isWrite,
  limits,
  Op,
  refuse,
  type AddAuthRequest,
  type ClientMessage,
  type ErrorCode,
  type Reply,
  type Request,
  type Zxid,
} from '@synod/protocol';
import { Journal, type Applied, type Tree } from '@synod/tree';
import { Connection, forgotten, writeOf, type Waiting } from './connection.js';
import type { ClientFault } from './event.js';
import { ConnectionRequests } from './connection-requests.js';
import { Handshakes } from './handshakes.js';
import { Pacing, type Pace } from './pacing.js';
import { Syncs } from './syncs.js';
import type { Surroundings } from './surroundings.js';
import type { ReplicaOptions } from './options.js';

/** Bytes of answers that one turn prepares for one client, unless they must not wait. */
const OUT_BYTES = 1_048_576;

export class Clients {
  readonly #options: ReplicaOptions;
  readonly #around: Surroundings;
  readonly #requests: ConnectionRequests;
  readonly connections = new Map<number, Connection>();
  readonly #bySession = new Map<number, Connection>();
  /** Connections that have something to send or to do at the end of the turn. */
  readonly #busy = new Set<Connection>();
  /** Connections that wait until more is applied. */
  readonly #parked = new Set<Connection>();
  readonly #touched = new Set<number>();
  readonly #closing: { readonly connection: number; readonly reason: string }[] = [];
  readonly #handshakes: Handshakes;
  readonly #pacing: Pacing;
  readonly #syncs = new Syncs();
  #writes = 0;
  #lostLeaderAt: number;

  constructor(options: ReplicaOptions, around: Surroundings, firstTag: number) {
    this.#options = options;
    this.#around = around;
    this.#requests = new ConnectionRequests(options.skipAcl, options.authentication, around.tree.zxid);
    this.#pacing = new Pacing(options.outstandingWrites);
    this.#handshakes = new Handshakes(options, around, firstTag, {
      opened: (connection) => {
        this.#opened(connection);
      },
      dismiss: (connection, code, reason) => {
        this.dismiss(connection, code, reason);
      },
    });
    this.#lostLeaderAt = around.clock;
  }

  get watches(): ConnectionRequests['watches'] {
    return this.#requests.watches;
  }

  open(id: number, address: string): void {
    this.connections.set(id, new Connection(id, address, this.#around.clock));
  }

  closed(id: number): void {
    const connection = this.connections.get(id);
    if (connection) this.#forget(connection);
  }

  #forget(connection: Connection): void {
    if (connection.state === 'closed') return;
    connection.state = 'closed';
    this.#writes -= connection.waitingWrites;
    connection.dropQueue();
    this.connections.delete(connection.id);
    this.#parked.delete(connection);
    if (this.#bySession.get(connection.session) === connection) this.#bySession.delete(connection.session);
    this.#handshakes.forget(connection);
    this.#requests.drop(connection.id);
  }

  /** Says why, closes, and forgets. */
  dismiss(connection: Connection, code: ErrorCode, reason: string): void {
    connection.goodbye({ code, reason });
    this.#busy.add(connection);
    this.#closing.push({ connection: connection.id, reason });
    this.#forget(connection);
  }

  /** Another state took the place of the one that changes were remembered for. */
  forgetChanges(zxid: Zxid): void {
    this.#requests.journal = new Journal(zxid);
  }

  dismissAll(code: ErrorCode, reason: string): void {
    for (const connection of [...this.connections.values()]) this.dismiss(connection, code, reason);
  }

  message(id: number, message: ClientMessage): void {
    const connection = this.connections.get(id);
    if (!connection) return;
    if (message.type === 'hello') {
      if (connection.state === 'hello') this.#handshakes.hello(connection, message.hello);
      else this.dismiss(connection, 'MARSHALLING_ERROR', 'a connection says hello once only');
      return;
    }
    if (connection.state === 'hello' || connection.state === 'opening') {
      this.dismiss(connection, 'MARSHALLING_ERROR', 'a request before the server said welcome');
      return;
    }
    this.#touched.add(connection.session);
    if (isWrite(message.request)) this.#write(connection, message.xid, message.number, message.acked, message.request);
    else this.#read(connection, message.xid, message.request);
    this.#pacing.check(connection, this.#writes);
  }

  /** A message that could not be read is answered in its turn where it has an xid. */
  fault(id: number, xid: number, fault: ClientFault): void {
    const connection = this.connections.get(id);
    if (!connection) return;
    if (connection.state !== 'open' || xid === 0) this.dismiss(connection, fault.code, fault.reason);
    else this.#answer(connection, xid, Op.ping, refuse(fault.code, '', fault.reason));
  }

  /** What the leader answers to a handshake. */
  get handshakes(): Handshakes {
    return this.#handshakes;
  }

  /** A session is served on this connection from here on; an earlier connection of it is not. */
  #opened(connection: Connection): void {
    const { session } = connection;
    const before = this.#bySession.get(session);
    if (before && before !== connection) this.dismiss(before, 'SESSION_MOVED', 'the session has a newer connection');
    this.#bySession.set(session, connection);
    this.#touched.add(session);
    this.#busy.add(connection);
  }

  moved(session: number, generation: number): void {
    const connection = this.#bySession.get(session);
    if (connection && connection.generation < generation) {
      this.dismiss(connection, 'SESSION_MOVED', 'the session has moved to another connection');
    }
  }

  gone(session: number): void {
    const connection = this.#bySession.get(session);
    if (connection) this.dismiss(connection, 'SESSION_EXPIRED', 'the session has ended');
  }

  #write(connection: Connection, xid: number, number: number, acked: number, request: Request): void {
    const problem = connection.takeNumber(number, acked);
    if (problem !== null) return this.dismiss(connection, 'BAD_ARGUMENTS', problem);
    const { op } = request;
    if (number <= (this.#around.tree.sessions.get(connection.session)?.lastNumber ?? 0)) {
      // Not among the writes that wait: its transaction is applied already.
      connection.enqueue({ xid, op, request, reply: this.#resultOf(connection, number) });
      this.#drain(connection);
      return;
    }
    const waiting = connection.enqueue({ xid, op, request, number, acked });
    this.#writes++;
    if (this.#around.serving && connection.syncs === 0 && !connection.full) this.#forward(connection, waiting);
  }

  #forward(connection: Connection, waiting: Waiting): void {
    const { session, generation } = connection;
    const { number, acked, identities } = waiting;
    waiting.forwarded = true;
    // A write is judged by who the client was when it asked, however long it waited here.
    if (identities !== connection.told) this.#around.toLeader({ type: 'identities', session, generation, identities });
    connection.told = identities;
    this.#around.toLeader({ type: 'write', session, generation, number, acked, request: writeOf(waiting) });
  }

  /** Passes on what waited for a sync, or for room: a read behind it must not see a write behind the read. */
  #forwardHeld(connection: Connection): void {
    if (connection.full) return;
    for (const waiting of connection.queued()) {
      if (waiting.op === Op.sync) return;
      if (waiting.number > 0 && waiting.reply === null && !waiting.forwarded) this.#forward(connection, waiting);
    }
  }

  #read(connection: Connection, xid: number, request: Request): void {
    if (request.op === Op.addAuth) {
      // At once, so that requests behind it are judged with it and those before it without.
      this.#addAuth(connection, xid, request);
      return;
    }
    const waiting = connection.enqueue({ xid, op: request.op, request });
    if (request.op === Op.sync && this.#around.serving) this.#sync(connection, waiting);
    this.#drain(connection);
  }

  #sync(connection: Connection, waiting: Waiting): void {
    this.#around.toLeader({ type: 'sync', tag: this.#syncs.ask(connection, waiting) });
  }

  #addAuth(connection: Connection, xid: number, request: AddAuthRequest): void {
    const result = this.#requests.authenticate(connection, request);
    if (isRefusal(result) && result.code === 'AUTH_FAILED') {
      this.#answer(connection, xid, Op.addAuth, result);
      this.dismiss(connection, result.code, result.reason);
      return;
    }
    this.#answer(connection, xid, Op.addAuth, result);
  }

  /** Queues an answer that is known already. */
  #answer(connection: Connection, xid: number, op: Waiting['op'], result: Reply['result']): void {
    connection.enqueue({ xid, op, request: null, reply: { zxid: this.#around.tree.zxid, result } });
    this.#drain(connection);
  }

  /**
   * Answers from the head of the queue as far as answers are there. `applying`: also without a leader, because the next
   * transaction to be applied may be a later write of the same session.
   */
  #drain(connection: Connection, applying = false): void {
    if (connection.state !== 'open' || !(this.#around.serving || applying)) return;
    this.#busy.add(connection);
    const { tree } = this.#around;
    for (let waiting = connection.head; waiting; waiting = connection.head) {
      if (connection.outBytes > OUT_BYTES) connection.full = true;
      if (connection.full && !connection.hasWriteUnderWay) return;
      const { outBytes } = connection;
      if (outBytes > limits.clientBacklogBytes) return this.dismiss(connection, 'CONNECTION_LOSS', 'too much to send');
      const reply = waiting.reply ?? this.#replyNow(connection, waiting, tree);
      if (!reply) return;
      connection.shift();
      connection.reply(waiting, reply);
      if (waiting.op === Op.sync) this.#forwardHeld(connection);
      if (waiting.op === Op.closeSession && !isRefusal(reply.result)) {
        this.#closing.push({ connection: connection.id, reason: 'the client closed its session' });
        this.#forget(connection);
        return;
      }
    }
  }

  /** What was sent to this client has left. */
  drained(id: number): void {
    const connection = this.connections.get(id);
    if (!connection) return;
    connection.full = false;
    this.#drain(connection);
    if (this.#around.serving) this.#forwardHeld(connection);
  }

  #replyNow(connection: Connection, waiting: Waiting, tree: Tree): Reply | null {
    if (waiting.number > 0) return this.#repeated(connection, waiting, tree);
    if (waiting.op === Op.sync) {
      if (waiting.waitFor < 0 || waiting.waitFor > tree.zxid) return null;
      return { zxid: tree.zxid, result: {} };
    }
    const result = this.#requests.answer(connection, waiting, tree);
    return { zxid: tree.zxid, result };
  }

  /** A write that the leader knows as carried out before: its result is here once enough is applied. */
  #repeated(connection: Connection, waiting: Waiting, tree: Tree): Reply | null {
    if (waiting.waitFor < 0 || waiting.waitFor > tree.zxid) return null;
    if (connection.firstWrite === waiting) this.#settleWrite(connection);
    return this.#resultOf(connection, waiting.number);
  }

  #resultOf(connection: Connection, number: number): Reply {
    const { tree } = this.#around;
    return tree.resultOf(connection.session, number) ?? forgotten(number, tree.zxid);
  }

  #settleWrite(connection: Connection): void {
    connection.shiftWrite();
    this.#writes--;
  }

  duplicate(session: number, number: number, zxid: Zxid): void {
    const connection = this.#bySession.get(session);
    const waiting = connection?.unanswered().find((write) => write.number === number);
    if (!connection || !waiting) return;
    waiting.waitFor = zxid;
    this.#parked.add(connection);
    this.#drain(connection);
  }

  synced(tag: number, zxid: Zxid): void {
    const asked = this.#syncs.answered(tag);
    if (!asked) return;
    asked.waiting.waitFor = zxid;
    this.#parked.add(asked.connection);
    this.#drain(asked.connection);
  }

  /** A transaction was applied: tell watchers, then answer whoever asked for it. */
  applied(applied: Applied): void {
    this.#requests.fire(applied.changes, this.#around.tree, this.connections, this.#busy);
    const { createdSession, closedSession, session, number } = applied;
    if (createdSession?.server === this.#options.zab.self)
      this.#handshakes.created(createdSession.tag, createdSession.id);
    const connection = this.#bySession.get(session);
    if (connection && number > 0) this.#settle(connection, number, applied.reply);
    if (closedSession === undefined) return;
    const closed = this.#bySession.get(closedSession);
    if (closed) this.dismiss(closed, 'SESSION_EXPIRED', 'the session has ended');
  }

  /** The write with this number is applied, and so are all before it: repeated ones may still have waited. */
  #settle(connection: Connection, number: number, reply: Reply): void {
    for (let first = connection.firstWrite; first && first.number <= number; first = connection.firstWrite) {
      this.#settleWrite(connection);
      first.reply = first.number === number ? reply : this.#resultOf(connection, first.number);
    }
    this.#drain(connection, true);
  }

  /** After a batch of transactions: those who waited for a zxid. */
  level(): void {
    this.#handshakes.level();
    for (const connection of [...this.#parked]) {
      this.#drain(connection);
      const { head } = connection;
      if (!head || head.waitFor < 0) this.#parked.delete(connection);
    }
  }

  /** There is a leader again: attach, then send again what has no answer. */
  leaderFound(): void {
    for (const connection of [...this.connections.values()]) {
      if (connection.state === 'opening') this.#handshakes.askAgain(connection);
      else if (connection.state === 'open') this.#attachAgain(connection);
    }
  }

  #attachAgain(connection: Connection): void {
    const { session, generation, timeout, identities } = connection;
    if (!this.#around.tree.sessions.get(session)) {
      this.gone(session);
      return;
    }
    this.#around.toLeader({ type: 'reattach', session, generation, timeout, identities });
    connection.told = identities;
    for (const waiting of connection.queued()) {
      waiting.waitFor = -1;
      waiting.forwarded = false;
      if (waiting.op === Op.sync) this.#sync(connection, waiting);
    }
    this.#forwardHeld(connection);
    this.#drain(connection);
  }

  leaderLost(): void {
    this.#syncs.clear();
    this.#lostLeaderAt = this.#around.clock;
  }

  tick(): void {
    const { clock, serving } = this.#around;
    for (const connection of [...this.connections.values()]) this.#handshakes.checkTime(connection);
    if (!serving && this.connections.size > 0 && clock - this.#lostLeaderAt > this.#options.noLeaderMs) {
      this.dismissAll('CONNECTION_LOSS', 'this server has no leader');
    }
  }

  /** Sessions heard since the last call. */
  takeTouched(): number[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  /** What the host has to do for the clients, at the end of a turn. */
  takeOutput(emit: {
    send(connection: number, messages: readonly (readonly unknown[])[], full: boolean): void;
    close(connection: number, reason: string): void;
    pace(effect: Pace): void;
  }): void {
    for (const connection of this.#busy) {
      if (connection.out.length === 0) continue;
      emit.send(connection.id, connection.out, connection.full);
      connection.out = [];
      connection.outBytes = 0;
    }
    this.#busy.clear();
    for (const { connection, reason } of this.#closing.splice(0)) emit.close(connection, reason);
    for (const effect of this.#pacing.take(this.#writes)) emit.pace(effect);
  }
}
