/** Counting packets and latencies, for a connection and for its server, and forgetting them. */
import { describe, expect, test } from '@jest/globals';
import { ConnectionStats, ServerStats } from '@synod/zookeeper';

const [getData, ping, handshake] = [4, 11, -10];

function counts({ packetsReceived, packetsSent, latencies }: ConnectionStats | ServerStats): readonly number[] {
  return [packetsReceived, packetsSent, latencies.min, latencies.average, latencies.max];
}

describe('connection statistics', () => {
  test('a conversation', () => {
    const server = new ServerStats();
    const stats = new ConnectionStats(server, 1_700_000_000_000);
    expect([stats.establishedAt, stats.last, ...counts(stats)]).toEqual([1_700_000_000_000, null, 0, 0, 0, 0, 0]);
    stats.received();
    expect([stats.outstanding, stats.last]).toEqual([1, null]);
    stats.answered(handshake, 0, 7, 100, 104.5);
    expect(stats.last).toEqual({ op: handshake, xid: 0, zxid: 7, at: 104.5, latency: 4.5 });
    stats.received();
    stats.received();
    stats.event();
    expect([stats.outstanding, ...counts(stats)]).toEqual([2, 3, 2, 4, 4.5, 5]);
    stats.answered(getData, 1, 8, 200, 200.5);
    stats.answered(getData, 2, 8, 200, 200.5);
    expect(stats.outstanding).toBe(0);
    expect(counts(stats)).toEqual([3, 4, 0, 5.5 / 3, 5]);
    expect(counts(server)).toEqual(counts(stats));
  });

  test('a ping leaves the number of the last request as it is', () => {
    const stats = new ConnectionStats(new ServerStats(), 0);
    stats.answered(getData, 9, 8, 0, 1);
    stats.answered(ping, -2, 8, 0, 1);
    expect(stats.last).toMatchObject({ op: ping, xid: 9 });
  });

  test('a clock that goes back does not make an answer faster than at once', () => {
    const stats = new ConnectionStats(new ServerStats(), 0);
    stats.answered(getData, 1, 1, 5, 4);
    expect([stats.latencies.min, stats.latencies.average]).toEqual([0, 0]);
  });

  test('the server sums up, also over connections that are gone', () => {
    const server = new ServerStats();
    for (const [arrived, left] of [
      [0, 3],
      [0, 9],
    ] as const) {
      const stats = new ConnectionStats(server, 0);
      stats.received();
      stats.answered(getData, 1, 1, arrived, left);
    }
    expect(counts(server)).toEqual([2, 2, 3, 6, 9]);
  });

  test('each is reset without the other, and what waits goes on to wait', () => {
    const server = new ServerStats();
    const stats = new ConnectionStats(server, 5);
    stats.received();
    stats.received();
    stats.answered(getData, 3, 4, 0, 2);
    stats.reset();
    expect([stats.outstanding, stats.last, stats.establishedAt, ...counts(stats)]).toEqual([1, null, 5, 0, 0, 0, 0, 0]);
    expect(counts(server)).toEqual([2, 1, 2, 2, 2]);
    server.reset();
    expect(counts(server)).toEqual([0, 0, 0, 0, 0]);
    stats.answered(ping, -2, 4, 0, 1);
    expect(stats.last).toMatchObject({ op: ping, xid: -1 });
    expect([stats.outstanding, server.packetsSent]).toEqual([0, 1]);
  });
});
