/**
 * The calls of a session in one queue: those that were sent and wait for their answer, then those that wait to be sent.
 *
 * The order never changes, also over a reconnect: everything without an answer is then sent again from the front. So
 * answers come in the order of the calls, a read sees the writes before it, and a write keeps its number, by which the
 * server recognises it and gives the first result. A number is assigned when a write is sent for the first time, so
 * numbers have no gap although a call may still be withdrawn before.
 */
import {
  isWrite,
  limits,
  Op,
  pack,
  refuse,
  requestToWire,
  type OpCode,
  type Refusal,
  type Request,
} from '@synod/protocol';
import { bytesOf, valuesOf } from './measure.js';

/** One request on its way. */
export interface Call<T, L> {
  readonly request: Request;
  /** Whom to answer; undefined for the session's own requests, which do not outlive their connection. */
  readonly token: T | undefined;
  /** Who wants the events of the watch that this request arms. */
  listener: L | undefined;
  readonly write: boolean;
  readonly bytes: number;
  readonly values: number;
  /** A write's number within the session, 0 before it was first sent. */
  number: number;
  /** Its id on the present connection, 0 while it is not sent there. */
  xid: number;
  /** Withdrawn or refused before it was sent: to be skipped. */
  done: boolean;
}

/** How much may be under way at once, as the server said at the handshake. */
export interface Window {
  readonly maxFrameBytes: number;
  readonly maxOutstandingWrites: number;
  readonly maxOutstandingRequests: number;
  readonly maxMultiOperations: number;
}

/** Bytes that may be under way: bounds what a slow connection holds in memory a second time. */
const OUTSTANDING_BYTES = 16 * 1_048_576;

/** Array header and slack of a frame. */
const FRAME_OVERHEAD = 16;

/** Answered calls that may stay in the array before it is cut. */
const SLACK = 1_024;

export function newCall<T, L>(request: Request, token: T | undefined, listener: L | undefined): Call<T, L> {
  const write = isWrite(request);
  return {
    request,
    token,
    listener,
    write,
    bytes: bytesOf(request),
    values: valuesOf(request),
    number: 0,
    xid: 0,
    done: false,
  };
}

export class Calls<T, L> {
  #queue: (Call<T, L> | undefined)[] = [];
  #head = 0;
  #next = 0;
  #xid = 0;
  #sent = 0;
  #sentWrites = 0;
  #sentBytes = 0;
  #lastNumber = 0;
  #answeredNumber = 0;

  /** Calls without an answer. */
  get size(): number {
    return this.#queue.length - this.#head;
  }

  /** True where calls wait to be sent. */
  get hasUnsent(): boolean {
    return this.#next < this.#queue.length;
  }

  /** The highest write number in use. */
  get lastNumber(): number {
    return this.#lastNumber;
  }

  add(call: Call<T, L>): void {
    this.#queue.push(call);
  }

  /**
   * Takes over the numbering of a session that another process has used up to `number`: what it had under way keeps its
   * numbers, also where nobody saw the answer. Nothing was sent yet.
   */
  adoptNumbers(number: number): void {
    this.#lastNumber = number;
    this.#answeredNumber = number;
  }

  /** Starts again on a new connection: the session's own requests first, then everything without an answer. */
  restart(own: readonly Call<T, L>[]): void {
    this.rewind();
    if (own.length > 0) this.#queue = [...own, ...this.#queue];
    this.#xid = 0;
  }

  /** The connection is gone: nothing is under way any more; the session's own requests are dropped. */
  rewind(): void {
    const rest: Call<T, L>[] = [];
    for (let i = this.#head; i < this.#queue.length; i++) {
      const call = this.#queue[i]!;
      if (call.token === undefined || call.done) continue;
      call.xid = 0;
      rest.push(call);
    }
    this.#queue = rest;
    this.#head = this.#next = 0;
    this.#sent = this.#sentWrites = this.#sentBytes = 0;
  }

  /** Withdraws a call if it cannot have reached a server; false where it is (or was) under way. */
  withdraw(call: Call<T, L>): boolean {
    if (call.xid !== 0 || call.number !== 0) return false;
    call.done = true;
    return true;
  }

