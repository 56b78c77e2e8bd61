/** The checkers of the chaos run: each accepts a sound run and finds the promise that was broken. */
import { describe, expect, test } from '@jest/globals';
import { EventType } from '@synod/protocol';
import { checkAll } from '../../scripts/lib/chaos/check-all.js';
import { checkCounters, checkLocks } from '../../scripts/lib/chaos/check-locks.js';
import { checkLogs, checkNumbers } from '../../scripts/lib/chaos/check-log.js';
import { checkReplay } from '../../scripts/lib/chaos/check-replay.js';
import { checkEnds, checkOrder } from '../../scripts/lib/chaos/check-sessions.js';
import { checkWatches } from '../../scripts/lib/chaos/check-watches.js';
import { checkWrites } from '../../scripts/lib/chaos/check-writes.js';
import {
  emptyHistory,
  type EventRecord,
  type LockRecord,
  type OpRecord,
  type Violation,
} from '../../scripts/lib/chaos/history.js';
import type { Entry, ServerLog } from '../../scripts/lib/chaos/logs.js';
import { at, one, soundRun, two, type SoundRun } from './sound-run.js';

const rules = (violations: readonly Violation[]): string[] => [...new Set(violations.map(({ rule }) => rule))];
const without = (log: ServerLog, zxid: number): ServerLog => ({
  ...log,
  entries: log.entries.filter((one) => one.zxid !== zxid),
});
const eventsOf = ({ history }: SoundRun, watch: number): EventRecord[] =>
  history.events.filter((one) => one.watch === watch);

function change<T extends object>(target: T, fields: Partial<T>): void {
  Object.assign(target, fields);
}

function drop<T>(list: T[], one: T | undefined): void {
  list.splice(0, list.length, ...list.filter((other) => other !== one));
}

test('a sound run breaks nothing', () => {
  const { log, history, digest } = soundRun();
  expect(checkAll([log, { ...log, server: 2 }], history, { zxid: at(10), digest, counters: [] })).toEqual([]);
});

describe('logs', () => {
  const { log } = soundRun();
  const differing = log.entries.map((entry) => (entry.zxid === at(4) ? { ...entry, chain: 7 } : entry));
  const swapped = [...log.entries.slice(0, 2), ...log.entries.slice(2, 4).reverse(), ...log.entries.slice(4)];

  test.each<[string, ServerLog, RegExp]>([
    ['another record at one zxid', { ...log, entries: differing }, /different records/],
    ['a missing record', without(log, at(5)), /has 9 records/],
    ['a missing end', without(log, at(10)), /ends at 0x100000009/],
    ['a falling zxid', { ...log, entries: swapped }, /stands behind/],
  ])('%s', (_, other, words) => {
    const texts = checkLogs([log, { ...other, server: 2 }], at(10)).map(({ text }) => text);
    expect(texts.join('\n')).toMatch(words);
  });

  test('a log that starts later is compared from there on', () => {
    const later = { server: 2, base: at(4), entries: log.entries.slice(4) };
    expect(checkLogs([log, later], at(10))).toEqual([]);
  });

  test.each<[string, (entries: Entry[]) => void, string]>([
    ['a write applied twice', (list) => change(list[8]!.txn, { number: 3 }), 'C3'],
    ['a number left out', (list) => change(list[8]!.txn, { number: 5 }), 'C3'],
    ['a write after the end of its session', (list) => change(list[8]!.txn, { session: two, number: 4 }), 'C11'],
    ['a write of no session', (list) => change(list[8]!.txn, { session: 99 }), 'C11'],
  ])('%s', (_, breakIt, rule) => {
    const run = soundRun();
    breakIt([...run.log.entries]);
    expect(rules(checkNumbers(run.log))).toContain(rule);
  });
});

