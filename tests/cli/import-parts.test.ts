/** The small parts of an import, by tables: access lists, counters, the window, the walk, options, progress. */
import { describe, expect, test } from '@jest/globals';
import { run } from '@synod/cli';
import { isHidden, isWithin, judgeAcl, mayHave, sameAcl } from '@synod/cli/import/acl';
import { Progress } from '@synod/cli/import/progress';
import { formatBytes } from '@synod/cli/import/summary';
import { Tally } from '@synod/cli/import/tally';
import { createsOf } from '@synod/cli/import/target';
import { Walk } from '@synod/cli/import/walk';
import { Window } from '@synod/cli/import/window';
import { parseAcl } from '@synod/cli/output';
import type { Acl } from '@synod/protocol';
import { Terminal } from './terminal.js';

const HASH = 'F6Y+U5gIoCbNNoLQExmvxRFeatA=';
const digest = (user: string, letters: string): string => `digest:${user}:${HASH}:${letters}`;

describe('access lists', () => {
  test.each([
    ['world:anyone:cdrwa', 'world:anyone:31', []],
    [`world:anyone:r,${digest('u', 'rw')}`, `world:anyone:1,digest:u:${HASH}:3`, []],
    ['ip:10.0.0.0/8:r,ip:10.0.0.0/8:r', 'ip:10.0.0.0/8:1', []],
    ['sasl:alice:r,ip:::1:a', 'ip:::1:16', ['sasl:alice:r']],
    ['x509:CN=a:rw,sasl:b:a', 'world:anyone:0', ['x509:CN=a:rw', 'sasl:b:a']],
  ])('%s', (given, set, dropped) => {
    const judged = judgeAcl(parseAcl(given), true);
    expect(
      'acl' in judged && judged.acl.map((entry) => `${entry.scheme}:${entry.id}:${entry.permissions}`).join(),
    ).toBe(set);
    expect('dropped' in judged && judged.dropped).toEqual(dropped);
    expect('problem' in judgeAcl(parseAcl(given), false)).toBe(dropped.length > 0);
  });

  test('a hidden hash is never set, whatever else is left out', () => {
    const acl = parseAcl('world:anyone:r,digest:app:x:cdrwa');
    for (const drop of [false, true])
      expect(judgeAcl(acl, drop)).toMatchObject({ problem: expect.stringMatching(/hides/) });
    expect(isHidden({ scheme: 'digest', id: `app:${HASH}` })).toBe(false);
    expect(isHidden({ scheme: 'ip', id: 'a:x' })).toBe(false);
  });

  test('permissions of any 32 bits, null fields, no list', () => {
    const odd = { scheme: 'world', id: 'anyone', permissions: -1 };
    expect(judgeAcl([odd], false)).toEqual({ acl: [{ ...odd, permissions: 0x7fffffff }], dropped: [] });
    expect(judgeAcl([{ scheme: null, id: null, permissions: 1 }], false)).toHaveProperty('problem');
    expect(judgeAcl(null, false)).toEqual({ acl: [{ scheme: 'world', id: 'anyone', permissions: 0 }], dropped: [] });
  });

  test.each([
    ['world:anyone:r', 'world:anyone:r', true],
    ['world:anyone:r,ip:::1:a', 'ip:::1:a,world:anyone:r', true],
    ['world:anyone:r', 'world:anyone:rw', false],
    ['world:anyone:r', 'world:anyone:r,ip:::1:a', false],
    ['world:anyone:r,world:anyone:r', 'world:anyone:r,ip:::1:a', false],
  ])('%s and %s are the same: %s', (a, b, same) => {
    expect(sameAcl(parseAcl(a), parseAcl(b))).toBe(same);
    expect(sameAcl(parseAcl(b), parseAcl(a))).toBe(same);
  });

  test.each([
    ['world:anyone:r', 'world:anyone:cdrwa', true],
    ['world:anyone:rw', 'world:anyone:r', false],
    [digest('u', 'r'), 'world:anyone:r', true],
    [digest('u', 'rw'), `world:anyone:r,${digest('u', 'w')}`, true],
    [digest('u', 'r'), digest('v', 'r'), false],
    ['world:anyone:r', digest('u', 'r'), false],
  ])('%s gives no more than %s: %s', (a, b, within) => {
    expect(isWithin(parseAcl(a), parseAcl(b))).toBe(within);
  });

  test.each([
    ['world:anyone:c', [], true],
    ['world:anyone:r', [], false],
    [digest('u', 'c'), [{ scheme: 'digest', id: `u:${HASH}` }], true],
    [digest('u', 'c'), [{ scheme: 'digest', id: 'u:other' }], false],
    [digest('u', 'c'), [{ scheme: 'super', id: '' }], true],
    ['ip:10.0.0.0/8:c', [{ scheme: 'ip', id: '127.0.0.1' }], true],
  ])('%s may allow %j to create: %s', (acl, identities, may) => {
    expect(mayHave(parseAcl(acl) as Acl, identities, 4)).toBe(may);
  });
});

