/** For every predicate: a run that keeps it, broken in one place, is rejected by that rule and no other. */
import { describe, expect, test } from '@jest/globals';
import { CreateMode, EventType, Op, OPEN_ACL, type CreateRequest, type Request } from '@synod/protocol';
import { checkHistory } from '@synod/simulator/check/check-history';
import type { CheckOptions } from '@synod/simulator/check/options';
import type { EndRecord, EventRecord, LogEntry, OpRecord } from '@synod/simulator/history';
import { Lab, type LabClient } from './lab.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const create = (path: string, mode: CreateMode = CreateMode.persistent): CreateRequest => ({
  ...{ op: Op.create, path, data: bytes('0'), acl: OPEN_ACL, mode, ttl: 0 },
});
const set = (path: string, text: string): Request => ({ op: Op.setData, path, data: bytes(text), version: -1 });
const get = (path: string): Request => ({ op: Op.getData, path, watch: false });
const exists = (path: string): Request => ({ op: Op.exists, path, watch: false });
const children = (path: string): Request => ({ op: Op.getChildren, path, watch: false });
const sync: Request = { op: Op.sync, path: '/' };

/** Two thirds of a timeout of 4 s by a clock that is 5 % slow. */
const SLOWEST = (4_000 * 2) / 3 / 0.95;

interface Run {
  readonly lab: Lab;
  readonly one: LabClient;
  readonly two: LabClient;
  readonly gone: LabClient;
  readonly calls: Readonly<Record<'set' | 'refused' | 'found' | 'plain' | 'look' | 'own' | 'last', OpRecord>>;
}

/** Two sessions at work, and a third that is abandoned and expires. */
function sound(): Run {
  const lab = new Lab();
  const one = lab.open('one');
  const two = lab.open('two', 1);
  lab.ask(one, create('/n'));
  lab.watch(one, '/n', 'recursive');
  lab.ask(one, get('/n'), 'data');
  lab.ask(one, exists('/e'), 'exists');
  lab.ask(one, children('/n'), 'child');
  lab.watch(one, '/n', 'persistent');
  const written = lab.ask(one, set('/n', '1'));
  const refused = lab.ask(two, create('/n'));
  lab.ask(two, create('/e', CreateMode.ephemeral));
  lab.ask(one, sync);
  const found = lab.ask(one, get('/e'));
  const operations = [set('/n', '2'), create('/n/b')] as CreateRequest[];
  lab.ask(one, { op: Op.multi, operations });
  lab.ask(two, sync);
  const plain = lab.ask(two, get('/n'));
  lab.close(lab.open('idle'));
  lab.close(two);
  const look = lab.ask(one, get('/e'));
  const gone = lab.open('gone', 0, 1000);
  const own = lab.ask(gone, create('/gone', CreateMode.ephemeral));
  lab.abandon(gone);
  const last = lab.ask(one, set('/n', '3'));
  lab.ask(one, sync);
  lab.close(one);
  return { lab, one, two, gone, calls: { set: written, refused, found, plain, look, own, last } };
}

/** The rules that a run breaks; its digest is compared where it is given. */
function rules(lab: Lab, options: Partial<CheckOptions> = {}, end: Partial<Lab['end']> = {}): string[] {
  const place = { ...lab.end, digest: null, ...end };
  const exact = { touchLag: 0, expirySlack: 0, timerSlack: 0, ...options };
  return [...new Set(checkHistory(lab.log, lab.history, place, exact).map(({ rule }) => rule))];
}

/** Records are read-only for all but those who break them. */
function change<T extends object>(target: T, fields: Partial<T>): void {
  Object.assign(target, fields);
}

function drop<T>(list: T[], unwanted: (one: T) => boolean): void {
  list.splice(0, list.length, ...list.filter((one) => !unwanted(one)));
}

function entryOf({ log }: Lab, op: OpRecord): LogEntry {
  return log.find(({ zxid }) => zxid === op.zxid)!;
}

/** The watches of the sound run, in the order in which they were armed. */
const watches = { recursive: 1, data: 2, exists: 3, child: 4, persistent: 5 };

