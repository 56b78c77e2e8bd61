/** What clients that are broken, hostile or slow can do: lose their own connection. Nobody else notices. */
import { describe, expect } from '@jest/globals';
import type { Client } from '@synod/client';
import { body, isRefusal, limits, Op, OPEN_ACL, pack } from '@synod/protocol';
import { connect as connectTcp } from 'node:net';
import { WebSocket } from 'ws';
import { Load, scenario, type Ensemble, type Guests } from './rig.js';

const alone = { voters: 1 } as const;

/** A client that works on all the while, and must come through without an error or a pause. */
async function undisturbed(guests: Guests, work: (client: Client) => Promise<void>): Promise<void> {
  const client = await guests.connect();
  await client.create('/quiet');
  const states: string[] = [];
  client.on('state', (state) => states.push(state));
  const load = new Load(client, '/quiet');
  await load.more(5);
  await work(client);
  await load.more(5);
  await load.stop();
  expect(load.errors).toEqual([]);
  expect(states).toEqual([]);
  expect(load.longestMs).toBeLessThan(2_000);
}

/** What a server answers to a WebSocket upgrade that it refuses. */
function refusedUpgrade(ensemble: Ensemble, origin: string): Promise<number | undefined> {
  const ws = new WebSocket(`ws://${ensemble.address(1)}/`, { origin });
  ws.on('error', () => undefined);
  return new Promise((resolve) => {
    ws.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      ws.terminate();
    });
    ws.on('open', () => resolve(undefined));
  });
}

/** Sends bytes that are no WebSocket; resolves when the server has hung up. */
function shout(ensemble: Ensemble, bytes: Uint8Array | string): Promise<void> {
  const socket = connectTcp(ensemble.member(1).clientPort, '127.0.0.1', () => socket.write(bytes));
  socket.on('error', () => undefined);
  socket.resume();
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

describe('bad clients', () => {
  scenario('that speak nonsense lose their connection, or are told what was wrong', alone, async (ensemble, guests) => {
    await ensemble.startAll();
    await undisturbed(guests, async () => {
      await shout(ensemble, Buffer.alloc(100_000, 0xee));
      await shout(ensemble, 'GET / HTTP/1.1\r\nX: ' + 'y'.repeat(100_000));

      // Frames that hold no message: goodbye with the reason.
      const nonsense = [Buffer.from([0xc1]), Buffer.from('hello'), Buffer.from(pack({ a: 1 })), Buffer.from(pack([1]))];
      for (const frame of [...nonsense, Buffer.alloc(10_000, 0x91)]) {
        const raw = await guests.dial(1);
        raw.ws.send(frame);
        expect(await raw.goodbye()).toMatchObject({ code: 'MARSHALLING_ERROR' });
        await raw.closed;
      }

      const large = await guests.dial(1);
      await large.hello();
      large.ws.send(Buffer.alloc(limits.frameBytes + 1));
      expect(await large.closed).toMatch(/^1009 /);

      const again = await guests.dial(1);
      const welcome = await again.hello();
      void again.hello({ session: welcome.session, secret: welcome.secret }).catch(() => undefined);
      await again.closed;

      const early = await guests.dial(1);
      early.send({ op: Op.ping });
      expect(await early.goodbye()).toMatchObject({ code: 'MARSHALLING_ERROR' });

      const old = await guests.dial(1);
      await expect(old.hello({ versions: [99] })).rejects.toThrow('UNIMPLEMENTED');
    });
    expect(ensemble.log(1)).not.toMatch(/ERROR/);
  });

  scenario('are told which request was wrong, and may go on', alone, async (ensemble, guests) => {
    await ensemble.startAll();
    const raw = await guests.dial(1);
    await raw.hello();
    raw.frame([[1, 4711, 'whatever']]);
    expect((await raw.reply(1)).result).toMatchObject({ code: 'UNIMPLEMENTED' });
    raw.frame([[2, Op.getData, 17, 'yes']]);
    expect((await raw.reply(2)).result).toMatchObject({ code: 'MARSHALLING_ERROR' });
    raw.frame([[3, Op.getData, '/nowhere', false]]);
    expect((await raw.reply(3)).result).toMatchObject({ code: 'NO_NODE' });
    raw.frame([
      [4, Op.create, 1, 0, ...body({ op: Op.create, path: 'no-slash', data: null, acl: OPEN_ACL, mode: 0, ttl: 0 })],
    ]);
    expect((await raw.reply(4)).result).toMatchObject({ code: 'BAD_ARGUMENTS' });
    // A write out of its order cannot be answered in order: that ends the connection.
    raw.frame([[5, Op.delete, 7, 0, '/a', -1]]);
    expect(await raw.goodbye()).toMatchObject({ code: 'BAD_ARGUMENTS' });
    await raw.closed;
  });

  scenario('from foreign web pages are refused', alone, async (ensemble) => {
    await ensemble.startAll();
    expect(await refusedUpgrade(ensemble, 'https://evil.example')).toBe(403);
    expect(await refusedUpgrade(ensemble, `http://${ensemble.address(1)}`)).toBe(403);
    const page = await fetch(`http://${ensemble.address(1)}/status`, { headers: { Origin: 'https://evil.example' } });
    expect(page.status).toBe(403);
  });

  scenario('that ask for much and read nothing wait, and cost little memory', alone, async (ensemble, guests) => {
    await ensemble.startAll();
    await undisturbed(guests, async (client) => {
      await client.create('/large', Buffer.alloc(1_000_000, 'x'));
      const before = (await ensemble.status(1))!.memoryBytes;
      const raw = await guests.dial(1);
      await raw.hello();
      raw.ws.pause();
      const asked = 500;
      const xids = Array.from({ length: asked }, () => raw.send({ op: Op.getData, path: '/large', watch: false }));
      // A whole round of the others' work later all of it has arrived there.
      await client.sync();
      await ensemble.until(async () => (await ensemble.status(1))!.connections === 2, 'two connections', 5_000);
      expect((await ensemble.status(1))!.memoryBytes - before).toBeLessThan(150_000_000);
      raw.ws.resume();
      for (const xid of xids) {
        const { result } = await raw.reply(xid);
        if (isRefusal(result) || !('data' in result)) throw new Error('no data');
        expect(result.data?.length).toBe(1_000_000);
      }
    });
  });

  scenario('that are owed many events and read nothing lose their connection', alone, async (ensemble, guests) => {
    await ensemble.startAll();
    await undisturbed(guests, async (client) => {
      const path = `/${'long'.repeat(4_000)}`;
      await client.create(path);
      const raw = await guests.dial(1);
      await raw.hello();
      await raw.ask({ op: Op.addWatch, path, mode: 0 });
      raw.ws.pause();
      const { memoryBytes } = (await ensemble.status(1))!;
      // Each event repeats the path: 16 KB. What the system buffers comes on top of what the server does.
      let most = 0;
      const dropped = (): boolean => ensemble.log(1).includes('client-too-slow');
      for (let round = 0; round < 100 && !dropped(); round++) {
        await Promise.all(Array.from({ length: 50 }, () => client.set(path, null)));
        most = Math.max(most, (await ensemble.status(1))!.memoryBytes);
      }
      expect(dropped()).toBe(true);
      expect(most - memoryBytes).toBeLessThan(250_000_000);
      raw.ws.resume();
      await raw.closed;
    });
  });
});
