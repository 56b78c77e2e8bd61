/** Watches of a client that comes back: what it has missed, from the journal and without it. */
import { Op, Permission, type SetWatchesRequest, type WatchEvent } from '@synod/protocol';
import { Journal, rearm, Watches, type NodeChange } from '@synod/tree';
import { describe, expect, test } from '@jest/globals';
import { close, create, del, eventsLine, multi, set, setAcl, World } from './world.js';

type Lists = Partial<Omit<SetWatchesRequest, 'op' | 'since'>>;

interface Back {
  readonly events: WatchEvent[];
  readonly watches: Watches;
}

/** Connection 1 comes back having seen everything up to `since`. */
function comeBack(world: World, since: number, lists: Lists, known: boolean, unreadable = -1): Back {
  const watches = new Watches();
  const journal = known ? world.journal : new Journal(world.tree.zxid);
  const request = {
    op: Op.setWatches,
    since,
    data: [],
    exists: [],
    children: [],
    persistent: [],
    recursive: [],
    ...lists,
  };
  const events = rearm(1, request, world.tree, journal, watches, (_, acl) => acl !== unreadable);
  expect(events.map(({ zxid }) => zxid)).toEqual(events.map(({ zxid }) => zxid).sort((a, b) => a - b));
  return { events, watches };
}

/** What is armed, as `data /a`. */
function armed(watches: Watches, paths: readonly string[]): string[] {
  const kinds = { 1: 'child', 2: 'data', 4: 'persistent', 5: 'recursive' } as const;
  return paths.flatMap((path) =>
    ([1, 2, 4, 5] as const).filter((type) => watches.check(1, path, type)).map((type) => `${kinds[type]} ${path}`),
  );
}

function someWorld(): World {
  const world = new World();
  world.must(create('/a'));
  world.must(create('/a/b'));
  world.must(create('/quiet'));
  return world;
}

const away: Record<string, (world: World) => void> = {
  nothing: () => undefined,
  'set /a': (world) => void world.must(set('/a')),
  'delete /a/b': (world) => void world.must(del('/a/b')),
  'create /n': (world) => void world.must(create('/n')),
  'create and delete /n': (world) => {
    world.must(create('/n'));
    world.must(del('/n'));
  },
  'delete and create /a/b': (world) => void world.must(multi(del('/a/b'), create('/a/b'))),
  'create and delete /a/c': (world) => {
    world.must(create('/a/c'));
    world.must(del('/a/c'));
  },
};

type Case = [what: string, lists: Lists, known: string, unknown: string, stay: string, stayKnown?: string];