/** An event of the first client; −1 is the last. */
function eventOf({ lab, one }: Run, watch: keyof typeof watches, index: number): EventRecord {
  const { session } = one;
  return lab.history.events.filter((event) => event.session === session && event.watch === watches[watch]).at(index)!;
}

test('the sound run breaks nothing', () => {
  const { lab } = sound();
  expect(lab.check({ touchLag: 0, expirySlack: 0, timerSlack: 0, expiryBound: 300 })).toEqual([]);
});

describe('one promise of the sound run is broken', () => {
  const cases: readonly [rule: string, what: string, breakIt: (run: Run) => void, options?: Partial<CheckOptions>][] = [
    ['C2', 'another result', ({ calls }) => change(calls.set, { result: '{}' })],
    [
      'C2',
      'success of what was refused',
      ({ calls }) => change(calls.refused, { outcome: 'ok', code: '', result: '{}' }),
    ],
    ['C2', 'another refusal', ({ calls }) => change(calls.refused, { code: 'NO_NODE' })],
    ['C2', 'another text in the log', ({ lab, calls }) => change(entryOf(lab, calls.last).txn, { data: bytes('4') })],
    ['C2', 'a refusal in the log', ({ lab, calls }) => refuseInLog(lab, calls.own)],
    ['C3', 'a result that was lost', ({ calls }) => change(calls.last, { outcome: 'unknown', code: 'SYSTEM_ERROR' })],
    ['C3', 'what counts as not done is in the log', ({ calls }) => change(calls.last, { zxid: 0, outcome: 'fail' })],
    ['C4', 'an answer in another order than the calls', ({ calls }) => change(calls.look, { called: 0 })],
    ['C5', 'a read of another state', ({ calls }) => change(calls.plain, { result: '{"data":null}' })],
    ['C5', 'a read that hides a znode', ({ calls }) => change(calls.plain, { outcome: 'fail', code: 'NO_NODE' })],
    ['C5', 'a state that never was', ({ calls }) => change(calls.look, { zxid: calls.look.zxid + 0.5 })],
    ['C9', 'a one-shot watch tells behind the data', (run) => change(eventOf(run, 'data', 0), { seq: 1000 })],
    ['C9', 'a lasting watch tells behind the data', (run) => change(eventOf(run, 'persistent', -1), { seq: 1000 })],
    ['C10', 'a data watch never tells', (run) => forget(run, eventOf(run, 'data', 0))],
    ['C10', 'an exists watch never tells', (run) => forget(run, eventOf(run, 'exists', 0))],
    ['C10', 'a child watch never tells', (run) => forget(run, eventOf(run, 'child', 0))],
    ['C10', 'another type', (run) => change(eventOf(run, 'data', 0), { type: EventType.nodeDeleted })],
    ['C10', 'another path', (run) => change(eventOf(run, 'recursive', 0), { path: '/n/c' })],
    ['C10', 'a one-shot watch tells twice', (run) => repeat(run, eventOf(run, 'exists', 0))],
    ['C10', 'an event of no watch', (run) => repeat(run, eventOf(run, 'exists', 0), 99)],
    ['C10', 'a gap of a recursive watch', (run) => forget(run, eventOf(run, 'recursive', 1))],
    ['C10', 'a gap of a persistent watch', (run) => forget(run, eventOf(run, 'persistent', 1))],
    ['C10', 'a missing end', (run) => forget(run, eventOf(run, 'recursive', -1))],
    ['C10', 'a lasting watch tells twice', (run) => repeat(run, eventOf(run, 'recursive', -1))],
    ['C11', 'a session that was closed never ends', ({ lab }) => neverEnd(lab, lab.clients[2]!)],
    ['C11', 'a read shows what went with its session', ({ calls }) => change(calls.look, { ...shown(calls.found) })],
    ['C11', 'a write behind the end of its session', ({ lab, two }) => void lab.log.splice(-3, 0, writeOf(lab, two))],
    ['C12', 'a session that its leader heard expires', ({ lab, gone }) => expireAt(lab, gone, 900)],
    [
      'C12',
      'a session that others heard expires',
      ({ lab, gone }) => change(lab.state(gone, 'suspended'), { contact: lab.now - 500 }),
    ],
    [
      'C12',
      'a client is told that its session is over before it is',
      ({ lab, gone }) => change(endOf(lab, gone), { how: 'expired' }),
    ],
    ['C13', 'an abandoned session ends too late', () => undefined, { expiryBound: 100 }],
    [
      'C13',
      'a client believes too long',
      ({ lab, one }) => change(lab.state(one, 'suspended'), { at: lab.now + 9000, contact: 1, heard: lab.now }),
    ],
    [
      'durability',
      'an answered write is at another place',
      ({ calls }) => change(calls.refused, { zxid: calls.refused.zxid - 1 }),
    ],
  ];

  test.each(cases)('%s: %s', (rule, _, breakIt, options = {}) => {
    const run = sound();
    breakIt(run);
    expect(rules(run.lab, options)).toEqual([rule]);
  });

  test.each([
    [[500], []],
    [[500, 550], []],
    [[500, 700], ['C12']],
  ])('C12: signs of life %j ms before the end, which may be lost for 100 ms', (ages, broken) => {
    const { lab, gone } = sound();
    for (const age of ages) change(lab.state(gone, 'suspended'), { contact: lab.now - age });
    expect(rules(lab, { lostContact: 100 })).toEqual(broken);
  });

  test('C13: a clock may be slow, but not slower', () => {
    const silentFor = (ms: number): Run => {
      const run = sound();
      change(run.lab.state(run.one, 'suspended'), { at: run.lab.now + ms, contact: 1, heard: run.lab.now });
      return run;
    };
    expect(rules(silentFor(SLOWEST - 1).lab, { clockError: 0.05 })).toEqual([]);
    expect(rules(silentFor(SLOWEST + 1).lab, { clockError: 0.05 })).toEqual(['C13']);
  });

  test('log: it ends elsewhere', () => {
    const { lab } = sound();
    expect(rules(lab, {}, { zxid: lab.end.zxid + 1 })).toEqual(['log']);
  });

  test('digest: the servers have something else', () => {
    const { lab } = sound();
    expect(rules(lab, {}, { digest: lab.end.digest + 1 })).toEqual(['digest']);
  });
});

