/** A client that asks for more than it reads: what its reads show, and when its writes go on. */
import { expect, test } from '@jest/globals';
import { limits, Op, type Reply, type Request } from '@synod/protocol';
import { create, data, Rig } from './replica-rig.js';

/** Two of these are more than one turn prepares for one client. */
const BIG = 'x'.repeat(700_000);

const get = (path: string): Request => ({ op: Op.getData, path, watch: false });
const set = (path: string, text: string): Request => ({ op: Op.setData, path, data: data(text), version: -1 });

/** A server with `/big` and `/a`, and a client of it, connection 1, whose next write has the number 3. */
function served(): Rig {
  const rig = new Rig();
  rig.connect(1);
  rig.ask(1, create('/big', BIG), 1);
  rig.ask(1, create('/a', 'old'), 2);
  rig.turn();
  return rig;
}

/** What a client was told since: the text of what it read, `big`, and `-` for anything else. */
function told(rig: Rig, since: number): string[] {
  return rig.replies(1).slice(since).map(textOf);
}

function textOf({ result }: Reply): string {
  if (!('data' in result) || !result.data) return '-';
  return result.data.length === BIG.length ? 'big' : Buffer.from(result.data).toString();
}

function drained(rig: Rig): void {
  rig.replica.step({ type: 'client-drained', connection: 1 });
  rig.turn();
}

test('a read shows no later write of its session, however much waits to be sent', () => {
  const rig = served();
  rig.stalled = true;
  rig.ask(1, set('/a', 'new'), 3);
  for (let i = 0; i < 4; i++) rig.ask(1, get('/big'));
  rig.ask(1, get('/a'));
  rig.ask(1, set('/a', 'newer'), 4);
  rig.ask(1, get('/a'));
  rig.turn();
  expect(told(rig, 2)).toEqual([]);
  rig.stalled = false;
  rig.turn();
  expect(rig.notes).toEqual(['full 1']);
  expect(told(rig, 2)).toEqual(['-', 'big', 'big', 'big', 'big', 'new']);
  drained(rig);
  expect(told(rig, 8)).toEqual(['-', 'newer']);
});

test('a write behind reads that wait for room waits with them', () => {
  const rig = served();
  for (let i = 0; i < 3; i++) rig.ask(1, get('/big'));
  rig.ask(1, get('/a'));
  rig.turn();
  rig.ask(1, set('/a', 'new'), 3);
  rig.ask(1, get('/a'));
  rig.turn();
  expect([told(rig, 2), rig.notes]).toEqual([['big', 'big'], ['full 1']]);
  const { zxid } = rig.replica.status;
  drained(rig);
  expect(told(rig, 4)).toEqual(['big', 'old', '-', 'new']);
  expect(rig.replica.status.zxid).toBe(zxid + 1);
});

test('more than may wait for one client ends its connection', () => {
  const rig = served();
  rig.stalled = true;
  rig.ask(1, set('/a', 'new'), 3);
  const enough = Math.ceil(limits.clientBacklogBytes / BIG.length);
  for (let i = 0; i < enough + 1; i++) rig.ask(1, get('/big'));
  rig.ask(1, set('/a', 'newer'), 4);
  rig.turn();
  rig.stalled = false;
  rig.turn();
  expect(rig.goodbye(1)).toBe('CONNECTION_LOSS');
  expect(told(rig, 3)).toEqual(Array.from({ length: enough }, () => 'big'));
});
