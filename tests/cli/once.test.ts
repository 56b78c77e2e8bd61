/** One-shot commands, as a script sees them: output, errors, exit code. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '@synod/cli';
import { formatTime } from '@synod/cli/output';
import { FakeEnsemble } from '../client/fake-ensemble.js';
import { FAKE_TIME } from '../client/fake-tree.js';
import { Terminal } from './terminal.js';

let ensemble: FakeEnsemble;

beforeAll(async () => {
  ensemble = await FakeEnsemble.start();
});

afterAll(async () => {
  await ensemble.stop();
});

async function synod(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new Terminal(ensemble.connectString);
  const code = await run(argv, terminal);
  return { code, out: terminal.stdout.text, err: terminal.stderr.text };
}

const TIME = formatTime(FAKE_TIME);

/** A Stat with its zxids as x, since sessions come and go between commands. */
function stat(changes: Record<string, string | number>): string {
  const fields: Record<string, string | number> = {
    cZxid: 'x',
    ctime: TIME,
    mZxid: 'x',
    mtime: TIME,
    pZxid: 'x',
    cversion: 0,
    dataVersion: 0,
    aclVersion: 0,
    ephemeralOwner: '0x0',
    dataLength: 0,
    numChildren: 0,
    ...changes,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

/** Every command of a story: what is typed, what comes out, what goes to stderr, the exit code. */
type Step = readonly [argv: readonly string[], out: string, err?: string, code?: number];

const STORIES: Readonly<Record<string, readonly Step[]>> = {
  'create and get': [
    [['create', '/a', 'hello'], 'Created /a\n'],
    [['get', '/a'], 'hello\n'],
    [['get', '-s', '/a'], `hello\n${stat({ dataLength: 5 })}`],
    [['create', '/null'], 'Created /null\n'],
    [['get', '/null'], 'null\n'],
    [['create', '/empty', ''], 'Created /empty\n'],
    [['get', '/empty'], '\n'],
    [['create', '/a', 'x'], '', 'Node already exists: /a\n', 1],
    [['create', '/no/where', 'x'], '', 'Node does not exist: /no/where\n', 1],
    [['get', '/no'], '', 'Node does not exist: /no\n', 1],
  ],
  sequences: [
    [['create', '-s', '/s-', 'x'], 'Created /s-0000000000\n'],
    [['create', '/s-', '-s'], 'Created /s-0000000001\n'],
    [['ls', '/'], '[s-0000000000, s-0000000001]\n'],
  ],
  set: [
    [['create', '/a', 'x'], 'Created /a\n'],
    [['set', '/a', 'y z'], ''],
    [['get', '/a'], 'y z\n'],
    [['set', '-s', '/a', 'long', '-v', '1'], stat({ dataVersion: 2, dataLength: 4 })],
    [['set', '/a', 'w', '-v', '1'], '', 'version No is not valid : /a\n', 1],
    [['set', '/a', '--', '-v'], ''],
    [['get', '/a'], '-v\n'],
  ],
  'ls and delete': [
    [['create', '/b'], 'Created /b\n'],
    [['create', '/b/2'], 'Created /b/2\n'],
    [['create', '/b/1'], 'Created /b/1\n'],
    [['create', '/b/1/x'], 'Created /b/1/x\n'],
    [['ls', '/b'], '[1, 2]\n'],
    [['ls', '-s', '/b'], `[1, 2]\n${stat({ cversion: 2, numChildren: 2 })}`],
    [['ls', '-R', '/b'], '/b\n/b/1\n/b/1/x\n/b/2\n'],
    [['getAllChildrenNumber', '/b'], '3\n'],
    [['delete', '/b'], '', 'Node not empty: /b\n', 1],
    [['delete', '-v', '9', '/b/2'], '', 'version No is not valid : /b/2\n', 1],
    [['delete', '/b/2'], ''],
    [['deleteall', '/b'], ''],
    [['ls', '/'], '[]\n'],
    [['deleteall', '/b'], '', 'Node does not exist: /b\n', 1],
  ],
  'stat, ACL, identity': [
    [['create', '/a', 'x', 'world:anyone:r,ip:127.0.0.1:cdrwa'], 'Created /a\n'],
    [['getAcl', '/a'], "'world,'anyone\n: r\n'ip,'127.0.0.1\n: cdrwa\n"],
    [['setAcl', '-s', '/a', 'world:anyone:cdrwa'], stat({ aclVersion: 1, dataLength: 1 })],
    [['getAcl', '-s', '/a'], `'world,'anyone\n: cdrwa\n${stat({ aclVersion: 1, dataLength: 1 })}`],
    [['stat', '/a'], stat({ aclVersion: 1, dataLength: 1 })],
    [['stat', '/no'], '', 'Node does not exist: /no\n', 1],
    [['whoami'], 'Auth scheme: User\nip: 127.0.0.1\n'],
    [['getEphemerals'], '[]\n'],
    [['sync', '/'], 'Sync is OK\n'],
    [['--auth', 'digest:u:p', 'sync', '/'], 'Sync is OK\n'],
  ],
  'what is typed wrong': [
    [['get'], '', 'path is missing\nusage: synod get [-s] [-w] path\n', 2],
    [['list', '/'], '', 'there is no command "list"; help lists them\n', 2],
    [
      ['get', '-w', '/'],
      '',
      'a watch ends with its session: -w works in the shell only\nusage: synod get [-s] [-w] path\n',
      2,
    ],
    [['addWatch', '/'], '', 'addWatch works in the shell only: synod shell\nusage: synod addWatch [-m mode] path\n', 2],
    [
      ['set', '/', 'x', '-v', 'one'],
      '',
      'version must be a whole number from -2147483648 to 2147483647, not "one"\nusage: synod set [-s] [-v version] path data\n',
      2,
    ],
    [['get', 'a'], '', 'BAD_ARGUMENTS: a path must start with "/" (a)\n', 1],
    [['get', '--help'], 'synod get [-s] [-w] path\n    data of a znode; -s with Stat, -w with a watch\n'],
    [['help', 'sync'], 'sync path\n    waits until the server has everything that was decided before\n'],
  ],
};

const CREATE_USAGE = 'usage: synod create [-s] [-e] [-c] [-t ttl] path [data] [acl]\n';

describe.each(Object.entries(STORIES))('%s', (_name, steps) => {
  beforeEach(async () => {
    for (const path of [...ensemble.tree.nodes.keys()].reverse()) if (path !== '/') ensemble.tree.nodes.delete(path);
    const root = ensemble.tree.nodes.get('/')!;
    Object.assign(root, { children: new Set(), creates: 0 });
  });

  test('step by step', async () => {
    for (const [argv, out, err = '', code = 0] of steps) {
      const result = await synod(...argv);
      const seen = { ...result, out: result.out.replace(/(Zxid) = 0x[0-9a-f]+/g, '$1 = x') };
      expect({ argv, ...seen }).toEqual({ argv, out, err, code });
    }
  });
});

test.each([
  [['-c', '-s'], '-c cannot be combined with -s, -e or -t'],
  [['-c', '-t', '5'], '-c cannot be combined with -s, -e or -t'],
  [['-t', '0'], 'ttl must be a whole number from 1 to 1099511627775, not "0"'],
  [['-t'], 'path is missing'],
  [['-e'], 'an ephemeral znode ends with its session: -e works in the shell only'],
])('create %j is refused', async (options, message) => {
  const { code, err } = await synod('create', ...options, '/a');
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(err).toContain(CREATE_USAGE);
});

test('bytes that are no text go to a pipe as they are, and harmless to a terminal', async () => {
  const bytes = Buffer.from([0xff, 0x00, 0x0a]);
  ensemble.tree.write({ op: 1, path: '/bin', data: bytes, acl: [], mode: 0, ttl: 0 }, 1);
  const pipe = new Terminal(ensemble.connectString);
  expect(await run(['get', '/bin'], pipe)).toBe(0);
  expect(pipe.stdout.bytes).toEqual(bytes);
  const screen = new Terminal(ensemble.connectString, { tty: true });
  expect(await run(['get', '/bin'], screen)).toBe(0);
  expect(screen.stdout.text).toBe('\\xff\\x00\\x0a\n');
});

test('many znodes are removed in batches', async () => {
  for (let i = 0; i < 1_200; i++) {
    const path = i === 0 ? '/many' : `/many/${i}`;
    ensemble.tree.write({ op: 1, path, data: null, acl: [], mode: 0, ttl: 0 }, 1);
  }
  expect((await synod('deleteall', '/many')).code).toBe(0);
  expect(ensemble.tree.nodes.has('/many')).toBe(false);
});

test('no connection', async () => {
  const silent = await FakeEnsemble.start();
  const servers = silent.connectString;
  await silent.stop();
  const { code, err } = await synod('--server', servers, '--timeout', '200', 'ls', '/');
  expect(code).toBe(3);
  expect(err).toMatch(/^CONNECTION_LOSS: no server of .* took the session within 200 ms; last: .* ECONNREFUSED/);
});

test.each([
  [[], 2, '', /which command\?\nusage: synod/],
  [['--nonsense'], 2, '', /which command/],
  [['server'], 2, '', /config/],
  [['server', '--config', 'x', 'y'], 2, '', /y/],
  [['--server', 'a b', 'ls', '/'], 1, '', /BAD_ARGUMENTS: connect string: not a server: "a b"/],
  [['--server'], 2, '', /--server needs a value/],
])('synod %j', async (argv, code, out, err) => {
  const result = await synod(...argv);
  expect(result).toMatchObject({ code, out });
  expect(result.err).toMatch(err);
});

test('help lists all commands that work here', async () => {
  const { code, out } = await synod('--help');
  expect(code).toBe(0);
  for (const line of ['synod get [-s] [-w] path', 'synod server', 'synod shell', '--server'])
    expect(out).toContain(line);
  expect(out).not.toContain('addWatch');
});