function shown({ outcome, code, result }: OpRecord): Partial<OpRecord> {
  return { outcome, code, result };
}

/** A write of a session, to be put before the last three entries of the log. */
function writeOf({ log }: Lab, { session }: LabClient): LogEntry {
  const { zxid } = log.at(-4)!;
  const txn = { session, number: 9, acked: 0, time: 0, type: 'delete', path: '/n/b' } as const;
  return { zxid: zxid + 0.5, chain: 0, txn };
}

function endOf({ history }: Lab, { session }: LabClient): EndRecord {
  return history.ends.find((end) => end.session === session)!;
}

function forget({ lab }: Run, event: EventRecord): void {
  drop(lab.history.events, (one) => one === event);
}

function repeat({ lab }: Run, event: EventRecord, watch = event.watch): void {
  lab.history.events.push({ ...event, seq: 1000, watch });
}

function refuseInLog(lab: Lab, op: OpRecord): void {
  const entry = entryOf(lab, op);
  const refusal = { code: 'NO_NODE', reason: '', path: '', outcome: 'not-applied', index: -1 } as const;
  change(entry, { txn: { ...entry.txn, type: 'error', op: Op.setData, refusal } });
  change(op, { outcome: 'fail', code: 'NO_NODE', result: null });
}

/** The end of a session is out of the log, and out of the numbers. */
function neverEnd(lab: Lab, client: LabClient): void {
  drop(lab.log, ({ txn }) => txn.type === 'closeSession' && txn.target === client.session);
  drop(lab.history.ops, ({ session, request }) => session === client.session && request.op === Op.closeSession);
}

/** The session expires so long after its leader last heard of it. */
function expireAt(lab: Lab, client: LabClient, ms: number): void {
  const heard = lab.log.findLast(({ txn }) => txn.session === client.session)!;
  const end = lab.log.find(({ txn }) => txn.type === 'closeSession' && txn.target === client.session)!;
  change(end, { proposed: heard.proposed! + ms });
  drop(lab.history.ops, ({ session }) => session === client.session);
}
