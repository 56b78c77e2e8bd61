/** What can be asked of a replica beyond its status: sessions and when they end, watches, sizes of proposals, syncs. */
import { Op, WatchMode } from '@synod/protocol';
import { ProposalSizes } from '@synod/server/replica/proposal-sizes';
import { describe, expect, test } from '@jest/globals';
import { create, Rig } from './replica-rig.js';

describe('insight', () => {
  test('sessions of a leader, with the time they have left', () => {
    const rig = new Rig();
    const first = rig.connect(1)!;
    const second = rig.connect(2, { timeout: 5_000 })!;
    rig.ask(1, create('/mine', '', 1), 1);
    rig.turn();
    rig.tick(400);
    rig.ask(1, { op: Op.ping });
    rig.tick(200);
    const sessions = [...rig.replica.insight.sessions()];
    expect(sessions.map(({ session }) => [session.id, session.timeout, [...session.ephemerals]])).toEqual([
      [first.session, 1_000, ['/mine']],
      [second.session, 5_000, []],
    ]);
    // A session is given its timeout and one tick of 100 ms more, from when the leader was told that it was heard.
    const [one, two] = sessions.map(({ expiresIn }) => expiresIn!);
    expect(one).toBeGreaterThan(1_100 - 200 - 1);
    expect(one).toBeLessThanOrEqual(1_100);
    expect(two).toBeGreaterThanOrEqual(5_100 - 700);
    expect(two).toBeLessThanOrEqual(5_100 - 500);
  });

  test('a connection has its session once it is let in', () => {
    const rig = new Rig();
    rig.replica.step({ type: 'client-open', connection: 5, address: '127.0.0.1' });
    expect(rig.replica.insight.sessionOf(5)).toEqual({ session: 0, timeout: 0 });
    const welcome = rig.connect(1)!;
    expect(rig.replica.insight.sessionOf(1)).toMatchObject({ session: welcome.session, timeout: 1_000 });
    expect(rig.replica.insight.sessionOf(99)).toEqual({ session: 0, timeout: 0 });
  });

  test('watches of data by path and session', () => {
    const rig = new Rig();
    const [one, two] = [rig.connect(1)!.session, rig.connect(2)!.session];
    rig.ask(1, { op: Op.exists, path: '/a', watch: true });
    rig.ask(2, { op: Op.exists, path: '/a', watch: true });
    rig.ask(1, { op: Op.getChildren, path: '/', watch: true });
    rig.ask(2, { op: Op.addWatch, path: '/', mode: WatchMode.persistentRecursive });
    rig.turn();
    expect([...rig.replica.insight.dataWatches()]).toEqual([
      ['/a', one],
      ['/a', two],
      ['/', two],
    ]);
    expect(rig.replica.status.watches).toBe(4);
  });

  test('a leader knows its proposals and how long it leads', () => {
    const rig = new Rig();
    const leading = rig.replica.insight.leading!;
    expect(leading.proposals).toEqual({ last: -1, min: -1, max: -1 });
    rig.connect(1);
    const { last: session } = leading.proposals;
    rig.ask(1, create('/a', 'x'.repeat(1_000)), 1);
    rig.ask(1, create('/b', ''), 2);
    rig.turn();
    const { last, min, max } = leading.proposals;
    expect(min).toBe(Math.min(session, last));
    expect(max).toBeGreaterThan(1_000);
    expect(last).toBeLessThan(max);
    expect(leading.pendingSyncs).toBe(0);
    const before = leading.uptime;
    rig.tick(500);
    expect(rig.replica.insight.leading!.uptime).toBe(before + 500);
  });

  test('without a leadership there is nothing to tell of one', () => {
    const rig = new Rig([1, 2, 3]);
    expect(rig.replica.insight.leading).toBeNull();
    expect([...rig.replica.insight.sessions()]).toEqual([]);
    expect(rig.replica.insight.membership).toBe('');
  });
});

test('sizes of proposals', () => {
  const sizes = new ProposalSizes();
  for (const bytes of [50, 20, 90, 60]) sizes.add(bytes);
  expect(sizes).toEqual({ last: 60, min: 20, max: 90 });
  sizes.reset();
  expect(sizes).toEqual({ last: -1, min: -1, max: -1 });
});
