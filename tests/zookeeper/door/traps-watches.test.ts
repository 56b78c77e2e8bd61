/** What is easily got wrong when one speaks ZooKeeper's protocol, asked of a real server over real sockets: watches. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ZooKeeperOp } from '@synod/zookeeper';
import { ZkClient } from './client.js';
import * as request from './requests.js';
import { startServer } from './server.js';
import { asked } from './talk.js';

const [CREATED, DELETED, CHANGED, CHILDREN] = [1, 2, 3, 4];
const ANY = 3;

let port: number;
let author: ZkClient;
beforeAll(async () => {
  ({ port } = await startServer());
  author = await ZkClient.open(port, { timeOut: 60_000 });
});

/** Somebody who watches, and all that he is told until the author has written so much. */
async function watching(
  arm: (client: ZkClient) => Promise<unknown>,
  write: () => Promise<unknown>,
): Promise<readonly string[]> {
  const client = await ZkClient.open(port, { timeOut: 60_000 });
  await arm(client);
  await write();
  // An answer from behind the writes: whatever they caused was said before it.
  await client.ask(request.sync('/'));
  const { events } = client;
  await client.ask(request.closeSession);
  return events;
}

describe('a watch', () => {
  test('of exists is set where nothing is; those of getData and getChildren are not', async () => {
    const arm = async (client: ZkClient): Promise<void> => {
      for (const one of [request.getData('/none', true), request.getChildren('/none', true)]) {
        expect((await client.ask(one)).header.err).toBe(-101);
      }
    };
    const write = async (): Promise<void> => {
      await author.ask(request.create('/none'));
      await author.ask(request.remove('/none'));
    };
    expect(await watching(arm, write)).toEqual([]);
    expect(await watching((client) => client.ask(request.exists('/none', true)), write)).toEqual([`${CREATED} /none`]);
  });

  test('fires before the answer to the write, also for its author', async () => {
    await author.ask(request.create('/own'));
    const client = await ZkClient.open(port);
    client.write(asked([1, request.getData('/own', true)], [2, request.setData('/own')], [3, request.remove('/own')]));
    await client.told.until((one) => one.kind === 'reply' && one.header.xid === 3);
    expect(client.story).toEqual(['connected', 'reply 1', `event ${CHANGED} /own`, 'reply 2', 'reply 3']);
    const [, , event, reply] = client.told.entries;
    expect(event).toMatchObject({ header: { xid: -1, err: 0 }, event: { state: 3 } });
    expect(event?.kind === 'event' && reply?.kind === 'reply' && event.header.zxid === reply.header.zxid).toBe(true);
    await client.ask(request.closeSession);
  });

  test('of all kinds on one znode is told of its end once', async () => {
    await author.ask(request.create('/all'));
    const events = await watching(
      async (client) => {
        await client.ask(request.getData('/all', true));
        await client.ask(request.exists('/all', true));
        await client.ask(request.getChildren('/all', true));
        await client.ask(request.addWatch('/all', 0));
      },
      () => author.ask(request.remove('/all')),
    );
    expect(events).toEqual([`${DELETED} /all`]);
  });

  test('of children is told of the end of the znode itself', async () => {
    await author.ask(request.create('/parent'));
    const arm = (client: ZkClient): Promise<unknown> => client.ask(request.getChildren2('/parent', true));
    expect(await watching(arm, () => author.ask(request.remove('/parent')))).toEqual([`${DELETED} /parent`]);
  });

  test('a create tells of the znode first, then of the list of its parent; setData nothing of the parent', async () => {
    await author.ask(request.create('/order'));
    const arm = async (client: ZkClient): Promise<void> => {
      await client.ask(request.getChildren('/order', true));
      await client.ask(request.exists('/order/c', true));
    };
    const write = (): Promise<unknown> => author.ask(request.create('/order/c'));
    expect(await watching(arm, write)).toEqual([`${CREATED} /order/c`, `${CHILDREN} /order`]);
    const children = (client: ZkClient): Promise<unknown> => client.ask(request.getChildren('/order', true));
    expect(await watching(children, () => author.ask(request.setData('/order/c')))).toEqual([]);
  });

  test('is not told of setACL', async () => {
    const arm = async (client: ZkClient): Promise<void> => {
      await client.ask(request.getData('/order', true));
      await client.ask(request.addWatch('/order', 1));
    };
    expect(await watching(arm, () => author.ask(request.setAcl('/order', request.open)))).toEqual([]);
  });

  test('is used up by an event that its owner may not see', async () => {
    await author.ask(request.create('/secret'));
    const arm = (client: ZkClient): Promise<unknown> => client.ask(request.getData('/secret', true));
    const hidden = [{ permissions: 2 | 16, scheme: 'world', id: 'anyone' }];
    const write = async (): Promise<void> => {
      await author.ask(request.setAcl('/secret', hidden));
      await author.ask(request.setData('/secret'));
      await author.ask(request.setAcl('/secret', request.open));
      await author.ask(request.setData('/secret'));
    };
    expect(await watching(arm, write)).toEqual([]);
  });

  test('each operation of a multi tells, all of them with one zxid', async () => {
    const client = await ZkClient.open(port);
    await client.ask(request.addWatch('/multi', 1));
    const write = request.multi(request.create('/multi'), request.create('/multi/a'), request.remove('/multi/a'));
    const { header } = await author.ask(write);
    await client.ask(request.sync('/'));
    expect(client.events).toEqual([`${CREATED} /multi`, `${CREATED} /multi/a`, `${DELETED} /multi/a`]);
    const zxids = client.told.entries.flatMap((one) => (one.kind === 'event' ? [one.header.zxid] : []));
    expect(zxids).toEqual([header.zxid, header.zxid, header.zxid]);
    await client.ask(request.closeSession);
  });
});

