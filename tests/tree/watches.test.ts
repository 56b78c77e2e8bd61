/** Watches: who is told what, what is used up, and how watches of one connection overlap. */
import { limits, WatcherType } from '@synod/protocol';
import { Watches, type NodeChange, type WatchKind } from '@synod/tree';
import { describe, expect, test } from '@jest/globals';
import { create, eventsLine, World } from './world.js';

const CREATED = 1;
const DELETED = 2;
const CHANGED = 3;

function change(type: NodeChange['type'], path: string, acl = 0, parentAcl = 0): NodeChange {
  return { type, path, zxid: 7, acl, parentAcl };
}

/** Fires and returns what each connection was told, in one line each. */
function fire(watches: Watches, changes: readonly NodeChange[], unreadable = -1): Record<number, string> {
  const told = new Map<number, string[]>();
  watches.fire(
    changes,
    (_, acl) => acl !== unreadable,
    (connection, event) => {
      expect(event.zxid).toBe(7);
      told.set(connection, [...(told.get(connection) ?? []), eventsLine([event])]);
    },
  );
  return Object.fromEntries([...told].map(([connection, events]) => [connection, events.join(', ')]));
}

const ALL: readonly WatchKind[] = ['data', 'child', 'persistent', 'recursive'];

describe('a change tells', () => {
  // Connections 1–4 watch /p/n, 11–14 its parent /p, 21–24 the root: data, child, persistent, recursive.
  test.each([
    [
      'created',
      [change(CREATED, '/p/n')],
      {
        1: 'NodeCreated /p/n',
        3: 'NodeCreated /p/n',
        4: 'NodeCreated /p/n',
        12: 'NodeChildrenChanged /p',
        13: 'NodeChildrenChanged /p',
        14: 'NodeCreated /p/n',
        24: 'NodeCreated /p/n',
      },
    ],
    [
      'deleted',
      [change(DELETED, '/p/n')],
      {
        1: 'NodeDeleted /p/n',
        2: 'NodeDeleted /p/n',
        3: 'NodeDeleted /p/n',
        4: 'NodeDeleted /p/n',
        12: 'NodeChildrenChanged /p',
        13: 'NodeChildrenChanged /p',
        14: 'NodeDeleted /p/n',
        24: 'NodeDeleted /p/n',
      },
    ],
    [
      'data changed',
      [change(CHANGED, '/p/n')],
      {
        1: 'NodeDataChanged /p/n',
        3: 'NodeDataChanged /p/n',
        4: 'NodeDataChanged /p/n',
        14: 'NodeDataChanged /p/n',
        24: 'NodeDataChanged /p/n',
      },
    ],
    [
      'of the root',
      [change(CHANGED, '/')],
      { 21: 'NodeDataChanged /', 23: 'NodeDataChanged /', 24: 'NodeDataChanged /' },
    ],
    [
      'of a child of the root',
      [change(CREATED, '/q')],
      { 22: 'NodeChildrenChanged /', 23: 'NodeChildrenChanged /', 24: 'NodeCreated /q' },
    ],
    [
      'of a znode with a similar name',
      [change(CHANGED, '/p/nn')],
      { 14: 'NodeDataChanged /p/nn', 24: 'NodeDataChanged /p/nn' },
    ],
  ])('%s', (_, changes, told) => {
    const watches = new Watches();
    for (const [i, kind] of ALL.entries()) {
      watches.add(i + 1, '/p/n', kind);
      watches.add(i + 11, '/p', kind);
      watches.add(i + 21, '/', kind);
    }
    expect(fire(watches, changes)).toEqual(told);
  });
});

