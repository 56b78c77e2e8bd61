/** Clients that speak WebSocket at the client port, well and badly. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { plainAddress } from '@synod/server/host/listen';
import { closeReason } from '@synod/server/host/close-reason';
import { closeDoors, dial, openDoor, speak, UPGRADE } from './client-door-rig.js';

afterEach(closeDoors);

describe('a client', () => {
  test.each(['/', '/synod', '/synod?from=here'])('is let in at %s', async (path) => {
    const { port, told, links, door } = await openDoor();
    const { ws, opened, closed } = dial(port, path);
    const got = once(ws, 'message');
    await opened;
    await told.until((entry) => entry === 'open 1');
    expect(links[0]).toMatchObject({ id: 1, address: '127.0.0.1', bufferedBytes: 0 });
    expect(door.connections).toBe(1);
    ws.send(Buffer.from('hello'));
    await told.until((entry) => entry === 'frame 1 hello');
    links[0]!.send(Buffer.from('welcome'));
    expect(((await got)[0] as Buffer).toString()).toBe('welcome');
    ws.close();
    await closed;
    await told.until((entry) => entry === 'close 1');
    expect(told.entries).toEqual(['open 1', 'frame 1 hello', 'close 1']);
  });

  test.each([
    [[], ''],
    [['synod.v1'], 'synod.v1'],
    [['other', 'synod.v1'], 'synod.v1'],
  ])('that offers the subprotocols %j gets %j', async (offered, protocol) => {
    const { port } = await openDoor();
    const { ws, opened } = dial(port, '/', {}, offered);
    await opened;
    expect(ws.protocol).toBe(protocol);
    ws.terminate();
  });

  test('that offers to compress is not taken at its word', async () => {
    const { port } = await openDoor();
    const { ws, opened } = dial(port, '/', { perMessageDeflate: true });
    await opened;
    expect(ws.extensions).toBe('');
    ws.terminate();
  });

  test('may say its first words together with the request, cut anywhere', async () => {
    const { port, told } = await openDoor();
    const frame = Buffer.from([0x82, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
    const bytes = Buffer.concat([Buffer.from(`GET / HTTP/1.1\r\n${UPGRADE}\r\n\r\n`), frame]);
    const cuts = [1, 2, 3, 4, 5, 20, bytes.length - 9, bytes.length - 8, bytes.length - 7, bytes.length - 1];
    const clients = [speak(port, bytes), speak(port, ...[...bytes].map((byte) => Uint8Array.of(byte)))];
    clients.push(...cuts.map((at) => speak(port, bytes.subarray(0, at), bytes.subarray(at))));
    for (let id = 1; id <= clients.length; id++) await told.until((entry) => entry === `frame ${id} hi`);
    for (const { socket } of clients) socket.destroy();
  });

  test('gets many frames in order, sent in one turn or in many', async () => {
    const { port, told, links } = await openDoor();
    const { ws } = dial(port);
    const got: number[] = [];
    const all = new Promise<void>((resolve) => {
      ws.on('message', (data) => got.push((data as Buffer).readUInt32BE()) === 3_000 && resolve());
    });
    await told.until((entry) => entry === 'open 1');
    const numbers = Array.from({ length: 3_000 }, (_, i) => i);
    for (const i of numbers) {
      const bytes = Buffer.alloc(4 + (i % 4_096));
      bytes.writeUInt32BE(i);
      links[0]!.send(bytes);
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    await all;
    expect(got).toEqual(numbers);
    ws.terminate();
  });

  test('that does not read is seen in the bytes that wait', async () => {
    const { port, told, links } = await openDoor();
    const { ws, closed } = dial(port);
    await told.until((entry) => entry === 'open 1');
    ws.pause();
    for (let i = 0; i < 500; i++) links[0]!.send(Buffer.alloc(100_000));
    expect(links[0]!.bufferedBytes).toBeGreaterThan(16 * 1_048_576);
    links[0]!.terminate();
    await told.until((entry) => entry === 'close 1');
    ws.resume();
    await closed;
  });

  test('is not read from while it is paused', async () => {
    const { port, told, links } = await openDoor();
    const { ws, opened } = dial(port);
    await opened;
    links[0]!.pause();
    await new Promise((resolve) => ws.send(Buffer.from('later'), resolve));
    // Another client's frame comes through after it.
    const other = dial(port);
    await other.opened;
    other.ws.send(Buffer.from('now'));
    await told.until((entry) => entry === 'frame 2 now');
    expect(told.entries).toEqual(['open 1', 'open 2', 'frame 2 now']);
    links[0]!.resume();
    await told.until((entry) => entry === 'frame 1 later');
    ws.terminate();
    other.ws.terminate();
  });
});

describe('the host ends a link', () => {
  test('politely: what was sent before arrives, what comes after does not count', async () => {
    const { port, told, links } = await openDoor();
    const { ws, opened, closed } = dial(port);
    const got: string[] = [];
    ws.on('message', (data) => got.push((data as Buffer).toString()));
    await opened;
    links[0]!.pause();
    links[0]!.send(Buffer.from('a'));
    links[0]!.send(Buffer.from('b'));
    links[0]!.close(`the session is over ${'é'.repeat(100)}`);
    links[0]!.send(Buffer.from('c'));
    ws.send(Buffer.from('too late'));
    expect(await closed).toMatch(/^1000 the session is over é+…$/);
    await told.until((entry) => entry === 'close 1');
    expect([got, told.entries]).toEqual([
      ['a', 'b'],
      ['open 1', 'close 1'],
    ]);
    links[0]!.send(Buffer.from('d'));
    links[0]!.close('again');
    links[0]!.terminate();
  });

  test('at once, even from the callback that told of it', async () => {
    const { port, told } = await openDoor({ onOpen: (link) => link.terminate() });
    const { closed } = dial(port);
    expect(await closed).toMatch(/^1006/);
    await told.until((entry) => entry === 'close 1');
    expect(told.entries).toEqual(['close 1']);
  });
});

describe('a client that does not keep to the protocol', () => {
  test.each([
    ['a text frame', 'text', '1003 only binary frames are understood'],
    ['a frame above the limit', Buffer.alloc(100_001), '1009 '],
  ])('%s', async (_name, message, outcome) => {
    const { port, told } = await openDoor();
    const { ws, opened, closed } = dial(port);
    await opened;
    ws.send(message);
    expect(await closed).toBe(outcome);
    await told.until((entry) => entry === 'close 1');
    expect(told.entries).toEqual(['open 1', 'close 1']);
  });

  test('a frame of exactly the limit is taken', async () => {
    const { port, told } = await openDoor();
    const { ws, opened } = dial(port);
    await opened;
    ws.send(Buffer.alloc(100_000, 'x'));
    await told.until((entry) => entry.startsWith('frame 1 xxx'));
    ws.terminate();
  });

  test('a message in too many fragments', async () => {
    const { port, told } = await openDoor();
    const { ws, opened, closed } = dial(port);
    await opened;
    for (let i = 0; i < 300; i++) ws.send(Buffer.from('x'), { fin: false });
    expect(await closed).toMatch(/^1008/);
    await told.until((entry) => entry === 'close 1');
  });

  test.each([
    ['an unmasked frame', [0x82, 0x01, 0x00]],
    ['a reserved bit', [0xc2, 0x80, 0, 0, 0, 0]],
    ['an unknown opcode', [0x83, 0x80, 0, 0, 0, 0]],
    ['a length of 2^63', [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ])('%s', async (_name, bytes) => {
    const { port, told, lines } = await openDoor();
    const { answer } = speak(port, `GET / HTTP/1.1\r\n${UPGRADE}\r\n\r\n`, Uint8Array.from(bytes));
    await told.until((entry) => entry === 'close 1');
    expect(await lines.until((line) => line.includes('event=client-closed'))).toMatch(/cause="/);
    expect(await answer).toMatch(/^HTTP\/1.1 101 /);
  });

  test('a connection lost in the middle of a frame', async () => {
    const { port, told } = await openDoor();
    const { socket } = speak(port, `GET / HTTP/1.1\r\n${UPGRADE}\r\n\r\n`, Uint8Array.from([0x82, 0xfe, 0x10]));
    await told.until((entry) => entry === 'open 1');
    socket.resetAndDestroy();
    await told.until((entry) => entry === 'close 1');
  });
});

describe('a client from a web page', () => {
  const origin = 'https://console.example';
  test.each([
    [[origin], origin, 'open'],
    [[origin], 'https://console.example.evil', 403],
    [[origin], 'http://console.example', 403],
    [[origin], 'null', 403],
    [[], origin, 403],
    [[], 'http://127.0.0.1', 403],
  ])('allowed %j, from %s: %s', async (allowedOrigins, from, outcome) => {
    const { port, told } = await openDoor({ allowedOrigins });
    const { ws, opened } = dial(port, '/', { origin: from });
    const refused = once(ws, 'unexpected-response').then((args) => (args[1] as { statusCode: number }).statusCode);
    expect(await Promise.race([opened.then(() => 'open'), refused])).toBe(outcome);
    expect(told.entries).toEqual(outcome === 403 ? [] : ['open 1']);
    ws.terminate();
  });

  test('may not come from its own server either, and the operator is told', async () => {
    const { port, lines } = await openDoor();
    const { answer } = speak(port, `GET / HTTP/1.1\r\n${UPGRADE}\r\nOrigin: http://a\r\n\r\n`);
    await lines.until((line) =>
      /WARN.*client-refused address=127.0.0.1 cause="its origin is not allowed" origin=http:\/\/a/.test(line),
    );
    await closeDoors();
    expect(await answer).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/);
  });
});

describe('deadlines', () => {
  test.each([
    ['says nothing', ''],
    ['begins a word', 'GE'],
    ['begins a request', 'GET / HTTP/1.1\r\nHost: a\r\n'],
  ])('a connection that %s', async (_name, words) => {
    const { port, lines } = await openDoor({ helloMs: 60 });
    const { answer } = speak(port, words);
    expect(await answer).toBe('');
    await lines.until((line) => line.includes('nothing to go on within 60 ms'));
  });

  test('a client that says no word after its upgrade', async () => {
    const { port, told } = await openDoor({ helloMs: 60 });
    const { ws, opened, closed } = dial(port);
    await opened;
    ws.ping();
    expect(await closed).toBe('1008 nothing to go on within 60 ms');
    await told.until((entry) => entry === 'close 1');
  });

  test('a client that said hello stays', async () => {
    const { port, told } = await openDoor({ helloMs: 60 });
    const [silent, client] = [dial(port), dial(port)];
    await Promise.all([client.opened, silent.opened]);
    client.ws.send(Buffer.from('hello'));
    await Promise.all([silent.closed, told.until((entry) => entry.endsWith('hello'))]);
    client.ws.send(Buffer.from('still here'));
    await told.until((entry) => entry.endsWith('still here'));
    client.ws.terminate();
  });
});

describe('connections', () => {
  test.each([
    ['of one address', { maxPerAddress: 2 }],
    ['altogether', { maxConnections: 2 }],
  ])('%s are counted over all kinds, and given back', async (_name, bound) => {
    const { port, told, door, lines } = await openDoor(bound);
    const [one, two] = [dial(port), speak(port, '')];
    await Promise.all([one.opened, once(two.socket, 'connect')]);
    const third = speak(port, 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await third.answer).toBe('');
    await lines.until((line) =>
      line.includes('WARN  event=client-refused address=127.0.0.1 cause="more than 2 connections"'),
    );
    expect(door.connections).toBe(2);
    one.ws.terminate();
    await told.until((entry) => entry === 'close 1');
    expect(await speak(port, 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n').answer).toMatch(/^HTTP\/1.1 200 /);
    two.socket.destroy();
  });

  test.each([
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::FFFF:10.1.2.3', '10.1.2.3'],
    ['10.1.2.3', '10.1.2.3'],
    ['::1', '::1'],
    ['fe80::ffff:1', 'fe80::ffff:1'],
  ])('%s is %s', (address, plain) => expect(plainAddress(address)).toBe(plain));
});

describe('start and close', () => {
  test('a port that is taken is named, with its setting', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const reason = `cannot listen on 127.0.0.1:${port} (clientPort): another process listens there already`;
    await expect(openDoor({ port })).rejects.toMatchObject({ code: 'SYSTEM_ERROR', reason });
    taken.close();
  });

  test('close tells every client, hears the end of every link, and frees the port', async () => {
    const { port, told, door } = await openDoor();
    const clients = [dial(port), dial(port)];
    await Promise.all(clients.map(({ opened }) => opened));
    const others = [speak(port, ''), speak(port, 'GET /')];
    await Promise.all(others.map(({ socket }) => once(socket, 'connect')));
    await door.close();
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(Array(2).fill('1001 the server shuts down'));
    await Promise.all(others.map(({ answer }) => answer));
    expect(told.entries.slice(2).sort()).toEqual(['close 1', 'close 2']);
    expect(door.connections).toBe(0);
    const again = createServer().listen(port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });

  test('close does not wait for ever for a client that does not answer', async () => {
    const { port, told, door } = await openDoor();
    const { socket, answer } = speak(port, `GET / HTTP/1.1\r\n${UPGRADE}\r\n\r\n`);
    await told.until((entry) => entry === 'open 1');
    socket.pause();
    await door.close();
    expect(told.entries).toEqual(['open 1', 'close 1']);
    socket.resume();
    await answer;
  });

  test.each([
    ['short', 'short'],
    ['x'.repeat(123), 'x'.repeat(123)],
    ['x'.repeat(124), `${'x'.repeat(120)}…`],
    [`${'x'.repeat(119)}ééé`, `${'x'.repeat(119)}…`],
    ['😀'.repeat(40), `${'😀'.repeat(30)}…`],
  ])('a reason of any length fits into a close frame (%#)', (reason, expected) => {
    expect(closeReason(reason)).toBe(expected);
  });
});
