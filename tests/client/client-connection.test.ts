/** The client against servers that misbehave: connecting, reconnecting, the end of a session. */
import { describe, expect, test } from '@jest/globals';
import { Op, pack, refuse, type Request } from '@synod/protocol';
import { connect } from '@synod/client';
import { ensemble, failure, open, state } from './setup.js';

describe('connect', () => {
  test('no server at all', async () => {
    await ensemble.stop();
    const error = await failure(open({ connectTimeout: 100 }));
    expect(error).toMatchObject({ code: 'CONNECTION_LOSS' });
    expect(error.reason).toMatch(/took the session within 100 ms; last: 127\.0\.0\.1:\d+: connect ECONNREFUSED/);
  });

  test('servers that are not serving', async () => {
    for (const server of ensemble.servers) {
      server.behaviour = { hello: () => ({ code: 'CONNECTION_LOSS', reason: 'no leader' }) };
    }
    expect((await failure(open({ connectTimeout: 100 }))).reason).toMatch(/goodbye: CONNECTION_LOSS: no leader/);
  });

  test('one server of three is enough, also where another never answers', async () => {
    const [first, second] = ensemble.servers;
    await first!.stop();
    second!.behaviour = { hello: () => 'silence' };
    const client = await open({ sessionTimeout: 900 });
    await client.create('/a');
  });

  test.each([
    ['bad list', 'a b', {}],
    ['bad option', '127.0.0.1:1', { sessionTimeout: -1 }],
  ])('%s', async (_name, list, options) => {
    expect(await failure(connect(list, options))).toMatchObject({ code: 'BAD_ARGUMENTS' });
  });

  test('signal', async () => {
    const reason = new Error('enough');
    expect(await failure(open({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    for (const server of ensemble.servers) server.behaviour = { hello: () => 'silence' };
    const controller = new AbortController();
    const pending = failure(open({ signal: controller.signal }));
    while (ensemble.servers.every(({ hellos }) => hellos.length === 0)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    controller.abort(reason);
    expect(await pending).toBe(reason);
  });

  test('identities are presented before anything else, on every connection', async () => {
    const client = await open({ auth: [{ scheme: 'digest', credentials: 'u:p' }] });
    await client.create('/a');
    client.disconnect();
    await client.create('/b');
    const all = ensemble.servers.flatMap(({ requests }) => requests.map(({ request }) => request.op));
    expect(all).toEqual([Op.addAuth, Op.create, Op.addAuth, Op.create]);
  });

  test('an identity that is not accepted', async () => {
    const request = (r: Request) => (r.op === Op.addAuth ? refuse('AUTH_FAILED', '', 'unknown scheme') : 'serve');
    for (const server of ensemble.servers) server.behaviour = { request };
    expect(await failure(open({ auth: [{ scheme: 'x', credentials: '' }] }))).toMatchObject({ code: 'AUTH_FAILED' });
  });

  test('a session that is over', async () => {
    const session = { id: 5, secret: new Uint8Array(16) };
    ensemble.tree.zxid = 10;
    expect(await failure(open({ session }))).toMatchObject({
      code: 'SESSION_EXPIRED',
      reason: 'there is no such session',
    });
  });
});
describe('reconnect', () => {
  test('calls made while there is no server are carried out later', async () => {
    const client = await open();
    const ports = ensemble.servers.map((server) => server.port);
    await ensemble.stop();
    await state(client, 'suspended');
    const write = client.create('/a', 'x');
    const read = client.get('/a');
    for (const server of ensemble.servers) await server.start();
    expect(ensemble.servers.map((server) => server.port)).toEqual(ports);
    expect((await write).path).toBe('/a');
    expect((await read).data?.toString()).toBe('x');
  });

  test('a write whose answer was lost gets its first result', async () => {
    const client = await open();
    let cuts = 0;
    const request = (r: Request): 'apply-then-cut' | 'serve' =>
      r.op === Op.create && cuts++ === 0 ? 'apply-then-cut' : 'serve';
    for (const server of ensemble.servers) server.behaviour = { request };
    expect((await client.create('/s-', null, { mode: 'persistentSequential' })).path).toBe('/s-0000000000');
    expect([...ensemble.tree.nodes.keys()]).toEqual(['/', '/s-0000000000']);
  });

  test.each([1, 2, 3, 4])('whatever breaks, every write happens once and in order (program %i)', async (program) => {
    const client = await open();
    await client.create('/n', '0');
    let served = 0;
    const request = (): 'apply-then-cut' | 'cut' | 'serve' => {
      served++;
      if (served % (7 * program + 3) === 0) return 'cut';
      return served % (5 * program + 6) === 0 ? 'apply-then-cut' : 'serve';
    };
    for (const server of ensemble.servers) server.behaviour = { request };
    const events: string[] = [];
    await client.addWatch('/l', 'recursive', (event) => events.push(event.path));
    await client.create('/l');
    const calls = Array.from({ length: 120 }, async (_, i) => {
      const [created, stat] = await Promise.all([
        client.create('/l/', `${i}`, { mode: 'persistentSequential' }),
        client.set('/n', `${i}`, { version: i }),
      ]);
      expect(created.path).toBe(`/l/${String(i).padStart(10, '0')}`);
      expect(stat.version).toBe(i + 1);
      expect(Number((await client.get('/n')).data)).toBeGreaterThanOrEqual(i);
    });
    await Promise.all(calls);
    await client.sync();
    const created = [...new Set(events.filter((path) => path.length > 2))];
    expect(created).toEqual([...ensemble.tree.nodes.keys()].filter((path) => path.startsWith('/l/')));
    expect(created).toHaveLength(120);
  });

  test('goodbye: on to another server at once', async () => {
    const client = await open();
    const before = client.server;
    ensemble.serving.goodbye('CONNECTION_LOSS', 'closing down');
    await state(client, 'suspended');
    expect(client.cause).toBe(`${before}: goodbye: CONNECTION_LOSS: closing down`);
    await client.create('/a');
    expect(client.server).not.toBe(before);
  });

  test('a silent server is left, and its calls with it', async () => {
    const client = await open({ sessionTimeout: 600 });
    const silent = ensemble.serving;
    silent.behaviour = { request: () => 'silence' };
    await client.create('/a');
    expect(ensemble.serving).not.toBe(silent);
    expect(client.cause).toMatch(/silent for \d+ ms/);
  });

  test('an idle session is kept by pings', async () => {
    const client = await open({ sessionTimeout: 300 });
    const { requests } = ensemble.serving;
    while (requests.filter(({ request }) => request.op === Op.ping).length < 3) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(client.state).toBe('connected');
  });

  test('a loop that was blocked for long does not blame the server', async () => {
    const client = await open({ sessionTimeout: 300 });
    const states: string[] = [];
    client.on('state', (next) => states.push(next));
    // The server has answered, but nobody here has read it yet, when the loop comes to a stop.
    ensemble.serving.behaviour = {
      request: () => {
        process.nextTick(() => {
          const until = performance.now() + 400;
          while (performance.now() < until);
        });
        return 'serve';
      },
    };
    await client.sync();
    expect(states).toEqual([]);
  });

  test('garbage from a server costs the connection', async () => {
    const client = await open();
    ensemble.serving.sendRaw(pack('garbage'));
    await state(client, 'suspended');
    await client.create('/a');
    ensemble.serving.sendRaw(Buffer.from([0xc1]));
    await state(client, 'suspended');
    await client.create('/b');
  });
});

describe('the end of a session', () => {
  test('a session that expired: sent writes are in doubt, the rest certainly did nothing', async () => {
    const client = await open();
    const states: string[] = [];
    client.on('state', (next) => states.push(next));
    for (const server of ensemble.servers) server.behaviour = { request: () => 'silence' };
    const write = failure(client.set('/a', 'x'));
    const read = failure(client.get('/a'));
    const { requests } = ensemble.serving;
    while (requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
    ensemble.expire(client.session.id);
    ensemble.serving.cut();
    expect(await write).toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'unknown', path: '/a' });
    expect(await read).toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'not-applied' });
    expect(await failure(client.get('/a'))).toMatchObject({ code: 'SESSION_EXPIRED' });
    expect(states).toEqual(['suspended', 'expired']);
    await client.close();
    expect(client.state).toBe('closed');
  });

  test('goodbye SESSION_EXPIRED', async () => {
    const client = await open();
    ensemble.serving.goodbye('SESSION_EXPIRED', 'too late');
    expect(await state(client, 'expired')).toBe('expired');
    expect((await failure(client.sync())).reason).toBe('too late');
  });

  test('a server that gives another session instead', async () => {
    const client = await open();
    for (const server of ensemble.servers) server.behaviour = { hello: () => ({ session: 99, resumed: false }) };
    client.disconnect();
    expect(await state(client, 'expired')).toBe('expired');
  });

  test('without any server for long enough the client gives up by itself', async () => {
    const client = await open({ expireAfter: 200 });
    await ensemble.stop();
    const error = await failure(client.set('/a', 'x'));
    expect(error).toMatchObject({ code: 'SESSION_EXPIRED' });
    expect(error.reason).toMatch(/without a server .* last: 127/);
  });

  test('close ends the session on the server, behind the calls before it; later calls are refused', async () => {
    const client = await open();
    const { id } = client.session;
    const write = client.create('/e', null, { mode: 'ephemeral' });
    const closed = client.close();
    expect(client.close()).toBe(closed);
    const late = failure(client.get('/e'));
    await write;
    await closed;
    expect((await late).code).toBe('SESSION_EXPIRED');
    expect(ensemble.sessions.has(id)).toBe(false);
    expect([...ensemble.tree.nodes.keys()]).toEqual(['/']);
    expect(client.state).toBe('closed');
  });

  test('close without a server is over with the timeout', async () => {
    const client = await open({ sessionTimeout: 300 });
    await ensemble.stop();
    await client.close();
    expect(client.state).toBe('closed');
  });

  test('a killed client leaves its session, and another goes on with it', async () => {
    const first = await open();
    await first.create('/e', null, { mode: 'ephemeral' });
    const pending = failure(first.sync());
    first.kill();
    expect((await pending).code).toBe('CONNECTION_LOSS');
    const second = await open({ session: first.session });
    expect(second.session.id).toBe(first.session.id);
    await second.set('/e', 'mine');
    expect(await second.ephemerals()).toEqual(['/e']);
    expect(ensemble.serving.requests.filter(({ number }) => number > 0).at(-1)).toMatchObject({ number: 2 });
  });

  test('dispose closes', async () => {
    const client = await open();
    await client[Symbol.asyncDispose]();
    expect(client.state).toBe('closed');
  });
});
