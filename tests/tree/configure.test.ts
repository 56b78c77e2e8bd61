/** The list of servers in /zookeeper/config: written by the ensemble itself, read and watched by everybody. */
import { describe, expect, test } from '@jest/globals';
import { CONFIG_PATH, configText, Watches } from '@synod/tree';
import { textAt } from './quota-world.js';
import { changesLine, eventsLine, foldAll, line, load, set, txnLine, World } from './world.js';

const SERVERS = 'server.1=a:2888:3888:participant\nserver.2=b:2888:3888:observer;0.0.0.0:2181';
const ALL: readonly { scheme: string; id: string }[] = [];

describe('the list of servers', () => {
  test('is empty at first', () => {
    const world = new World();
    expect(textAt(world.tree, CONFIG_PATH)).toBe(configText('', 0));
    expect(world.stat(CONFIG_PATH)).toMatchObject({ version: 0, aversion: -1, mzxid: 0, dataLength: 0 });
  });

  test('has the zxid of its transaction as its version, and −1 as the version of its data', () => {
    const world = new World();
    for (const count of [1, 2]) {
      const { zxid, changes, session, op } = world.must({ op: 'configure', servers: SERVERS }, { time: 77 + count });
      const text = `${SERVERS}\nversion=10000000${count}`;
      expect(textAt(world.tree, CONFIG_PATH)).toBe(text);
      expect(configText(SERVERS, zxid)).toBe(text);
      const stat = { version: -1, aversion: -1, mzxid: zxid, mtime: 77 + count, czxid: 0, dataLength: text.length };
      expect(world.stat(CONFIG_PATH)).toMatchObject(stat);
      expect([changesLine(changes), session, op]).toEqual([`NodeDataChanged ${CONFIG_PATH}`, 0, 0]);
    }
  });

  test('can become empty again', () => {
    const world = new World();
    world.must({ op: 'configure', servers: SERVERS });
    world.must({ op: 'configure', servers: '' });
    expect(textAt(world.tree, CONFIG_PATH)).toBe('');
  });

  test('is seen by all who watch it, and goes to the disk', () => {
    const world = new World();
    const watches = new Watches();
    watches.add(1, CONFIG_PATH, 'data');
    const { changes } = world.must({ op: 'configure', servers: SERVERS });
    const events: string[] = [];
    watches.fire(
      changes,
      () => true,
      (_, event) => events.push(eventsLine([event])),
    );
    expect(events).toEqual([`NodeDataChanged ${CONFIG_PATH}`]);
    const disk = new Map<string, Uint8Array>();
    expect(textAt(load(disk, foldAll(world.tree, disk)), CONFIG_PATH)).toContain(SERVERS);
  });

  test('can be written by a super user only, who finds the right version also while it is in flight', () => {
    const world = new World();
    world.prepare({ op: 'configure', servers: SERVERS });
    expect(txnLine(world.prepare(set(CONFIG_PATH), { identities: ALL }))).toBe('error NO_AUTH');
    const identities = [{ scheme: 'super', id: '' }];
    expect(txnLine(world.prepare(set(CONFIG_PATH, 'x', 0), { identities }))).toBe('error BAD_VERSION');
    expect(txnLine(world.prepare(set(CONFIG_PATH, 'x'), { identities }))).toBe(`setData ${CONFIG_PATH} version 0`);
    while (world.inFlight > 0) world.applyNext();
    expect(line(world.do(set(CONFIG_PATH, 'y', 0), { identities }).reply.result)).toBe('version 1');
  });
});
