/** Strangers at a real server: whatever they send, or do not read, another client is served as if they were not there. */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { connect, type Socket } from 'node:net';
import { requests, types } from '../arbitraries.js';
import { hex, written } from '../bytes.js';
import { writeRequest } from '@synod/zookeeper';
import { ZkClient } from './client.js';
import * as request from './requests.js';
import { startServer, type Server } from './server.js';
import { asked, hello } from './talk.js';

let server: Server;
let client: ZkClient;
beforeAll(async () => {
  server = await startServer('maxClientCnxns=0');
  client = await ZkClient.open(server.port, { timeOut: 60_000 });
  await client.ask(request.create('/well'));
});

const MIB = 1_048_576;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  expect((await client.ask(request.setData('/well'))).header.err).toBe(0);
  expect(server.lines.entries.filter((line) => /^(FATAL|ERROR|WARN)/.test(line))).toEqual([]);
});

/** A stranger that says something, and reads or does not. */
function stranger(bytes: Uint8Array, reads = true): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (reads) socket.resume();
    else socket.pause();
    socket.write(bytes, () => resolve(socket));
  });
}

describe('bytes', () => {
  const noise = fc.uint8Array({ minLength: 1, maxLength: 2_000 });
  const frames = fc
    .array(fc.oneof(...types.map((type) => requests[type])), { minLength: 1, maxLength: 10 })
    .map((list) => Buffer.concat(list.map((one) => written((output) => writeRequest(output, 1, one)))));
  const zero = noise.map((bytes) => Buffer.concat([Uint8Array.of(0), bytes]));

  test.each<[string, fc.Arbitrary<Uint8Array>]>([
    ['noise', noise],
    ['noise that begins as a handshake', zero],
    ['noise behind a handshake', noise.map((bytes) => Buffer.concat([hello({ timeOut: 300 }), bytes]))],
    ['requests of all kinds', frames.map((bytes) => Buffer.concat([hello({ timeOut: 300 }), bytes]))],
    ['requests without a handshake', frames],
  ])('%s, from many at once', async (_name, arbitrary) => {
    const all = fc.sample(arbitrary, 200);
    for (let at = 0; at < all.length; at += 20) {
      const answers = Promise.all([client.ask(request.ping, -2), client.ask(request.setData('/well'))]);
      await Promise.all(all.slice(at, at + 20).map((bytes) => stranger(bytes)));
      for (const { header } of await answers) expect(header.err).toBe(0);
    }
  });

  test('lengths that only claim hold no memory', async () => {
    const before = process.memoryUsage();
    const claim = Buffer.concat([hello(), hex('000fffff 00')]);
    await Promise.all(Array.from({ length: 300 }, () => stranger(claim)));
    await client.ask(request.ping);
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(150 * MIB);
  });
});

describe('a client that does not read', () => {
  test('is answered as far as it fits, and no further; when it reads it gets the rest', async () => {
    await client.ask(request.create2('/large', { data: new Uint8Array(900_000) }));
    const before = process.memoryUsage();
    const count = 300;
    const reader = await stranger(
      Buffer.concat([
        hello(),
        asked(...Array.from({ length: count }, (_, i) => [i, request.getData('/large')] as const)),
      ]),
      false,
    );
    for (let i = 0; i < 20; i++) await client.ask(request.setData('/well'));
    // All of it would be 270 megabytes.
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(120 * MIB);
    let read = 0;
    const done = new Promise<void>((resolve) => {
      reader.on('data', (chunk) => {
        read += chunk.length;
        if (read >= count * 900_000) resolve();
      });
    });
    reader.resume();
    await done;
  });

  test('and goes on to ask is not listened to any more', async () => {
    const before = process.memoryUsage();
    const flood = asked(...Array.from({ length: 50_000 }, (_, i) => [i, request.getData('/large')] as const));
    const socket = await stranger(hello(), false);
    for (let i = 0; i < 40; i++) socket.write(flood);
    for (let i = 0; i < 20; i++) await client.ask(request.setData('/well'));
    // Nearly all of it still waits at the client.
    expect(socket.writableLength).toBeGreaterThan(20 * MIB);
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(150 * MIB + socket.writableLength);
  });
});
