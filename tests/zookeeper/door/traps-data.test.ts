/** What is easily got wrong when one speaks ZooKeeper's protocol, asked of a real server over real sockets: data. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ERROR_RESULT, ZooKeeperOp, type RequestRecord, type StatRecord } from '@synod/zookeeper';
import { hex } from '../bytes.js';
import { ZkClient } from './client.js';
import * as request from './requests.js';
import { startServer } from './server.js';

const { Flags } = request;
let client: ZkClient;
beforeAll(async () => {
  const { port } = await startServer();
  client = await ZkClient.open(port, { timeOut: 60_000 });
});

const err = async (one: RequestRecord): Promise<number> => (await client.ask(one)).header.err;
const statOf = async (path: string): Promise<StatRecord> => (await client.ask(request.exists(path))).body.stat;
const zxidOf = async (one: RequestRecord): Promise<number> => (await client.ask(one)).header.zxid as number;

describe('data', () => {
  test('null and empty differ', async () => {
    for (const [path, data] of [
      ['/null', null],
      ['/empty', new Uint8Array(0)],
    ] as const) {
      expect(await err(request.create(path, { data }))).toBe(0);
      expect((await client.ask(request.getData(path))).body).toMatchObject({ data, stat: { dataLength: 0 } });
      const other = data === null ? new Uint8Array(0) : null;
      expect(await err({ type: ZooKeeperOp.setData, path, data: other, version: -1 })).toBe(0);
      expect((await client.ask(request.getData(path))).body.data).toEqual(other);
    }
  });

  test('names may hold blanks, dots and letters of all kinds, but not everything', async () => {
    for (const name of ['a b', '..a', 'a.b', 'ä', '漢字', '\u{ff01}']) {
      expect((await client.ask(request.create(`/${name}`))).body.path).toBe(`/${name}`);
    }
    for (const path of ['', 'a', '/zookeeper/', '/.', '/..', '/\u0001', '/\u0080', '/\ue000', '/\u{1f600}']) {
      expect([path, await err(request.create(path))]).toEqual([path, -8]);
    }
    // What cannot be is simply not there.
    expect(await err(request.getData('/a//b/'))).toBe(-101);
    expect(await err(request.exists('nowhere'))).toBe(-101);
    expect(await err(request.exists('/a\0'))).toBe(-8);
    expect(await err(request.getChildren(''))).toBe(0);
  });

  test('built-in znodes are there and cannot be removed', async () => {
    for (const path of ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']) {
      expect(await err(request.exists(path))).toBe(0);
      expect(await err(request.remove(path))).toBe(-8);
    }
    const { data } = (await client.ask(request.getData('/zookeeper/config', true))).body;
    expect(data).toHaveLength(0);
  });
});

describe('zxids', () => {
  test('of writes follow each other without gap, those of failed ones too; reads, pings and syncs take none', async () => {
    const first = await zxidOf(request.create('/zxid'));
    expect(await zxidOf(request.create('/zxid'))).toBe(first + 1);
    expect(await zxidOf(request.remove('/zxid-missing'))).toBe(first + 2);
    for (const one of [request.getData('/zxid'), request.ping, request.sync('/zxid'), request.getData('/nowhere')]) {
      expect(await zxidOf(one)).toBe(first + 2);
    }
    expect(await zxidOf(request.multi())).toBe(first + 3);
    expect(await zxidOf(request.multi(request.check('/nowhere')))).toBe(first + 4);
    expect(await zxidOf(request.create('/zxid/child'))).toBe(first + 5);
    expect(await statOf('/zxid')).toMatchObject({ czxid: first, pzxid: first + 5, mzxid: first });
  });

  test('never go back', async () => {
    let last = 0;
    for (let i = 0; i < 20; i++) {
      const zxid = await zxidOf(i % 3 === 0 ? request.setData('/zxid') : request.exists('/zxid'));
      expect(zxid).toBeGreaterThanOrEqual(last);
      last = zxid;
    }
  });

  test('what cannot be decoded takes none, and the connection lives on', async () => {
    const before = await zxidOf(request.ping);
    client.write(hex('00000009 00000009 00000004 00'));
    expect((await client.answer(request.getData('/'))).header).toEqual({ xid: 9, zxid: before, err: -5 });
  });
});

describe('multi', () => {
  test('that fails is no error, but a list of errors', async () => {
    const failed = await client.ask(
      request.multi(request.create('/m'), request.check('/nowhere', 3), request.remove('/m'), request.setData('/m')),
    );
    expect(failed.header.err).toBe(0);
    expect(failed.body.results).toEqual([0, -101, -2, -2].map((code) => ({ type: ERROR_RESULT, err: code })));
    expect(await err(request.exists('/m'))).toBe(-101);
  });

  test('answers a plain create as such, and all others as create2', async () => {
    const { header, body } = await client.ask(
      request.multi(
        request.create('/m'),
        request.create2('/m/2'),
        request.createContainer('/m/c'),
        request.createTtl('/m/t', 60_000),
        request.setData('/m', 'z', 0),
        request.check('/m', 1),
        request.remove('/m/2'),
      ),
    );
    expect(body.results.map(({ type }) => type)).toEqual([1, 15, 15, 15, 5, 13, 2]);
    const stats = body.results.flatMap((one) => ('stat' in one ? [one.stat] : []));
    for (const { mzxid } of stats) expect(mzxid).toBe(header.zxid);
  });

  test('its operations see those before them, sequence numbers included', async () => {
    const seq = request.create('/s/n-', { flags: Flags.sequential });
    const { body } = await client.ask(
      request.multi(request.create('/s'), seq, seq, request.check('/s/n-0000000001', 0)),
    );
    expect(body.results.flatMap((one) => ('path' in one ? [one.path] : []))).toEqual([
      '/s',
      '/s/n-0000000000',
      '/s/n-0000000001',
    ]);
  });

  test('with flags that no create has is refused as a whole', async () => {
    expect(await err(request.multi(request.create('/flags', { flags: 99 })))).toBe(-5);
  });

  test('multiRead never fails as a whole', async () => {
    await client.ask(request.create('/read'));
    const read = (path: string) => ({ type: ZooKeeperOp.getData, path, watch: false }) as const;
    const list = { type: ZooKeeperOp.getChildren, path: '/read', watch: false } as const;
    const { body } = await client.ask({
      type: ZooKeeperOp.multiRead,
      operations: [read('/read'), read('/nowhere'), list],
    });
    expect(body.results.map(({ type }) => type)).toEqual([4, -1, 8]);
  });
});

describe('creates', () => {
  test('of containers and with a time to live answer with a Stat, and their owner is shown as 0', async () => {
    for (const one of [request.createContainer('/box'), request.createTtl('/short', 60_000)]) {
      const { body } = await client.ask(one);
      expect(body.stat.ephemeralOwner).toBe(0);
      expect(body.stat.pzxid).toBe(body.stat.czxid);
      expect((await statOf(body.path!)).ephemeralOwner).toBe(0);
    }
    await client.ask(request.create('/ephemeral', { flags: Flags.ephemeral }));
    expect((await statOf('/ephemeral')).ephemeralOwner).toBe((await client.response()).sessionId);
    expect(await err(request.create('/ephemeral/child'))).toBe(-108);
    expect(await err(request.create('/ephemeral/child', { flags: Flags.ephemeral }))).toBe(-108);
  });

  test('what exists is said before what may have no children', async () => {
    await client.ask(request.create('/box/e', { flags: Flags.ephemeral }));
    expect(await err(request.create('/box/e'))).toBe(-110);
    expect(await err(request.create('/'))).toBe(-110);
  });

  test('sequence numbers count all children ever created, and outlive them', async () => {
    const make = async (path: string): Promise<string | null> =>
      (await client.ask(request.create(path, { flags: Flags.sequential }))).body.path;
    await client.ask(request.create('/q'));
    await client.ask(request.create('/q/plain'));
    expect(await make('/q/n-')).toBe('/q/n-0000000001');
    for (const path of ['/q/plain', '/q/n-0000000001']) await client.ask(request.remove(path));
    expect(await make('/q/n-')).toBe('/q/n-0000000002');
    expect(await make('/q/')).toBe('/q/0000000003');
    expect(await err(request.create('/q/'))).toBe(-8);
    // While cversion counts the deleted ones too.
    expect(await statOf('/q')).toMatchObject({ cversion: 6, numChildren: 2 });
  });

  test('and deletes of children move pzxid and cversion of the parent, and nothing else of it', async () => {
    await client.ask(request.create('/p'));
    const before = await statOf('/p');
    const made = await zxidOf(request.create('/p/c'));
    expect(await statOf('/p')).toEqual({ ...before, pzxid: made, cversion: 1, numChildren: 1 });
    const gone = await zxidOf(request.remove('/p/c'));
    expect(await statOf('/p')).toEqual({ ...before, pzxid: gone, cversion: 2 });
  });
});

describe('versions', () => {
  test('-1 is any, and no other negative number is', async () => {
    await client.ask(request.create('/v'));
    expect(await err(request.setData('/v', 'a', -1))).toBe(0);
    for (const version of [-2, -(2 ** 31), 0, 2 ** 31 - 1])
      expect(await err(request.setData('/v', 'a', version))).toBe(-103);
    for (const version of [-2, 0]) expect(await err(request.remove('/v', version))).toBe(-103);
    expect(await err(request.setData('/v', 'a', 1))).toBe(0);
  });

  test('a delete looks at the version before it looks for children', async () => {
    await client.ask(request.create('/v/c'));
    expect(await err(request.remove('/v', 77))).toBe(-103);
    expect(await err(request.remove('/v'))).toBe(-111);
  });

  test('a check of any version still wants the znode', async () => {
    const { body } = await client.ask(request.multi(request.check('/nowhere')));
    expect(body.results).toEqual([{ type: ERROR_RESULT, err: -101 }]);
  });

  test('setACL changes aversion only', async () => {
    const before = await statOf('/v');
    expect((await client.ask(request.setAcl('/v', request.open, 0))).body.stat).toEqual({ ...before, aversion: 1 });
    expect(await err(request.setAcl('/v', request.open, 0))).toBe(-103);
  });
});

describe('access lists', () => {
  const entry = (permissions: number, scheme: string, id: string | null) => ({ permissions, scheme, id });

  test('must not be empty; what stands in them twice is kept once; auth is whoever asks', async () => {
    await client.ask(request.auth('digest', 'me:pw'));
    expect(await err(request.create('/acl', { acl: [] }))).toBe(-114);
    expect(await err({ ...request.create('/acl'), acl: null })).toBe(-114);
    expect(await err(request.create('/acl', { acl: [entry(31, 'world', 'bob')] }))).toBe(-114);
    const acl = [entry(31, 'auth', null), ...request.open, ...request.open];
    expect(await err(request.create('/acl', { acl }))).toBe(0);
    const hash = expect.stringMatching(/^me:[A-Za-z0-9+/]{27}=$/) as unknown;
    const kept = (await client.ask(request.getAcl('/acl'))).body.acl;
    expect(kept).toEqual([{ ...entry(31, 'digest', null), id: hash }, ...request.open]);
  });

  test('creating and deleting is up to the parent', async () => {
    await client.ask(request.create('/parent', { acl: [entry(1 | 2 | 16, 'world', 'anyone')] }));
    expect(await err(request.create('/parent/c'))).toBe(-102);
    await client.ask(request.create('/free'));
    await client.ask(request.create('/free/locked', { acl: [entry(0, 'world', 'anyone')] }));
    expect(await err(request.getData('/free/locked'))).toBe(-102);
    expect(await err(request.exists('/free/locked'))).toBe(-102);
    expect(await err(request.remove('/free/locked'))).toBe(0);
  });
});

describe('what is particular', () => {
  test('addWatch answers with a number', async () => {
    expect((await client.ask(request.addWatch('/any', 0))).body).toEqual({ err: 0 });
    expect(await err(request.addWatch('/any', 2))).toBe(-5);
  });

  test('sync gives the path back, whatever it is', async () => {
    for (const path of ['/nowhere', '', 'x', null]) {
      expect((await client.ask({ type: ZooKeeperOp.sync, path })).body).toEqual({ path });
    }
  });

  test('getEphemerals compares mere beginnings, of the own ones', async () => {
    for (const name of ['/ee', '/ee1', '/ef']) await client.ask(request.create(name, { flags: Flags.ephemeral }));
    const list = async (prefix: string): Promise<string[]> =>
      [...((await client.ask(request.getEphemerals(prefix))).body.paths ?? [])].sort() as string[];
    expect(await list('/ee')).toEqual(['/ee', '/ee1']);
    expect(await list('/')).toEqual(await list(''));
    expect(await list('/')).toEqual(expect.arrayContaining(['/ee', '/ee1', '/ef']));
  });

  test('getAllChildrenNumber counts what is below', async () => {
    for (const path of ['/count', '/count/a', '/count/a/b']) await client.ask(request.create(path));
    expect((await client.ask(request.getAllChildrenNumber('/count'))).body.number).toBe(2);
    expect((await client.ask(request.getAllChildrenNumber('/zookeeper'))).body.number).toBe(2);
  });

  test('an empty server has three znodes below its root', async () => {
    const other = await ZkClient.open((await startServer()).port);
    expect((await other.ask(request.getAllChildrenNumber('/'))).body.number).toBe(3);
    expect((await other.ask(request.getChildren('/'))).body.children).toEqual(['zookeeper']);
    expect((await other.ask(request.exists('/'))).body.stat.cversion).toBe(-1);
  });
});
