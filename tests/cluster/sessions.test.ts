/** Sessions: their end, and their move from server to server. */
import { describe, expect } from '@jest/globals';
import { EventType, type WatchEvent } from '@synod/client';
import { Op, OPEN_ACL, type DataResult, type PathStatResult, type Request } from '@synod/protocol';
import { followers, scenario } from './rig.js';

describe('the end of a session', () => {
  scenario('takes its ephemerals away everywhere, in one transaction', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const watchers = await Promise.all(ensemble.ids.map((id) => guests.connect([id])));
    const [first] = watchers as [(typeof watchers)[number]];
    for (const path of ['/a', '/b', '/a/c']) await first.create(path);
    const sessionTimeout = 2_000;
    const mortal = await guests.connect(ensemble.ids, { sessionTimeout });
    const paths = ['/a/1', '/a/c/2', '/b/3', '/4'];
    for (const path of paths) await mortal.create(path, null, { mode: 'ephemeral' });

    const seen = await Promise.all(
      watchers.map(async (watcher) => {
        await watcher.sync();
        const events: WatchEvent[] = [];
        let all = (): void => undefined;
        const complete = new Promise<void>((resolve) => (all = resolve));
        await watcher.addWatch('/', 'recursive', (event) => {
          if (event.type === EventType.nodeDeleted) events.push(event);
          if (events.length === paths.length) all();
        });
        return { events, complete };
      }),
    );
    // The last that is heard of it.
    const started = performance.now();
    await mortal.exists('/');
    mortal.kill();
    await Promise.all(seen.map(({ complete }) => complete));
    expect(performance.now() - started).toBeGreaterThan(sessionTimeout);
    const zxids = new Set(seen.flatMap(({ events }) => events.map(({ zxid }) => zxid)));
    expect(zxids.size).toBe(1);
    for (const { events } of seen) expect(events.map(({ path }) => path).sort()).toEqual([...paths].sort());
    for (const watcher of watchers) expect((await watcher.children('/a')).children).toEqual(['c']);
    await expect(guests.connect(ensemble.ids, { session: mortal.session })).rejects.toMatchObject({
      code: 'SESSION_EXPIRED',
    });
    await ensemble.level();
  });

  scenario('does not come while its client is idle, nor with a change of leaders', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const idle = await guests.connect(await followers(ensemble), { sessionTimeout: 2_000 });
    await idle.create('/alive', null, { mode: 'ephemeral' });
    const brief = await guests.connect(ensemble.ids, { sessionTimeout: 2_000 });
    await brief.create('/brief', null, { mode: 'ephemeral' });
    await ensemble.kill(await ensemble.leader());
    await idle.sync();
    let brieflyGone = (): void => undefined;
    const gone = new Promise<void>((resolve) => (brieflyGone = resolve));
    expect(await idle.exists('/brief', { watch: () => brieflyGone() })).not.toBeNull();
    // The new leader gives every session its full timeout, and then ends the one that nobody speaks for.
    brief.kill();
    await gone;
    expect((await idle.exists('/alive'))?.ephemeralOwner).toBe(idle.session.id);
  });
});

describe('a session that is resumed on another server', () => {
  const create = (path: string): Request => ({ op: Op.create, path, data: null, acl: OPEN_ACL, mode: 2, ttl: 0 });

  scenario('keeps its watches, and a write that is sent again gets its first result', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const [here, there] = (await followers(ensemble)) as [number, number];
    const other = await guests.connect([there]);
    await other.create('/watched', 'before');
    const before = await guests.dial(here);
    const welcome = await before.hello();
    const { session, secret } = welcome;
    expect(welcome).toMatchObject({ resumed: false, server: here, lastWrite: 0 });
    const first = await before.ask<PathStatResult>(create('/n-'), 1);
    await before.ask({ op: Op.sync, path: '/' });
    await before.ask({ op: Op.getData, path: '/watched', watch: true });
    const xid = before.send({ op: Op.ping });
    const { zxid: lastZxid } = await before.reply(xid);
    // This one gets no answer: whether it was carried out the client cannot know.
    before.send(create('/m-'), 2);
    before.terminate();
    await other.set('/watched', 'after');

    const after = await guests.dial(there);
    expect(await after.hello({ session, secret, lastZxid })).toMatchObject({ resumed: true, session, server: there });
    const lists = { data: ['/watched'], exists: [], children: [], persistent: [], recursive: [] };
    await after.ask({ op: Op.setWatches, since: lastZxid, ...lists });
    expect(await after.event()).toMatchObject({ type: EventType.nodeDataChanged, path: '/watched' });
    expect(await after.ask(create('/n-'), 1)).toEqual(first);
    const second = await after.ask<PathStatResult>(create('/m-'), 2);
    const data = await after.ask<DataResult>({ op: Op.getData, path: '/watched', watch: false });
    expect(data.data).toEqual(Buffer.from('after'));

    // And back, without having heard the answer: carried out or not, the result is the first one.
    const back = await guests.dial(here);
    expect(await back.hello({ session, secret })).toMatchObject({ resumed: true, lastWrite: 2 });
    expect(await back.ask(create('/m-'), 2)).toEqual(second);
    const third = await back.ask<PathStatResult>(create('/o-'), 3, 2);
    await other.sync();
    const names = (await other.children('/')).children.filter((name) => /^[mno]-/.test(name));
    expect(names.map((name) => `/${name}`).sort()).toEqual([second.path, first.path, third.path]);
  });

  scenario('is served nowhere else, and only to whoever knows its secret', {}, async (ensemble, guests) => {
    await ensemble.startAll();
    const [here, there] = (await followers(ensemble)) as [number, number];
    const before = await guests.dial(here);
    const { session, secret } = await before.hello();
    await before.ask(create('/n-'), 1);

    const thief = await guests.dial(there);
    await expect(thief.hello({ session, secret: new Uint8Array(16) })).rejects.toThrow('SESSION_EXPIRED');
    await before.ask(create('/n-'), 2);

    const after = await guests.dial(there);
    await after.hello({ session, secret });
    expect(await before.goodbye()).toMatchObject({ code: 'SESSION_MOVED' });
    await before.closed;
    await after.ask(create('/n-'), 3);
    const { children } = await (await guests.connect([there])).children('/');
    expect(children.filter((name) => name.startsWith('n-'))).toHaveLength(3);
  });
});
