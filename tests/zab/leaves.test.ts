/** Tables for the plain functions of zab: quorums, the order of votes, the plan of a synchronisation, records. */
import { describe, expect, test } from '@jest/globals';
import { makeZxid, MAX_COUNTER } from '@synod/protocol';
import {
  chainHash,
  describeVote,
  isQuorum,
  majority,
  nextRecord,
  ORIGIN,
  quorumZxid,
  type Position,
  type Vote,
} from '@synod/zab';
import { newEpochCause } from '@synod/zab/leader/broadcast';
import { planSync } from '@synod/zab/leader/sync-plan';
import { isMemberQuorum } from '@synod/zab/quorum';
import { compareVotes, sameVote } from '@synod/zab/vote';

/** `1:2` to a zxid. */
function zxid(text: string): number {
  const [epoch = 0, counter = 0] = text.split(':').map(Number);
  return makeZxid(epoch, counter);
}

describe('quorum', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [6, 4],
    [7, 4],
  ])('of %i voters %i are a majority', (voters, wanted) => {
    expect(majority(voters)).toBe(wanted);
  });

  // m: a member, b: blank, B: a member that has logged nothing yet, x: neither (damaged, or wiped and half repaired).
  const voices = (text: string): { member: boolean; blank: boolean }[] =>
    [...text].map((kind) => ({ member: kind === 'm' || kind === 'B', blank: kind === 'b' || kind === 'B' }));

  test.each([
    ['m', 1, true, true],
    ['b', 1, true, false],
    ['x', 1, false, false],
    ['', 1, false, false],
    ['mm', 3, true, true],
    ['m', 3, false, false],
    ['mb', 3, false, false],
    ['mx', 3, false, false],
    ['mmb', 3, true, true],
    ['mbb', 3, false, false],
    ['bb', 3, false, false],
    ['bbb', 3, true, false],
    ['Bbb', 3, true, false],
    ['BBb', 3, true, true],
    ['bbx', 3, false, false],
    ['mmmxx', 5, true, true],
    ['mmbbb', 5, false, false],
    ['bbbb', 5, false, false],
    ['bbbbb', 5, true, false],
    ['mm', 4, false, false],
    ['mmm', 4, true, true],
  ])('voices %j of %i voters: %j, by members alone: %j', (text, voters, any, members) => {
    expect(isQuorum(voices(text), voters)).toBe(any);
    expect(isMemberQuorum(voices(text), voters)).toBe(members);
  });

  test.each([
    [[], 3, 0],
    [[5], 3, 0],
    [[5, 3], 3, 3],
    [[3, 5, 4], 3, 4],
    [[7], 1, 7],
    [[9, 8, 1, 1, 1], 5, 1],
    [[9, 8, 7, 1, 1], 5, 7],
    [[9, 8, 7], 5, 7],
    [[4, 4], 4, 0],
  ])('acknowledged %j of %i voters: committed %i', (acked, voters, wanted) => {
    expect(quorumZxid(acked, voters)).toBe(wanted);
  });
});

describe('votes', () => {
  const vote = (leader: number, epoch: number, at: string): Vote => ({ leader, epoch, zxid: zxid(at) });

  test.each([
    ['a higher epoch beats a longer history', vote(1, 3, '1:1'), vote(2, 2, '2:9')],
    ['a longer history beats a higher id', vote(1, 2, '2:5'), vote(3, 2, '2:4')],
    ['a later epoch of the last record counts as longer', vote(1, 3, '3:1'), vote(2, 3, '2:9')],
    ['equal histories: the higher id', vote(3, 2, '2:4'), vote(2, 2, '2:4')],
    ['anything beats a damaged server', vote(1, 0, '0:0'), vote(9, -1, '0:0')],
  ])('%s', (_, better, worse) => {
    expect(compareVotes(better, worse)).toBeGreaterThan(0);
    expect(compareVotes(worse, better)).toBeLessThan(0);
    expect(sameVote(better, worse)).toBe(false);
    expect(sameVote(better, { ...better })).toBe(true);
  });

  test('in one line', () => {
    expect(describeVote(vote(2, 3, '3:7'))).toBe('n2 (epoch 3, 0x300000007)');
  });
});

