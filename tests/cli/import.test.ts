/** `synod import` as its user sees it: what it copies, what it tells, its exit code. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '@synod/cli';
import { Op, refuse, type Acl, type Refusal } from '@synod/protocol';
import { ZooKeeperOp } from '@synod/zookeeper';
import { FakeEnsemble } from '../client/fake-ensemble.js';
import { FakeZooKeeper, OPEN } from './import-zookeeper.js';
import { Terminal } from './terminal.js';

let source: FakeZooKeeper;
let target: FakeEnsemble;

beforeEach(async () => {
  [source, target] = await Promise.all([FakeZooKeeper.start(), FakeEnsemble.start()]);
});

afterEach(async () => {
  target.server.behaviour = {};
  await Promise.all([source.stop(), target.stop()]);
});

interface Outcome {
  readonly code: number;
  /** Lines of the report, without blanks around them and without the first one. */
  readonly rows: string[];
  readonly title: string;
  readonly err: string;
}

async function synodImport(...words: string[]): Promise<Outcome> {
  const terminal = new Terminal(target.connectString);
  const from = words.includes('--from') ? [] : ['--from', source.address];
  const code = await run(['import', ...from, ...words], terminal);
  const [title = '', ...rows] = terminal.stdout.text.trim().split('\n');
  return { code, title, rows: rows.map((row) => row.trim()), err: terminal.stderr.text };
}

/** The part of the report about what was skipped. */
function skippedOf({ rows }: Outcome): string[] {
  return rows.slice(rows.findIndex((row) => row.includes('SKIPPED')));
}

/** Path, data and access list of all znodes but the root. */
function content(tree: { readonly nodes: ReadonlyMap<string, { data: Uint8Array | null; acl: Acl }> }): string[] {
  return [...tree.nodes]
    .filter(([path]) => path !== '/')
    .map(([path, { data, acl }]) => `${path} ${data === null ? null : Buffer.from(data).toString('hex')} ${text(acl)}`)
    .sort();
}

function text(acl: Acl): string {
  return acl.map(({ scheme, id, permissions }) => `${scheme}:${id}:${permissions}`).join();
}

/** Creates of these paths are refused, alone and within a multi. */
function refuseCreates(refusal: Refusal, ...paths: string[]): void {
  const { tree } = target;
  const write = tree.write.bind(tree);
  tree.write = (request, session) => {
    const operations = request.op === Op.multi ? request.operations : [request];
    const index = operations.findIndex((each) => each.op === Op.create && paths.includes(each.path));
    return index < 0 ? write(request, session) : { ...refusal, index };
  };
}

const DIGEST: Acl = [{ scheme: 'digest', id: 'app:F6Y+U5gIoCbNNoLQExmvxRFeatA=', permissions: 31 }];
const READERS: Acl = [{ scheme: 'world', id: 'anyone', permissions: 1 }, ...DIGEST];

