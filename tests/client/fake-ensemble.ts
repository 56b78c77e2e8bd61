/**
 * Servers in this process that speak the client protocol over real WebSockets and share one tree, and that can be told
 * to misbehave. Everything is applied at once; there is no log and no quorum.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  EventType,
  eventToWire,
  frameMessages,
  goodbyeToWire,
  isRefusal,
  isWrite,
  limits,
  Op,
  pack,
  parentPath,
  PROTOCOL_VERSION,
  readClientMessage,
  refuse,
  replyToWire,
  unpackForeign,
  welcomeToWire,
  type ErrorCode,
  type Hello,
  type Refusal,
  type Reply,
  type Request,
  type WatchEvent,
  type Welcome,
} from '@synod/protocol';
import { WebSocketServer, type WebSocket } from 'ws';
import { FakeTree } from './fake-tree.js';

interface FakeSession {
  readonly id: number;
  readonly secret: Uint8Array;
  readonly timeout: number;
  readonly results: Map<number, Reply>;
  last: number;
}

/** What a server does with a request: `cut` drops the connection, before or after the request took effect. */
export type Fate = 'serve' | 'silence' | 'cut' | 'apply-then-cut' | Refusal;

/** How a server may be told to behave; each hook is asked every time. */
export interface Behaviour {
  /** Undefined: an ordinary welcome. */
  hello?: (hello: Hello) => 'silence' | { code: ErrorCode; reason: string } | Partial<Welcome> | undefined;
  request?: (request: Request, number: number) => Fate;
}

export class FakeEnsemble {
  readonly tree = new FakeTree();
  readonly sessions = new Map<number, FakeSession>();
  readonly servers: FakeServer[] = [];
  /** Lowest timeout a server grants, in milliseconds. */
  minTimeout = 0;

  static async start(count = 1): Promise<FakeEnsemble> {
    const ensemble = new FakeEnsemble();
    for (let id = 1; id <= count; id++) {
      const server = new FakeServer(ensemble, id);
      ensemble.servers.push(server);
      await server.start();
    }
    return ensemble;
  }

  get connectString(): string {
    return this.servers.map((server) => `127.0.0.1:${server.port}`).join(',');
  }

  /** The only server, or the first. */
  get server(): FakeServer {
    return this.servers[0]!;
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await server.stop();
  }

  /** The server that holds a connection now. */
  get serving(): FakeServer {
    const found = this.servers.find((server) => server.connections > 0);
    if (found === undefined) throw new Error('no server is connected');
    return found;
  }

  expire(session: number): void {
    this.tree.zxid++;
    this.tree.closeSession(session);
    this.sessions.delete(session);
    this.publish();
  }

  #published = 0;

  /** Tells all connections what has changed. */
  publish(): void {
    const events = this.tree.journal.slice(this.#published);
    this.#published = this.tree.journal.length;
    for (const event of events) for (const server of this.servers) server.fire(event);
  }
}

export class FakeServer {
  readonly id: number;
  readonly ensemble: FakeEnsemble;
  behaviour: Behaviour = {};
  /** All that clients have said, across connections. */
  readonly hellos: Hello[] = [];
  readonly requests: { request: Request; number: number; acked: number }[] = [];
  port = 0;
  #server: WebSocketServer | undefined;
  readonly #connections = new Set<FakeConnection>();

  constructor(ensemble: FakeEnsemble, id: number) {
    this.ensemble = ensemble;
    this.id = id;
  }

  get connections(): number {
    return this.#connections.size;
  }

