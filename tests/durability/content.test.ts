/** The judge of `npm run damage` bites: it must object to values nobody wrote, to lost writes and to what is missing. */
import { expect, test } from '@jest/globals';
import type { Client } from '@synod/client';
import { SynodError } from '@synod/protocol';
import { Content } from '../../scripts/lib/damage/content.js';
import { Report } from '../../scripts/lib/damage/report.js';

/** As much of a client as the content needs, over a map. */
function clientOf(nodes: Map<string, string>): Client {
  const missing = (path: string): SynodError => new SynodError({ code: 'NO_NODE', reason: 'gone', path });
  const known = (path: string): string => {
    const value = nodes.get(path);
    if (value === undefined) throw missing(path);
    return value;
  };
  const client = {
    create: async (path: string, value = '') => {
      nodes.set(path, value);
      return { path };
    },
    set: async (path: string, value: string) => void nodes.set(path, value),
    delete: async (path: string) => void nodes.delete(path),
    get: async (path: string) => ({ data: Buffer.from(known(path)) }),
    exists: async (path: string) => (nodes.has(path) ? {} : null),
    children: async (path: string) => ({ children: [...nodes.keys()].filter((one) => one.startsWith(`${path}/`)) }),
    sync: async () => undefined,
    kill: () => undefined,
  };
  return client as unknown as Client;
}

/** Content after some writes, and what its judge says once `harm` was done. */
async function verdict(
  harm: (nodes: Map<string, string>, before: Map<string, string>) => void,
  fresh = true,
): Promise<string[]> {
  const words: string[] = [];
  const nodes = new Map<string, string>();
  const content = new Content(
    'seed',
    (line) => words.push(line),
    async () => clientOf(nodes),
  );
  await content.fill('');
  await content.write('');
  await content.progress(60);
  await content.pause();
  const before = new Map(nodes);
  content.resume();
  await content.progress(200);
  await content.pause();
  harm(nodes, before);
  await content.readAll(clientOf(nodes), fresh, 'here');
  return words;
}

test('what was written is right', async () => {
  expect(await verdict(() => undefined)).toEqual([]);
});

test.each<[string, (nodes: Map<string, string>, before: Map<string, string>) => void, RegExp]>([
  [
    'one changed byte',
    (nodes) => nodes.set('/fixed/7', nodes.get('/fixed/7')!.replace('7', '8')),
    /fixed\/7 is .* not/,
  ],
  [
    'one changed byte of a changing value',
    (nodes) => nodes.set('/set/3', `${nodes.get('/set/3')!}x`),
    /which nobody wrote/,
  ],
  ['an older value', (nodes, before) => nodes.set('/set/3', before.get('/set/3')!), /was acknowledged/],
  ['a value that is gone', (nodes) => nodes.delete('/set/3'), /set\/3 is gone/],
  ['a znode that is gone', (nodes) => nodes.delete('/fixed/7'), /fixed\/7 is gone/],
  ['a znode too many', (nodes) => nodes.set('/fixed/x', 'x'), /121 children, not 120/],
  ['an ephemeral znode that is gone', (nodes) => nodes.delete('/held/1a'), /its session is not/],
])('%s is wrong', async (_, harm, words) => {
  expect((await verdict(harm)).join('\n')).toMatch(words);
});

test('before a sync an older value is no fault', async () => {
  expect(await verdict((nodes, before) => nodes.set('/set/3', before.get('/set/3')!), false)).toEqual([]);
});

test.each([
  ['no words', 1, 'INFO event=ready', 1],
  ['a crash', 134, '2026 ERROR server=1 event=not-started cause="the data is damaged"', 1],
  ['an internal error', 1, '2026 ERROR server=1 event=fatal cause="internal error: TypeError"', 1],
  ['words', 1, '2026 ERROR server=1 event=not-started cause="the data is damaged"', 0],
])('the end of a process with %s', (_, code, log, violations) => {
  const report = new Report('/nowhere', () => undefined);
  report.refusal(code, log);
  expect(report.violations).toHaveLength(violations);
});