describe('copies', () => {
  test('data, null and empty, bytes, names and access lists, and can be run again', async () => {
    source.put('/app', 'config');
    source.put('/app/null', null);
    source.put('/app/empty', '');
    source.put(
      '/app/bytes',
      Uint8Array.from({ length: 256 }, (_, i) => i),
    );
    source.put('/app/grüße ☃', 'ü');
    source.put('/app/secret', 's', DIGEST);
    source.put('/app/list', 'x', READERS);
    source.put('/zookeeper', '');
    source.put('/zookeeper/config', '');
    const first = await synodImport();
    expect(first).toMatchObject({ code: 0, rows: ['7 copied, 266 bytes', '1 equal already'], err: '' });
    expect(first.title).toMatch(/^8 znodes read in \d+\.\d s$/);
    expect(content(target.tree)).toEqual(content(source.tree).filter((line) => !line.startsWith('/zookeeper')));
    expect(await synodImport()).toMatchObject({ code: 0, rows: ['0 copied, 0 bytes', '8 equal already'] });
  });

  test('a wide and a deep tree, in order', async () => {
    source.put('/wide');
    for (let i = 0; i < 2_500; i++) source.put(`/wide/${i}`, `${i}`);
    let path = '';
    for (let i = 0; i < 200; i++) source.put((path += `/level-${i}`));
    expect(await synodImport()).toMatchObject({ code: 0, rows: ['2701 copied, 8.9 kB', '1 equal already'] });
    expect(content(target.tree)).toEqual(content(source.tree));
  });

  test('a znode of nearly a mebibyte', async () => {
    source.put('/large', Buffer.alloc(1_048_300, 'x'));
    expect((await synodImport()).rows[0]).toBe('1 copied, 1.0 MB');
    source.put('/too-large', Buffer.alloc(1_048_540, 'x'));
    const { code, rows } = await synodImport();
    expect(code).toBe(1);
    expect(rows.at(-1)).toMatch(/^\/too-large: the target refuses: BAD_ARGUMENTS, a request of \d+ bytes/);
  });

  test('what has changed since', async () => {
    for (const name of ['data', 'list', 'both', 'tighter', 'same']) source.put(`/${name}`, 'old');
    await synodImport();
    const at = (path: string) => source.tree.nodes.get(path)!;
    at('/data').data = Buffer.from('new');
    at('/list').acl = READERS;
    Object.assign(at('/both'), { data: Buffer.from('new'), acl: DIGEST });
    target.tree.nodes.get('/tighter')!.acl = DIGEST;
    Object.assign(at('/tighter'), { data: Buffer.from('new') });
    source.put('/more', 'x');
    const { requests } = target.server;
    requests.length = 0;
    const { code, rows } = await synodImport('--verbose');
    expect(code).toBe(0);
    expect([...rows].sort()).toEqual([
      '/both: data, access list',
      '/data: data',
      '/list: access list',
      '/tighter: data, access list',
      '1 copied, 10 bytes',
      '2 equal already',
      '4 brought up to date',
    ]);
    expect(content(target.tree)).toEqual(content(source.tree));
    // A list that only takes rights away goes first, one that gives some goes last.
    const ofPath = (path: string) =>
      requests.flatMap(({ request }) => ('path' in request && request.path === path ? [request.op] : []));
    expect(ofPath('/both').slice(-2)).toEqual([Op.setAcl, Op.setData]);
    expect(ofPath('/tighter').slice(-2)).toEqual([Op.setData, Op.setAcl]);
  });

  test('a subtree, with its parents as they are at the source', async () => {
    source.put('/a', 'parent', READERS);
    source.put('/a/b', 'x');
    source.put('/a/b/c', 'y');
    source.put('/a/other');
    expect(await synodImport('--path', '/a/b')).toMatchObject({ code: 0, rows: ['3 copied, 8 bytes'] });
    expect(content(target.tree)).toEqual(content(source.tree).filter((line) => !line.startsWith('/a/other')));
  });

  test('to another place', async () => {
    source.put('/a', 'x', READERS);
    source.put('/a/b', 'y');
    expect((await synodImport('--path', '/a', '--to', '/new/place')).code).toBe(0);
    expect(content(target.tree)).toEqual([
      `/new null ${text(OPEN)}`,
      `/new/place 78 ${text(READERS)}`,
      `/new/place/b 79 ${text(OPEN)}`,
    ]);
  });

  test('below chroots', async () => {
    source.put('/app', 'root');
    source.put('/app/a', 'x');
    target.tree.write({ op: Op.create, path: '/tenant', data: null, acl: OPEN, mode: 0, ttl: 0 }, 1);
    const servers = `${target.connectString}/tenant/app`;
    expect((await synodImport('--from', `${source.address}/app`, '--server', servers)).code).toBe(0);
    expect(content(target.tree).map((line) => line.split(' ', 2).join(' '))).toEqual([
      '/tenant null',
      '/tenant/app 726f6f74',
      '/tenant/app/a 78',
    ]);
  });

  test('counters of sequential names', async () => {
    source.put('/queue');
    for (let i = 0; i < 30; i++) source.put(`/queue/q-${i}`);
    for (let i = 0; i < 28; i++) source.remove(`/queue/q-${i}`);
    source.put('/plain');
    source.put('/plain/child');
    expect((await synodImport('--counters', '27')).rows.slice(-2)).toEqual([
      '1 SKIPPED',
      '/queue: its counter of sequential names stays at 2, at the source it is 30 (--counters 28 raises it)',
    ]);
    expect(await synodImport('--counters', '0')).toMatchObject({
      code: 0,
      rows: [
        '0 copied, 0 bytes',
        '6 equal already',
        '1 counters of sequential names lower than at the source',
        '/queue: 2 instead of 30',
      ],
    });
    expect((await synodImport('--verbose')).rows.slice(-2)).toEqual([
      '1 counters of sequential names raised',
      '/queue: 2 to 30',
    ]);
    const { creates, children } = target.tree.nodes.get('/queue')!;
    expect({ creates, children: [...children] }).toEqual({ creates: 30, children: ['q-28', 'q-29'] });
    expect((await synodImport()).rows).toEqual(['0 copied, 0 bytes', '6 equal already']);
  });

  test('counters also below a znode that cannot be brought up to date', async () => {
    source.put('/a', 'new');
    source.put('/a/queue');
    for (let i = 0; i < 3; i++) source.put(`/a/queue/${i}`);
    source.remove('/a/queue/0');
    target.tree.write({ op: Op.create, path: '/a', data: null, acl: READERS, mode: 0, ttl: 0 }, 1);
    const { tree } = target;
    const write = tree.write.bind(tree);
    tree.write = (request, session) =>
      request.op === Op.setData ? refuse('NO_AUTH', '/a', 'this needs the permission WRITE') : write(request, session);
    const { code, rows } = await synodImport();
    expect({ code, skipped: rows.slice(-2, -1) }).toEqual({ code: 1, skipped: ['1 SKIPPED'] });
    expect(rows).toContain('1 counters of sequential names raised');
    expect(tree.nodes.get('/a/queue')!.creates).toBe(3);
  });

  test('quotas, but not what they have counted', async () => {
    source.put('/zookeeper');
    source.put('/zookeeper/quota');
    source.put('/zookeeper/quota/a');
    source.put('/zookeeper/quota/a/zookeeper_limits', 'count=5,bytes=-1');
    source.put('/zookeeper/quota/a/zookeeper_stats', 'count=1,bytes=0');
    source.put('/a');
    for (const path of ['/zookeeper', '/zookeeper/quota']) {
      target.tree.write({ op: Op.create, path, data: null, acl: OPEN, mode: 0, ttl: 0 }, 1);
    }
    expect(await synodImport('--path', '/a')).toMatchObject({ code: 0, rows: ['4 copied, 31 bytes'] });
    source.tree.nodes.get('/zookeeper/quota/a/zookeeper_stats')!.data = Buffer.from('count=2,bytes=9');
    expect(await synodImport('--path', '/a')).toMatchObject({
      code: 0,
      rows: ['0 copied, 0 bytes', '4 equal already'],
    });
    const chroot = await synodImport('--path', '/a', '--server', `${target.connectString}/a`, '--to', '/');
    expect(chroot.rows.at(-1)).toBe('/zookeeper/quota/a: quotas: a target with a chroot cannot have them');
  });
});