  async start(): Promise<void> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: this.port, perMessageDeflate: false });
    server.on('connection', (socket) => {
      const connection = new FakeConnection(this, socket);
      this.#connections.add(connection);
      socket.on('close', () => this.#connections.delete(connection));
    });
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Stops listening and drops all connections. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.cut();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Drops all connections. */
  cut(): void {
    for (const connection of this.#connections) connection.socket.terminate();
  }

  goodbye(code: ErrorCode, reason: string): void {
    for (const connection of this.#connections) connection.goodbye(code, reason);
  }

  /** Sends these bytes to every client, whatever they are. */
  sendRaw(bytes: Uint8Array): void {
    for (const connection of this.#connections) connection.socket.send(bytes);
  }

  fire(event: WatchEvent): void {
    for (const connection of this.#connections) connection.fire(event);
  }
}

type Kind = 'data' | 'exists' | 'children' | 'persistent' | 'recursive';

class FakeConnection {
  readonly socket: WebSocket;
  readonly #server: FakeServer;
  #session: FakeSession | undefined;
  #out: unknown[][] = [];
  readonly #watches: Record<Kind, Set<string>> = {
    data: new Set(),
    exists: new Set(),
    children: new Set(),
    persistent: new Set(),
    recursive: new Set(),
  };

  constructor(server: FakeServer, socket: WebSocket) {
    this.#server = server;
    this.socket = socket;
    socket.on('message', (data) => {
      this.#frame(data as Buffer);
      this.#flush();
    });
  }

  #frame(bytes: Buffer): void {
    for (const message of frameMessages(unpackForeign(bytes))) {
      const read = readClientMessage(message);
      if (read.type === 'hello') this.#hello(read.hello);
      else if (!this.#serve(read.xid, read.request, read.number, read.acked)) return;
    }
  }

  #hello(hello: Hello): void {
    const { ensemble, behaviour } = this.#server;
    this.#server.hellos.push(hello);
    const odd = behaviour.hello?.(hello);
    if (odd === 'silence') return;
    if (odd !== undefined && 'code' in odd) return this.goodbye(odd.code, odd.reason);
    if (hello.lastZxid > ensemble.tree.zxid) return this.goodbye('CONNECTION_LOSS', 'this server is behind');
    const resumed = hello.session !== 0;
    const session = resumed ? ensemble.sessions.get(hello.session) : this.#newSession(hello);
    if (session === undefined || (hello.secret !== null && !Buffer.from(session.secret).equals(hello.secret))) {
      return this.goodbye('SESSION_EXPIRED', 'there is no such session');
    }
    this.#session = session;
    this.#out.push(
      welcomeToWire({
        version: PROTOCOL_VERSION,
        resumed,
        session: session.id,
        secret: session.secret,
        timeout: session.timeout,
        zxid: ensemble.tree.zxid,
        server: this.#server.id,
        lastWrite: session.last,
        maxFrameBytes: limits.frameBytes,
        maxOutstandingWrites: limits.outstandingWrites,
        maxOutstandingRequests: limits.outstandingRequests,
        maxMultiOperations: limits.multiOperations,
        ...odd,
      }),
    );
  }

  #newSession(hello: Hello): FakeSession {
    const { ensemble } = this.#server;
    const id = ++ensemble.tree.zxid;
    const timeout = Math.max(hello.timeout, ensemble.minTimeout);
    const session = { id, secret: randomBytes(16), timeout, results: new Map(), last: 0 };
    ensemble.sessions.set(id, session);
    return session;
  }

  /** False where the rest of the frame is to be dropped. */
  #serve(xid: number, request: Request, number: number, acked: number): boolean {
    const { behaviour, requests } = this.#server;
    requests.push({ request, number, acked });
    const fate = behaviour.request?.(request, number) ?? 'serve';
    if (fate === 'silence') return true;
    if (fate === 'cut') {
      this.#drop();
      return false;
    }
    if (typeof fate === 'object') {
      this.#out.push(replyToWire(xid, request.op, { zxid: this.#server.ensemble.tree.zxid, result: fate }));
      return true;
    }
    const reply = this.#answer(request, number, acked);
    if (fate === 'apply-then-cut') {
      this.#drop();
      return false;
    }
    this.#out.push(replyToWire(xid, request.op, reply));
    if (request.op === Op.closeSession) this.#endSession();
    return true;
  }

  /** What was answered before still arrives. */
  #drop(): void {
    this.#flush();
    this.socket.terminate();
  }

  #answer(request: Request, number: number, acked: number): Reply {
    const { ensemble } = this.#server;
    const { tree } = ensemble;
    const session = this.#session;
    if (session === undefined) throw new Error('a request came before welcome');
    if (!isWrite(request)) return { zxid: tree.zxid, result: this.#read(request, session) };
    if (!ensemble.sessions.has(session.id)) {
      return { zxid: tree.zxid, result: refuse('SESSION_EXPIRED', '', 'the session is over') };
    }
    for (const old of session.results.keys()) if (old <= acked) session.results.delete(old);
    const first = session.results.get(number);
    if (first !== undefined) return first;
    if (number !== session.last + 1) throw new Error(`write ${number} after ${session.last}`);
    const result = tree.write(request, session.id);
    const reply = { zxid: tree.zxid, result };
    session.last = number;
    session.results.set(number, reply);
    ensemble.publish();
    return reply;
  }

  #read(request: Request, session: FakeSession): Reply['result'] {
    const { tree } = this.#server.ensemble;
    switch (request.op) {
      case Op.addWatch:
        this.#watches[request.mode === 1 ? 'recursive' : 'persistent'].add(request.path);
        return {};
      case Op.setWatches:
        this.#rearm(request);
        return {};
      case Op.removeWatches:
        return this.#remove(request.path, request.type);
      default: {
        const result = tree.read(request, session.id);
        if ('watch' in request && request.watch) this.#arm(request, isRefusal(result));
        return result;
      }
    }
  }

  #arm(request: { readonly op: number; readonly path: string }, refused: boolean): void {
    if (request.op === Op.getChildren) {
      if (!refused) this.#watches.children.add(request.path);
    } else if (!refused) this.#watches.data.add(request.path);
    else if (request.op === Op.exists) this.#watches.exists.add(request.path);
  }

  #rearm(request: Extract<Request, { op: typeof Op.setWatches }>): void {
    for (const kind of ['data', 'exists', 'children', 'persistent', 'recursive'] as const) {
      for (const path of request[kind]) this.#watches[kind].add(path);
    }
    for (const event of this.#server.ensemble.tree.journal) if (event.zxid > request.since) this.fire(event);
  }

  #remove(path: string, type: number): Reply['result'] {
    const kinds: Record<number, Kind[]> = {
      1: ['children'],
      2: ['data', 'exists'],
      4: ['persistent'],
      5: ['recursive'],
    };
    const all = kinds[type] ?? ['data', 'exists', 'children', 'persistent', 'recursive'];
    const removed = all.filter((kind) => this.#watches[kind].delete(path));
    return removed.length > 0 ? {} : refuse('NO_WATCHER', path, 'nobody watches it');
  }

  fire(event: WatchEvent): void {
    const { path, type } = event;
    const w = this.#watches;
    let hit = w.persistent.has(path);
    if (type === EventType.nodeChildrenChanged) hit = w.children.delete(path) || hit;
    else {
      hit = w.data.delete(path) || hit;
      hit = w.exists.delete(path) || hit;
      if (type === EventType.nodeDeleted) hit = w.children.delete(path) || hit;
      for (let p = path; ; p = parentPath(p)) {
        hit ||= w.recursive.has(p);
        if (p === '/') break;
      }
    }
    if (!hit) return;
    this.#out.push(eventToWire(event));
    queueMicrotask(() => {
      this.#flush();
    });
  }

  #endSession(): void {
    this.#server.ensemble.sessions.delete(this.#session!.id);
    this.#flush();
    this.socket.close();
  }

  goodbye(code: ErrorCode, reason: string): void {
    this.#out.push(goodbyeToWire({ code, reason }));
    this.#flush();
    this.socket.close();
  }

  #flush(): void {
    if (this.#out.length === 0) return;
    this.socket.send(pack(this.#out));
    this.#out = [];
  }
}
