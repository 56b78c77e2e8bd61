/**
 * One client connection: where its handshake stands, who the client is, and the requests that wait for their answer.
 *
 * Requests are answered in the order in which they came (contract 8). Writes are passed on as soon as they arrive and
 * answered when their transaction is applied here; reads are answered when they come to the head of the queue, so they
 * see all earlier writes of their session.
 */
import {
  limits,
  Op,
  refuse,
  replyToWire,
  type Goodbye,
  type Identity,
  type OpCode,
  type Reply,
  type Request,
  type WriteRequest,
  goodbyeToWire,
  eventToWire,
  type WatchEvent,
  type Zxid,
} from '@synod/protocol';

/** A request that waits. `reply` is set once it is known; a read has none until it is its turn. */
export interface Waiting {
  readonly xid: number;
  readonly op: OpCode;
  readonly request: Request | null;
  /** For writes: the number within the session; otherwise 0. */
  readonly number: number;
  readonly acked: number;
  readonly identities: readonly Identity[];
  reply: Reply | null;
  /** For sync and repeated writes: answered once this is applied; −1 where that is not known yet. */
  waitFor: number;
  /** For writes: this leader was told of it. */
  forwarded: boolean;
}

/** `hello`: nothing said yet; `opening`: the leader was asked; `open`: served; `closed`: says nothing more. */
export type ConnectionState = 'hello' | 'opening' | 'open' | 'closed';

export class Connection {
  readonly id: number;
  readonly address: string;
  state: ConnectionState = 'hello';
  identities: readonly Identity[];
  /** As the leader knows them. */
  told: readonly Identity[];
  session = 0;
  secret: Uint8Array = new Uint8Array(0);
  secretHash: Uint8Array = new Uint8Array(0);
  generation = 0;
  timeout = 0;
  /** Its session is being resumed (not made). */
  resumes = false;
  /** The highest zxid that the client has seen, as it says. */
  seen = 0;
  /** An attached session is served once this is applied. */
  openAt = 0;
  lastNumber = 0;
  openedAt: number;
  paused = false;
  /** Syncs among the requests that wait. */
  syncs = 0;
  /** Wire messages to send at the end of the turn, and about how many bytes of data they hold. */
  out: unknown[][] = [];
  outBytes = 0;
  /** Too much waits to be sent: until the host says that it has left nothing is answered that can wait. */
  full = false;
  /** Number that the next write must have; 0 before the first. */
  #nextNumber = 0;
  #queue: Waiting[] = [];
  #head = 0;
  #writes: Waiting[] = [];
  #writesHead = 0;

  constructor(id: number, address: string, now: number) {
    this.id = id;
    this.address = address;
    this.identities = this.told = [{ scheme: 'ip', id: address }];
    this.openedAt = now;
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  get waitingWrites(): number {
    return this.#writes.length - this.#writesHead;
  }

  /** Puts a request behind the others. `number` and `acked` are 0 for all but writes that are to be made. */
  enqueue(
    request: Pick<Waiting, 'xid' | 'op' | 'request'> & Partial<Pick<Waiting, 'number' | 'acked' | 'reply'>>,
  ): Waiting {
    // Field by field, which is much faster than spreading: it happens for every request.
    const waiting: Waiting = {
      xid: request.xid,
      op: request.op,
      request: request.request,
      number: request.number ?? 0,
      acked: request.acked ?? 0,
      identities: this.identities,
      reply: request.reply ?? null,
      waitFor: -1,
      forwarded: false,
    };
    this.#queue.push(waiting);
    if (waiting.number > 0) this.#writes.push(waiting);
    if (waiting.op === Op.sync) this.syncs++;
    return waiting;
  }

  /** Takes the number of the next write, or says what is wrong with it. */
  takeNumber(number: number, acked: number): string | null {
    if (number - acked > limits.outstandingWrites) {
      return `write ${number} goes more than ${limits.outstandingWrites} beyond what is acknowledged (${acked})`;
    }
    // The first write of a connection may repeat earlier ones; after it there is no gap and no step back.
    const expected = this.#nextNumber === 0 ? Math.min(number, this.lastNumber + 1) : this.#nextNumber;
    if (number !== expected) return `write ${number} came where write ${expected} was expected`;
    this.#nextNumber = number + 1;
    return null;
  }

  /** The first request that waits. */
  get head(): Waiting | undefined {
    return this.#queue[this.#head];
  }

  shift(): void {
    if (this.head?.op === Op.sync) this.syncs--;
    this.#head++;
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The oldest write without an answer. */
  get firstWrite(): Waiting | undefined {
    return this.#writes[this.#writesHead];
  }

  /** A write may be applied any moment: reads before it must be answered now, however much waits to be sent. */
  get hasWriteUnderWay(): boolean {
    return this.firstWrite?.forwarded === true;
  }

  /** Settles the oldest write. */
  shiftWrite(): void {
    this.#writesHead++;
    if (this.#writesHead > 1024 && this.#writesHead * 2 > this.#writes.length) {
      this.#writes = this.#writes.slice(this.#writesHead);
      this.#writesHead = 0;
    }
  }

  /** All writes without an answer, oldest first. */
  unanswered(): readonly Waiting[] {
    return this.#writes.slice(this.#writesHead);
  }

  /** All requests without an answer, oldest first. */
  queued(): readonly Waiting[] {
    return this.#queue.slice(this.#head);
  }

  reply(waiting: Waiting, reply: Reply): void {
    this.out.push(replyToWire(waiting.xid, waiting.op, reply));
    this.outBytes += replyBytes(reply);
  }

  event(event: WatchEvent): void {
    this.out.push(eventToWire(event));
  }

  goodbye(goodbye: Goodbye): void {
    this.out.push(goodbyeToWire(goodbye));
  }

  dropQueue(): void {
    this.syncs = 0;
    this.#queue = [];
    this.#head = 0;
    this.#writes = [];
    this.#writesHead = 0;
  }
}

/** About how many bytes a reply takes: what is large in it. */
function replyBytes({ result }: Reply): number {
  if ('data' in result) return 100 + (result.data?.length ?? 0);
  if ('children' in result) return 100 + result.children.length * 32;
  if ('answers' in result)
    return result.answers.reduce<number>((sum, answer) => sum + replyBytes({ zxid: 0, result: answer }), 0);
  return 100;
}

/** A waiting request as a write; only for entries with a number. */
export function writeOf(waiting: Waiting): WriteRequest {
  return waiting.request as WriteRequest;
}

/** The answer to a write whose result the client has acknowledged before. */
export function forgotten(number: number, zxid: Zxid): Reply {
  const reason = `write ${number} was carried out and its result acknowledged before; it is no longer known`;
  return { zxid, result: { ...refuse('BAD_ARGUMENTS', '', reason), outcome: 'unknown' } };
}
