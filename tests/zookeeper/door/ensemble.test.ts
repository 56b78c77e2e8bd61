/**
 * ZooKeeper's clients of a real ensemble: sessions that move from server to server, a leader that is killed while writes
 * are under way, and znodes that are written through one door and read through the other.
 */
import { afterAll, describe, expect } from '@jest/globals';
import type { ConnectRequest } from '@synod/zookeeper';
import { followers, scenario, type Ensemble } from '../../cluster/rig.js';
import { ZkClient } from './client.js';
import * as request from './requests.js';
import { asked, hello } from './talk.js';

const { Flags } = request;
const clients: ZkClient[] = [];
afterAll(() => {
  for (const client of clients) client.drop();
});

/** Nobody here pings, so sessions live longer than any of these tests. */
async function open(ensemble: Ensemble, id: number, changes: Partial<ConnectRequest> = {}): Promise<ZkClient> {
  const client = await ZkClient.open(ensemble.member(id).clientPort, { timeOut: 60_000, ...changes });
  clients.push(client);
  return client;
}

/** A client that comes back until it is let in, as ZooKeeper's clients do. */
async function comeBack(
  ensemble: Ensemble,
  ids: readonly number[],
  changes: Partial<ConnectRequest>,
): Promise<ZkClient> {
  let found: ZkClient | null = null;
  const attempt = async (): Promise<boolean> => {
    for (const id of ids) {
      try {
        found = await open(ensemble, id, changes);
        return true;
      } catch {
        // Not this one, not yet.
      }
    }
    return false;
  };
  await ensemble.until(attempt, 'a server that lets the client in', 20_000);
  return found!;
}

/** A client that writes as fast as it can, many writes at once, and remembers what was acknowledged. */
class Writer {
  readonly acknowledged: string[] = [];
  readonly client: ZkClient;
  readonly #parent: string;
  #asked = 0;

  constructor(client: ZkClient, parent: string) {
    this.client = client;
    this.#parent = parent;
  }

  /** Asks for so many creates at once and notes the answers as they come; false where the connection ends before. */
  async write(count: number): Promise<boolean> {
    const paths = Array.from({ length: count }, () => `${this.#parent}/${++this.#asked}`);
    this.client.write(asked(...paths.map((path, i) => [i + 1, request.create(path)] as const)));
    for (const [i, path] of paths.entries()) {
      const answer = await this.client.answer(request.create(path)).catch(() => null);
      if (answer === null) return false;
      expect([answer.header.xid, answer.header.err, answer.body.path]).toEqual([i + 1, 0, path]);
      this.acknowledged.push(path);
    }
    return true;
  }
}

async function missing(client: ZkClient, parent: string, acknowledged: readonly string[]): Promise<string[]> {
  await client.ask(request.sync(parent));
  const { children } = (await client.ask(request.getChildren(parent))).body;
  const there = new Set(children?.map((name) => `${parent}/${name}`));
  return acknowledged.filter((path) => !there.has(path));
}

describe('a session', () => {
  scenario('moves to another server; the connection it had is ended', {}, async (ensemble) => {
    await ensemble.startAll();
    for (const [from, to] of [
      [1, 2],
      [2, 3],
      [3, 1],
    ] as const) {
      const before = await open(ensemble, from);
      const path = `/moves-${from}`;
      const { header } = await before.ask(request.create(path, { flags: Flags.ephemeral }));
      const identity = await before.identity();
      const after = await open(ensemble, to, { ...identity, lastZxidSeen: header.zxid });
      await before.ended();
      expect(before.story).toEqual(['connected', 'reply 1', 'end']);
      // It reads its own write, on whatever server.
      const { stat } = (await after.ask(request.exists(path))).body;
      expect([stat.ephemeralOwner, stat.czxid]).toEqual([identity.sessionId, header.zxid]);
      await after.ask(request.closeSession);
    }
  });

  scenario('cannot be taken with a wrong password, on any server', {}, async (ensemble) => {
    await ensemble.startAll();
    const owner = await open(ensemble, 1);
    const { sessionId } = await owner.identity();
    for (const id of ensemble.ids) {
      const thief = await ZkClient.dial(ensemble.member(id).clientPort);
      thief.write(hello({ sessionId, passwd: new Uint8Array(16).fill(1) }));
      expect(await thief.response()).toMatchObject({ sessionId: 0, timeOut: 0 });
    }
    expect((await owner.ask(request.ping)).header.err).toBe(0);
  });

  scenario('of a client whose writes were under way goes on where the writes stand', {}, async (ensemble) => {
    await ensemble.startAll();
    const first = await open(ensemble, 1);
    await first.ask(request.create('/cut'));
    const identity = await first.identity();
    // Some of these are carried out, and nobody learns of it.
    first.write(asked(...Array.from({ length: 200 }, (_, i) => [i, request.create(`/cut/${i}`)] as const)));
    await first.answer(request.create('/cut/0'));
    first.drop();
    const second = await open(ensemble, 2, identity);
    for (let i = 0; i < 5; i++) {
      expect((await second.ask(request.create(`/cut/again-${i}`))).header.err).toBe(0);
    }
    // What was carried out is a beginning of what was asked for.
    const { children } = (await second.ask(request.getChildren('/cut'))).body;
    const numbers = children!.filter((name) => !name!.startsWith('again')).map(Number);
    expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, i) => i));
  });
});