describe('writes', () => {
  test.each<[string, (run: SoundRun) => ServerLog, string]>([
    ['an answered write that is not in the log', ({ log }) => without(log, at(4)), 'durability'],
    [
      'an answered write at another zxid',
      (run) => {
        run.op(one, 2).zxid = at(5);
        return run.log;
      },
      'durability',
    ],
    [
      'a write that counts as not carried out and is in the log',
      (run) => {
        change(run.op(one, 2), { zxid: 0, outcome: 'fail' });
        return run.log;
      },
      'C3',
    ],
    [
      'a result that was forgotten',
      (run) => {
        change(run.op(one, 2), { outcome: 'unknown', code: 'BAD_ARGUMENTS' });
        return run.log;
      },
      'C3',
    ],
    [
      'success of what was refused',
      (run) => {
        change(run.op(two, 1), { outcome: 'ok', code: '' });
        return run.log;
      },
      'C2',
    ],
    [
      'a later write ordered before an earlier one',
      (run) => {
        change(run.op(one, 1), { sent: 500, end: 505 });
        return run.log;
      },
      'C1',
    ],
  ])('%s', (_, breakIt, rule) => {
    const run = soundRun();
    expect(rules(checkWrites(breakIt(run), run.history))).toContain(rule);
  });

  test('an unknown outcome may be in the log or not', () => {
    const run = soundRun();
    change(run.op(one, 2), { outcome: 'unknown', zxid: 0 });
    expect(checkWrites(run.log, run.history)).toEqual([]);
    expect(checkWrites(without(run.log, at(4)), run.history)).toEqual([]);
  });
});

describe('sessions', () => {
  test.each<[string, (run: SoundRun) => void, string]>([
    ['time runs backwards', (run) => void (run.read('one', 'exists').zxid = at(3)), 'C6'],
    ['a read without an earlier write', (run) => void (run.read('one', 'get').zxid = at(3)), 'C6'],
    ['writes of a session out of order', (run) => void (run.op(one, 3).zxid = at(3)), 'C6'],
    ['a sync that shows less than was answered', (run) => void (run.read('one', 'sync').zxid = at(6)), 'C7'],
  ])('%s', (_, breakIt, rule) => {
    const run = soundRun();
    breakIt(run);
    expect(rules(checkOrder(run.history))).toContain(rule);
  });

  /** The end of session two as an expiry, so long after its last answered request was sent. */
  function expired(silentMs: number): Violation[] {
    const { log, history } = soundRun();
    const entry = log.entries[7]!;
    Object.assign(entry.txn, { session: 0, number: 0, expired: true });
    change(history.ends[1]!, { how: 'expired' });
    const state = { t: 'state', client: 'two', session: two, seq: 99, at: 0, state: 'expired', cause: '' } as const;
    history.states.push({ ...state, contact: 0, wall: entry.txn.time - silentMs });
    return checkEnds(log, history);
  }

  test('a session that expires while its client is heard', () => {
    expect(rules(expired(2500))).toEqual(['C12']);
    expect(expired(4200)).toEqual([]);
  });

  test('a session that never ends', () => {
    const { log, history } = soundRun();
    expect(rules(checkEnds(without(log, at(8)), history))).toEqual(['C11']);
  });
});

describe('replay', () => {
  test.each<[string, (run: SoundRun) => void, string]>([
    ['another result of a write', (run) => void (run.op(one, 2).result = '{}'), 'C2'],
    ['another error', (run) => void (run.op(two, 1).code = 'NO_NODE'), 'C2'],
    ['a read of another state', (run) => void (run.read('one', 'get').zxid = at(3)), 'C5'],
    ['a read of no state', (run) => void (run.read('one', 'get').zxid = at(4) + 0.5), 'C5'],
    ['a read that hides a znode', (run) => change(run.read('one', 'get'), { outcome: 'fail', code: 'NO_NODE' }), 'C5'],
  ])('%s', (_, breakIt, rule) => {
    const run = soundRun();
    breakIt(run);
    expect(rules(checkReplay(run.log, run.history, run.digest))).toEqual([rule]);
  });

  test('another digest', () => {
    const { log, history, digest } = soundRun();
    expect(rules(checkReplay(log, history, digest + 1))).toEqual(['digest']);
  });
});

