/** C10 over reconnects, removals and permissions: what may be missing or come twice, and what may not. */
import { expect, test } from '@jest/globals';
import {
  CreateMode,
  EventType,
  Op,
  OPEN_ACL,
  WatcherType,
  type Acl,
  type CreateRequest,
  type Request,
} from '@synod/protocol';
import { digestIdentity } from '@synod/simulator/check/reference/access';
import type { EventRecord, OpRecord } from '@synod/simulator/history';
import { Lab, type LabClient } from './lab.js';

const create = (path: string, acl: Acl = OPEN_ACL): Request => ({
  ...{ op: Op.create, path, data: null, acl, mode: CreateMode.persistent, ttl: 0 },
});
const set = (path: string): Request => ({ op: Op.setData, path, data: null, version: -1 });
const get = (path: string): Request => ({ op: Op.getData, path, watch: true });
const look: Request = { op: Op.exists, path: '/', watch: false };
const locked: Acl = [
  { permissions: 30, scheme: 'world', id: 'anyone' },
  { permissions: 31, scheme: 'digest', id: 'root:x' },
];

interface Run {
  readonly lab: Lab;
  readonly one: LabClient;
  readonly events: EventRecord[];
  readonly ops: OpRecord[];
}

/** A client with the watches that `arm` sets sees three changes of /n by somebody else, and looks once more. */
function run(arm: (lab: Lab, one: LabClient) => void, acl = OPEN_ACL): Run {
  const lab = new Lab();
  const [one, two] = [lab.open('one'), lab.open('two')];
  lab.ask(two, create('/n', acl));
  arm(lab, one);
  for (let times = 0; times < 3; times++) lab.ask(two, set('/n'));
  lab.ask(one, look);
  return { lab, one, events: lab.history.events, ops: lab.history.ops };
}

const recursive = (lab: Lab, one: LabClient): void => void lab.watch(one, '/', 'recursive');
const persistent = (lab: Lab, one: LabClient): void => void lab.watch(one, '/n', 'persistent');
const data = (lab: Lab, one: LabClient): void => void lab.ask(one, get('/n'), 'data');

function rules({ lab }: Run): string[] {
  return lab.check().map(({ rule }) => rule);
}

/** What the client sees from `seq` on it sees on its second connection. */
function reconnect({ lab, one }: Run, seq: number): void {
  for (const record of [...lab.history.ops, ...lab.history.events])
    if (record.session === one.session && record.seq >= seq) Object.assign(record, { conn: 2 });
}

test.each([recursive, persistent])('events behind the last answer may come again on a new connection', (arm) => {
  const here = run(arm);
  const again = { ...here.events[1]!, seq: here.events[1]!.seq + 0.5 };
  here.events.push(again);
  expect(rules(here)).toEqual(['C10']);
  reconnect(here, again.seq);
  expect(rules(here)).toEqual([]);
  reconnect(here, 0);
  expect(rules(here)).toEqual(['C10']);
});

test('what was told before an answer must not come again', () => {
  const here = run(recursive);
  const again = { ...here.events[2]!, seq: 1000 };
  here.events.push(again);
  reconnect(here, 1000);
  expect(rules(here)).toEqual(['C10']);
});

test.each([recursive, persistent])('a resync stands for everything before it', (arm) => {
  const here = run(arm);
  const [first, second] = here.events;
  here.events.splice(here.events.indexOf(second!), 1);
  expect(rules(here)).toEqual(['C10']);
  Object.assign(first!, { type: EventType.resync, zxid: second!.zxid });
  reconnect(here, first!.seq);
  expect(rules(here)).toEqual([]);
});

test('behind a resync, and only then, a one-shot watch may tell of a later change', () => {
  const both = (lab: Lab, one: LabClient): void => {
    recursive(lab, one);
    data(lab, one);
  };
  const here = run(both);
  const told = here.events.find(({ watch }) => watch === 2)!;
  const [first, , last] = here.events.filter(({ watch }) => watch === 1);
  Object.assign(told, { zxid: last!.zxid });
  expect(rules(here)).toEqual(['C10']);
  reconnect(here, first!.seq);
  expect(rules(here)).toEqual(['C10']);
  Object.assign(first!, { type: EventType.resync, zxid: last!.zxid });
  here.events.splice(0, here.events.length, first!, told);
  expect(rules(here)).toEqual([]);
});