describe('a leader that is killed', () => {
  // A server without a leader keeps its clients for two ticks: these, the default, are long beside any election.
  const patient = { settings: { tickTime: 2_000 } };
  scenario(
    'takes no acknowledged write along, and nobody’s connection but its own clients’',
    patient,
    async (ensemble) => {
      await ensemble.startAll();
      const leader = await ensemble.leader();
      const others = await followers(ensemble);
      const stable = new Writer(await open(ensemble, others[0]!), '/stable');
      const moving = new Writer(await open(ensemble, leader), '/moving');
      for (const [writer, path] of [
        [stable, '/stable'],
        [moving, '/moving'],
      ] as const) {
        await writer.client.ask(request.create(path));
        await writer.client.ask(request.create(`${path}-e`, { flags: Flags.ephemeral }));
      }
      const watcher = await open(ensemble, others[1]!);
      await watcher.ask(request.exists('/stable-e', true));
      const identity = await moving.client.identity();

      const rounds = async (writer: Writer): Promise<void> => {
        for (let i = 0; i < 20 && (await writer.write(50)); i++);
      };
      const both = Promise.all([rounds(stable), rounds(moving)]);
      await ensemble.until(() => Promise.resolve(stable.acknowledged.length > 100), 'writes', 30_000);
      await ensemble.kill(leader);
      await both;

      expect(stable.acknowledged).toHaveLength(1_000);
      const again = await comeBack(ensemble, others, identity);
      expect((await again.response()).sessionId).toBe(identity.sessionId);
      expect(await missing(again, '/moving', moving.acknowledged)).toEqual([]);
      expect(await missing(again, '/stable', stable.acknowledged)).toEqual([]);
      const { stat } = (await again.ask(request.exists('/moving-e'))).body;
      expect(stat.ephemeralOwner).toBe(identity.sessionId);
      expect((await again.ask(request.create('/moving/again'))).header.err).toBe(0);
      expect((await watcher.ask(request.exists('/stable-e'))).header.err).toBe(0);
      expect(watcher.events).toEqual([]);
      ensemble.start(leader);
      await ensemble.serving(ensemble.ids);
      await ensemble.level();
    },
  );

  scenario('with all the others: clients are sent away without a word, and come back', {}, async (ensemble) => {
    await ensemble.startAll();
    const leader = await ensemble.leader();
    const others = await followers(ensemble);
    const client = await open(ensemble, leader);
    await client.ask(request.create('/kept', { flags: Flags.ephemeral }));
    const identity = await client.identity();
    for (const id of others) await ensemble.kill(id);
    client.write(asked([9, request.setData('/kept')]));
    await client.ended();
    expect(client.story).toEqual(['connected', 'reply 1', 'end']);
    // Nobody is let in meanwhile, and nobody is told that his session has expired.
    const early = await ZkClient.dial(ensemble.member(leader).clientPort);
    early.write(hello(identity), asked([1, request.ping]));
    for (const id of others) ensemble.start(id);
    const again = await comeBack(ensemble, ensemble.ids, identity);
    expect((await again.ask(request.exists('/kept'))).body.stat.ephemeralOwner).toBe(identity.sessionId);
    const [first] = early.told.entries;
    if (first?.kind === 'connected') expect(first.response.sessionId).toBe(identity.sessionId);
  });
});

describe('two doors', () => {
  scenario('lead to the same znodes', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const [zookeeper, synod] = [await open(ensemble, 1), await guests.connect([2])];
    await zookeeper.ask(request.create('/both', { data: request.bytes('by ZooKeeper') }));
    await synod.sync('/both');
    const told = new Promise<string>((resolve) => {
      void synod.get('/both', { watch: (event) => resolve(`${event.type} ${event.path}`) });
    });
    expect(String((await synod.get('/both')).data)).toBe('by ZooKeeper');
    await zookeeper.ask(request.setData('/both', 'again', 0));
    expect(await told).toBe('3 /both');

    await zookeeper.ask(request.getData('/both', true));
    await synod.set('/both', 'by Synod');
    await zookeeper.told.until((one) => one.kind === 'event');
    expect(zookeeper.events).toEqual(['3 /both']);
    const { data, stat } = (await zookeeper.ask(request.getData('/both'))).body;
    expect([String(Buffer.from(data!)), stat.version]).toEqual(['by Synod', 2]);

    await synod.create('/theirs', 'x', { mode: 'ephemeral' });
    await zookeeper.ask(request.sync('/'));
    await zookeeper.ask(request.exists('/theirs', true));
    await synod.close();
    await zookeeper.told.until((one) => one.kind === 'event' && one.event.path === '/theirs');
    expect(zookeeper.events.at(-1)).toBe('2 /theirs');
  });

  scenario('lead to the same sessions: who has id and secret owns one', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const raw = await guests.dial(1);
    const { session, secret } = await raw.hello();
    const zookeeper = await open(ensemble, 2, { sessionId: session, passwd: secret });
    expect((await raw.goodbye()).code).toBe('SESSION_MOVED');
    await zookeeper.ask(request.create('/taken-over', { flags: Flags.ephemeral }));
    const back = await guests.dial(3);
    expect(await back.hello({ session, secret })).toMatchObject({ resumed: true, session, lastWrite: 1 });
    await zookeeper.ended();
  });
});
