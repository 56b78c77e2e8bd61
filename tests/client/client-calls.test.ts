/** The client over real WebSockets: calls, chroot, watches, limits of a call. */
import { describe, expect, test } from '@jest/globals';
import { CREATOR_ACL, EventType, Op } from '@synod/protocol';
import { ops, reads, type Client, type WatchEvent } from '@synod/client';
import { ensemble, failure, listener, open, state } from './setup.js';

describe('calls', () => {
  test('each gives what the server says', async () => {
    const client = await open();
    const created = await client.create('/a', 'hello');
    expect(created).toMatchObject({ path: '/a', stat: { dataLength: 5 } });
    expect((await client.get('/a')).data).toEqual(Buffer.from('hello'));
    expect((await client.set('/a', new Uint8Array([1]))).version).toBe(1);
    expect((await client.exists('/a'))?.version).toBe(1);
    expect(await client.exists('/b')).toBeNull();
    expect((await client.create('/a/s-', null, { mode: 'persistentSequential' })).path).toBe('/a/s-0000000000');
    expect(await client.children('/a')).toMatchObject({ children: ['s-0000000000'], stat: { numChildren: 1 } });
    expect((await client.setAcl('/a', CREATOR_ACL)).aversion).toBe(1);
    expect((await client.getAcl('/a')).acl).toEqual(CREATOR_ACL);
    await client.create('/e', null, { mode: 'ephemeral' });
    expect((await client.get('/e')).stat.ephemeralOwner).toBe(client.session.id);
    expect(await client.ephemerals()).toEqual(['/e']);
    expect(await client.allChildrenNumber('/')).toBe(3);
    expect(await client.whoAmI()).toEqual([{ scheme: 'ip', id: '127.0.0.1' }]);
    await expect(client.sync()).resolves.toBeUndefined();
    await expect(client.addAuth('digest', 'u:p')).resolves.toBeUndefined();
    await expect(client.delete('/a/s-0000000000')).resolves.toBeUndefined();
    expect(client.lastZxid).toBe(ensemble.tree.zxid);
  });

  test('null and empty data differ', async () => {
    const client = await open();
    await client.create('/null');
    await client.create('/empty', '');
    expect((await client.get('/null')).data).toBeNull();
    expect((await client.get('/empty')).data).toEqual(Buffer.alloc(0));
  });

  test('multi is all or nothing and says which operation failed', async () => {
    const client = await open();
    const results = await client.multi([ops.create('/a', 'x'), ops.set('/a', 'y'), ops.check('/a', 1)]);
    expect(results[0].path).toBe('/a');
    expect(results[1].stat.version).toBe(1);
    expect(results[2]).toEqual({});
    const error = await failure(client.multi([ops.delete('/a'), ops.check('/b')]));
    expect(error).toMatchObject({ code: 'NO_NODE', path: '/b', index: 1, outcome: 'not-applied' });
    expect(await client.exists('/a')).not.toBeNull();
  });

  test('multiRead gives a result or an error for each', async () => {
    const client = await open();
    await client.create('/a', 'x');
    const [data, list, none] = await client.multiRead([reads.get('/a'), reads.children('/'), reads.get('/b')]);
    expect(data).toMatchObject({ data: Buffer.from('x') });
    expect(list).toMatchObject({ children: ['a'] });
    expect(none).toMatchObject({ code: 'NO_NODE', path: '/b' });
  });

  test('answers come in the order of the calls, many in one frame', async () => {
    const client = await open();
    await client.create('/a', '0');
    const order: number[] = [];
    const calls = Array.from({ length: 2_500 }, async (_, i) => {
      if (i % 2 === 0) await client.set('/a', `${i}`);
      else expect((await client.get('/a')).data?.toString()).toBe(`${i - 1}`);
      order.push(i);
    });
    await Promise.all(calls);
    expect(order).toEqual(Array.from({ length: 2_500 }, (_, i) => i));
  });

  const bad = { signal: undefined };
  test.each<readonly [string, (client: Client) => Promise<unknown>, RegExp]>([
    ['a relative path', (c) => c.get('a'), /must start with "\/"/],
    ['no path', (c) => c.get(undefined as never), /must be a string/],
    ['a bad path in a multi', (c) => c.multi([ops.set('/a/', '')]), /must not end/],
    ['a number as data', (c) => c.set('/a', 5 as never), /not number/],
    ['a version that is none', (c) => c.set('/a', '', { version: 1.5, ...bad }), /version must be a whole number/],
    ['a version too far', (c) => c.delete('/a', { version: 2 ** 31 }), /version must be a whole number/],
    ['a ttl too far', (c) => c.create('/a', '', { ttl: 2 ** 41 }), /ttl must be a whole number/],
    [
      'a long ACL',
      (c) =>
        c.setAcl(
          '/a',
          Array.from({ length: 65 }, () => CREATOR_ACL[0]!),
        ),
      /acl holds 65 entries, more than 64/,
    ],
    ['too much data', (c) => c.set('/a', new Uint8Array(1_048_576)), /the server takes 1048575/],
  ])('%s is refused before it is sent, and takes no number', async (_name, call, message) => {
    const client = await open();
    const { requests } = ensemble.serving;
    const error = await failure(call(client));
    expect(error.message).toMatch(message);
    expect(['BAD_ARGUMENTS', 'MARSHALLING_ERROR']).toContain(error.code);
    await client.create('/fine');
    expect(requests).toMatchObject([{ number: 1 }]);
  });

  test('bytes are sent as they are, whatever the buffer', async () => {
    const client = await open();
    const shared = new Uint8Array(100).fill(7).subarray(10, 20);
    await client.create('/a', shared);
    expect((await client.get('/a')).data).toEqual(Buffer.alloc(10, 7));
  });
});

