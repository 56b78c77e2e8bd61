/**
 * A ZooKeeper in this process, as far as an import looks at it: handshake, auth and reads of a small tree over a real socket,
 * by the codec's other side. Tests put znodes into the tree, and may say how each request is to be answered.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { CreateMode, isRefusal, Op, type Acl, type Result } from '@synod/protocol';
import {
  connectRequest,
  connectResponse,
  FrameSplitter,
  JuteReader,
  JuteWriter,
  readRequestBody,
  requestHeader,
  toRequest,
  toResponse,
  writeReply,
  Xid,
  ZooKeeperOp,
  type ConnectRequest,
  type RequestRecord,
} from '@synod/zookeeper';
import { FakeTree } from '../client/fake-tree.js';

/** What becomes of a request: a number is an error of ZooKeeper. */
export type Fate = 'serve' | 'cut' | 'silence' | number;

export const OPEN: Acl = [{ scheme: 'world', id: 'anyone', permissions: 31 }];

export class FakeZooKeeper {
  readonly tree = new FakeTree();
  readonly requests: RequestRecord[] = [];
  readonly connects: ConnectRequest[] = [];
  /** Bytes that each connection hears instead of everything else. */
  greeting: Buffer | undefined;
  /** Session timeout that is granted, in milliseconds. */
  timeOut = 30_000;
  /** Credentials that make an owner, who sees hashes of digests; others are refused. Undefined: everybody is one. */
  owner: string | undefined;
  fate: (request: RequestRecord, owner: boolean) => Fate = () => 'serve';
  port = 0;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #pings = new EventEmitter();

  static async start(): Promise<FakeZooKeeper> {
    const zookeeper = new FakeZooKeeper();
    await zookeeper.listen();
    return zookeeper;
  }

  /** Listens, on the same port as before if there was one. */
  async listen(): Promise<void> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      if (this.greeting === undefined) this.#converse(socket);
      else socket.write(this.greeting);
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    await closed;
  }

  /** Waits for so many pings. */
  async pinged(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await once(this.#pings, 'ping');
  }

  put(path: string, data: string | Uint8Array | null = null, acl: Acl = OPEN, owner = 0): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const mode = owner === 0 ? CreateMode.persistent : CreateMode.ephemeral;
    const result = this.tree.write({ op: Op.create, path, data: bytes, acl, mode, ttl: 0 }, owner);
    if (isRefusal(result)) throw new Error(`${path}: ${result.reason}`);
    // What servers make for themselves does not count.
    if (path === '/zookeeper') this.tree.nodes.get('/')!.cversion -= 2;
  }

  remove(path: string): void {
    this.tree.write({ op: Op.delete, path, version: -1 }, 1);
  }

  #converse(socket: Socket): void {
    const splitter = new FrameSplitter();
    const output = new JuteWriter();
    const state = { open: false, owner: this.owner === undefined };
    socket.on('data', (chunk) => {
      for (const found of splitter.push(chunk)) {
        if (found.kind !== 'frame') throw new Error('no frame');
        if (!this.#frame(new JuteReader(found.bytes), output, state)) {
          socket.destroy();
          return;
        }
      }
      socket.write(output.take());
    });
  }

  /** False where the connection is to be cut. */
  #frame(input: JuteReader, output: JuteWriter, state: { open: boolean; owner: boolean }): boolean {
    if (!state.open) {
      state.open = true;
      this.connects.push(connectRequest.read(input));
      output.begin();
      const passwd = new Uint8Array(16);
      connectResponse.write(output, {
        protocolVersion: 0,
        timeOut: this.timeOut,
        sessionId: 7,
        passwd,
        readOnly: false,
      });
      output.end();
      return true;
    }
    const { xid, type } = requestHeader.read(input);
    const record = readRequestBody(type, input);
    if (record.type === ZooKeeperOp.auth) {
      state.owner = Buffer.from(record.auth ?? '').toString() === this.owner;
      writeReply(output, { xid, zxid: 0, err: record.scheme === 'digest' ? 0 : -115 }, type as 100, null);
      return true;
    }
    if (xid === Xid.ping) this.#pings.emit('ping');
    else this.requests.push(record);
    const fate = this.fate(record, state.owner);
    if (fate === 'silence') return true;
    if (fate === 'cut' || record.type === ZooKeeperOp.sasl) return false;
    const request = toRequest(record);
    if (isRefusal(request)) throw new Error(request.reason);
    const result = typeof fate === 'number' || request.op === Op.closeSession ? {} : this.tree.read(request, 7);
    const { err, body } = toResponse(record, state.owner ? result : redacted(result));
    const header = { xid, zxid: this.tree.zxid, err: typeof fate === 'number' ? fate : err };
    writeReply(output, header, record.type, body as null);
    return true;
  }
}

function redacted(result: Result): Result {
  if (!('acl' in result)) return result;
  const { acl, stat } = result;
  const hidden = acl.map((entry) =>
    entry.scheme === 'digest' ? { ...entry, id: `${entry.id.split(':')[0]!}:x` } : entry,
  );
  return { acl: hidden, stat };
}
