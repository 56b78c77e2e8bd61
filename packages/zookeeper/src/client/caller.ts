/**
 * One connection to a server of ZooKeeper from the client's side: requests to bytes, bytes to answers. It moves no bytes and
 * has no clock; its owner does, and decides what becomes of requests whose connection ends. Watches are left out: events
 * are passed over.
 */
import { isSynodError } from '@synod/protocol';
import { FrameSplitter } from '../frame-splitter.js';
import { JuteReader } from '../jute-reader.js';
import { JuteWriter } from '../jute-writer.js';
import type { Long } from '../long.js';
import { Xid, ZooKeeperOp } from '../op.js';
import { connectRequest, connectResponse } from '../record/connect.js';
import { replyHeader } from '../record/header.js';
import { writeRequest, type RequestRecord } from '../request.js';
import { readResponseBody, type ResponseRecord } from '../response.js';

/** What a server says. Behind `denied` and `fault` nothing follows: the connection is of no further use. */
export type Heard<T> =
  | { readonly kind: 'opened'; readonly timeOut: number }
  | {
      readonly kind: 'answer';
      readonly token: T;
      /** 0, or the number of an error; then there is no body. */
      readonly err: number;
      readonly body: ResponseRecord | null;
      /** Of the whole frame. */
      readonly bytes: number;
    }
  | { readonly kind: 'denied' }
  | { readonly kind: 'fault'; readonly reason: string };

interface Asked<T> {
  readonly xid: number;
  readonly type: RequestRecord['type'];
  readonly token: T;
}

export interface CallerOptions {
  /** A server that is behind this zxid will not talk; 0 for any. */
  readonly lastZxidSeen: Long;
  /** Wanted session timeout in milliseconds. */
  readonly timeOut: number;
  /** The longest reply that is taken, in bytes. */
  readonly maxFrameBytes: number;
}

/** A new session on a new connection; `T` is what the owner knows a request by. */
export class Caller<T> {
  readonly #output = new JuteWriter();
  readonly #splitter: FrameSplitter;
  #asked: Asked<T>[] = [];
  /** Where in `#asked` the request stands that is answered next. */
  #next = 0;
  #xid = 0;
  #opened = false;
  #lastZxid: Long;

  constructor({ lastZxidSeen, timeOut, maxFrameBytes }: CallerOptions) {
    this.#splitter = new FrameSplitter(maxFrameBytes);
    this.#lastZxid = lastZxidSeen;
    const passwd = new Uint8Array(16);
    this.#output.begin();
    connectRequest.write(this.#output, {
      protocolVersion: 0,
      lastZxidSeen,
      timeOut,
      sessionId: 0,
      passwd,
      readOnly: false,
    });
    this.#output.end();
  }

  /** True from the answer to the handshake on. What is asked before travels behind the handshake. */
  get opened(): boolean {
    return this.#opened;
  }

  /** The highest zxid the server has shown. */
  get lastZxid(): Long {
    return this.#lastZxid;
  }

  /** Requests without an answer. */
  get outstanding(): number {
    return this.#asked.length - this.#next;
  }

  ask(request: RequestRecord, token: T): void {
    this.#xid = this.#xid === 0x7fffffff ? 1 : this.#xid + 1;
    this.#asked.push({ xid: this.#xid, type: request.type, token });
    writeRequest(this.#output, this.#xid, request);
  }

  /** Adds an identity; where it is refused, `denied` is heard. */
  authenticate(scheme: string, credentials: Uint8Array): void {
    writeRequest(this.#output, Xid.auth, { type: ZooKeeperOp.auth, authType: 0, scheme, auth: credentials });
  }

  /** Shows the server that this session lives. */
  ping(): void {
    writeRequest(this.#output, Xid.ping, { type: ZooKeeperOp.ping });
  }

  /** The bytes that are due. */
  take(): Uint8Array {
    return this.#output.take();
  }

  /** The connection has ended: the requests that were not answered, in their order. */
  abandon(): T[] {
    const left = this.#asked.slice(this.#next).map(({ token }) => token);
    this.#asked = [];
    this.#next = 0;
    return left;
  }

  /** Takes bytes from the server and returns what they say. Data in answers are views into them. */
  push(chunk: Uint8Array): Heard<T>[] {
    const heard: Heard<T>[] = [];
    for (const found of this.#splitter.push(chunk)) {
      const one = found.kind === 'frame' ? this.#frame(found.bytes) : strange(found);
      if (one === undefined) continue;
      heard.push(one);
      if (one.kind === 'denied' || one.kind === 'fault') break;
    }
    return heard;
  }

  #frame(bytes: Uint8Array): Heard<T> | undefined {
    const input = new JuteReader(bytes);
    try {
      if (this.#opened) return this.#reply(input, bytes.length);
      const { timeOut } = connectResponse.read(input);
      if (timeOut <= 0) return { kind: 'fault', reason: 'it refused the session' };
      this.#opened = true;
      return { kind: 'opened', timeOut };
    } catch (error) {
      if (!isSynodError(error)) throw error;
      return { kind: 'fault', reason: error.reason };
    }
  }

  #reply(input: JuteReader, bytes: number): Heard<T> | undefined {
    const { xid, zxid, err } = replyHeader.read(input);
    if (xid === Xid.event || xid === Xid.ping) return undefined;
    // May overtake the answers that are due.
    if (xid === Xid.auth) return err === 0 ? undefined : { kind: 'denied' };
    const asked = this.#asked[this.#next];
    if (asked?.xid !== xid) return { kind: 'fault', reason: `an answer to the request ${xid}, which is not due` };
    const body = err === 0 ? readResponseBody(asked.type, input) : null;
    if (++this.#next === this.#asked.length || this.#next === COMPACT) {
      this.#asked = this.#asked.slice(this.#next);
      this.#next = 0;
    }
    if (zxid > this.#lastZxid) this.#lastZxid = zxid;
    return { kind: 'answer', token: asked.token, err, body, bytes };
  }
}

/** Answered requests that may stand in front of the others before they are taken away. */
const COMPACT = 4_096;

function strange(found: { readonly kind: 'word' } | { readonly kind: 'fault'; readonly error: { reason: string } }): {
  readonly kind: 'fault';
  readonly reason: string;
} {
  return { kind: 'fault', reason: found.kind === 'fault' ? found.error.reason : 'a word where a length is due' };
}