describe('a watch', () => {
  test.each<[WatchKind, string[]]>([
    ['data', ['NodeCreated /a', '', '']],
    ['child', ['', 'NodeDeleted /a', '']],
    ['persistent', ['NodeCreated /a, NodeDataChanged /a', 'NodeDeleted /a', 'NodeCreated /a']],
    ['recursive', ['NodeCreated /a, NodeDataChanged /a', 'NodeDeleted /a', 'NodeCreated /a']],
  ])('of kind %s fires as often as it should', (kind, told) => {
    const watches = new Watches();
    watches.add(1, '/a', kind);
    const rounds = [[change(CREATED, '/a'), change(CHANGED, '/a')], [change(DELETED, '/a')], [change(CREATED, '/a')]];
    expect(rounds.map((changes) => fire(watches, changes)[1] ?? '')).toEqual(told);
    expect(watches.size).toBe(kind === 'persistent' || kind === 'recursive' ? 1 : 0);
  });

  test('set twice fires once', () => {
    const watches = new Watches();
    watches.add(1, '/a', 'data');
    watches.add(1, '/a', 'data');
    expect(watches.size).toBe(1);
    expect(fire(watches, [change(CHANGED, '/a')])).toEqual({ 1: 'NodeDataChanged /a' });
    expect(fire(watches, [change(CHANGED, '/a')])).toEqual({});
  });

  test('of a one-shot kind on a znode with a persistent one too is used up, the persistent one stays', () => {
    const watches = new Watches();
    for (const kind of ALL) watches.add(1, '/a', kind);
    watches.add(1, '/', 'recursive');
    expect(watches.size).toBe(5);
    expect(fire(watches, [change(DELETED, '/a')])).toEqual({ 1: 'NodeDeleted /a' });
    expect(watches.size).toBe(3);
    expect(fire(watches, [change(CREATED, '/a')])).toEqual({ 1: 'NodeCreated /a' });
  });

  test('recursive at several heights tells each change once', () => {
    const watches = new Watches();
    for (const path of ['/', '/a', '/a/b', '/a/b/c']) watches.add(1, path, 'recursive');
    expect(fire(watches, [change(CREATED, '/a/b/c'), change(CHANGED, '/a/b')])).toEqual({
      1: 'NodeCreated /a/b/c, NodeDataChanged /a/b',
    });
  });

  test.each(['', 'a', 'xa', '/a/', '//', '/a//'])(
    'recursive at "%s", which is no path, hears nothing and is in nobody\'s way',
    (odd) => {
      const watches = new Watches();
      watches.add(1, '/a', 'recursive');
      watches.add(1, odd, 'recursive');
      watches.add(2, odd, 'recursive');
      expect(watches.size).toBe(3);
      expect(fire(watches, [change(CREATED, '/a'), change(CREATED, '/b')])).toEqual({ 1: 'NodeCreated /a' });
      expect(watches.remove(1, '/a', WatcherType.persistentRecursive)).toBe(true);
      watches.drop(1);
      watches.drop(2);
      expect(watches.size).toBe(0);
    },
  );

  test('hears of its znode first, then of the children of the parent', () => {
    const watches = new Watches();
    watches.add(1, '/a', 'child');
    watches.add(1, '/a/b', 'data');
    watches.add(1, '/a', 'recursive');
    expect(fire(watches, [change(DELETED, '/a/b')])).toEqual({ 1: 'NodeDeleted /a/b, NodeChildrenChanged /a' });
  });

  test('of an unreadable znode is used up in silence', () => {
    const watches = new Watches();
    watches.add(1, '/a/b', 'data');
    watches.add(1, '/a', 'child');
    watches.add(1, '/', 'recursive');
    expect(fire(watches, [change(DELETED, '/a/b', 5, 6)], 5)).toEqual({ 1: 'NodeChildrenChanged /a' });
    expect(watches.size).toBe(1);
    watches.add(1, '/a', 'child');
    expect(fire(watches, [change(CREATED, '/a/b', 5, 6)], 6)).toEqual({ 1: 'NodeCreated /a/b' });
    expect(watches.size).toBe(1);
  });

  test('in a multi hears of every part', () => {
    const world = new World();
    const watches = new Watches();
    watches.add(1, '/', 'child');
    watches.add(1, '/', 'recursive');
    const operations = [create('/a'), create('/a/b'), { op: 2, path: '/a/b', version: -1 } as const];
    const { changes } = world.must({ op: 14, operations });
    const told: string[] = [];
    watches.fire(
      changes,
      () => true,
      (_, event) => told.push(eventsLine([event])),
    );
    expect(told).toEqual(['NodeCreated /a', 'NodeChildrenChanged /', 'NodeCreated /a/b', 'NodeDeleted /a/b']);
  });
});

