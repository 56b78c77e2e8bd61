/**
 * The two kinds of ports of a simulated server: links to the other servers, and the door for clients. They keep the
 * promises of peer-links.ts and client-door.ts of the real server: one link for a pair, the newest counts, `onDown` before
 * the next `onUp`, a silent link is given up. Authentication, HTTP and WebSocket are left out.
 */
import type { ClientDoorOptions, ClientLink } from '@synod/server/host/client-door';
import type { PeerLinksOptions } from '@synod/server/host/peer-links';
import type { Door, Links } from '@synod/server/host/world';
import type { End, Network } from './network.js';
import type { Enter, Process } from './process.js';

/** As the real links: five pings without an answer. */
const SILENCE_MS = 5_000;
const LOOK_MS = 1_000;
const LEAST_RETRY_MS = 50;
const MOST_RETRY_MS = 800;
const DIAL_MS = 2_000;

/** The node of a server in the network. */
export function serverNode(id: number): string {
  return `s${id}`;
}

/** What the two ports need of the process they are in. */
export interface Ports {
  readonly process: Process;
  readonly network: Network;
  /** A frame to another server leaves. */
  leaving(peer: number, bytes: Uint8Array): void;
}

interface Peer {
  end: End | null;
  retryMs: number;
}

export class SimLinks implements Links {
  readonly #options: PeerLinksOptions;
  readonly #ports: Ports;
  readonly #enter: Enter;
  readonly #peers = new Map<number, Peer>();
  #closed = false;

  constructor(options: PeerLinksOptions, ports: Ports) {
    this.#options = options;
    this.#ports = ports;
    this.#enter = ports.process.entrance();
    for (const id of options.peers.keys()) this.#peers.set(id, { end: null, retryMs: LEAST_RETRY_MS });
  }

  start(): Promise<void> {
    const { network, process } = this.#ports;
    const self = this.#options.self;
    network.listen(serverNode(self), 'peers', (end) => {
      const id = Number(end.to.slice(1));
      if (this.#closed || !this.#peers.has(id)) return false;
      this.#enter(() => this.#up(id, end));
      return true;
    });
    for (const id of this.#peers.keys()) if (id < self) this.#dial(id);
    process.every(LOOK_MS, () => this.#look());
    return Promise.resolve();
  }

  isUp(peer: number): boolean {
    return (this.#peers.get(peer)?.end ?? null) !== null;
  }

  send(peer: number, bytes: Uint8Array): void {
    const end = this.#peers.get(peer)?.end;
    if (!end) return;
    this.#ports.leaving(peer, bytes);
    end.send(bytes);
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const peer of this.#peers.values()) {
      peer.end?.close('the server stops');
      peer.end = null;
    }
    return Promise.resolve();
  }

  /** The larger id opens the link; a restarted smaller one is called within a moment, as its knock would have it. */
  #dial(id: number): void {
    const { network, process } = this.#ports;
    const peer = this.#peers.get(id)!;
    if (this.#closed || peer.end) return;
    let over = false;
    const retry = (): void => {
      if (over) return;
      over = true;
      peer.retryMs = Math.min(peer.retryMs * 2, MOST_RETRY_MS);
      process.after(peer.retryMs, () => this.#dial(id));
    };
    const giveUp = network.connect(
      serverNode(this.#options.self),
      serverNode(id),
      'peers',
      (end) =>
        this.#enter(() => {
          if (over) end.abort('the attempt was given up');
          else this.#up(id, end);
          over = true;
        }),
      () => this.#enter(retry),
    );
    process.after(DIAL_MS, () => {
      if (over) return;
      giveUp();
      retry();
    });
  }

  #up(id: number, end: End): void {
    const { process } = this.#ports;
    const peer = this.#peers.get(id)!;
    if (this.#closed || end.over) {
      end.abort('the server stops');
      if (!this.#closed && id < this.#options.self) process.after(LEAST_RETRY_MS, () => this.#dial(id));
      return;
    }
    if (peer.end) this.#down(id, 'a newer link stands');
    peer.end = end;
    peer.retryMs = LEAST_RETRY_MS;
    end.attach({
      frame: (bytes) =>
        this.#enter(() => {
          if (peer.end === end) this.#options.onFrame(id, bytes);
        }),
      closed: (cause) =>
        this.#enter(() => {
          if (peer.end === end) this.#down(id, cause);
        }),
    });
    this.#options.onUp(id);
  }

  #down(id: number, cause: string): void {
    const { process } = this.#ports;
    const peer = this.#peers.get(id)!;
    peer.end?.abort(cause);
    peer.end = null;
    this.#options.onDown(id, cause);
    if (id < this.#options.self) process.after(LEAST_RETRY_MS, () => this.#dial(id));
  }

  /** What pings would show. */
  #look(): void {
    const { network, process } = this.#ports;
    const self = serverNode(this.#options.self);
    for (const [id, { end }] of this.#peers) {
      if (!end) continue;
      const since = Math.min(end.peer.vanishedAt, network.cutSince(serverNode(id), self));
      if (process.timeline.now - since > SILENCE_MS) this.#down(id, 'it is silent');
    }
  }
}

/** A client's connection as the host sees it. */
class SimClientLink implements ClientLink {
  readonly address = '10.1.0.1';
  readonly port = 1;
  readonly id: number;
  readonly end: End;
  /** The owner is told of the end in the next turn, as a socket would. */
  onEnd: () => void = () => undefined;

  constructor(id: number, end: End) {
    this.id = id;
    this.end = end;
  }

  get bufferedBytes(): number {
    return this.end.buffered;
  }

  send(bytes: Uint8Array): void {
    this.end.send(bytes);
  }

  pause(): void {
    this.end.pause();
  }

  resume(): void {
    this.end.resume();
  }

  close(reason: string): void {
    this.end.close(reason);
    this.onEnd();
  }

  terminate(): void {
    this.end.abort('terminated');
    this.onEnd();
  }
}

export class SimDoor implements Door {
  readonly #options: ClientDoorOptions;
  readonly #ports: Ports;
  readonly #self: string;
  readonly #enter: Enter;
  readonly #links = new Set<SimClientLink>();
  #lastId = 0;
  #closed = false;

  constructor(options: ClientDoorOptions, ports: Ports, self: string) {
    this.#options = options;
    this.#ports = ports;
    this.#enter = ports.process.entrance();
    this.#self = self;
  }

  start(): Promise<void> {
    this.#ports.network.listen(this.#self, 'clients', (end) => {
      if (this.#closed) return false;
      this.#enter(() => this.#accept(end));
      return true;
    });
    return Promise.resolve();
  }

  address(): { port: number } {
    return { port: 1 };
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const { end } of this.#links) end.close('the server shuts down');
    return Promise.resolve();
  }

  #accept(end: End): void {
    const { process } = this.#ports;
    const link = new SimClientLink(++this.#lastId, end);
    this.#links.add(link);
    const gone = (): void => {
      if (this.#links.delete(link)) this.#options.onClose(link);
    };
    this.#options.onOpen(link, 'synod');
    end.attach({
      frame: (bytes) =>
        this.#enter(() => {
          if (!end.over) this.#options.onBytes(link, bytes);
        }),
      closed: () => this.#enter(gone),
    });
    link.onEnd = () => void process.after(0, gone);
    if (end.over) process.after(0, gone);
  }
}