describe('watches', () => {
  test.each<[string, (run: SoundRun) => void, RegExp]>([
    [
      'a one-shot watch that never fires',
      (run) => drop(run.history.events, eventsOf(run, 2)[0]),
      /but never NodeDataChanged/,
    ],
    ['one that fires after the change is shown', (run) => void (eventsOf(run, 2)[0]!.seq = 90), /came after an answer/],
    [
      'one that fires of something else',
      (run) => void (eventsOf(run, 2)[0]!.type = EventType.nodeDeleted),
      /instead of/,
    ],
    ['one that fires of a later change', (run) => void (eventsOf(run, 2)[0]!.zxid = at(9)), /instead of/],
    ['one that fires twice', (run) => void run.history.events.push({ ...eventsOf(run, 3)[0]!, seq: 91 }), /again/],
    [
      'an exists watch that misses the create',
      (run) => drop(run.history.events, eventsOf(run, 3)[0]),
      /never NodeCreated/,
    ],
    ['a gap of a recursive watch', (run) => drop(run.history.events, eventsOf(run, 1)[1]), /instead of/],
    ['a missing end', (run) => drop(run.history.events, eventsOf(run, 1)[3]), /came before NodeDataChanged/],
    ['a duplicate', (run) => void run.history.events.push({ ...eventsOf(run, 1)[3]!, seq: 91 }), /instead of nothing/],
    ['late events', (run) => void (eventsOf(run, 1)[3]!.seq = 90), /came before NodeDataChanged/],
  ])('%s', (_, breakIt, words) => {
    const run = soundRun();
    breakIt(run);
    expect(
      checkWatches(run.log, run.history)
        .map(({ text }) => text)
        .join('\n'),
    ).toMatch(words);
  });

  test('behind a reconnect events since the last answer may come again', () => {
    const run = soundRun();
    const event = eventsOf(run, 1)[2]!;
    run.history.events.push({ ...event, seq: event.seq + 0.5, conn: 2 });
    for (const later of run.history.events) if (later.seq > event.seq + 0.5) later.conn = 2;
    expect(checkWatches(run.log, run.history)).toEqual([]);
  });

  test('a resync excuses what was missed before it', () => {
    const run = soundRun();
    const missed = eventsOf(run, 1)[0]!;
    change(missed, { type: EventType.resync, conn: 2 });
    expect(checkWatches(run.log, run.history)).toEqual([]);
  });
});

describe('locks', () => {
  const note = (
    client: string,
    what: LockRecord['what'],
    token: number,
    time: number,
    accepted = true,
  ): LockRecord => ({
    ...{ t: 'lock', client, lock: '/l', what, token, at: time, accepted },
  });
  const check = (...locks: LockRecord[]): Violation[] => checkLocks({ ...emptyHistory(), locks });
  const first = [note('a', 'acquired', 1, 0), note('a', 'access', 1, 1), note('a', 'released', 1, 2)];

  test.each<[string, LockRecord[], RegExp | null]>([
    ['one after the other', [note('b', 'acquired', 2, 3), note('b', 'lost', 2, 4), note('c', 'acquired', 3, 5)], null],
    ['a lower token', [note('b', 'acquired', 1, 3)], /with 0x1 after a with 0x1/],
    ['two at once', [note('b', 'acquired', 2, 1.5)], /0.5 ms before a gave it up/],
    [
      'a holder who is refused',
      [note('b', 'acquired', 2, 3), note('b', 'access', 2, 4, false)],
      /a later holder was there/,
    ],
  ])('%s', (_, records, words) => {
    const text = check(...first, ...records)
      .map((one) => one.text)
      .join('\n');
    if (words === null) expect(text).toBe('');
    else expect(text).toMatch(words);
  });
});

describe('counters', () => {
  const increment = (outcome: OpRecord['outcome']): OpRecord => ({ ...soundRun().op(one, 2), outcome });

  /** Sets of a counter to these values, and increments with these outcomes. */
  function check(values: readonly number[], outcomes: readonly OpRecord['outcome'][]): string[] {
    const entries = values.map((value, index): Entry => {
      const set = { type: 'setData', path: '/n', data: Buffer.from(String(value)), version: index + 1 } as const;
      return { zxid: at(index + 1), chain: 0, txn: { session: one, number: index + 1, acked: 0, time: 0, ...set } };
    });
    const history = { ...emptyHistory(), ops: outcomes.map(increment) };
    return rules(checkCounters({ server: 1, base: 0, entries }, history, ['/n']));
  }

  test.each([
    ['exact', [1, 2], ['ok', 'ok', 'fail'], []],
    ['unknown ones may count', [1, 2], ['ok', 'unknown', 'unknown'], []],
    ['one counts twice', [1, 3], ['ok', 'ok'], ['counter']],
    ['one is lost', [1], ['ok', 'ok'], ['counter']],
    ['one comes from nowhere', [1, 2, 3], ['ok', 'unknown'], ['counter']],
  ] as const)('%s', (_, values, outcomes, expected) => {
    expect(check(values, outcomes)).toEqual(expected);
  });
});