describe('removing and checking', () => {
  const cases: [keyof typeof WatcherType, WatchKind[], WatchKind[]][] = [
    ['children', ['child'], ['data', 'persistent', 'recursive']],
    ['data', ['data'], ['child', 'persistent', 'recursive']],
    ['persistent', ['persistent'], ['data', 'child', 'recursive']],
    ['persistentRecursive', ['recursive'], ['data', 'child', 'persistent']],
    ['any', ['data', 'child', 'persistent', 'recursive'], []],
  ];

  test.each(cases)('%s concerns %j only', (name, mine, others) => {
    const type = WatcherType[name];
    const watches = new Watches();
    for (const kind of others) watches.add(1, '/a', kind);
    watches.add(2, '/a', mine[0]!);
    expect(watches.check(1, '/a', type)).toBe(false);
    expect(watches.remove(1, '/a', type)).toBe(false);
    expect(watches.size).toBe(others.length + 1);
    for (const kind of mine) {
      watches.add(1, '/a', kind);
      expect(watches.check(1, '/a', type)).toBe(true);
    }
    expect(watches.check(1, '/a/b', type)).toBe(false);
    expect(watches.check(1, '/', type)).toBe(false);
    expect(watches.remove(1, '/a', type)).toBe(true);
    expect(watches.size).toBe(others.length + 1);
  });

  test('a connection that goes takes its watches along, and nothing stays behind', () => {
    const watches = new Watches();
    for (const connection of [1, 2]) {
      for (const path of ['/', '/a', '/a/b']) for (const kind of ALL) watches.add(connection, path, kind);
    }
    expect([watches.size, watches.pathCount, watches.connectionCount]).toEqual([24, 3, 2]);
    watches.drop(1);
    expect([watches.size, watches.pathCount, watches.connectionCount]).toEqual([12, 3, 1]);
    expect(fire(watches, [change(DELETED, '/a/b')])).toEqual({ 2: 'NodeDeleted /a/b, NodeChildrenChanged /a' });
    watches.drop(2);
    watches.drop(3);
    expect([watches.size, watches.pathCount, watches.connectionCount]).toEqual([0, 0, 0]);
    expect(fire(watches, [change(DELETED, '/a/b')])).toEqual({});
  });
});

test('who is told when data changes: each path and connection once, children alone left out', () => {
  const watches = new Watches();
  for (const kind of ALL) watches.add(1, '/a', kind);
  for (const [i, kind] of ALL.entries()) watches.add(i + 1, '/b', kind);
  expect([...watches.dataWatches()]).toEqual([
    ['/a', 1],
    ['/b', 1],
    ['/b', 3],
    ['/b', 4],
  ]);
  watches.drop(1);
  expect([...watches.dataWatches()]).toHaveLength(2);
});

test('the deepest path there can be is found from every height', () => {
  const watches = new Watches();
  const path = '/a'.repeat(limits.pathLength / 2);
  for (let depth = 2, connection = 1; depth <= path.length; depth *= 2, connection++) {
    watches.add(connection, path.slice(0, depth), 'recursive');
  }
  const told = fire(watches, [change(CHANGED, path)]);
  expect(Object.keys(told)).toHaveLength(watches.size);
  expect(watches.size).toBeGreaterThan(10);
});
