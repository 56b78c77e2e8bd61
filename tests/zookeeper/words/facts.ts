/** Facts for the tests of the words: a follower of three with two clients, and what differs from it. */
import type { ConnectionFacts, LeaderFacts, ServerFacts, WordSource } from '@synod/zookeeper';

export const server: ServerFacts = {
  mode: 'follower',
  zxid: 0x1_0000_000c,
  znodes: 8,
  ephemerals: 2,
  dataBytes: 204,
  sessions: 2,
  connections: 2,
  watches: 6,
  outstanding: 0,
  packetsReceived: 16,
  packetsSent: 15,
  latencies: { min: 0, average: 2.53333, max: 5 },
  uptime: 24_673.4,
  voters: 3,
  leading: null,
};

export const leading: LeaderFacts = {
  learners: 3,
  syncedFollowers: 2,
  syncedObservers: 1,
  pendingSyncs: 0,
  uptime: 24_282.2,
  proposals: { last: 48, min: 48, max: 92 },
};

const reader: ConnectionFacts = {
  address: '127.0.0.1',
  port: 46_350,
  packetsReceived: 3,
  packetsSent: 3,
  outstanding: 0,
  session: 0x1_0000_0007,
  timeout: 10_000,
  establishedAt: 1_795_373_047_883,
  latencies: { min: 0, average: 2.2, max: 4 },
  last: { op: 4, xid: 2, zxid: 0x1_0000_000c, at: 23_523_976.7, latency: 0.3 },
};

const stranger: ConnectionFacts = {
  ...reader,
  address: '::1',
  port: 46_364,
  packetsReceived: 1,
  packetsSent: 0,
  outstanding: 1,
  session: 0,
  timeout: 0,
  last: null,
};

/** Facts whose resets are noted in `resets`. */
export function factsWith(changes: Partial<WordSource> = {}, resets: string[] = []): WordSource {
  return {
    serving: true,
    version: { product: '0.1.0', platform: 'Node.js v20.20.2' },
    server,
    connections: [reader, stranger],
    sessions: [
      { id: 0x100, timeout: 10_000, expiresAt: null, ephemerals: ['/a/e2', '/a/e1'] },
      { id: 0x101, timeout: 4_000, expiresAt: null, ephemerals: [] },
    ],
    watches: [
      ['/a', 0x100],
      ['/a', 0x101],
      ['/a/b', 0x101],
      ['/a/e1', 0x100],
      ['/nope', 0x100],
    ],
    configuration: {
      clientPort: 23_101,
      dataDir: '/var/lib/synod',
      tickTime: 2_000,
      maxClientCnxns: 0,
      minSessionTimeout: 4_000,
      maxSessionTimeout: 40_000,
      serverId: 1,
      ensemble: null,
    },
    folders: { dataBytes: 597, logBytes: 1_024 },
    files: { open: 45, most: 20_000 },
    environment: [
      ['host.name', 'localhost'],
      ['os.name', 'Linux'],
    ],
    resetServer: () => void resets.push('server'),
    resetConnections: () => void resets.push('connections'),
    ...changes,
  };
}