describe('leaves out', () => {
  test('ephemeral znodes, and znodes that only the target has', async () => {
    source.put('/a');
    source.put('/a/mine', 'x', OPEN, 9);
    source.put('/a/yours', 'x', OPEN, 9);
    for (const path of ['/a', '/a/only-here', '/only-here']) {
      target.tree.write({ op: Op.create, path, data: null, acl: OPEN, mode: 0, ttl: 0 }, 1);
    }
    expect(await synodImport('--verbose', '--counters', '0')).toMatchObject({
      code: 0,
      rows: [
        '0 copied, 0 bytes',
        '2 equal already',
        '2 ephemeral: left out, they belong to sessions',
        '/a/mine',
        '/a/yours',
        '2 only in the target: left alone',
        '/only-here',
        '/a/only-here',
        '1 counters of sequential names lower than at the source',
        '/a: 1 instead of 2',
      ],
    });
  });

  test('what goes while it is read', async () => {
    source.put('/a');
    source.put('/b');
    source.fate = (request) => {
      if (request.type === ZooKeeperOp.getData && request.path === '/b') source.tree.nodes.delete('/b');
      return 'serve';
    };
    const { code, rows } = await synodImport();
    expect({ code, rows }).toEqual({
      code: 0,
      rows: [
        '1 copied, 0 bytes',
        '1 equal already',
        '1 gone before they were read',
        '1 counters of sequential names raised',
      ],
    });
  });
});

