/** The links between servers in the hands of the chaos run: what each mode does to one direction, and to no other. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Links } from '../../scripts/lib/chaos/proxy.js';
import type { Mode } from '../../scripts/lib/chaos/proxy-lane.js';

const CUT: Mode = { type: 'cut' };

/** One end of a connection, and what it has got. */
class End {
  readonly socket: Socket;
  got = '';
  /** Whether the other side has said that it sends no more. */
  over = false;
  readonly closed: Promise<string>;
  #news: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.got += text;
      this.#news();
    });
    socket.once('end', () => {
      this.over = true;
      this.#news();
    });
    let cause = 'in good order';
    socket.on('error', (error: NodeJS.ErrnoException) => (cause = error.code ?? error.message));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve(cause)));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#news = resolve));
  }

  /** Waits until this is all that came. */
  async gets(text: string): Promise<void> {
    await this.until(() => this.got.length >= text.length);
    expect(this.got).toBe(text);
  }
}

let target: Server;
let links: Links;
let port: number;
const ends: End[] = [];
const accepted: End[] = [];
let arrival: (() => void) | undefined;

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function kept(socket: Socket): End {
  const end = new End(socket);
  ends.push(end);
  return end;
}

/** A caller: server 1, who calls server 2. */
function call(): End {
  return kept(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
}

async function callee(): Promise<End> {
  while (accepted.length === 0) await new Promise<void>((resolve) => (arrival = resolve));
  return accepted.shift()!;
}

async function pair(): Promise<[caller: End, callee: End]> {
  const caller = call();
  return [caller, await callee()];
}

beforeEach(async () => {
  target = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(kept(socket));
    arrival?.();
  });
  const probe = createServer();
  port = await listening(probe);
  const targetPort = await listening(target);
  await new Promise((resolve) => probe.close(resolve));
  links = await Links.open([{ from: 1, to: 2, port, target: targetPort }], () => 0.5);
});

afterEach(async () => {
  for (const { socket } of ends.splice(0)) socket.destroy();
  accepted.splice(0);
  await links.close();
  if (target.listening) await new Promise((resolve) => target.close(resolve));
});

describe('pass', () => {
  test('all bytes arrive in order, in both directions', async () => {
    const [caller, other] = await pair();
    const text = Array.from({ length: 400_000 }, (_, index) => String(index)).join(' ');
    caller.socket.write(text, 'latin1');
    other.socket.write('an answer');
    await caller.gets('an answer');
    await other.gets(text);
  });

  test('the end of one direction leaves the other open', async () => {
    const [caller, other] = await pair();
    caller.socket.end('last words');
    await other.until(() => other.over);
    expect(other.got).toBe('last words');
    other.socket.end('a late answer');
    await caller.gets('a late answer');
    expect(await Promise.all([caller.closed, other.closed])).toEqual(['in good order', 'in good order']);
  });

  test('where nobody listens the caller is refused', async () => {
    await new Promise((resolve) => target.close(resolve));
    expect(await call().closed).toBe('ECONNRESET');
  });
});

describe('cut', () => {
  test('one way: the other goes on, and what waited arrives once it is healed', async () => {
    const [caller, other] = await pair();
    caller.socket.write('before ');
    await other.gets('before ');
    const lift = links.impose([[1, 2, CUT]]);
    caller.socket.write('while ');
    other.socket.write('heard');
    await caller.gets('heard');
    expect(other.got).toBe('before ');
    lift();
    caller.socket.write('after');
    await other.gets('before while after');
  });

  test('of the way back, on the same connection', async () => {
    const [caller, other] = await pair();
    links.impose([[2, 1, CUT]]);
    other.socket.write('not yet');
    caller.socket.write('go on');
    await other.gets('go on');
    expect(caller.got).toBe('');
    links.heal();
    await caller.gets('not yet');
  });

  test('the end of a connection waits as well: it is half open until then', async () => {
    const [caller, other] = await pair();
    const lift = links.impose([[1, 2, CUT]]);
    caller.socket.destroy();
    await caller.closed;
    other.socket.write('anybody?');
    // A new connection, which waits for the heal: the old one got its chance before.
    const late = call();
    await once(late.socket, 'connect');
    expect([other.over, other.socket.destroyed]).toEqual([false, false]);
    lift();
    await Promise.race([other.until(() => other.over), other.closed]);
  });

  test.each([
    [1, 2],
    [2, 1],
  ])('a call that needs %i → %i comes about once it is healed', async (from, to) => {
    const lift = links.impose([[from, to, CUT]]);
    const caller = call();
    await once(caller.socket, 'connect');
    caller.socket.write('hello');
    expect(accepted).toEqual([]);
    lift();
    await (await callee()).gets('hello');
  });

  test('prevails over a later delay, and each is lifted by itself', async () => {
    const [caller, other] = await pair();
    const heal = links.impose([[1, 2, CUT]]);
    const hurry = links.impose([[1, 2, { type: 'delay', ms: 1, jitter: 0 }]]);
    caller.socket.write('a');
    other.socket.write('b');
    await caller.gets('b');
    hurry();
    caller.socket.write('c');
    expect(other.got).toBe('');
    heal();
    await other.gets('ac');
  });
});

describe('reset', () => {
  test('breaks the connection at both ends, and refuses calls while it lasts', async () => {
    const [caller, other] = await pair();
    const lift = links.impose([[1, 2, { type: 'reset' }]]);
    expect(await Promise.all([caller.closed, other.closed])).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(await call().closed).toBe('ECONNRESET');
    lift();
    const [next, there] = await pair();
    next.socket.write('again');
    await there.gets('again');
  });
});

describe('slow', () => {
  test('delay: nothing comes sooner, and what comes keeps its order', async () => {
    const [caller, other] = await pair();
    links.impose([[1, 2, { type: 'delay', ms: 60, jitter: 40 }]]);
    const start = performance.now();
    for (const text of ['a', 'b', 'c']) caller.socket.write(text);
    await other.gets('abc');
    // Half of the jitter is this test's chance; timers may be a millisecond early.
    expect(performance.now() - start).toBeGreaterThan(78);
  });

  test('trickle: so many bytes in so much time', async () => {
    const [caller, other] = await pair();
    links.impose([[1, 2, { type: 'trickle', bytes: 10, everyMs: 5 }]]);
    const start = performance.now();
    const text = 'x'.repeat(200);
    caller.socket.write(text);
    await other.gets(text);
    expect(performance.now() - start).toBeGreaterThan(85);
  });
});