describe('sync plan', () => {
  /** `1:2 2:1x` to ends; a letter makes another chain of it. */
  const ends = (text: string): Position[] =>
    text
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => ({ zxid: zxid(word.replace(/[a-z]/, '')), chain: word.endsWith('x') ? 2 : 1 }));

  test.each([
    // leader's base and ends, learner's base and ends, plan
    ['0:0', '1:3', '0:0', '1:3', 'diff 1:3'],
    ['0:0', '1:3', '0:0', '1:1', 'diff 1:1'],
    ['0:0', '1:3', '0:0', '', 'diff 0:0'],
    ['0:0', '', '0:0', '', 'diff 0:0'],
    ['0:0', '', '0:0', '1:2', 'truncate 0:0'],
    ['0:0', '1:3 2:2', '0:0', '1:3', 'diff 1:3'],
    ['0:0', '1:3 2:2', '0:0', '1:2', 'diff 1:2'],
    ['0:0', '1:3', '1:2', '1:5', 'truncate 1:3'],
    ['0:0', '1:3 3:1', '0:0', '1:3 2:4', 'truncate 1:3'],
    ['0:0', '1:3 3:1', '0:0', '1:5 2:4', 'truncate 1:3'],
    ['0:0', '1:3 3:1', '0:0', '1:2 2:4', 'truncate 1:2'],
    ['0:0', '1:2 2:1 4:2 6:1', '0:0', '1:2 2:2 3:1 5:2', 'truncate 2:1'],
    ['0:0', '3:1', '0:0', '2:4', 'truncate 0:0'],
    ['1:3', '1:3 2:2', '0:0', '1:3', 'diff 1:3'],
    ['1:3', '1:3 2:2', '0:0', '1:2', 'state'],
    ['1:3', '1:3 2:2', '0:0', '', 'state'],
    ['2:1', '2:2', '0:0', '1:3', 'state'],
    ['0:0', '1:3', '1:4', '1:5', 'state'],
    ['0:0', '1:3', '0:0', 'none', 'state'],
    ['0:0', '1:3', '0:0', '1:3x', 'diff 1:3'],
  ])('leader from %s with %j, learner applied %s with %j: %s', (base, ours, applied, theirs, wanted) => {
    const held = theirs === 'none' ? null : ends(theirs);
    const last = held?.at(-1) ?? ORIGIN;
    const plan = planSync({ base: zxid(base), ends: ends(ours) }, { last, ends: held, base: zxid(applied) });
    if (wanted === 'state') {
      expect(plan.type).toBe('state');
      return;
    }
    const [type = '', at = ''] = wanted.split(' ');
    // The place is named as the leader knows it, so that a learner finds out where its own record differs.
    const held1 = zxid(at) === 0 ? 0 : 1;
    expect(plan).toEqual({ type, from: { zxid: zxid(at), chain: held1 } });
  });
});

describe('records', () => {
  const bytes = new TextEncoder();

  test('each proves those before it', () => {
    const a = nextRecord(ORIGIN, zxid('1:1'), bytes.encode('a'));
    const b = nextRecord(a, zxid('1:2'), bytes.encode('b'));
    expect(a.chain).toBe(chainHash(0, zxid('1:1'), bytes.encode('a')));
    expect(b.chain).toBe(chainHash(a.chain, zxid('1:2'), bytes.encode('b')));
    const others = [
      nextRecord(ORIGIN, zxid('1:2'), bytes.encode('b')),
      nextRecord(a, zxid('1:3'), bytes.encode('b')),
      nextRecord(a, zxid('1:2'), bytes.encode('c')),
      nextRecord(a, zxid('1:2'), bytes.encode('')),
    ];
    expect(new Set([b, ...others].map(({ chain }) => chain)).size).toBe(5);
  });
});

describe('a new epoch though all is well', () => {
  const leading = (counter: number, learners: readonly object[] = []): Parameters<typeof newEpochCause>[0] =>
    ({
      epoch: 4,
      core: { now: 10_000, options: { syncMs: 600 }, log: { last: { zxid: makeZxid(4, counter), chain: 1 } } },
      learners: new Map(learners.map((learner, i) => [i, { id: 7, ...learner }])),
    }) as unknown as Parameters<typeof newEpochCause>[0];
  const waiting = { voter: true, counts: false, ackedLeader: true, levelAt: 9000 };

  test.each([
    ['nothing to do', leading(5), undefined],
    ['counters left', leading(MAX_COUNTER - 100_001), undefined],
    ['few counters left', leading(MAX_COUNTER - 100_000), 'the counter of epoch 4 is nearly used up'],
    ['a voter without a voice is level', leading(5, [waiting]), 'n7 is level again and counts from the next epoch on'],
    ['not for long enough', leading(5, [{ ...waiting, levelAt: 9900 }]), undefined],
    ['not level', leading(5, [{ ...waiting, ackedLeader: false }]), undefined],
    ['an observer', leading(5, [{ ...waiting, voter: false }]), undefined],
    ['a member', leading(5, [{ ...waiting, counts: true }]), undefined],
  ])('%s', (_, state, wanted) => {
    expect(newEpochCause(state)?.cause).toBe(wanted);
    if (wanted !== undefined) expect(newEpochCause(state)?.abstain).toBe(false);
  });
});
