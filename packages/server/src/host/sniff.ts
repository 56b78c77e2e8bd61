/**
 * Many languages on one port: the first bytes of a connection tell which one is spoken. A protocol that cannot tell yet
 * says so and gets more bytes; the answer never depends on how the bytes were cut into packets. Whoever comes earlier in
 * the list decides first.
 */
import type { Socket } from 'node:net';

/** A language that the port speaks. */
export interface Protocol {
  readonly name: string;
  /**
   * Whether a connection that begins with these bytes (at least one) speaks it; `more`: cannot tell yet. What was yes or
   * no must stay so when more bytes follow.
   */
  claims(first: Uint8Array): 'yes' | 'no' | 'more';
  /**
   * Takes a connection over: all bytes that were read so far, and the socket, paused, which it reads on, ends and
   * destroys as it likes. The socket allows half-open connections: it stays open after the other side's end.
   */
  accept(socket: Socket, first: Uint8Array): void;
}

/** Bytes within which a protocol must have made up its mind. */
export const SNIFF_BYTES = 64;

/** The protocol these first bytes belong to; `more` where they do not tell yet, `none` where nobody speaks like that. */
export function whose(first: Uint8Array, protocols: readonly Protocol[]): Protocol | 'more' | 'none' {
  for (const protocol of protocols) {
    const claim = protocol.claims(first);
    if (claim === 'yes') return protocol;
    if (claim === 'more') return first.length < SNIFF_BYTES ? 'more' : 'none';
  }
  return 'none';
}

/**
 * Reads a new connection until it is clear who takes it, and pauses it then. Calls back once: with the protocol, or with
 * undefined where nobody takes it or the other side ended it before. A socket that is destroyed is not reported.
 */
export function sniff(
  socket: Socket,
  protocols: readonly Protocol[],
  decided: (protocol: Protocol | undefined, first: Buffer) => void,
): void {
  let first: Buffer = Buffer.alloc(0);
  const decide = (protocol: Protocol | undefined): void => {
    socket.off('data', read);
    socket.off('end', end);
    socket.pause();
    decided(protocol, first);
  };
  const read = (chunk: Buffer): void => {
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
    const owner = whose(first, protocols);
    if (owner !== 'more') decide(owner === 'none' ? undefined : owner);
  };
  const end = (): void => decide(undefined);
  socket.on('data', read);
  socket.on('end', end);
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT', 'TRACE'].map((method) =>
  Buffer.from(`${method} `),
);

/** HTTP begins with a method and a blank. */
export function claimsHttp(first: Uint8Array): 'yes' | 'no' | 'more' {
  for (const method of METHODS) {
    const length = Math.min(method.length, first.length);
    if (method.compare(first, 0, length, 0, length) === 0) return length === method.length ? 'yes' : 'more';
  }
  return 'no';
}