describe('a persistent watch', () => {
  const write = async (): Promise<void> => {
    for (const one of [
      request.create('/persistent'),
      request.create('/persistent/c'),
      request.setData('/persistent/c'),
      request.setData('/persistent'),
      request.remove('/persistent/c'),
      request.remove('/persistent'),
    ]) {
      await author.ask(one);
    }
  };

  test('of one znode tells of it and of the list of its children, again and again', async () => {
    const events = await watching((client) => client.ask(request.addWatch('/persistent', 0)), write);
    expect(events).toEqual([CREATED, CHILDREN, CHANGED, CHILDREN, DELETED].map((type) => `${type} /persistent`));
  });

  test('of a subtree tells of every znode, and never of lists', async () => {
    const events = await watching((client) => client.ask(request.addWatch('/persistent', 1)), write);
    const own = '/persistent';
    const child = '/persistent/c';
    expect(events).toEqual([
      `${CREATED} ${own}`,
      `${CREATED} ${child}`,
      `${CHANGED} ${child}`,
      `${CHANGED} ${own}`,
      `${DELETED} ${child}`,
      `${DELETED} ${own}`,
    ]);
  });

  test('can be looked for and removed, by kinds', async () => {
    const client = await ZkClient.open(port);
    const ask = async (type: 17 | 18, watcher: number): Promise<number> =>
      (await client.ask({ type, path: '/gone', watcher })).header.err;
    expect(await ask(ZooKeeperOp.checkWatches, ANY)).toBe(-121);
    await client.ask(request.addWatch('/gone', 0));
    expect(await ask(ZooKeeperOp.checkWatches, ANY)).toBe(0);
    expect(await ask(ZooKeeperOp.removeWatches, 5)).toBe(-121);
    expect(await ask(ZooKeeperOp.removeWatches, 4)).toBe(0);
    expect(await ask(ZooKeeperOp.removeWatches, ANY)).toBe(-121);
    expect(await ask(ZooKeeperOp.removeWatches, 9)).toBe(-5);
    await client.ask(request.closeSession);
  });
});

describe('setWatches', () => {
  test('tells what was missed before its answer, whatever number it has, and arms the rest', async () => {
    for (const path of ['/kept', '/changed', '/lists', '/deleted']) await author.ask(request.create(path));
    const { zxid } = (await author.ask(request.ping)).header;
    await author.ask(request.setData('/changed'));
    await author.ask(request.create('/lists/c'));
    await author.ask(request.remove('/deleted'));
    await author.ask(request.create('/appeared'));
    const client = await ZkClient.open(port);
    const again = request.setWatches(zxid as number, {
      data: ['/kept', '/changed', '/deleted'],
      exists: ['/appeared', '/never'],
      children: ['/kept', '/lists'],
    });
    const { header, body } = await client.ask(again, -8);
    expect([header.xid, header.err, body]).toEqual([-8, 0, null]);
    const missed = [`${CHANGED} /changed`, `${CHILDREN} /lists`, `${CREATED} /appeared`, `${DELETED} /deleted`];
    expect([...client.events].sort()).toEqual(missed.sort());
    expect(client.story.at(-1)).toBe('reply -8');
    for (const one of [request.setData('/kept'), request.create('/never'), request.create('/kept/c')]) {
      await author.ask(one);
    }
    await client.ask(request.sync('/'));
    expect(client.events.slice(missed.length)).toEqual([`${CHANGED} /kept`, `${CREATED} /never`, `${CHILDREN} /kept`]);
    await client.ask(request.closeSession);
  });

  test('a list looks at pzxid, which a delete moves too; data at mzxid', async () => {
    await author.ask(request.create('/moved'));
    await author.ask(request.create('/moved/c'));
    const { zxid } = (await author.ask(request.ping)).header;
    await author.ask(request.remove('/moved/c'));
    const client = await ZkClient.open(port);
    await client.ask(request.setWatches(zxid as number, { data: ['/moved'], children: ['/moved'] }));
    expect(client.events).toEqual([`${CHILDREN} /moved`]);
    await client.ask(request.closeSession);
  });

  test('with a list that is missing is refused', async () => {
    const { header } = await author.ask({
      ...{ type: ZooKeeperOp.setWatches, relativeZxid: 0, data: null, exists: [], children: [] },
    });
    expect(header.err).toBe(-5);
  });
});
