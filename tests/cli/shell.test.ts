/** The shell: as a script through a pipe, and as a person at a terminal. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '@synod/cli';
import { complete } from '@synod/cli/completion';
import { connect } from '@synod/client';
import { FakeEnsemble } from '../client/fake-ensemble.js';
import { Terminal } from './terminal.js';

let ensemble: FakeEnsemble;

beforeEach(async () => {
  ensemble = await FakeEnsemble.start(2);
});

afterEach(async () => {
  await ensemble.stop();
});

async function script(...lines: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new Terminal(ensemble.connectString, { input: lines.map((line) => `${line}\n`).join('') });
  const code = await run(['shell'], terminal);
  return { code, out: terminal.stdout.text, err: terminal.stderr.text };
}

const fired = (type: string, path: string): string =>
  `\nWATCHER::\n\nWatchedEvent state:SyncConnected type:${type} path:${path} zxid: N\n`;

const withoutZxids = (text: string): string => text.replace(/zxid: \d+/g, 'zxid: N');

describe('through a pipe', () => {
  test('lines run one after the other, events print as they fire', async () => {
    const { code, out, err } = await script(
      'create -e /e "two words"',
      '',
      '   get -w /e',
      "set /e 'new\\'",
      'get /e',
      'getEphemerals',
      'addWatch -m persistent /e',
      'set /e x',
      'removewatches -p /e',
      'set /e y',
      'quit',
      'get /never',
    );
    expect(err).toBe('');
    expect(withoutZxids(out)).toBe(
      `Created /e\ntwo words\n${fired('NodeDataChanged', '/e')}new\\\n[/e]\n${fired('NodeDataChanged', '/e')}`,
    );
    expect(code).toBe(0);
    expect(ensemble.sessions.size).toBe(0);
  });

  test('what fails is told, the rest runs, the exit code is that of the first failure', async () => {
    const { code, out, err } = await script('get /no', 'get', 'frob', 'set /a "b', 'create /a', 'get /a');
    expect(err).toBe(
      'Node does not exist: /no\n' +
        'path is missing\nusage: get [-s] [-w] path\n' +
        'there is no command "frob"; help lists them\n' +
        'a " is not closed\n',
    );
    expect(out).toBe('Created /a\nnull\n');
    expect(code).toBe(1);
  });

  test('history and redo', async () => {
    const { out, err } = await script('create /a x', 'redo 0', 'history', 'redo 9', 'redo 1', 'redo x');
    expect(out).toBe('Created /a\n0 - create /a x\n1 - redo 0\n2 - create /a x\n3 - history\n');
    expect(err).toBe(
      'Node already exists: /a\n' +
        'there is no line "9" in the history\nusage: redo number\n' +
        'line 1 is a redo itself\nusage: redo number\n' +
        'there is no line "x" in the history\nusage: redo number\n',
    );
  });

  test('close and connect', async () => {
    const { out, err, code } = await script('close', 'ls /', 'connect', 'ls /', 'connect nowhere:x', 'ls /');
    expect(out).toBe('[]\n');
    expect(err).toBe(
      'CONNECTION_LOSS: not connected; use: connect [servers]\n' +
        'BAD_ARGUMENTS: connect string: not a server: "nowhere:x"; write host:port, an IPv6 address as [address]:port, and commas between servers\n' +
        'CONNECTION_LOSS: not connected; use: connect [servers]\n',
    );
    expect(code).toBe(3);
  });

  test('help lists every command with its usage', async () => {
    const { out } = await script('help', 'help redo');
    expect(out).toContain('create [-s] [-e] [-c] [-t ttl] path [data] [acl]\n');
    expect(out).toMatch(/redo number\n {4}runs a line of the history again\n$/);
  });

  test('no server: exit code 3, and no line is tried', async () => {
    const servers = ensemble.connectString;
    await ensemble.stop();
    const terminal = new Terminal(servers, { input: 'ls /\nls /\n' });
    expect(await run(['shell', '--timeout', '200'], terminal)).toBe(3);
    expect(terminal.stderr.text.trim().split('\n')).toHaveLength(1);
  });
});

describe('at a terminal', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'synod-shell-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function start(): { terminal: Terminal; done: Promise<number> } {
    const terminal = new Terminal(ensemble.connectString, { tty: true, historyFile: join(folder, 'history') });
    return { terminal, done: run(['shell'], terminal) };
  }

  const prompt = (state: string, count: number): RegExp => new RegExp(`\\[synod: [\\d.:,]+\\(${state}\\) ${count}\\] `);

  test('the prompt counts lines and shows server and state', async () => {
    const { terminal, done } = start();
    expect(await terminal.stdout.until(prompt('CONNECTED', 0))).toContain(`Connecting to ${ensemble.connectString}\n`);
    terminal.type('create /a x\r');
    expect(await terminal.stdout.until(prompt('CONNECTED', 1))).toContain('Created /a\n');
    terminal.type('close\r');
    await terminal.stdout.until(prompt('CLOSED', 2));
    terminal.type('quit\r');
    expect(await done).toBe(0);
  });

  test('an event does not destroy the line that is being typed', async () => {
    const { terminal, done } = start();
    const other = await connect(ensemble.connectString);
    await other.create('/a', 'x');
    await terminal.stdout.until(prompt('CONNECTED', 0));
    terminal.type('get -w /a\r');
    await terminal.stdout.until(prompt('CONNECTED', 1));
    terminal.type('set /a hal');
    await terminal.stdout.until(/hal/);
    await other.set('/a', 'y');
    const shown = await terminal.stdout.until(/WatchedEvent[^]*set \/a hal/);
    expect(shown).toMatch(/type:NodeDataChanged path:\/a zxid: \d+\n/);
    terminal.type('f\r');
    await terminal.stdout.until(prompt('CONNECTED', 2));
    expect((await other.get('/a')).data?.toString()).toBe('half');
    await other.close();
    terminal.stdin.end();
    expect(await done).toBe(0);
  });

  test('a lost and a regained connection are told', async () => {
    const { terminal, done } = start();
    await terminal.stdout.until(prompt('CONNECTED', 0));
    ensemble.serving.goodbye('CONNECTION_LOSS', 'bye');
    await terminal.stdout.until(/state:Disconnected type:None[^]*state:SyncConnected type:None/);
    ensemble.serving.goodbye('SESSION_EXPIRED', 'bye');
    await terminal.stdout.until(/state:Expired/);
    terminal.type('ls /\r');
    await terminal.stdout.until(prompt('EXPIRED', 1));
    expect(terminal.stderr.text).toContain('SESSION_EXPIRED');
    terminal.type('quit\r');
    expect(await done).toBe(3);
  });

  test('Tab completes', async () => {
    const { terminal, done } = start();
    await terminal.stdout.until(prompt('CONNECTED', 0));
    terminal.type('create /config x\r');
    await terminal.stdout.until(prompt('CONNECTED', 1));
    terminal.type('get /con\t');
    await terminal.stdout.until(/\/config/);
    terminal.type('\r');
    expect(await terminal.stdout.until(prompt('CONNECTED', 2))).toContain('x\n');
    terminal.type('quit\r');
    await done;
  });

  test('Ctrl-C gives up the line, and the shell where there is none', async () => {
    const { terminal, done } = start();
    await terminal.stdout.until(prompt('CONNECTED', 0));
    terminal.type('delete /');
    terminal.type('\x03');
    terminal.type('create /a\r');
    await terminal.stdout.until(/Created \/a\n/);
    await terminal.stdout.until(prompt('CONNECTED', 1));
    terminal.type('\x03');
    expect(await done).toBe(0);
  });

  test('the history outlives the shell, without credentials, for its owner only', async () => {
    const file = join(folder, 'history');
    writeFileSync(file, 'ls /old\n');
    const { terminal, done } = start();
    await terminal.stdout.until(prompt('CONNECTED', 0));
    terminal.type('addauth digest user:secret\r');
    await terminal.stdout.until(prompt('CONNECTED', 1));
    terminal.type('ls /\r');
    await terminal.stdout.until(prompt('CONNECTED', 2));
    terminal.type('quit\r');
    await done;
    expect(readFileSync(file, 'utf8')).toBe('ls /old\nls /\nquit\n');
    rmSync(file);
    const second = start();
    await second.terminal.stdout.until(prompt('CONNECTED', 0));
    second.terminal.type('quit\r');
    await second.done;
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('completion', () => {
  test.each([
    ['', ['addWatch', 'addauth', 'close'], ''],
    ['ge', ['get', 'getAcl', 'getAllChildrenNumber', 'getEphemerals'], 'ge'],
    ['GETA', ['getAcl', 'getAllChildrenNumber'], 'GETA'],
    ['help cre', ['create'], 'cre'],
    ['create -', ['-c', '-e', '-s', '-t'], '-'],
    ['get /', ['/a b', '/app', '/apple'], '/'],
    ['get /ap', ['/app', '/apple'], '/ap'],
    ['get -s /app/', ['/app/x'], '/app/'],
    ['get /none/', [], '/none/'],
    ['get "/a ', ['"/a b'], '"/a '],
    ['get /a\\ ', ['/a\\ b'], '/a\\ '],
    ["get '/app/", ["'/app/x"], "'/app/"],
    ['get x', [], 'x'],
    ['frob /ap', ['/app', '/apple'], '/ap'],
  ])('%j', async (line, candidates, word) => {
    const client = await connect(ensemble.connectString);
    for (const path of ['/app', '/app/x', '/apple', '/a b']) await client.create(path);
    const [found, last] = await complete(line, client);
    if (line === '') expect(found.slice(0, 3)).toEqual(candidates);
    else expect(found).toEqual(line === 'get /' ? ['/a\\ b', '/app', '/apple'] : candidates);
    expect(last).toBe(word);
    await client.close();
  });

  test('without a connection there are no paths', async () => {
    expect(await complete('get /', undefined)).toEqual([[], '/']);
  });
});
