/**
 * Connections between nodes (servers and clients) at the level of frames, as TCP gives them: in order, or not at all.
 *
 * A frame that is lost is sent again later, so loss is delay, and sometimes the end of the connection. A direction that is
 * cut holds its frames back: neither side is told, and when it is healed in time they arrive. Frames of different
 * connections overtake each other. What a process had sent when it died arrives up to a random point.
 */
import type { Random } from './random.js';
import type { Timeline } from './timeline.js';

/** How the network behaves; times in milliseconds. */
export interface NetworkSettings {
  /** Mean of the exponential part of a delay, and the least delay. */
  readonly delayMean: number;
  readonly delayLeast: number;
  /** Chance that a frame takes a much longer way, up to `tailMs`. */
  readonly tail: number;
  readonly tailMs: number;
  /** Chance that a frame is lost and sent again after `resendMs`, or with `breaks` ends its connection. */
  readonly loss: number;
  readonly resendMs: number;
  readonly breaks: number;
}

/** What an end of a connection tells its owner. */
export interface EndEvents {
  frame(bytes: Uint8Array): void;
  /** Once; nothing follows. */
  closed(cause: string): void;
}

/** A frame on its way; null bytes: the end of the connection. */
interface InFlight {
  readonly at: number;
  readonly bytes: Uint8Array | null;
  readonly cause: string;
}

/** One end of a connection. */
export class End {
  readonly #network: Network;
  readonly from: string;
  readonly to: string;
  #events: EndEvents | null = null;
  peer!: End;
  /** Closed here: neither sends nor hears any more. */
  over = false;
  /** When the machine lost its power, so that nobody will tell the other side; Infinity where it has not. */
  vanishedAt = Infinity;
  /** On their way to the other end, in order. */
  readonly flight: InFlight[] = [];
  /** Its owner does not read: frames wait in `unread`. */
  paused = false;
  readonly unread: Uint8Array[] = [];
  /** Bytes on their way from here, unread ones included. */
  buffered = 0;
  scheduled = false;

  constructor(network: Network, from: string, to: string) {
    this.#network = network;
    this.from = from;
    this.to = to;
  }

  get events(): EndEvents | null {
    return this.#events;
  }

  /** Its owner begins to hear: what came before was kept. */
  attach(events: EndEvents): void {
    this.#events = events;
    if (this.unread.length > 0) this.#network.resume(this);
  }

  send(bytes: Uint8Array): void {
    if (!this.over) this.#network.send(this, bytes);
  }

  /** Ends the connection after what was sent. */
  close(cause: string): void {
    if (this.over) return;
    this.over = true;
    this.#network.end(this, cause);
  }

  /** The end of the connection at once: what is under way may be lost. `silent`: the other side is not told. */
  abort(cause: string, silent = false): void {
    if (this.over) return;
    this.over = true;
    this.#network.abort(this, cause, silent);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#network.resume(this);
  }
}

/** Takes a new connection, or refuses it. */
export type Accept = (end: End) => boolean;

/** What listens on a node. */
export type Port = 'peers' | 'clients';

export class Network {
  readonly #timeline: Timeline;
  readonly #random: Random;
  settings: NetworkSettings;
  readonly #listeners = new Map<string, Accept>();
  readonly #cuts = new Map<string, number>();
  readonly #ends = new Set<End>();
  #frames = 0;

  constructor(timeline: Timeline, random: Random, settings: NetworkSettings) {
    this.#timeline = timeline;
    this.#random = random;
    this.settings = settings;
  }

  /** Frames that arrived. */
  get frames(): number {
    return this.#frames;
  }

  listen(node: string, port: Port, accept: Accept): void {
    this.#listeners.set(`${node}:${port}`, accept);
  }

  /** Nothing on this node listens any more. */
  silence(node: string): void {
    this.#listeners.delete(`${node}:peers`);
    this.#listeners.delete(`${node}:clients`);
  }

