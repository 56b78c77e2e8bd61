/**
 * Servers that talk through a proxy for each direction of calling: a server keeps its address over a restart though it
 * gets a new port each time, and a connection can be frozen (open, but nothing comes through), as a dead machine's is.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { createSecretKey, randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { PeerLinks, type PeerLinksOptions } from '@synod/server/host/peer-links';
import type { Handshake, HandshakeParty } from '@synod/server/host/peer-handshake';
import { Journal, journalLogger } from './journal.js';

export const SECRET = 'a secret for tests';

export function party(
  self: number,
  peers: readonly number[],
  changes: { cluster?: string; secret?: string } = {},
): HandshakeParty {
  const { cluster = 'test', secret = SECRET } = changes;
  return { self, cluster, secret: createSecretKey(Buffer.from(secret)), peers: new Set(peers) };
}

export const nonce = (): Uint8Array => randomBytes(32);

class Path {
  /** What became of each call. */
  readonly calls = new Journal<'refused' | 'swallowed' | 'through'>();
  port = 0;
  target: number | undefined;
  /** Calls are taken, but nobody ever answers. */
  hole = false;
  readonly #server: Server = createServer((socket) => this.#called(socket));
  readonly #sockets = new Set<Socket>();
  readonly #frozen = new Set<Socket>();

  async open(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** From now on nothing comes through the connections that there are, not even their end. New ones are as ever. */
  freeze(): void {
    for (const socket of this.#sockets) this.#frozen.add(socket.unpipe().pause());
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #called(near: Socket): void {
    this.#keep(near);
    if (this.hole) {
      this.calls.add('swallowed');
    } else if (this.target === undefined) {
      near.destroy();
      this.calls.add('refused');
    } else {
      const far = connect(this.target, '127.0.0.1');
      this.#keep(far);
      near.pipe(far).pipe(near);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        socket.on('close', () => this.#frozen.has(other) || other.destroy());
      }
      this.calls.add('through');
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** One server and what it told. */
export interface Member {
  readonly links: PeerLinks;
  /** `up 2`, `down 2 cause`, in order. */
  readonly told: Journal<string>;
  readonly frames: Journal<{ peer: number; bytes: Uint8Array }>;
  readonly lines: Journal<string>;
}

export class Rig {
  readonly #ids: readonly number[];
  readonly #paths = new Map<string, Path>();
  readonly #running = new Map<number, Member>();

  constructor(...ids: number[]) {
    this.#ids = ids;
  }

  async open(): Promise<this> {
    for (const from of this.#ids)
      for (const to of this.#ids) if (from !== to) this.#paths.set(`${from}>${to}`, new Path());
    await Promise.all([...this.#paths.values()].map((path) => path.open()));
    return this;
  }

  path(from: number, to: number): Path {
    const path = this.#paths.get(`${from}>${to}`);
    if (!path) throw new Error(`no path from ${from} to ${to}`);
    return path;
  }

  member(id: number, changes: Partial<PeerLinksOptions> = {}): Member {
    const peers = new Map(
      this.#ids
        .filter((each) => each !== id)
        .map((each) => [each, { host: '127.0.0.1', port: this.path(id, each).port }]),
    );
    const [told, frames, lines] = [
      new Journal<string>(),
      new Journal<{ peer: number; bytes: Uint8Array }>(),
      new Journal<string>(),
    ];
    const links = new PeerLinks({
      ...{ self: id, cluster: 'test', secret: SECRET, peers, listen: { host: '127.0.0.1', port: 0 } },
      ...{ log: journalLogger(lines), maxFrameBytes: 4 * 1_048_576 },
      onUp: (peer) => told.add(`up ${peer}`),
      onDown: (peer, cause) => told.add(`down ${peer} ${cause}`),
      onFrame: (peer, bytes) => frames.add({ peer, bytes }),
      ...changes,
    });
    return { links, told, frames, lines };
  }

  async start(id: number, changes: Partial<PeerLinksOptions> = {}): Promise<Member> {
    const member = this.member(id, changes);
    await member.links.start();
    this.#running.set(id, member);
    this.#route(id, member.links.address().port);
    return member;
  }

  async stop(id: number): Promise<void> {
    this.#route(id, undefined);
    await this.#running.get(id)?.links.close();
    this.#running.delete(id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id)));
    for (const path of this.#paths.values()) path.close();
  }

  #route(id: number, port: number | undefined): void {
    for (const from of this.#ids) if (from !== id) this.path(from, id).target = port;
  }
}

/** A dialer without a PeerLinks around it; `outcome` resolves with `ready` or with the reason it was closed for. */
export interface RawDialer {
  readonly ws: WebSocket;
  readonly outcome: Promise<string>;
  readonly closed: Promise<string>;
}

/** Dials a port and follows a handshake, or sends `instead` in answer to the greeting. */
export function dialRaw(port: number, handshake: Handshake | undefined, instead?: Uint8Array | string): RawDialer {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/peer`, { perMessageDeflate: false });
  const closed = new Promise<string>((resolve) =>
    ws.on('close', (code, reason) => resolve(`${code} ${reason.toString()}`)),
  );
  const ready = new Promise<string>((resolve) => {
    ws.on('error', () => undefined);
    ws.on('message', (data) => {
      if (instead !== undefined) ws.send(instead);
      const step = instead === undefined ? handshake?.receive(data as Buffer) : undefined;
      if (step?.state === 'more') ws.send(step.send);
      if (step?.state === 'done') {
        handshake = undefined;
        resolve('ready');
      }
    });
  });
  return { ws, closed, outcome: Promise.race([ready, closed]) };
}
