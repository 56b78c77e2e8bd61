/** A dry run: it writes nothing, and tells what the real one would tell. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { run } from '@synod/cli';
import { isWrite, Op, type Acl } from '@synod/protocol';
import { FakeEnsemble } from '../client/fake-ensemble.js';
import { FakeZooKeeper, OPEN } from './import-zookeeper.js';
import { Terminal } from './terminal.js';

let source: FakeZooKeeper;
let target: FakeEnsemble;

beforeEach(async () => {
  [source, target] = await Promise.all([FakeZooKeeper.start(), FakeEnsemble.start()]);
});

afterEach(async () => {
  await Promise.all([source.stop(), target.stop()]);
});

async function dryRun(...words: string[]): Promise<{ code: number; rows: string[] }> {
  const terminal = new Terminal(target.connectString);
  const code = await run(['import', '--from', source.address, '--dry-run', ...words], terminal);
  expect(terminal.stdout.text).toMatch(/^Dry run, nothing was written\. \d+ znodes read/);
  const writes = target.server.requests.filter(({ request }) => isWrite(request) && request.op !== Op.closeSession);
  expect(writes).toEqual([]);
  return {
    code,
    rows: terminal.stdout.text
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.trim()),
  };
}

const READ_ONLY: Acl = [{ scheme: 'world', id: 'anyone', permissions: 1 }];
const OWNED: Acl = [{ scheme: 'digest', id: 'app:F6Y+U5gIoCbNNoLQExmvxRFeatA=', permissions: 31 }];

test('what would be copied, changed, and raised', async () => {
  for (const path of ['/new', '/new/a', '/there', '/there/b']) source.put(path, 'x');
  for (let i = 0; i < 5; i++) source.put(`/new/${i}`);
  for (let i = 0; i < 4; i++) source.remove(`/new/${i}`);
  target.tree.write({ op: Op.create, path: '/there', data: null, acl: OPEN, mode: 0, ttl: 0 }, 1);
  expect(await dryRun('--verbose')).toEqual({
    code: 0,
    rows: [
      '4 copied, 4 bytes',
      '1 brought up to date',
      '/there: data',
      '1 equal already',
      '1 counters of sequential names raised',
      '/new: 2 to 6',
    ],
  });
});

test('what the identities would not be allowed', async () => {
  source.put('/owned', 'x', OWNED);
  source.put('/owned/a', 'x');
  source.put('/owned/a/b', 'x');
  source.put('/closed', 'x');
  source.put('/closed/a', 'x');
  source.put('/changed', 'new', OPEN);
  source.put('/list', 'x', OPEN);
  source.put('/tightened', 'x', READ_ONLY);
  source.put('/tightened/a', 'x');
  for (const [path, acl] of [
    ['/closed', READ_ONLY],
    ['/changed', OWNED],
    ['/list', READ_ONLY],
    ['/tightened', OPEN],
  ] as const) {
    target.tree.write({ op: Op.create, path, data: Buffer.from('x'), acl, mode: 0, ttl: 0 }, 1);
  }
  const advice = '(--auth of an owner, or of the superuser)';
  const create = `the target refuses: NO_AUTH, this needs the permission CREATE ${advice}`;
  const first = await dryRun();
  expect(first.code).toBe(1);
  expect(first.rows.filter((row) => row.startsWith('/')).sort()).toEqual([
    `/changed: the target refuses: NO_AUTH, this needs the permission WRITE ${advice}`,
    `/closed/a: ${create}`,
    `/closed: the target refuses: NO_AUTH, this needs the permission ADMIN ${advice}`,
    `/list: the target refuses: NO_AUTH, this needs the permission ADMIN ${advice}`,
    `/owned/a: ${create} (and 1 below it)`,
    `/tightened/a: ${create}`,
  ]);
  const own = await dryRun('--auth', 'digest:app:secret');
  expect(own.rows.filter((row) => row.startsWith('/owned') || row.startsWith('/changed'))).toEqual([]);
});