describe('a client that comes back hears what it has missed, and the rest is armed', () => {
  const cases: Case[] = [
    ['nothing', { data: ['/a'], children: ['/a'], exists: ['/n'] }, '', '', 'child /a, data /a, data /n'],
    ['nothing', { persistent: ['/a'] }, '', '', 'persistent /a'],
    ['nothing', { recursive: ['/a'] }, '', '', 'recursive /a'],
    ['set /a', { data: ['/a'] }, 'NodeDataChanged /a', 'NodeDataChanged /a', ''],
    ['set /a', { children: ['/a'] }, '', '', 'child /a'],
    ['set /a', { data: ['/quiet'], persistent: ['/quiet'] }, '', '', 'data /quiet, persistent /quiet'],
    ['set /a', { persistent: ['/a'] }, 'NodeDataChanged /a', 'Resync /a', 'persistent /a'],
    ['set /a', { recursive: ['/'] }, 'NodeDataChanged /a', 'Resync /', 'recursive /'],
    ['set /a', { recursive: ['/quiet'] }, '', 'Resync /quiet', 'recursive /quiet'],
    ['delete /a/b', { data: ['/a/b'] }, 'NodeDeleted /a/b', 'NodeDeleted /a/b', ''],
    ['delete /a/b', { children: ['/a/b'], data: ['/a/b'] }, 'NodeDeleted /a/b', 'NodeDeleted /a/b', ''],
    ['delete /a/b', { children: ['/a'], data: ['/a'] }, 'NodeChildrenChanged /a', 'NodeChildrenChanged /a', 'data /a'],
    [
      'delete /a/b',
      { children: ['/a'], data: ['/a/b'], persistent: ['/a/b'] },
      'NodeDeleted /a/b, NodeChildrenChanged /a',
      'Resync /a/b, NodeDeleted /a/b, NodeChildrenChanged /a',
      'persistent /a/b',
    ],
    ['create /n', { exists: ['/n'] }, 'NodeCreated /n', 'NodeCreated /n', ''],
    ['create /n', { exists: ['/n/m'] }, '', '', 'data /n/m'],
    ['create /n', { exists: ['/a/x'], persistent: ['/a/x'] }, '', '', 'data /a/x, persistent /a/x'],
    ['create and delete /n', { exists: ['/n'] }, 'NodeCreated /n', '', 'data /n', ''],
    ['create and delete /n', { persistent: ['/n'] }, 'NodeCreated /n, NodeDeleted /n', 'Resync /n', 'persistent /n'],
    ['create and delete /n', { recursive: ['/'] }, 'NodeCreated /n, NodeDeleted /n', 'Resync /', 'recursive /'],
    ['create and delete /n', { children: ['/'] }, 'NodeChildrenChanged /', 'NodeChildrenChanged /', ''],
    ['delete and create /a/b', { data: ['/a/b'] }, 'NodeDeleted /a/b', 'NodeDataChanged /a/b', ''],
    ['delete and create /a/b', { children: ['/a/b'] }, 'NodeDeleted /a/b', 'NodeChildrenChanged /a/b', ''],
    ['create and delete /a/c', { children: ['/a'] }, 'NodeChildrenChanged /a', 'NodeChildrenChanged /a', ''],
    [
      'create and delete /a/c',
      { persistent: ['/a'] },
      'NodeChildrenChanged /a, NodeChildrenChanged /a',
      'Resync /a',
      'persistent /a',
    ],
  ];

  test.each(cases)('away: %s; watches: %j', (what, lists, fromJournal, fromZxids, stay, stayKnown = stay) => {
    const paths = [...new Set(Object.values(lists).flat())];
    for (const [known, expected, left] of [
      [true, fromJournal, stayKnown],
      [false, fromZxids, stay],
    ] as const) {
      const world = someWorld();
      const since = world.tree.zxid;
      away[what]!(world);
      const { events, watches } = comeBack(world, since, lists, known);
      expect(eventsLine(events)).toBe(expected);
      expect(armed(watches, paths).sort().join(', ')).toBe(left);
    }
  });

  test('in the order in which it happened', () => {
    const world = someWorld();
    const since = world.tree.zxid;
    world.must(set('/quiet'));
    world.must(create('/n'));
    world.must(set('/a'));
    world.must(del('/a/b'));
    const lists = { data: ['/a', '/a/b', '/quiet'], exists: ['/n'], children: ['/a', '/'] };
    expect(eventsLine(comeBack(world, since, lists, true).events)).toBe(
      'NodeDataChanged /quiet, NodeCreated /n, NodeChildrenChanged /, NodeDataChanged /a, NodeDeleted /a/b, NodeChildrenChanged /a',
    );
    expect(eventsLine(comeBack(world, since, lists, false).events)).toBe(
      'NodeDataChanged /quiet, NodeCreated /n, NodeChildrenChanged /, NodeDataChanged /a, NodeDeleted /a/b, NodeChildrenChanged /a',
    );
  });

  test('also what a session took along when it ended', () => {
    const world = someWorld();
    const session = world.open();
    world.must(create('/a/e', { mode: 'ephemeral' }), { session });
    const since = world.tree.zxid;
    world.must(close, { session });
    const { events } = comeBack(world, since, { data: ['/a/e'], recursive: ['/a'] }, true);
    expect(eventsLine(events)).toBe('NodeDeleted /a/e');
  });

  test.each([true, false])('also where it believes what the tree never was (journal: %s)', (known) => {
    const world = someWorld();
    const since = world.tree.zxid;
    world.must(set('/quiet'));
    const lists = { exists: ['/a'], data: ['/no'], children: ['/never'] };
    const { events, watches } = comeBack(world, since, lists, known);
    expect(eventsLine(events)).toBe('NodeCreated /a, NodeDeleted /no, NodeDeleted /never');
    expect(watches.size).toBe(0);
  });

  test('later changes fire on what was armed', () => {
    const world = someWorld();
    const { watches } = comeBack(world, world.tree.zxid, { data: ['/a'], recursive: ['/'] }, true);
    const told: WatchEvent[] = [];
    const { changes } = world.must(set('/a'));
    watches.fire(
      changes,
      () => true,
      (_, event) => told.push(event),
    );
    expect(eventsLine(told)).toBe('NodeDataChanged /a');
  });

  test.each([true, false])('but not of what it may not read (journal: %s)', (known) => {
    const world = someWorld();
    world.must(setAcl('/a', [{ permissions: Permission.ALL, scheme: 'ip', id: '10.0.0.1' }]));
    const since = world.tree.zxid;
    const acl = world.tree.find('/a')!.acl.id;
    world.must(set('/a'), { identities: [{ scheme: 'ip', id: '10.0.0.1' }] });
    world.must(set('/quiet'));
    const { events, watches } = comeBack(world, since, { data: ['/a', '/quiet'], persistent: ['/a'] }, known, acl);
    // A gap is told whoever may read what is there now: what was missed may have been for everybody.
    expect(eventsLine(events)).toBe(known ? 'NodeDataChanged /quiet' : 'Resync /a, NodeDataChanged /quiet');
    expect(armed(watches, ['/a', '/quiet'])).toEqual(['persistent /a']);
  });
});