describe('chroot', () => {
  test('paths go in and come out below it', async () => {
    const outside = await open();
    await outside.create('/app');
    const client = await open({}, '/app');
    expect((await client.create('/a')).path).toBe('/a');
    expect((await client.multi([ops.create('/b')]))[0].path).toBe('/b');
    expect((await client.children('/')).children.sort()).toEqual(['a', 'b']);
    expect(await client.exists('/app')).toBeNull();
    await client.create('/e', null, { mode: 'ephemeral' });
    expect(await client.ephemerals()).toEqual(['/e']);
    expect(await failure(client.get('/x'))).toMatchObject({ path: '/x' });
    const watch = listener();
    await client.addWatch('/', 'recursive', watch.hear);
    await outside.set('/app', 'x');
    await outside.set('/app/a', 'x');
    expect((await watch.next()).path).toBe('/');
    expect((await watch.next()).path).toBe('/a');
  });
});

describe('watches', () => {
  test('a listener runs after the code that waits for an earlier answer and before that for a later one', async () => {
    const client = await open();
    await client.create('/a', 'old');
    const order: string[] = [];
    const first = client.get('/a', { watch: () => order.push('event') });
    const write = client.set('/a', 'new');
    await Promise.all([first.then(() => order.push('read')), write.then(() => order.push('written'))]);
    expect(order).toEqual(['read', 'event', 'written']);
  });

  test('one-shot watches fire once each, on what they watch', async () => {
    const client = await open();
    await client.create('/a');
    const data = listener();
    const exists = listener();
    const children = listener();
    await client.get('/a', { watch: data.hear });
    await client.exists('/a/b', { watch: exists.hear });
    await client.children('/a', { watch: children.hear });
    await client.create('/a/b');
    await client.create('/a/c');
    await client.set('/a', 'x');
    await client.set('/a', 'y');
    await client.sync();
    expect(data.heard).toMatchObject([{ type: EventType.nodeDataChanged, path: '/a' }]);
    expect(exists.heard).toMatchObject([{ type: EventType.nodeCreated, path: '/a/b' }]);
    expect(children.heard).toMatchObject([{ type: EventType.nodeChildrenChanged, path: '/a' }]);
  });

  test('watches survive a reconnect, and what happened meanwhile is told', async () => {
    const client = await open();
    const other = await open();
    await client.create('/a');
    await client.create('/b');
    const once = listener();
    const kept = listener();
    const created = listener();
    const lasting = listener();
    await client.get('/a', { watch: once.hear });
    await client.get('/b', { watch: kept.hear });
    await client.exists('/c', { watch: created.hear });
    await client.addWatch('/', 'recursive', lasting.hear);
    // While it is away, no server takes it back.
    for (const server of ensemble.servers) {
      server.behaviour.hello = () => ({ code: 'CONNECTION_LOSS', reason: 'not now' });
    }
    client.disconnect();
    await state(client, 'suspended');
    await other.set('/a', 'x');
    await other.create('/c');
    await other.delete('/c');
    for (const server of ensemble.servers) server.behaviour = {};
    await state(client, 'connected');
    expect(await once.next()).toMatchObject({ type: EventType.nodeDataChanged, path: '/a' });
    expect(await created.next()).toMatchObject({ type: EventType.nodeCreated, path: '/c' });
    await client.sync();
    expect(lasting.heard.map(({ type, path }) => `${type} ${path}`)).toEqual(['3 /a', '1 /c', '2 /c']);
    expect(kept.heard).toEqual([]);
    await other.set('/b', 'x');
    expect(await kept.next()).toMatchObject({ path: '/b' });
  });

  test('a closed handle hears nothing more, another on the same path does', async () => {
    const client = await open();
    const seen: string[] = [];
    const hear = (event: WatchEvent): number => seen.push(event.path);
    const one = await client.addWatch('/', 'recursive', hear);
    const two = await client.addWatch('/', 'recursive', hear);
    await client.create('/1');
    await one.close();
    await client.create('/2');
    await two.close();
    await two.close();
    await client.create('/3');
    await client.sync();
    expect(seen).toEqual(['/1', '/1', '/2']);
    const removals = ensemble.serving.requests.filter(({ request }) => request.op === Op.removeWatches);
    expect(removals).toHaveLength(1);
  });

  test('removeWatches', async () => {
    const client = await open();
    await client.create('/a');
    const watch = listener();
    await client.get('/a', { watch: watch.hear });
    await client.removeWatches('/a', 'data');
    await client.set('/a', 'x');
    await client.sync();
    expect(watch.heard).toEqual([]);
    expect(await failure(client.removeWatches('/a', 'any'))).toMatchObject({ code: 'NO_WATCHER', path: '/a' });
  });
});

