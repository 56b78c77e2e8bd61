/** The pure machine: who hears of what, and how watches are armed again. */
import { describe, expect, test } from '@jest/globals';
import { EventType, limits, Op, refuse, type Request } from '@synod/protocol';
import { children, exists, get, resultOf, Rig } from './rig.js';

const addWatch = (path: string, mode: 0 | 1): Request => ({ op: Op.addWatch, path, mode });
const removeWatches = (path: string, type: 1 | 2 | 3 | 4 | 5): Request => ({ op: Op.removeWatches, path, type });

describe('watches', () => {
  const { nodeChildrenChanged, nodeCreated, nodeDataChanged, nodeDeleted, resync } = EventType;

  test.each([
    ['get', get('/a/b', true), undefined, [nodeDataChanged, nodeDeleted]],
    ['exists', exists('/a/b', true), undefined, [nodeDataChanged, nodeDeleted]],
    ['exists on nothing', exists('/a/b', true), refuse('NO_NODE', '/a/b', ''), [nodeCreated]],
    ['children', children('/a/b', true), undefined, [nodeChildrenChanged, nodeDeleted]],
  ] as const)('%s: fires once', (_name, request, result, types) => {
    for (const type of types) {
      const rig = Rig.connected();
      rig.call('call', request, 'L');
      rig.reply(101, result ?? resultOf(request));
      rig.takeLog();
      rig.event(type, '/a/b', 102);
      rig.event(type, '/a/b', 103);
      expect(rig.takeLog()).toEqual(['event /a/b to L']);
    }
  });

  test('a refused get or children sets no watch', () => {
    const rig = Rig.connected();
    for (const request of [get('/a', true), children('/a', true)]) {
      rig.call('call', request, 'L');
      rig.reply(101, refuse('NO_NODE', '/a', ''));
    }
    rig.takeLog();
    rig.event(nodeCreated, '/a', 102);
    rig.event(nodeChildrenChanged, '/a', 103);
    expect(rig.takeLog()).toEqual([]);
  });

  test('a listener with several watches on a znode hears of its end once', () => {
    const rig = Rig.connected();
    rig.call('get', get('/a', true), 'L');
    rig.call('children', children('/a', true), 'L');
    rig.call('add', addWatch('/a', 0), 'P');
    rig.replyAll();
    rig.takeLog();
    rig.event(nodeDeleted, '/a', 102);
    expect(rig.takeLog()).toEqual(['event /a to L,P']);
  });

  test('persistent and recursive watches stay; recursive ones see the subtree but no lists of children', () => {
    const rig = Rig.connected();
    rig.call('p', addWatch('/a', 0), 'P');
    rig.call('r', addWatch('/a', 1), 'R');
    rig.call('root', addWatch('/', 1), 'T');
    rig.replyAll();
    rig.takeLog();
    rig.event(nodeDataChanged, '/a', 102);
    rig.event(nodeCreated, '/a/b/c', 103);
    rig.event(nodeChildrenChanged, '/a', 104);
    rig.event(nodeDataChanged, '/a', 105);
    rig.event(nodeCreated, '/ab', 106);
    rig.event(resync, '/a', 107);
    expect(rig.takeLog()).toEqual([
      'event /a to P,R,T',
      'event /a/b/c to R,T',
      'event /a to P',
      'event /a to P,R,T',
      'event /ab to T',
      'event /a to P,R',
    ]);
  });

  test('an event before the answer is not for the new watch', () => {
    const rig = Rig.connected();
    rig.call('1', get('/a', true), 'old');
    rig.reply();
    rig.call('2', get('/a', true), 'new');
    rig.event(nodeDataChanged, '/a', 102);
    rig.reply(103);
    rig.event(nodeDataChanged, '/a', 104);
    expect(rig.takeLog()).toEqual(['1 ok', 'event /a to old', '2 ok', 'event /a to new']);
  });

  test('removeWatches forgets what the server removed', () => {
    const rig = Rig.connected();
    rig.call('get', get('/a', true), 'D');
    rig.call('children', children('/a', true), 'C');
    rig.call('remove', removeWatches('/a', 2));
    rig.replyAll();
    rig.takeLog();
    rig.event(nodeDeleted, '/a', 102);
    expect(rig.takeLog()).toEqual(['event /a to C']);
  });

  test('the last listener of a lasting watch is told apart, also from one that is on its way', () => {
    const rig = Rig.connected();
    rig.call('1', addWatch('/a', 0), 'L1');
    rig.call('2', addWatch('/a', 0), 'L2');
    rig.replyAll();
    expect(rig.session.removeListener('persistent', '/a', 'L1')).toBe(false);
    rig.call('3', addWatch('/a', 0), 'L3');
    expect(rig.session.removeListener('persistent', '/a', 'L2')).toBe(false);
    rig.replyAll();
    expect(rig.session.removeListener('persistent', '/a', 'L2')).toBe(false);
    expect(rig.session.removeListener('persistent', '/a', 'L3')).toBe(true);
  });

  function rearmed(rig: Rig): unknown[] {
    return rig.sent.filter(({ request }) => request.op === Op.setWatches).map(({ request }) => request);
  }

  test('all kinds are armed again, fired and refused ones are not', () => {
    const rig = Rig.connected();
    rig.call('1', get('/data', true), 'L');
    rig.call('2', children('/children', true), 'L');
    rig.call('3', addWatch('/persistent', 0), 'L');
    rig.call('4', addWatch('/recursive', 1), 'L');
    rig.call('5', get('/fired', true), 'L');
    rig.replyAll();
    rig.call('6', exists('/exists', true), 'L');
    rig.reply(101, refuse('NO_NODE', '/exists', ''));
    rig.event(nodeDataChanged, '/fired', 150);
    rig.call('7', get('/a'));
    rig.reply(160);
    rig.reconnect();
    expect(rearmed(rig)).toEqual([
      {
        op: Op.setWatches,
        since: 160,
        data: ['/data'],
        exists: ['/exists'],
        children: ['/children'],
        persistent: ['/persistent'],
        recursive: ['/recursive'],
      },
    ]);
  });

  test('since leaves room for further events of the transaction that was heard of last', () => {
    const rig = Rig.connected();
    rig.call('1', get('/a', true), 'L');
    rig.call('2', get('/b', true), 'L');
    rig.replyAll(110);
    rig.event(nodeDataChanged, '/a', 120);
    rig.reconnect();
    expect(rig.hellos.at(-1)).toMatchObject({ lastZxid: 120 });
    expect(rearmed(rig)).toMatchObject([{ since: 119, data: ['/b'] }]);
  });

  test('since stands still until all watches are armed again', () => {
    const rig = Rig.connected();
    const paths = Array.from({ length: limits.watchPaths + 1 }, (_, i) => `/${i}`);
    for (const path of paths) {
      rig.call(path, get(path, true), 'L');
      rig.reply(110);
    }
    rig.call('r', get('/x'));
    rig.reconnect();
    expect(rearmed(rig)).toHaveLength(2);
    rig.event(nodeDataChanged, '/0', 500);
    rig.reply(900);
    rig.reconnect();
    expect(rearmed(rig)).toMatchObject([{ since: 110 }, { since: 110 }]);
    rig.replyAll(910);
    rig.reconnect();
    expect(rearmed(rig)).toMatchObject([{ since: 910 }, { since: 910 }]);
  });

  test('what several batches tell is told once, in the order in which it happened', () => {
    const rig = Rig.connected();
    const long = `/${'a'.repeat(30)}`;
    rig.call('p', addWatch(long, 0), 'P');
    rig.call('r', addWatch('/', 1), 'R');
    rig.replyAll(110);
    rig.reconnect({ maxFrameBytes: 70 });
    expect(rearmed(rig)).toMatchObject([{ persistent: [long] }, { recursive: ['/'] }]);
    rig.takeLog();
    rig.event(nodeDataChanged, long, 121);
    rig.event(nodeDataChanged, long, 123);
    rig.reply(123);
    rig.event(nodeDataChanged, long, 121);
    rig.event(nodeDataChanged, '/b', 122);
    rig.event(nodeDataChanged, long, 123);
    expect(rig.takeLog()).toEqual([]);
    rig.reply(123);
    expect(rig.takeLog()).toEqual([`event ${long} to P,R`, 'event /b to R', `event ${long} to P,R`]);
    rig.event(nodeDataChanged, long, 124);
    expect(rig.takeLog()).toEqual([`event ${long} to P,R`]);
  });

  test('batches of watches are bounded in paths and in bytes', () => {
    const rig = Rig.connected();
    const long = Array.from({ length: 40 }, (_, i) => `/${i}-${'é'.repeat(15_000)}`);
    for (const path of long) {
      rig.call(path, children(path, true), 'L');
      rig.reply(110);
    }
    rig.reconnect();
    const batches = rearmed(rig) as { children: string[] }[];
    expect(batches.length).toBeGreaterThan(2);
    expect(batches.flatMap((batch) => batch.children)).toEqual(long);
  });
});
