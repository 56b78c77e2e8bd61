/** A door with a host that writes down what it is told, and clients that speak bytes. */
import { connect, type Socket } from 'node:net';
import { ClientDoor, type ClientDoorOptions, type ClientLink } from '@synod/server/host/client-door';
import { WebSocket, type ClientOptions } from 'ws';
import { Journal, journalLogger } from './journal.js';

export interface DoorRig {
  readonly door: ClientDoor;
  readonly port: number;
  /** `open 1`, `frame 1 text`, `close 1`, in order. */
  readonly told: Journal<string>;
  readonly links: ClientLink[];
  readonly lines: Journal<string>;
}

const doors: ClientDoor[] = [];

export async function openDoor(changes: Partial<ClientDoorOptions> = {}): Promise<DoorRig> {
  const [told, lines, links]: [Journal<string>, Journal<string>, ClientLink[]] = [new Journal(), new Journal(), []];
  const door = new ClientDoor({
    ...{
      host: '127.0.0.1',
      port: 0,
      maxFrameBytes: 100_000,
      maxPerAddress: 0,
      maxConnections: 0,
      allowedOrigins: [],
      helloMs: 10_000,
    },
    log: journalLogger(lines),
    health: () => ({ serving: true, role: 'leading', detail: 'epoch 3' }),
    status: () => ({ server: 1 }),
    onOpen: (link) => {
      links.push(link);
      told.add(`open ${link.id}`);
    },
    onBytes: (link, bytes) => told.add(`frame ${link.id} ${Buffer.from(bytes).toString()}`),
    onClose: (link) => told.add(`close ${link.id}`),
    words: (word) => (word === 'ruok' ? 'imok' : null),
    ...changes,
  });
  await door.start();
  doors.push(door);
  return { door, port: door.address().port, told, links, lines };
}

export async function closeDoors(): Promise<void> {
  await Promise.all(doors.splice(0).map((door) => door.close()));
}

/** A client that speaks WebSocket. `closed`: code and reason of the end. */
export function dial(
  port: number,
  path = '/',
  options: ClientOptions = {},
  protocols: string[] = [],
): { ws: WebSocket; opened: Promise<void>; closed: Promise<string> } {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { perMessageDeflate: false, ...options });
  ws.on('error', () => undefined);
  const closed = new Promise<string>((resolve) =>
    ws.on('close', (code, reason) => resolve(`${code} ${reason.toString()}`)),
  );
  const opened = new Promise<void>((resolve) => ws.on('open', resolve));
  return { ws, opened, closed };
}

/** A connection of bare bytes, and all that comes back until its end. */
export function speak(port: number, ...chunks: (string | Uint8Array)[]): { socket: Socket; answer: Promise<string> } {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  socket.on('error', () => undefined);
  const answer = new Promise<string>((resolve) =>
    socket.on('close', () => resolve(Buffer.concat(received).toString())),
  );
  void (async () => {
    for (const chunk of chunks) {
      await new Promise((resolve) => socket.write(chunk, resolve));
      await new Promise(setImmediate);
    }
  })();
  return { socket, answer };
}

export const UPGRADE = [
  ...['Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
].join('\r\n');