test('a client without a recursive watch is not told of a resync: each reconnect may be one', () => {
  const here = run(data);
  const [told] = here.events;
  here.events.splice(0);
  expect(rules(here)).toEqual(['C10']);
  reconnect(here, told!.seq);
  expect(rules(here)).toEqual([]);
});

test('a watch that was removed tells nothing more', () => {
  const removed = (lab: Lab, one: LabClient): void => {
    persistent(lab, one);
    lab.ask(one, { op: Op.removeWatches, path: '/n', type: WatcherType.any });
  };
  const here = run(removed);
  expect(here.events).toEqual([]);
  expect(rules(here)).toEqual([]);
  const { name, session } = here.one;
  const { zxid } = here.ops.at(-2)!;
  const place = { t: 'event', client: name, session, seq: 3.5, conn: 1, at: 0, watch: 1, path: '/n' } as const;
  here.events.push({ ...place, type: EventType.nodeDataChanged, zxid });
  expect(rules(here)).toEqual(['C10']);
});

test('whoever may not read a znode is told nothing of it', () => {
  const here = run(persistent, locked);
  expect(here.events).toEqual([]);
  expect(rules(here)).toEqual([]);
  const { name, session } = here.one;
  const place = { t: 'event', client: name, session, seq: 2.5, conn: 1, at: 0, watch: 1, path: '/n' } as const;
  here.events.push({ ...place, type: EventType.nodeDataChanged, zxid: here.ops.at(-2)!.zxid });
  expect(rules(here)).toEqual(['C10']);
});

/** Two changes of one transaction look alike, and the first is of a znode that not everybody may see. */
const twice = (acl: Acl): Request => ({
  op: Op.multi,
  operations: [create('/g', acl), { op: Op.delete, path: '/g', version: -1 }, create('/g')] as CreateRequest[],
});

test.each([recursive, (lab: Lab, one: LabClient): void => void lab.watch(one, '/g', 'persistent')])(
  'where changes of a transaction look alike those count that may be seen',
  (arm) => {
    const make = (): Run =>
      run((lab, one) => {
        arm(lab, one);
        lab.ask(lab.clients[1]!, twice(locked));
      });
    const here = make();
    const told = here.events.filter(({ path }) => path === '/g');
    expect(told.map(({ type }) => type)).toEqual([EventType.nodeCreated]);
    expect(rules(here)).toEqual([]);
    here.events.splice(here.events.indexOf(told[0]!), 1);
    expect(rules(here)).toEqual(['C10']);
    const leak = make();
    const [seen] = leak.events.filter(({ path }) => path === '/g');
    leak.events.splice(leak.events.indexOf(seen!), 0, { ...seen!, type: EventType.nodeDeleted });
    expect(leak.lab.check().map(({ text }) => text)).toEqual([
      expect.stringContaining('which its client may not read'),
    ]);
    const again = make();
    const [first] = again.events.filter(({ path }) => path === '/g');
    again.events.push({ ...first!, seq: first!.seq + 0.5 });
    expect(rules(again)).toEqual(['C10']);
  },
);

test('changes that its client may perhaps see are told or not', () => {
  const credentials = new TextEncoder().encode('root:secret');
  const own: Acl = [{ permissions: 31, ...digestIdentity(credentials) }];
  const here = run((lab, one) => {
    recursive(lab, one);
    lab.ask(lab.clients[1]!, twice(own));
    lab.ask(one, { op: Op.addAuth, scheme: 'digest', credentials });
  });
  expect(rules(here)).toEqual([]);
  const [told] = here.events.filter(({ path }) => path === '/g');
  const place = here.events.indexOf(told!);
  here.events.splice(place, 0, { ...told! }, { ...told!, type: EventType.nodeDeleted });
  expect(rules(here)).toEqual([]);
  here.events.splice(place, 1);
  expect(rules(here)).toEqual([]);
  here.events.splice(place, 2);
  expect(rules(here)).toEqual(['C10']);
});