describe('skips, and says so', () => {
  const HIDDEN = 'the source hides its access list (digest:app:x): read it with the permission ADMIN';

  test('what may not be read, or whose access list is hidden; with the right identity it is copied', async () => {
    source.owner = 'app:secret';
    source.fate = ({ type, ...request }, owner) =>
      type === ZooKeeperOp.getData && 'path' in request && request.path === '/denied' && !owner ? -102 : 'serve';
    source.put('/denied', 'x');
    source.put('/denied/child', 'x');
    source.put('/hidden', 'x', READERS);
    source.put('/hidden/a', 'x');
    source.put('/hidden/a/b', 'x');
    const first = await synodImport();
    expect(first.code).toBe(1);
    expect(skippedOf(first)).toEqual([
      '2 SKIPPED, and 2 below them',
      '/denied: the source does not let it be read (--from-auth of an owner)',
      `/hidden: ${HIDDEN} (--from-auth of an owner, or of the superuser) (and 2 below it)`,
    ]);
    expect(await synodImport('--from-auth', 'digest:app:secret')).toMatchObject({ code: 0 });
    expect(content(target.tree)).toEqual(content(source.tree));
  });

  test('access lists of schemes that Synod does not have, or leaves the entries out', async () => {
    const sasl = { scheme: 'sasl', id: 'alice', permissions: 31 };
    source.put('/only', 'x', [sasl]);
    source.put('/only/child', 'x');
    source.put('/some', 'x', [sasl, ...READERS]);
    const first = await synodImport();
    expect(first.code).toBe(1);
    expect(skippedOf(first)).toEqual([
      '2 SKIPPED, and 1 below them',
      '/only: Synod cannot hold its access list: sasl:alice:cdrwa (--drop-unknown-acl leaves these out) (and 1 below it)',
      '/some: Synod cannot hold its access list: sasl:alice:cdrwa (--drop-unknown-acl leaves these out)',
    ]);
    expect(target.tree.nodes.size).toBe(1);
    const dropped = await synodImport('--drop-unknown-acl');
    expect(dropped).toMatchObject({ code: 0 });
    expect(dropped.rows).toEqual(expect.arrayContaining(['/only: sasl:alice:cdrwa', '/some: sasl:alice:cdrwa']));
    expect(text(target.tree.nodes.get('/only')!.acl)).toBe('world:anyone:0');
    expect(text(target.tree.nodes.get('/some')!.acl)).toBe(text(READERS));
    // What somebody has made by hand is a place for what is below it.
    source.put('/only/late', 'x');
    expect((await synodImport()).rows[0]).toBe('1 copied, 1 bytes');
  });

  test('what the target refuses, and what is below it; the rest of a multi is made', async () => {
    for (const path of ['/a', '/a/b', '/a/b/c', '/d', '/e']) source.put(path, 'x');
    refuseCreates(refuse('NO_AUTH', '/a/b', 'this needs the permission CREATE on the parent'), '/a/b');
    const outcome = await synodImport();
    expect(outcome).toMatchObject({ code: 1, rows: expect.arrayContaining(['3 copied, 3 bytes']) });
    expect(skippedOf(outcome)).toEqual([
      '1 SKIPPED, and 1 below them',
      '/a/b: the target refuses: NO_AUTH, this needs the permission CREATE on the parent' +
        ' (--auth of an owner, or of the superuser) (and 1 below it)',
    ]);
    expect([...target.tree.nodes.keys()].sort()).toEqual(['/', '/a', '/d', '/e']);
  });

  test('more than twenty in the report, all of them in a file', async () => {
    for (let i = 10; i < 40; i++) source.put(`/n${i}`, 'x', [{ scheme: 'x509', id: 'CN=a', permissions: 1 }]);
    source.put('/ok');
    const folder = mkdtempSync(join(tmpdir(), 'synod-import-'));
    const file = join(folder, 'report');
    const short = skippedOf(await synodImport('--report', file));
    expect(short.at(-1)).toBe('… and 10 more (--verbose or --report FILE)');
    expect(short).toHaveLength(1 + 20 + 1);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(1 + 1 + 30);
    expect(lines[0]).toBe('copied\t/ok');
    expect(lines.at(-1)).toMatch(/^skipped\t\/n39\tSynod cannot hold/);
    expect(skippedOf(await synodImport('--verbose'))).toHaveLength(1 + 30);
    rmSync(folder, { recursive: true });
  });

  test('a znode that somebody else makes at the same time is compared', async () => {
    source.put('/a', 'x');
    source.put('/b', 'x');
    let first = true;
    target.server.behaviour = {
      request: (request) => {
        if (request.op !== Op.multi || !first) return 'serve';
        first = false;
        target.tree.write({ op: Op.create, path: '/a', data: null, acl: OPEN, mode: 0, ttl: 0 }, 1);
        return 'serve';
      },
    };
    const { code, title, rows } = await synodImport();
    expect(title).toMatch(/^3 znodes/);
    expect({ code, rows }).toEqual({
      code: 0,
      rows: ['1 copied, 2 bytes', '1 brought up to date', '1 equal already'],
    });
    expect(content(target.tree)).toEqual(content(source.tree));
  });
});
