/** What a leader does by itself: it keeps /zookeeper/config, and speaks of quotas in its log. */
import { describe, expect, test } from '@jest/globals';
import { isRefusal, Op, type Request } from '@synod/protocol';
import { Tree } from '@synod/tree';
import { create, data, Rig } from './replica-rig.js';

const CONFIG = '/zookeeper/config';
const SERVERS = 'server.1=a:2888:3888:participant\nserver.2=b:2888:3888:participant';

function configOf(rig: Rig): { text: string | null; mzxid: number } {
  const { data: text, mzxid } = rig.replica.tree.find(CONFIG)!;
  return { text, mzxid };
}

describe('a leader writes the servers of its configuration into /zookeeper/config', () => {
  test('first of all', () => {
    const rig = new Rig([1], new Tree(), { serverLines: SERVERS });
    rig.tick(300);
    expect(configOf(rig)).toEqual({ text: `${SERVERS}\nversion=100000001`, mzxid: 2 ** 32 + 1 });
    expect(rig.connect(1)?.session).toBe(2 ** 32 + 2);
  });

  test('where they have changed, and not otherwise', () => {
    const rig = new Rig([1], new Tree(), { serverLines: SERVERS });
    rig.tick(300);
    const { tree } = rig.replica;
    const { zxid, digest } = tree;
    const same = new Rig([1], tree, { serverLines: SERVERS });
    same.tick(1_000);
    expect([tree.zxid, tree.digest]).toEqual([zxid, digest]);
    const other = new Rig([1], tree, { serverLines: `${SERVERS}\nserver.3=c:2888:3888:observer` });
    other.tick(300);
    expect(configOf(other).text).toMatch(/observer\nversion=200000001$/);
    new Rig([1], tree, { serverLines: '' }).tick(300);
    expect(configOf(other).text).toBe('');
  });

  test('not at all where it stands alone', () => {
    const rig = new Rig();
    rig.tick(1_000);
    expect(rig.replica.tree.zxid).toBe(0);
  });
});

describe('quotas', () => {
  const HOME = '/zookeeper/quota/a';
  const make = (limits: string): Request[] => [
    create('/a'),
    create(HOME),
    create(`${HOME}/zookeeper_limits`, limits),
    create(`${HOME}/zookeeper_stats`, 'count=0,bytes=0'),
  ];

  function ask(rig: Rig, requests: readonly Request[]): string[] {
    const before = rig.replies(1);
    requests.forEach((request, i) => rig.ask(1, request, before.length + i + 1));
    rig.turn();
    const replies = rig.replies(1).slice(before.length);
    return replies.map(({ result }) => (isRefusal(result) ? result.code : 'ok'));
  }

  test.each([
    [true, 'QUOTA_EXCEEDED'],
    [false, 'ok'],
  ])('are enforced where the configuration says so (%s), in one turn too', (enforceQuota, last) => {
    const rig = new Rig([1], new Tree(), { enforceQuota });
    rig.connect(1);
    const requests = [...make('countHardLimit=2'), create('/a/b'), create('/a/c')];
    expect(ask(rig, requests)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', last]);
  });

  test('that are beyond a soft limit, or unreadable, stand in the log once a minute', () => {
    const rig = new Rig([1], new Tree(), { enforceQuota: true, reapIntervalMs: 1e9 });
    rig.connect(1, { timeout: 10_000 });
    ask(rig, make('count=1'));
    expect(ask(rig, [create('/a/b'), create('/a/c'), create('/a/d')])).toEqual(['ok', 'ok', 'ok']);
    expect(rig.logged).toEqual(['warn quota quota=/a reason=count would be 2, the soft limit is 1']);
    ask(rig, [{ op: Op.setData, path: `${HOME}/zookeeper_limits`, data: data('nonsense'), version: -1 }]);
    for (let i = 0; i < 6; i++) {
      rig.tick(9_000);
      ask(rig, [{ op: Op.setData, path: '/a', data: data('x'.repeat(i)), version: -1 }]);
    }
    expect(rig.logged).toHaveLength(1);
    rig.tick(9_000);
    ask(rig, [create('/a/e')]);
    expect(rig.logged.at(-1)).toBe('warn quota quota=/a reason=zookeeper_limits cannot be read: there is no limit');
  });
});
