/** Time and order: C1, C3, C4, C6, C7 and C8 on a few calls of two sessions, moved to where they must not be. */
import { describe, expect, test } from '@jest/globals';
import { CreateMode, Op, OPEN_ACL, type Request } from '@synod/protocol';
import type { OpRecord } from '@synod/simulator/history';
import { Lab, type LabClient } from './lab.js';

const create = (path: string): Request => ({
  ...{ op: Op.create, path, data: null, acl: OPEN_ACL, mode: CreateMode.persistent, ttl: 0 },
});
const look: Request = { op: Op.exists, path: '/', watch: false };
const sync: Request = { op: Op.sync, path: '/' };

interface Run {
  readonly lab: Lab;
  readonly one: LabClient;
  readonly two: LabClient;
}

function rules({ lab }: Run): string[] {
  return [...new Set(lab.check().map(({ rule }) => rule))];
}

/** Calls of two sessions, one after another. */
function run(calls: readonly (readonly ['one' | 'two', Request])[]): Run & { readonly ops: OpRecord[] } {
  const lab = new Lab();
  const clients = { one: lab.open('one'), two: lab.open('two') };
  const ops = calls.map(([client, request]) => lab.ask(clients[client], request));
  return { lab, ...clients, ops };
}

/** The call was under way at another time. */
function move(op: OpRecord, sent: number, end: number): void {
  op.sent = sent;
  op.end = end;
}

/** What a call shows, taken over from another one. */
function showLike(op: OpRecord, other: OpRecord): void {
  op.zxid = other.zxid;
  op.result = other.result;
}

describe('real time', () => {
  test('C1: a write before one that ended when it was sent', () => {
    const { ops, ...rest } = run([
      ['one', create('/a')],
      ['two', create('/b')],
    ]);
    move(ops[0]!, 5000, 5005);
    expect(rules(rest)).toEqual(['C1']);
  });

  test('C3: the same for a write whose answer was lost', () => {
    const { ops, ...rest } = run([
      ['one', create('/a')],
      ['two', create('/b')],
    ]);
    move(ops[0]!, 5000, 5005);
    Object.assign(ops[0]!, { outcome: 'unknown', zxid: 0, result: null });
    expect(rules(rest)).toEqual(['C3']);
  });

  test('writes at the same time may stand in any order, and those without an answer may be there or not', () => {
    const { ops, lab, ...rest } = run([
      ['one', create('/a')],
      ['two', create('/b')],
    ]);
    move(ops[0]!, ops[1]!.sent, 5005);
    expect(rules({ lab, ...rest })).toEqual([]);
    Object.assign(ops[1]!, { outcome: 'unknown', zxid: 0, result: null });
    expect(rules({ lab, ...rest })).toEqual([]);
  });

  test('C7: a sync that shows less than was answered before it', () => {
    const { ops, ...rest } = run([
      ['two', look],
      ['one', create('/a')],
      ['two', sync],
    ]);
    showLike(ops[2]!, ops[0]!);
    ops[2]!.result = '{}';
    expect(rules(rest)).toEqual(['C7']);
  });

  test('C8: a sync that shows less than was read before it', () => {
    const { ops, ...rest } = run([
      ['two', sync],
      ['one', create('/a')],
      ['one', look],
      ['two', sync],
    ]);
    ops[1]!.end = 9999;
    ops[3]!.zxid = ops[0]!.zxid;
    expect(rules(rest)).toEqual(['C8']);
  });

  test('C8: a write behind which somebody had looked when it was sent', () => {
    const { ops, ...rest } = run([
      ['one', create('/a')],
      ['two', look],
    ]);
    move(ops[0]!, 5000, 5005);
    expect(rules(rest)).toEqual(['C8']);
  });
});

describe('within a session', () => {
  test('C3: a write stands in the log twice', () => {
    const { lab, ...rest } = run([
      ['one', create('/a')],
      ['two', look],
    ]);
    const { txn } = lab.log.at(-1)!;
    lab.propose({ op: Op.delete, path: '/never', version: -1 });
    Object.assign(lab.log.at(-1)!, { txn });
    expect([...new Set(lab.check().map(({ rule }) => rule))]).toContain('C3');
    expect(rest.ops).toHaveLength(2);
  });

  test('C4: a number is left out', () => {
    const { lab, one, ops } = run([
      ['one', create('/a')],
      ['one', create('/b')],
    ]);
    Object.assign(lab.log.at(-1)!.txn, { number: 3 });
    ops[1]!.number = 3;
    expect(rules({ lab, one, two: one })).toEqual(['C4', 'digest']);
  });

  test('C4: answers of writes in another order', () => {
    const { ops, ...rest } = run([
      ['one', create('/a')],
      ['one', look],
    ]);
    const again = { ...ops[0]!, seq: 99, called: ops[1]!.called };
    rest.lab.history.ops.push(again);
    expect(rules(rest)).toContain('C4');
  });

  test('C6: time runs backwards', () => {
    const { ops, ...rest } = run([
      ['one', look],
      ['two', create('/a')],
      ['one', look],
      ['one', look],
    ]);
    showLike(ops[3]!, ops[0]!);
    expect(rules(rest)).toEqual(['C6']);
  });

  test('C6: a read without an earlier write of its own', () => {
    const { ops, ...rest } = run([
      ['two', look],
      ['one', create('/a')],
      ['one', look],
    ]);
    showLike(ops[2]!, ops[0]!);
    expect(rules(rest)).toEqual(['C6']);
  });

  test('C6: a read shows a later write of its own, but where it was sent again it may', () => {
    const { ops, ...rest } = run([
      ['one', look],
      ['one', create('/a')],
      ['one', look],
    ]);
    showLike(ops[0]!, ops[2]!);
    ops[0]!.end = ops[1]!.end;
    expect(rules(rest)).toEqual(['C6']);
    ops[0]!.resent = 1;
    expect(rules(rest)).toEqual([]);
  });

  test('C6: a read shows less than an event has told', () => {
    const lab = new Lab();
    const [one, two] = [lab.open('one'), lab.open('two')];
    const before = lab.ask(one, look);
    lab.watch(one, '/a', 'recursive');
    lab.ask(two, create('/a'));
    const after = lab.ask(one, look);
    Object.assign(
      lab.history.ops.find(({ request }) => request.op === Op.addWatch)!,
      { zxid: before.zxid },
    );
    showLike(after, before);
    expect(rules({ lab, one, two })).toEqual(['C6']);
  });
});
