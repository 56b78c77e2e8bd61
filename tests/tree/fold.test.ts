/**
 * The digest and the way to the disk and back: live, replayed and loaded trees are the same tree, whenever a fold was
 * begun and however slowly it went, and no damage of a row goes unnoticed.
 */
import { isSynodError, pack, unpack } from '@synod/protocol';
import { decodeTxn, Tree, type Fold } from '@synod/tree';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { outcome, picture, Program, step } from './program.js';
import { close, create, del, foldAll, load, multi, set, write, World, type Disk } from './world.js';

describe('a random program', () => {
  test('gives the same tree live, replayed, and loaded from folds that went on meanwhile', () => {
    const steps = fc.array(fc.tuple(step, fc.nat(4), fc.boolean()), { maxLength: 80 });
    fc.assert(
      fc.property(steps, (program) => {
        const world = new World();
        const requests = new Program();
        const outcomes: unknown[] = [];
        const digests: number[] = [];
        const disk: Disk = new Map();
        let fold: Fold | null = null;
        let folded = { at: 0, zxid: 0, digest: 0 };
        let begun = 0;
        for (const [i, [next, rows, begin]] of program.entries()) {
          requests.prepare(world, next);
          outcomes.push(outcome(world.applyNext()));
          digests.push(world.tree.digest);
          if (fold === null && begin) [fold, begun] = [world.tree.beginFold(), i + 1];
          if (fold === null || rows === 0) continue;
          const chunk = fold.next(rows);
          if (chunk !== null) write(disk, chunk);
          else {
            folded = { at: begun, zxid: fold.zxid, digest: fold.digest };
            expect(picture(load(disk, folded))).toMatchObject({ zxid: folded.zxid, digest: folded.digest });
            fold = null;
          }
        }
        const replayed = new Tree();
        const again = world.log.map(({ zxid, body }) => {
          const applied = replayed.apply(zxid, decodeTxn(body));
          return [outcome(applied), replayed.digest];
        });
        expect(again).toEqual(outcomes.map((each, i) => [each, digests[i]]));
        expect(picture(replayed)).toEqual(picture(world.tree));
        if (fold !== null) return;
        const loaded = load(disk, folded);
        const tail = world.log.slice(folded.at).map(({ zxid, body }) => outcome(loaded.apply(zxid, decodeTxn(body))));
        expect(tail).toEqual(outcomes.slice(folded.at));
        expect(picture(loaded)).toEqual(picture(world.tree));
      }),
      { numRuns: 300 },
    );
  });
});

/** A tree with one of everything. */
function richWorld(): World {
  const world = new World();
  const session = world.open();
  world.must(create('/a', { data: 'data', acl: [{ permissions: 31, scheme: 'ip', id: '10.0.0.1' }] }));
  world.must(create('/b', { data: null }));
  world.must(create('/b/e', { mode: 'ephemeral' }), { session });
  world.must(create('/c', { mode: 'container' }));
  world.must(create('/t', { mode: 'ttl', ttl: 77 }));
  world.must(set('/b/e', 'x'), { session });
  world.do(set('/no'), { session });
  world.open();
  return world;
}

describe('a fold', () => {
  test('of a new tree holds everything, the next one only what has changed since', () => {
    const world = richWorld();
    const disk: Disk = new Map();
    foldAll(world.tree, disk);
    expect([...disk.keys()].filter((key) => key.startsWith('n')).sort()).toEqual(
      ['/', '/a', '/b', '/b/e', '/c', '/t', '/zookeeper', '/zookeeper/config', '/zookeeper/quota'].map(
        (path) => `n${path}`,
      ),
    );
    expect([...disk.keys()].filter((key) => key.startsWith('s'))).toEqual(
      [...world.tree.sessions.keys()].map((id) => `s${String(id).padStart(16, '0')}`),
    );
    world.must(del('/t'));
    world.must(set('/a'), { identities: [{ scheme: 'ip', id: '10.0.0.1' }] });
    const rows = world.tree.beginFold().next(100)!;
    expect(rows.map(({ key, value }) => [key, value !== null]).sort()).toEqual([
      ['n/', true],
      ['n/a', true],
      ['n/t', false],
    ]);
    expect(world.tree.beginFold().next(100)).toBeNull();
  });

  test('shows the tree as it was when the fold began', () => {
    const world = richWorld();
    const before = picture(world.tree);
    const disk: Disk = new Map();
    const fold = world.tree.beginFold();
    const [session] = [...world.tree.sessions.keys()];
    write(disk, fold.next(2)!);
    world.must(multi(set('/b', 'later'), del('/c'), create('/new'), create('/b/child')));
    world.must(close, { session: session! });
    world.must(create('/c'));
    for (let rows = fold.next(1); rows !== null; rows = fold.next(1)) {
      expect(rows).toHaveLength(1);
      write(disk, rows);
    }
    expect(picture(load(disk, fold))).toEqual(before);
    const second = foldAll(world.tree, disk);
    expect(picture(load(disk, second))).toEqual(picture(world.tree));
  });

  test('cannot begin while another one has rows left', () => {
    const world = richWorld();
    const fold = world.tree.beginFold();
    expect(() => world.tree.beginFold()).toThrow('a fold is still running');
    while (fold.next(7) !== null);
    world.tree.beginFold();
  });
});