test.each([
  [0, 0, 0],
  [-1, 1, 0],
  [5, 5, 5],
  [70, 10, 40],
  // 2^31 - 1 creates, none left: cversion has run over.
  [-2, 0, 2 ** 31 - 1],
  [2 ** 31 - 2, 2, 2 ** 30],
])('cversion %d and %d children: %d creates', (cversion, numChildren, creates) => {
  expect(createsOf({ cversion, numChildren })).toBe(creates);
});

test('the window is narrow for long answers and wide for short ones', () => {
  const window = new Window();
  expect(window.size).toBe(16);
  for (let i = 0; i < 100; i++) window.note(200);
  expect(window.size).toBe(500);
  window.note(1_048_576);
  expect(window.size).toBe(16);
  window.note(64 * 1_048_576);
  expect(window.size).toBe(8);
});

describe('the walk', () => {
  test('sees to everything, with no more at a time than it may', async () => {
    let now = 0;
    let most = 0;
    const seen: string[] = [];
    const walk = new Walk<string>(3, async (item) => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      seen.push(item);
      if (item.length < 4) walk.add(['a', 'b'].map((name) => item + name));
      now--;
    });
    walk.add(['']);
    await walk.run();
    expect(most).toBe(3);
    expect(seen).toHaveLength(31);
    expect(walk.waiting).toBe(false);
  });

  test('ends with the first error, when nothing is under way any more', async () => {
    const ended: number[] = [];
    const walk = new Walk<number>(4, async (item) => {
      if (item === 1) throw new Error('one');
      await new Promise(setImmediate);
      ended.push(item);
    });
    walk.add(Array.from({ length: 100 }, (_, i) => i));
    await expect(walk.run()).rejects.toThrow('one');
    expect(ended).toEqual([0, 2, 3]);
  });
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1_000, '1.0 kB'],
  [12_345_678, '12.3 MB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('progress is one line on a terminal, above which others are said', async () => {
  const tally = new Tally(20, () => undefined);
  const { stdout } = new Terminal('', { tty: true });
  const progress = new Progress(stdout, tally);
  tally.seen = 12;
  tally.note('copied', '/a');
  await stdout.until(/12 znodes read \(\d+\/s\), 1 copied, 0 bytes$/);
  tally.toRaise = 7;
  progress.say('trouble');
  await stdout.until(/^\r\x1b\[Ktrouble\ncounters of sequential names: 7 creates to go$/);
  progress.end();
  expect(stdout.take()).toBe('\r\x1b[K');
});

describe('the command line', () => {
  test.each([
    [[], 'Missing required argument: from'],
    [['--from'], '--from: connect string: a server without a name'],
    [['--from', 'a b'], '--from: connect string: not a server: "a b"'],
    [['--from', 'h:1', '--path', 'a'], '--path: a path must start with "/"'],
    [['--from', 'h:1', '--to', '/a/'], '--to: a path must not end with "/"'],
    [['--from', 'h:1', '--path', '/zookeeper/quota'], '--path: /zookeeper/quota belongs to the servers'],
    [['--from', 'h:1/zookeeper'], '--path: /zookeeper belongs to the servers'],
    [['--from', 'h:1', '--to', '/zookeeper'], '--to: /zookeeper belongs to the servers'],
    [['--from', 'h:1', '--from-auth', 'digest'], '--from-auth must be scheme:credentials'],
    [['--from', 'h:1', '--counters', 'many'], '--counters must be a whole number, not "many"'],
    [['--from', 'h:1', '--report', '/no/such/folder/file'], '--report: ENOENT'],
    [['--from', 'h:1', '--path', '/a', '--path', '/b'], '--path may be given once only'],
    [['--from', 'h:1', '--nonsense'], 'nonsense'],
  ])('import %j', async (words, message) => {
    const terminal = new Terminal('127.0.0.1:1');
    expect(await run(['import', ...words], terminal)).toBe(2);
    expect(terminal.stderr.text).toContain(message);
  });

  test('help names all options', async () => {
    const terminal = new Terminal('');
    expect(await run(['import', '--help'], terminal)).toBe(0);
    for (const option of ['from', 'from-auth', 'path', 'to', 'dry-run', 'drop-unknown-acl', 'counters', 'report'])
      expect(terminal.stdout.text).toContain(`--${option}`);
  });
});