  /** Empties the queue: everything that has no answer. */
  takeAll(): Call<T, L>[] {
    const rest = this.#queue.slice(this.#head).filter((call): call is Call<T, L> => call !== undefined && !call.done);
    this.#queue = [];
    this.#head = this.#next = 0;
    this.#sent = this.#sentWrites = this.#sentBytes = 0;
    return rest;
  }

  /**
   * The next frame to send, or undefined where nothing waits or the window is full. Calls that no frame can hold are
   * taken out and handed to `refused`.
   */
  nextFrame(window: Window, refused: (call: Call<T, L>, refusal: Refusal) => void): Uint8Array | undefined {
    const messages: unknown[][] = [];
    const queue = this.#queue;
    let bytes = FRAME_OVERHEAD;
    let values = 1;
    while (this.#next < queue.length && this.#sent < window.maxOutstandingRequests) {
      const call = queue[this.#next]!;
      if (call.done) {
        this.#next++;
        continue;
      }
      if (call.write && this.#sentWrites >= window.maxOutstandingWrites) break;
      if (this.#sent > 0 && this.#sentBytes + call.bytes > OUTSTANDING_BYTES) break;
      const refusal = call.number === 0 ? refusalFor(call, window) : undefined;
      if (refusal !== undefined) {
        call.done = true;
        this.#next++;
        refused(call, refusal);
        continue;
      }
      const full = bytes + call.bytes > window.maxFrameBytes || values + call.values > limits.frameValues;
      if (full && messages.length > 0) break;
      bytes += call.bytes;
      values += call.values;
      messages.push(this.#send(call));
    }
    return messages.length === 0 ? undefined : pack(messages);
  }

  #send(call: Call<T, L>): unknown[] {
    this.#next++;
    this.#sent++;
    this.#sentBytes += call.bytes;
    if (call.write) {
      this.#sentWrites++;
      if (call.number === 0) call.number = ++this.#lastNumber;
    }
    call.xid = ++this.#xid;
    return requestToWire(call.xid, call.request, call.number, this.#answeredNumber);
  }

  /** The operation that must be answered next, if it has this xid. */
  opOf(xid: number): OpCode | undefined {
    const call = this.#first();
    return call !== undefined && call.xid === xid ? call.request.op : undefined;
  }

  /** Takes the call that is answered by `xid`; undefined where another, or none, must be answered next. */
  answer(xid: number): Call<T, L> | undefined {
    const call = this.#first();
    if (call === undefined || call.xid !== xid) return undefined;
    this.#queue[this.#head++] = undefined;
    this.#sent--;
    this.#sentBytes -= call.bytes;
    if (call.write) {
      this.#sentWrites--;
      this.#answeredNumber = call.number;
    }
    if (this.#head === this.#queue.length || (this.#head >= SLACK && this.#head * 2 >= this.#queue.length)) this.#cut();
    return call;
  }

  #first(): Call<T, L> | undefined {
    while (this.#head < this.#next && this.#queue[this.#head]!.done) this.#queue[this.#head++] = undefined;
    return this.#head < this.#next ? this.#queue[this.#head] : undefined;
  }

  #cut(): void {
    this.#queue.splice(0, this.#head);
    this.#next -= this.#head;
    this.#head = 0;
  }
}

/** Why no frame can hold this call; undefined where one can. The bound is cheap, so only a doubtful call is encoded. */
function refusalFor<T, L>(call: Call<T, L>, window: Window): Refusal | undefined {
  const { request } = call;
  const isMulti = request.op === Op.multi || request.op === Op.multiRead;
  if (isMulti && request.operations.length > window.maxMultiOperations) {
    const count = request.operations.length;
    return refuse('BAD_ARGUMENTS', '', `a multi of ${count} operations: the server takes ${window.maxMultiOperations}`);
  }
  if (call.values + 1 > limits.frameValues) return refuse('BAD_ARGUMENTS', '', 'a request with too many parts');
  if (call.bytes + FRAME_OVERHEAD <= window.maxFrameBytes) return undefined;
  const exact = pack([
    requestToWire(Number.MAX_SAFE_INTEGER, request, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  ]);
  if (exact.length <= window.maxFrameBytes) return undefined;
  const path = 'path' in request ? request.path : '';
  const reason = `a request of ${exact.length} bytes: the server takes ${window.maxFrameBytes}, data and path together`;
  return refuse('BAD_ARGUMENTS', path, reason);
}
