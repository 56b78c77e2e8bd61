/** From the bytes that a process sent over its TCP connections back to WebSocket frames and their messages. */
import { frameMessages, unpackForeign } from '@synod/protocol';
import type { TraceEvent } from './trace.js';

/** One message in its wire form. */
export interface Sent {
  /** Index in the trace of the event with which the first byte of its frame left. */
  readonly event: number;
  /** "own port>other port". */
  readonly connection: string;
  readonly message: readonly unknown[];
}

/** Far more than any frame of the tests. */
const MOST_BYTES = 64 * 1024 * 1024;
const BINARY = 2;

/** All MessagePack messages that left, in order. Plain HTTP, pings and handshakes are left out. */
export function sentMessages(trace: readonly TraceEvent[]): Sent[] {
  const streams = new Map<string, Stream>();
  const found: Sent[] = [];
  trace.forEach((event, index) => {
    if (event.kind !== 'sends' && event.kind !== 'sent') return;
    const stream = streams.get(event.name) ?? new Stream();
    streams.set(event.name, stream);
    if (event.kind === 'sends') stream.sends(event.data, index);
    else
      for (const { payload, event: first } of stream.sent(event.result))
        found.push(...messagesOf(payload, first, event.name));
  });
  return found.sort((a, b) => a.event - b.event);
}

function messagesOf(payload: Buffer, event: number, connection: string): Sent[] {
  let messages: readonly (readonly unknown[])[];
  try {
    messages = frameMessages(unpackForeign(payload, MOST_BYTES));
  } catch {
    // The handshake between servers is no array of messages.
    return [];
  }
  return messages.map((message) => ({ event, connection, message }));
}

/** What left on one connection: an HTTP head, then frames. */
class Stream {
  #offered: Buffer = Buffer.alloc(0);
  #offeredAt = 0;
  #bytes: Buffer = Buffer.alloc(0);
  /** Which event brought the bytes up to which length. */
  #origins: { readonly end: number; readonly event: number }[] = [];
  #state: 'head' | 'frames' | 'plain' = 'head';

  sends(data: Buffer, event: number): void {
    this.#offered = data;
    this.#offeredAt = event;
  }

  /** That many of the offered bytes have left; the frames that are complete with them. */
  sent(count: number): { payload: Buffer; event: number }[] {
    if (count <= 0) return [];
    this.#bytes = Buffer.concat([this.#bytes, this.#offered.subarray(0, count)]);
    this.#origins.push({ end: this.#bytes.length, event: this.#offeredAt });
    if (this.#state === 'head') this.#readHead();
    const found: { payload: Buffer; event: number }[] = [];
    while (this.#state === 'frames') {
      const frame = readFrame(this.#bytes);
      if (frame === null) break;
      const event = this.#origins[0]!.event;
      this.#drop(frame.length);
      if (frame.opcode === BINARY) found.push({ payload: frame.payload, event });
    }
    return found;
  }

  #readHead(): void {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#bytes.toString('latin1', 0, end);
    this.#state = /^upgrade: *websocket/im.test(head) ? 'frames' : 'plain';
    this.#drop(end + 4);
  }

  #drop(count: number): void {
    this.#bytes = this.#bytes.subarray(count);
    this.#origins = this.#origins.map(({ end, event }) => ({ end: end - count, event })).filter(({ end }) => end > 0);
  }
}

/** The first frame of the bytes (RFC 6455, 5.2), unmasked; null where it is not complete. */
function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | null {
  if (bytes.length < 2) return null;
  const short = bytes[1]! & 0x7f;
  const masked = bytes[1]! >= 0x80;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + lengthBytes + (masked ? 4 : 0);
  if (bytes.length < start) return null;
  const size = lengthBytes === 0 ? short : bytes.readUIntBE(lengthBytes === 2 ? 2 : 4, lengthBytes === 2 ? 2 : 6);
  if (bytes.length < start + size) return null;
  const payload = Buffer.from(bytes.subarray(start, start + size));
  if (masked) for (let i = 0; i < size; i++) payload[i] = payload[i]! ^ bytes[start - 4 + (i % 4)]!;
  return { opcode: bytes[0]! & 0x0f, payload, length: start + size };
}
