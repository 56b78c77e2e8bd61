/**
 * What the four-letter words count: packets and latencies, for one connection and for the whole server. Plain counters on
 * the path of every request; nothing is formatted before somebody asks. No clock: times come as arguments, of one clock
 * that nobody sets, in milliseconds and with fractions.
 */

/** How long answers took, in milliseconds. */
export class Latencies {
  #count = 0;
  #total = 0;
  #min = 0;
  #max = 0;

  add(ms: number): void {
    if (this.#count === 0 || ms < this.#min) this.#min = ms;
    if (ms > this.#max) this.#max = ms;
    this.#count++;
    this.#total += ms;
  }

  reset(): void {
    this.#count = this.#total = this.#min = this.#max = 0;
  }

  /** Whole milliseconds, rounded down; 0 where nothing was measured. */
  get min(): number {
    return Math.floor(this.#min);
  }

  /** Whole milliseconds, rounded up, so that the average never lies outside. */
  get max(): number {
    return Math.ceil(this.#max);
  }

  /** With fractions; 0 where nothing was measured. */
  get average(): number {
    return this.#count === 0 ? 0 : this.#total / this.#count;
  }
}

/** The sums over all connections, those that are gone included. */
export class ServerStats {
  /** Packets that came from clients since the last reset: handshakes, requests and pings. */
  packetsReceived = 0;
  /** Packets that left for clients since the last reset: answers and events. */
  packetsSent = 0;
  readonly latencies = new Latencies();

  /** What `srst` does. */
  reset(): void {
    this.packetsReceived = this.packetsSent = 0;
    this.latencies.reset();
  }
}

/** What the last answer on a connection was. */
export interface LastAnswer {
  /** The operation's number (ZooKeeper's). */
  readonly op: number;
  /** Of the last ordinary request: pings and their like have negative ones and leave it as it is; −1 before the first. */
  readonly xid: number;
  readonly zxid: number;
  /** When it left. */
  readonly at: number;
  /** How long it took. */
  readonly latency: number;
}

/** Counts the packets of one connection, for itself and for the server. */
export class ConnectionStats {
  readonly #server: ServerStats;
  /** When the connection was made, in milliseconds since 1970. */
  readonly establishedAt: number;
  readonly latencies = new Latencies();
  #received = 0;
  #sent = 0;
  #outstanding = 0;
  #answered = false;
  #op = 0;
  #xid = -1;
  #zxid = 0;
  #at = 0;
  #latency = 0;

  constructor(server: ServerStats, establishedAt: number) {
    this.#server = server;
    this.establishedAt = establishedAt;
  }

  /** A packet came that is to be answered: the handshake, a request, a ping. */
  received(): void {
    this.#received++;
    this.#outstanding++;
    this.#server.packetsReceived++;
  }

  /** Its answer leaves. `arrivedAt`: when it came; a handshake is an operation of number −10 under xid 0. */
  answered(op: number, xid: number, zxid: number, arrivedAt: number, now: number): void {
    const latency = Math.max(0, now - arrivedAt);
    this.#outstanding--;
    this.#op = op;
    if (xid >= 0) this.#xid = xid;
    this.#zxid = zxid;
    this.#at = now;
    this.#latency = latency;
    this.#answered = true;
    this.latencies.add(latency);
    this.#server.latencies.add(latency);
    this.event();
  }

  /** A packet leaves that answers nothing: a watch event. */
  event(): void {
    this.#sent++;
    this.#server.packetsSent++;
  }

  /** What `crst` does; what waits for an answer still does. */
  reset(): void {
    this.#received = this.#sent = 0;
    this.#answered = false;
    this.#xid = -1;
    this.latencies.reset();
  }

  /** Packets since the last reset. */
  get packetsReceived(): number {
    return this.#received;
  }

  get packetsSent(): number {
    return this.#sent;
  }

  /** Requests without an answer yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Null before the first answer and after a reset. */
  get last(): LastAnswer | null {
    if (!this.#answered) return null;
    return { op: this.#op, xid: this.#xid, zxid: this.#zxid, at: this.#at, latency: this.#latency };
  }
}