describe('the journal', () => {
  const change = (zxid: number, path = '/a'): NodeChange => ({ type: 3, path, zxid, acl: 0, parentAcl: 0 });

  test('forgets the oldest changes and knows how far it reaches', () => {
    const journal = new Journal(5, 3);
    expect([4, 5, 6].map((zxid) => journal.reaches(zxid))).toEqual([false, true, true]);
    journal.add([change(7), change(8)]);
    expect(journal.since(5).map(({ zxid }) => zxid)).toEqual([7, 8]);
    expect(journal.reaches(5)).toBe(true);
    journal.add([change(9), change(9)]);
    expect(journal.size).toBe(3);
    expect([6, 7].map((zxid) => journal.reaches(zxid))).toEqual([false, true]);
    expect(journal.since(7).map(({ zxid }) => zxid)).toEqual([8, 9, 9]);
    journal.add([change(10)]);
    journal.add([change(11)]);
    expect([8, 9].map((zxid) => journal.reaches(zxid))).toEqual([false, true]);
    expect(journal.since(9).map(({ zxid }) => zxid)).toEqual([10, 11]);
    expect(journal.since(11)).toEqual([]);
  });

  test('stays right through a long life', () => {
    const journal = new Journal(0, 100);
    for (let zxid = 1; zxid <= 10_000; zxid++) {
      journal.add([change(zxid)]);
      if (zxid > 100) expect([journal.reaches(zxid - 100), journal.reaches(zxid - 101)]).toEqual([true, false]);
    }
    expect(journal.since(9_990).map(({ zxid }) => zxid)).toEqual([
      9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999, 10_000,
    ]);
  });

  test('is bounded by the length of paths, too', () => {
    const journal = new Journal(0);
    const path = `/${'x'.repeat(16_000)}`;
    for (let zxid = 1; zxid <= 3000; zxid++) journal.add([change(zxid, path)]);
    expect(journal.size).toBeGreaterThan(1000);
    expect(journal.size).toBeLessThan(1100);
  });
});