  /** The process on this node is gone, and all its connections with it. */
  abortAll(node: string, cause: string, silent: boolean): void {
    for (const end of [...this.#ends]) if (end.from === node) end.abort(cause, silent);
  }

  /** The clients of a server lose their connections and know it; the server is told nothing. */
  halfClose(server: string): void {
    for (const end of [...this.#ends]) {
      if (end.over || end.to !== server || !end.from.startsWith('c')) continue;
      end.abort('', true);
      end.events?.closed('reset on the way');
    }
  }

  // ---- partitions

  isCut(from: string, to: string): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(`${from}>${to}`);
  }

  /** Since when a direction is cut; Infinity where it is not. */
  cutSince(from: string, to: string): number {
    return this.#cuts.get(`${from}>${to}`) ?? Infinity;
  }

  cut(from: string, to: string): void {
    const key = `${from}>${to}`;
    if (!this.#cuts.has(key)) this.#cuts.set(key, this.#timeline.now);
  }

  heal(from: string, to: string): void {
    if (!this.#cuts.delete(`${from}>${to}`)) return;
    for (const end of [...this.#ends]) if (end.from === from && end.to === to) this.#healed(end);
  }

  healAll(): void {
    this.#cuts.clear();
    for (const end of [...this.#ends]) this.#healed(end);
  }

  #healed(end: End): void {
    if (end.flight.length > 0) this.#deliver(end);
  }

  // ---- connections

  /**
   * Opens a connection. `opened` gets this side's end, or `failed` is called where nobody listens; neither where the way
   * is cut (the caller has its own patience). The answer calls the attempt off.
   */
  connect(
    from: string,
    to: string,
    port: Port,
    opened: (end: End) => void,
    failed: (cause: string) => void,
  ): () => void {
    let wanted = true;
    const attempt = (): void => {
      if (!wanted) return;
      if (this.isCut(from, to) || this.isCut(to, from)) {
        this.#timeline.after(200, attempt);
        return;
      }
      const [here, there] = [new End(this, from, to), new End(this, to, from)];
      here.peer = there;
      there.peer = here;
      const accept = this.#listeners.get(`${to}:${port}`);
      if (!accept?.(there)) {
        this.#timeline.after(this.#delay(), () => {
          if (wanted) failed('connection refused');
        });
        return;
      }
      this.#ends.add(here).add(there);
      this.#timeline.after(this.#delay(), () => {
        if (wanted) opened(here);
        else here.abort('the attempt was given up');
      });
    };
    this.#timeline.after(this.#delay(), attempt);
    return () => {
      wanted = false;
    };
  }

  send(end: End, bytes: Uint8Array): void {
    end.buffered += bytes.length;
    const { loss, breaks } = this.settings;
    if (end.peer.vanishedAt < Infinity && this.#isUp(end.to))
      this.#launch(end.peer, null, 'reset (the other side has forgotten it)');
    else if (loss > 0 && this.#random.chance(loss * breaks)) this.#break(end);
    else this.#launch(end, bytes, '');
  }

  #isUp(node: string): boolean {
    return this.#listeners.has(`${node}:clients`);
  }

  /** The connection breaks in the middle: each side learns it in its own time, frames behind this point are gone. */
  #break(end: End): void {
    this.#launch(end, null, 'reset by the network');
    if (!end.peer.over) this.#launch(end.peer, null, 'reset by the network');
  }

  end(end: End, cause: string): void {
    this.#launch(end, null, `closed by the other side (${cause})`);
  }

  abort(end: End, cause: string, silent: boolean): void {
    // What the system had not sent is gone with the process; what was on the wire arrives.
    end.flight.splice(this.#random.int(0, end.flight.length));
    if (silent) end.vanishedAt = this.#timeline.now;
    else this.#launch(end, null, `reset (${cause})`);
  }

  #launch(end: End, bytes: Uint8Array | null, cause: string): void {
    const at = Math.max(end.flight.at(-1)?.at ?? 0, this.#timeline.now + this.#delay());
    end.flight.push({ at, bytes, cause });
    if (!end.scheduled) this.#schedule(end, at);
  }

  #delay(): number {
    const { delayMean, delayLeast, tail, tailMs, loss, resendMs } = this.settings;
    let delay = delayLeast + this.#random.exponential(delayMean);
    if (tail > 0 && this.#random.chance(tail)) delay += this.#random.float() * tailMs;
    if (loss > 0) while (this.#random.chance(loss)) delay += resendMs;
    return delay;
  }

  #schedule(end: End, at: number): void {
    end.scheduled = true;
    this.#timeline.after(at - this.#timeline.now, () => {
      end.scheduled = false;
      this.#deliver(end);
    });
  }

  /** Hands over what has arrived by now. */
  #deliver(end: End): void {
    if (end.scheduled || this.isCut(end.from, end.to)) return;
    for (let frame = end.flight[0]; frame !== undefined; frame = end.flight[0]) {
      if (frame.at > this.#timeline.now) {
        this.#schedule(end, frame.at);
        return;
      }
      end.flight.shift();
      this.#arrive(end, frame);
    }
  }

  #arrive(end: End, { bytes, cause }: InFlight): void {
    const { peer } = end;
    if (bytes === null) {
      this.#ends.delete(end);
      // The other direction may still have its own end of the connection to tell.
      if (end.over || peer.flight.length === 0) this.#ends.delete(peer);
      if (peer.over) return;
      peer.over = true;
      peer.events?.closed(cause);
      return;
    }
    if (peer.over) {
      end.buffered -= bytes.length;
      return;
    }
    if (peer.paused || peer.unread.length > 0 || peer.events === null) {
      peer.unread.push(bytes);
      return;
    }
    this.#hand(peer, bytes);
  }

  #hand(to: End, bytes: Uint8Array): void {
    to.peer.buffered -= bytes.length;
    this.#frames++;
    this.#timeline.note(bytes.length);
    to.events?.frame(bytes);
  }

  resume(end: End): void {
    this.#timeline.after(0, () => {
      while (!end.paused && !end.over) {
        const bytes = end.unread.shift();
        if (bytes === undefined) return;
        this.#hand(end, bytes);
      }
    });
  }
}
