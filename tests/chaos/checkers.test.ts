/**
 * What the chaos run checks on top of the common checkers (tests/simulator/check-*): the logs of real servers among
 * themselves. And that records survive their way through a file.
 */
import { describe, expect, test } from '@jest/globals';
import { makeZxid, Op, OPEN_ACL } from '@synod/protocol';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkAll } from '../../scripts/lib/chaos/check-all.js';
import { checkLogs } from '../../scripts/lib/chaos/check-log.js';
import { readHistory, Recorder, type AnyRecord } from '../../scripts/lib/chaos/history.js';
import type { ServerLog } from '../../scripts/lib/chaos/logs.js';
import { Lab } from '../simulator/lab.js';

const at = (counter: number): number => makeZxid(1, counter);

/** One session that writes and reads. */
function sound(): { lab: Lab; log: ServerLog; end: { zxid: number; digest: number; counters: string[] } } {
  const lab = new Lab();
  const client = lab.open('one');
  const data = Buffer.from('\0ÿ"');
  lab.ask(client, { op: Op.create, path: '/a', data, acl: OPEN_ACL, mode: 0, ttl: 0 });
  lab.watch(client, '/a', 'recursive');
  for (const version of [0, 1, 9]) lab.ask(client, { op: Op.setData, path: '/a', data: null, version });
  lab.ask(client, { op: Op.getData, path: '/a', watch: false });
  lab.close(client);
  return { lab, log: { server: 1, base: 0, entries: lab.log }, end: { ...lab.end, counters: [] } };
}

test('a sound run breaks nothing', () => {
  const { lab, log, end } = sound();
  expect(checkAll([log, { ...log, server: 2 }], lab.history, end)).toEqual([]);
});

test('without one complete log only the logs are compared', () => {
  const { lab, log, end } = sound();
  const later = { server: 1, base: at(2), entries: log.entries.slice(2) };
  expect(checkAll([later], lab.history, end).map(({ rule }) => rule)).toEqual(['log']);
});

describe('logs', () => {
  const { log } = sound();
  const { entries } = log;
  const last = at(entries.length);
  const differing = entries.map((entry) => (entry.zxid === at(4) ? { ...entry, chain: 7 } : entry));
  const swapped = [...entries.slice(0, 2), ...entries.slice(2, 4).reverse(), ...entries.slice(4)];

  test.each<[string, ServerLog, RegExp]>([
    ['another record at one zxid', { ...log, entries: differing }, /different records/],
    ['a missing record', { ...log, entries: entries.filter(({ zxid }) => zxid !== at(4)) }, /has 5 records/],
    ['a missing end', { ...log, entries: entries.slice(0, -1) }, /ends at 0x100000005/],
    ['a falling zxid', { ...log, entries: swapped }, /stands behind/],
  ])('%s', (_, other, words) => {
    const texts = checkLogs([log, { ...other, server: 2 }], last).map(({ text }) => text);
    expect(texts.join('\n')).toMatch(words);
  });

  test('a log that starts later is compared from there on', () => {
    const later = { server: 2, base: at(3), entries: entries.slice(3) };
    expect(checkLogs([log, later], last)).toEqual([]);
  });
});

test('a history comes back from its file as it was', async () => {
  const { lab } = sound();
  const { history } = lab;
  history.ops.push({ ...history.ops[0]!, end: Infinity, outcome: 'unknown', zxid: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'synod-history-'));
  try {
    const file = join(folder, 'one.ndjson');
    const recorder = new Recorder(file);
    for (const records of Object.values(history) as AnyRecord[][]) for (const record of records) recorder.add(record);
    await recorder.close();
    expect(await readHistory([file])).toEqual(history);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
