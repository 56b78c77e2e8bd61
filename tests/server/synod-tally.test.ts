/** Counting what Synod's own protocol carries: which answer belongs to which request, and what answers nothing. */
import {
  eventToWire,
  goodbyeToWire,
  Op,
  refuse,
  replyToWire,
  welcomeToWire,
  type ClientMessage,
} from '@synod/protocol';
import { SynodTally } from '@synod/server/host/synod-tally';
import { ConnectionStats, ServerStats } from '@synod/zookeeper';
import { expect, test } from '@jest/globals';

const hello: ClientMessage = {
  type: 'hello',
  hello: { versions: [1], timeout: 1_000, lastZxid: 0, session: 0, secret: null },
};

const welcome = welcomeToWire({
  ...{ version: 1, resumed: false, session: 7, secret: new Uint8Array(16), timeout: 1_000, zxid: 9, server: 1 },
  ...{ lastWrite: 0, maxFrameBytes: 1, maxOutstandingWrites: 1, maxOutstandingRequests: 1, maxMultiOperations: 1 },
});

function ping(xid: number): ClientMessage {
  return { type: 'request', xid, number: 0, acked: 0, request: { op: Op.ping } };
}

function sync(xid: number): ClientMessage {
  return { type: 'request', xid, number: 0, acked: 0, request: { op: Op.sync, path: '/' } };
}

function rig(): { readonly stats: ConnectionStats; readonly tally: SynodTally; readonly clock: { now: number } } {
  const clock = { now: 100 };
  const stats = new ConnectionStats(new ServerStats(), 0);
  return { stats, tally: new SynodTally(stats, () => clock.now), clock };
}

test('a handshake, requests in flight, an event, a refusal, the end', () => {
  const { stats, tally, clock } = rig();
  tally.heard(hello);
  expect([stats.packetsReceived, stats.outstanding]).toEqual([1, 1]);
  clock.now = 103;
  tally.said([welcome]);
  expect(stats.last).toEqual({ op: -10, xid: 0, zxid: 9, at: 103, latency: 3 });
  tally.heard(ping(1));
  clock.now = 104;
  tally.heard(sync(2));
  tally.misheard(3);
  clock.now = 110;
  tally.said([
    eventToWire({ type: 1, path: '/a', zxid: 10 }),
    replyToWire(1, Op.ping, { zxid: 10, result: {} }),
    replyToWire(2, Op.sync, { zxid: 11, result: refuse('CONNECTION_LOSS', '', 'no leader') }),
  ]);
  expect(stats.last).toEqual({ op: Op.sync, xid: 2, zxid: 11, at: 110, latency: 6 });
  expect([stats.packetsReceived, stats.packetsSent, stats.outstanding]).toEqual([4, 4, 1]);
  tally.said([
    replyToWire(3, Op.ping, { zxid: 11, result: refuse('MARSHALLING_ERROR', '', 'what?') }),
    goodbyeToWire({ code: 'SESSION_EXPIRED', reason: 'the session has ended' }),
  ]);
  expect(stats.last).toMatchObject({ op: 0, xid: 3 });
  expect([stats.packetsSent, stats.outstanding]).toEqual([6, 0]);
});

test('thousands in flight keep their order', () => {
  const { stats, tally, clock } = rig();
  let [asked, answered] = [0, 0];
  const ask = (count: number): void => {
    for (let i = 0; i < count; i++) tally.heard(ping(++asked));
  };
  const answer = (count: number): void => {
    for (let i = 0; i < count; i++) {
      tally.said([replyToWire(++answered, Op.ping, { zxid: answered, result: {} })]);
      expect(stats.last).toMatchObject({ xid: answered, zxid: answered });
    }
  };
  ask(3_000);
  clock.now = 200;
  answer(2_500);
  ask(2_000);
  answer(2_400);
  ask(10);
  answer(110);
  expect(stats.outstanding).toBe(0);
  expect([stats.latencies.min, stats.latencies.max]).toEqual([0, 100]);
});