describe('loading', () => {
  function folded(): { disk: Disk; position: { zxid: number; digest: number } } {
    const disk: Disk = new Map();
    return { position: foldAll(richWorld().tree, disk), disk };
  }

  function refused(disk: Disk, position: { zxid: number; digest: number }): boolean {
    try {
      load(disk, position);
      return false;
    } catch (error) {
      if (isSynodError(error) && error.code === 'DATA_INCONSISTENCY') return true;
      throw error;
    }
  }

  test('no rows gives a new tree', () => {
    expect(picture(load(new Map(), { zxid: 0, digest: 0 }))).toEqual(picture(new Tree()));
    expect(refused(new Map(), { zxid: 1, digest: 0 })).toBe(true);
  });

  test('finds a missing row', () => {
    const { disk, position } = folded();
    for (const [key, value] of [...disk]) {
      disk.delete(key);
      expect([key, refused(disk, position)]).toEqual([key, true]);
      disk.set(key, value);
    }
    expect(refused(disk, position)).toBe(false);
  });

  test('finds a row too many', () => {
    const { disk, position } = folded();
    for (const key of ['n/a/more', 'n/no/parent', 'nothing', 'x', 's0000000000000001']) {
      const donor = key.startsWith('s') ? [...disk.keys()].find((each) => each.startsWith('s'))! : 'n/a';
      expect([key, refused(new Map([...disk, [key, disk.get(donor)!]]), position)]).toEqual([key, true]);
    }
  });

  test('finds a change of any field of any row', () => {
    const { disk, position } = folded();
    let tried = 0;
    for (const [key, value] of disk) {
      const fields = unpack(value) as unknown[];
      for (const i of fields.keys()) {
        for (const changed of variations(fields[i])) {
          const copy = [...fields];
          copy[i] = changed;
          disk.set(key, pack(copy));
          expect([key, i, changed, refused(disk, position)]).toEqual([key, i, changed, true]);
          tried++;
        }
      }
      disk.set(key, value);
    }
    expect(tried).toBeGreaterThan(100);
    expect(refused(disk, position)).toBe(false);
  });

  /** Other values for a field of a row. */
  function variations(field: unknown): unknown[] {
    if (typeof field === 'number') return [field + 1, field + 2 ** 33];
    if (field instanceof Uint8Array)
      return field.length > 0 ? [field.map((byte) => byte ^ 1), field.subarray(1)] : [null];
    if (field === null) return [Buffer.alloc(0)];
    const list = field as unknown[];
    if (list.length === 0) return [];
    return [list.slice(1), [...list, list[0]]];
  }

  test('says which row cannot be read', () => {
    const loader = Tree.load();
    expect(() => {
      loader.add([{ key: 'n/', value: Uint8Array.of(0xc1) }]);
    }).toThrow(/^DATA_INCONSISTENCY: row n\/: it cannot be read/);
    expect(() => {
      loader.add([{ key: 'n/a', value: null }]);
    }).toThrow('row n/a: it says that it does not exist');
  });

  test('takes each row once, and parents first', () => {
    const { disk } = folded();
    const row = (key: string): { key: string; value: Uint8Array } => ({ key, value: disk.get(key)! });
    const [session] = [...disk.keys()].filter((key) => key.startsWith('s'));
    const add = (...keys: string[]): (() => void) => {
      const loader = Tree.load();
      return () => {
        loader.add(keys.map(row));
      };
    };
    expect(add('n/', 'n/')).toThrow('row n/: it comes twice');
    expect(add('n/', 'n/a', 'n/a')).toThrow('row n/a: it comes twice');
    expect(add('n/', session!, session!)).toThrow('it comes twice');
    expect(add(session!)).toThrow('there is no root');
    expect(add('n/a')).toThrow('row n/a: there is no parent');
    expect(add('n/', 'n/b/e')).toThrow('row n/b/e: there is no parent');
  });
});

test('the digest does not depend on the order of independent changes', () => {
  const [one, two] = [new World(), new World()];
  for (const name of ['a', 'b', 'c']) one.must(create(`/${name}`));
  for (const name of ['c', 'b', 'a']) two.must(create(`/${name}`));
  expect(one.tree.digest).not.toBe(two.tree.digest);
  for (const world of [one, two]) for (const name of ['a', 'b', 'c']) world.must(del(`/${name}`));
  expect(one.tree.digest).toBe(two.tree.digest);
  expect(one.tree.digest).not.toBe(new Tree().digest);
});

test('a transaction that is applied twice is a bug', () => {
  const world = new World();
  world.must(create('/a'));
  const [first] = world.log;
  expect(() => world.tree.apply(first!.zxid, decodeTxn(first!.body))).toThrow('comes after');
  expect(() => world.tree.apply(first!.zxid + 1, decodeTxn(first!.body))).toThrow('does not fit the state');
});
