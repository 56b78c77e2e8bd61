/** What programs build on the service: C14 (locks with fencing) and counters. */
import { describe, expect, test } from '@jest/globals';
import { CreateMode, Op, OPEN_ACL } from '@synod/protocol';
import { checkLocks } from '@synod/simulator/check/locks';
import type { LockRecord, OpRecord, StallRecord } from '@synod/simulator/history';
import { Lab } from './lab.js';

describe('C14', () => {
  const note = (client: string, what: LockRecord['what'], token: number, at: number, accepted = true): LockRecord => ({
    ...{ t: 'lock', client, lock: '/l', what, token, at, accepted },
  });
  const first = [note('a', 'acquired', 1, 0), note('a', 'access', 1, 1), note('a', 'released', 1, 2)];
  const stall: StallRecord = { t: 'stall', at: 4, ms: 3 };
  const elsewhere = { ...stall, client: 'c' };

  test.each<[string, LockRecord[], RegExp | null, StallRecord[]]>([
    [
      'one behind the other',
      [note('b', 'acquired', 2, 3), note('b', 'lost', 2, 4), note('c', 'acquired', 3, 5)],
      null,
      [],
    ],
    ['a lower token', [note('b', 'acquired', 1, 3)], /with 0x1 after a with 0x1/, []],
    ['two at once', [note('b', 'acquired', 2, 1.5)], /0.5 ms before a gave it up/, []],
    ['two at once, while a third one stood still', [note('b', 'acquired', 2, 1.5)], /0.5 ms before/, [elsewhere]],
    ['two at once, of whom one stood still', [note('b', 'acquired', 2, 1.5)], null, [stall]],
    [
      'a holder is refused',
      [note('b', 'acquired', 2, 3), note('b', 'access', 2, 4, false)],
      /a later holder was there/,
      [],
    ],
    [
      'a fence with a hole',
      [note('b', 'acquired', 2, 3), note('b', 'access', 2, 4), note('a', 'access', 1, 5)],
      /let in after 0x2/,
      [],
    ],
  ])('%s', (_, records, words, stalls) => {
    const violations = checkLocks({ locks: [...first, ...records], stalls });
    if (words === null) expect(violations).toEqual([]);
    else {
      expect(violations.map(({ rule }) => rule)).toEqual(['C14']);
      expect(violations[0]?.text).toMatch(words);
    }
  });

  test('whose server was cut off with it may learn of the next holder a little later', () => {
    const locks = [...first.slice(0, 2), note('b', 'acquired', 2, 1.5), note('b', 'access', 2, 1.6)];
    locks.push(note('a', 'access', 1, 1.9, false), note('a', 'lost', 1, 2));
    expect(checkLocks({ locks, stalls: [] }, 0.5)).toEqual([]);
    expect(checkLocks({ locks, stalls: [] }, 0.1)).toHaveLength(2);
  });
});

describe('counter', () => {
  /** Sets a counter to these values; the outcomes are what the client is told. */
  function violations(values: readonly number[], outcomes: readonly OpRecord['outcome'][]): string[] {
    const lab = new Lab();
    const client = lab.open('one');
    const data = new TextEncoder().encode('0');
    lab.ask(client, { op: Op.create, path: '/n', data, acl: OPEN_ACL, mode: CreateMode.persistent, ttl: 0 });
    for (const [index, value] of values.entries()) {
      const text = new TextEncoder().encode(String(value));
      const op = lab.ask(client, { op: Op.setData, path: '/n', data: text, version: -1 });
      const outcome = outcomes[index]!;
      if (outcome !== 'ok') Object.assign(op, { outcome, zxid: 0, result: null });
    }
    for (const outcome of outcomes.slice(values.length)) {
      const request = { op: Op.setData, path: '/n', data, version: -1 } as const;
      lab.history.ops.push({ ...lab.op(client, 1), request, number: 99, zxid: 0, outcome, result: null });
    }
    return lab.check({ counters: ['/n'] }).map(({ rule }) => rule);
  }

  test.each<[string, number[], OpRecord['outcome'][], string[]]>([
    ['exact', [1, 2], ['ok', 'ok', 'fail'], []],
    ['unknown ones may count', [1, 2], ['ok', 'unknown', 'unknown'], []],
    ['one counts twice', [1, 3], ['ok', 'ok'], ['counter', 'counter']],
    ['one is lost', [1], ['ok', 'ok'], ['counter']],
  ])('%s', (_, values, outcomes, expected) => {
    expect(violations(values, outcomes)).toEqual(expected);
  });
});