describe('limits of a call', () => {
  test('timeout of a call that was sent', async () => {
    const client = await open();
    ensemble.serving.behaviour = { request: () => 'silence' };
    const write = failure(client.set('/a', 'x', { timeout: 20 }));
    const read = failure(client.get('/a', { timeout: 20 }));
    expect(await write).toMatchObject({ code: 'OPERATION_TIMEOUT', outcome: 'unknown', path: '/a', retryable: true });
    expect(await read).toMatchObject({ code: 'OPERATION_TIMEOUT', outcome: 'not-applied' });
  });

  test('timeout of a call that was never sent', async () => {
    const client = await open();
    await ensemble.stop();
    await state(client, 'suspended');
    expect(await failure(client.create('/a', '', { timeout: 20 }))).toMatchObject({ outcome: 'not-applied' });
    for (const server of ensemble.servers) await server.start();
    await client.sync();
    expect(await client.exists('/a')).toBeNull();
  });

  test('abort rejects with the reason of the signal', async () => {
    const client = await open();
    const reason = new Error('never mind');
    expect(await failure(client.sync('/', { signal: AbortSignal.abort(reason) }))).toBe(reason);
    ensemble.serving.behaviour = { request: () => 'silence' };
    const controller = new AbortController();
    const call = failure(client.set('/a', 'x', { signal: controller.signal }));
    controller.abort(reason);
    expect(await call).toBe(reason);
  });

  test('an answer in time leaves neither timer nor listener', async () => {
    const client = await open();
    const { signal } = new AbortController();
    await client.sync('/', { timeout: 50_000, signal });
    await client.sync('/', { timeout: 50_000, signal });
    expect(client.state).toBe('connected');
  });

  test('a full queue', async () => {
    const client = await open({ maxQueue: 2 });
    await ensemble.stop();
    await state(client, 'suspended');
    const waiting = [failure(client.sync()), failure(client.sync())];
    expect(await failure(client.sync())).toMatchObject({ code: 'THROTTLED', retryable: true });
    client.kill();
    await Promise.all(waiting);
  });
});
