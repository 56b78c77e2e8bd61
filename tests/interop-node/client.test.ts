/** All calls of npm's `node-zookeeper-client` against three servers, without faults. */
import { describe, expect, test } from '@jest/globals';
import { House, library, until, type WatchedEvent } from './rig.js';

const { ACL, CreateMode, Event, Id, Permission, State } = library;

const house = new House();

/** What a refusal looks like. */
function named(name: string): object {
  return { name };
}

describe('znodes', () => {
  test('of all four kinds are made, listed and removed', async () => {
    const guest = await house.guest();
    expect(await guest.create('/znodes')).toBe('/znodes');
    await expect(guest.create('/znodes')).rejects.toMatchObject(named('NODE_EXISTS'));
    await expect(guest.create('/nowhere/child')).rejects.toMatchObject(named('NO_NODE'));
    expect(await guest.create('/znodes/e', 'mine', CreateMode.EPHEMERAL)).toBe('/znodes/e');
    await expect(guest.create('/znodes/e/x')).rejects.toMatchObject(named('NO_CHILDREN_FOR_EPHEMERALS'));
    expect(await guest.create('/znodes/s-', 'one', CreateMode.PERSISTENT_SEQUENTIAL)).toBe('/znodes/s-0000000001');
    expect(await guest.create('/znodes/es-', 'two', CreateMode.EPHEMERAL_SEQUENTIAL)).toBe('/znodes/es-0000000002');
    expect(await guest.children('/znodes')).toEqual(['e', 'es-0000000002', 's-0000000001']);
    expect((await guest.exists('/znodes/e'))?.ephemeralOwner).toEqual(guest.raw.getSessionId());
    expect((await guest.exists('/znodes/s-0000000001'))?.ephemeralOwner).toEqual(Buffer.alloc(8));
    expect(await guest.exists('/znodes/missing')).toBeNull();
    await expect(guest.remove('/znodes')).rejects.toMatchObject(named('NOT_EMPTY'));
    await expect(guest.remove('/znodes/e', 3)).rejects.toMatchObject(named('BAD_VERSION'));
    await guest.remove('/znodes/e');
    expect(await guest.exists('/znodes/e')).toBeNull();
  });

  test('have data, null and empty told apart, and versions', async () => {
    const guest = await house.guest();
    await guest.create('/data');
    expect((await guest.get('/data')).data).toBeNull();
    expect(await guest.set('/data', '')).toMatchObject({ version: 1, dataLength: 0 });
    expect((await guest.get('/data')).data).toBe('');
    expect(await guest.set('/data', 'häuser')).toMatchObject({ version: 2, dataLength: 7 });
    const { data, stat } = await guest.get('/data');
    expect(data).toBe('häuser');
    expect(stat).toMatchObject({ version: 2, numChildren: 0 });
    await expect(guest.set('/data', 'x', 1)).rejects.toMatchObject(named('BAD_VERSION'));
    await expect(guest.get('/data/missing')).rejects.toMatchObject(named('NO_NODE'));
  });

  test('are made with their parents and removed with their children', async () => {
    const guest = await house.guest();
    await new Promise<void>((resolve, reject) => {
      guest.raw.mkdirp('/trees/a/b/c', (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    await guest.create('/trees/a/b/d');
    const all = await new Promise<string[]>((resolve, reject) => {
      guest.raw.listSubTreeBFS('/trees/a/b', (error, paths) => {
        if (error) reject(error);
        else resolve(paths);
      });
    });
    expect(all.sort()).toEqual(['/trees/a/b', '/trees/a/b/c', '/trees/a/b/d']);
    // The client goes one level deep only, whatever its calls are named.
    await guest.removeRecursive('/trees/a/b');
    expect(await guest.children('/trees/a')).toEqual([]);
  });
});

describe('access lists', () => {
  test('keep strangers away until they say who they are', async () => {
    const owner = await house.guest();
    owner.raw.addAuthInfo('digest', Buffer.from('u:p'));
    await owner.create('/secret', 's');
    await owner.setAcl('/secret', ACL.CREATOR_ALL_ACL);
    const { list, stat } = await owner.acl('/secret');
    expect(list).toEqual(['digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=:31']);
    expect(stat.aversion).toBe(1);
    await expect(owner.setAcl('/secret', ACL.OPEN_ACL_UNSAFE, 7)).rejects.toMatchObject(named('BAD_VERSION'));
    const stranger = await house.guest();
    // A write waits for what was written before it, whichever server answers.
    await stranger.create('/secret-probe');
    await expect(stranger.get('/secret')).rejects.toMatchObject(named('NO_AUTH'));
    await expect(stranger.set('/secret', 't')).rejects.toMatchObject(named('NO_AUTH'));
    await expect(stranger.setAcl('/secret-probe', ACL.CREATOR_ALL_ACL)).rejects.toMatchObject(named('INVALID_ACL'));
    const everybodyReads = [new ACL(Permission.READ, new Id('world', 'anyone'))];
    await owner.setAcl('/secret', [...ACL.CREATOR_ALL_ACL, ...everybodyReads]);
    await stranger.set('/secret-probe', '');
    expect((await stranger.get('/secret')).data).toBe('s');
    stranger.raw.addAuthInfo('digest', Buffer.from('u:p'));
    expect(await stranger.set('/secret', 't')).toMatchObject({ version: 1 });
  });
});

describe('transactions', () => {
  test('happen whole', async () => {
    const guest = await house.guest();
    const work = guest.raw
      .transaction()
      .create('/tx', Buffer.from('1'))
      .create('/tx/s-', null, null, CreateMode.EPHEMERAL_SEQUENTIAL)
      .setData('/tx', Buffer.from('2'))
      .check('/tx', 1)
      .create('/tx/gone')
      .remove('/tx/gone');
    const results = await guest.commit(work);
    expect(results).toHaveLength(6);
    expect(results[1]?.path).toBe('/tx/s-0000000000');
    expect(results[2]?.stat).toMatchObject({ version: 1 });
    expect((await guest.get('/tx')).data).toBe('2');
    expect(await guest.children('/tx')).toEqual(['s-0000000000']);
  });

  test('or not at all', async () => {
    const guest = await house.guest();
    await guest.create('/no-tx', 'before');
    const work = guest.raw.transaction().setData('/no-tx', Buffer.from('after')).check('/no-tx', 5).remove('/no-tx');
    await expect(guest.commit(work)).rejects.toMatchObject(named('BAD_VERSION'));
    expect((await guest.get('/no-tx')).data).toBe('before');
  });
});

describe('watches', () => {
  test('fire once, with the event before the state', async () => {
    const [guest, other] = [await house.guest(), await house.guest()];
    const events: string[] = [];
    const note = (event: WatchedEvent): void => {
      events.push(`${event.name} ${event.path}`);
    };
    await guest.create('/watched');
    await guest.children('/watched', note);
    await guest.exists('/watched/x', note);
    await other.set('/watched', '');
    await other.create('/watched/x');
    await until(() => events.length === 2, 'events of a create');
    expect(events).toEqual(['NODE_CREATED /watched/x', 'NODE_CHILDREN_CHANGED /watched']);
    await guest.get('/watched/x', note);
    await guest.set('/watched/x', 'own');
    expect(events[2]).toBe('NODE_DATA_CHANGED /watched/x');
    await guest.exists('/watched/x', note);
    await guest.remove('/watched/x');
    expect(events[3]).toBe('NODE_DELETED /watched/x');
    await guest.set('/watched', 'silent');
    expect(events).toHaveLength(4);
    expect([Event.NODE_CREATED, Event.NODE_DELETED, Event.NODE_DATA_CHANGED]).toEqual([1, 2, 3]);
  });
});

describe('sessions', () => {
  test('are negotiated and closed, and take their ephemerals with them', async () => {
    const [guest, other] = [await house.guest(), await house.guest()];
    expect(guest.raw.getState()).toBe(State.SYNC_CONNECTED);
    expect(guest.raw.getSessionTimeout()).toBe(15_000);
    expect(guest.raw.getSessionPassword()).toHaveLength(16);
    await guest.create('/session-e', null, CreateMode.EPHEMERAL);
    const goes = new Promise<WatchedEvent>((resolve) => void other.insist(() => other.exists('/session-e', resolve)));
    await guest.close();
    expect(await goes).toMatchObject({ path: '/session-e' });
    expect(guest.states).toEqual(['SYNC_CONNECTED', 'DISCONNECTED']);
  });

  test('are refused with a wrong password', async () => {
    const guest = await house.guest();
    const stolen = { sessionId: guest.raw.getSessionId(), sessionPassword: Buffer.alloc(16, 1) };
    const thief = house.stranger('', stolen);
    thief.raw.connect();
    await until(() => thief.states.includes('EXPIRED'), 'the refusal');
  });

  test('see the world below a chroot', async () => {
    const guest = await house.guest();
    await guest.create('/root');
    const below = await house.guest('/root');
    expect(await below.create('/x', 'deep')).toBe('/x');
    const events: WatchedEvent[] = [];
    await below.exists('/y', (event) => events.push(event));
    await below.create('/y');
    expect(events).toMatchObject([{ path: '/y' }]);
    expect(await below.children('/')).toEqual(['x', 'y']);
    await guest.set('/root', '');
    expect((await guest.get('/root/x')).data).toBe('deep');
  });
});
