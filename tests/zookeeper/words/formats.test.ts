/** The texts of the four-letter words, byte by byte as ZooKeeper 3.8 writes them for the same facts, but for its version. */
import { describe, expect, test } from '@jest/globals';
import { answerWord, fourLetterWords, type FourLetterWord, type WordSource } from '@synod/zookeeper';
import { factsWith, leading, server } from './facts.js';

const version = '3.9.0-synod-0.1.0, built on Node.js v20.20.2';

function answer(word: FourLetterWord, changes: Partial<WordSource> = {}): string {
  return answerWord(word, factsWith(changes), new Set(fourLetterWords));
}

const figures = `Latency min/avg/max: 0/2.5333/5
Received: 16
Sent: 15
Connections: 2
Outstanding: 0
Zxid: 0x10000000c
Mode: follower
Node count: 9
`;

const sessionLine =
  ' /127.0.0.1:46350[1](queued=0,recved=3,sent=3,sid=0x100000007,lop=GETD,est=1795373047883,to=10000,lcxid=0x2,' +
  'lzxid=0x10000000c,lresp=23523977,llat=0,minlat=0,avglat=2,maxlat=4)';

describe('at a glance', () => {
  test.each<[FourLetterWord, string]>([
    ['ruok', 'imok'],
    ['isro', 'rw'],
    ['srvr', `Zookeeper version: ${version}\n${figures}`],
    [
      'stat',
      `Zookeeper version: ${version}\nClients:\n /127.0.0.1:46350[1](queued=0,recved=3,sent=3)\n` +
        ` /[::1]:46364[1](queued=1,recved=1,sent=0)\n\n${figures}`,
    ],
    ['dirs', 'datadir_size: 597\nlogdir_size: 1024\n'],
    ['envi', `Environment:\nzookeeper.version=${version}\nhost.name=localhost\nos.name=Linux\n`],
    ['crst', 'Connection stats reset.\n'],
    ['srst', 'Server stats reset.\n'],
  ])('%s', (word, text) => {
    expect(answer(word)).toBe(text);
  });

  test('a leader tells the sizes of proposals', () => {
    const text = answer('srvr', { server: { ...server, mode: 'leader', leading } });
    expect(text).toMatch(/^Mode: leader\nNode count: 9\nProposal sizes last\/min\/max: 48\/48\/92\n$/m);
  });

  test.each([
    [0, '0.0'],
    [3, '3.0'],
    [3.6, '3.6'],
    [0.27776, '0.2778'],
    [0.00004, '0.0'],
    [12_345.5, '12345.5'],
  ])('an average latency of %p is %s', (average, text) => {
    const latencies = { min: 0, average, max: 20_000 };
    expect(answer('srvr', { server: { ...server, latencies } })).toContain(`\nLatency min/avg/max: 0/${text}/20000\n`);
  });
});

describe('cons', () => {
  test('a line for each connection, with more for those that have a session', () => {
    expect(answer('cons')).toBe(`${sessionLine}\n /[::1]:46364[1](queued=1,recved=1,sent=0)\n\n`);
    expect(answer('cons', { connections: [] })).toBe('\n');
  });

  test('before the first answer and after a reset', () => {
    const [connection] = factsWith().connections;
    const text = answer('cons', {
      connections: [{ ...connection!, last: null, latencies: { min: 0, average: 0, max: 0 } }],
    });
    expect(text).toContain('lop=NA,est=1795373047883,to=10000,lzxid=0xffffffffffffffff,lresp=0,llat=0,minlat=0,');
  });

  test.each([
    [-10, 'SESS'],
    [11, 'PING'],
    [1, 'CREA'],
    [15, 'CREA'],
    [19, 'CREA'],
    [21, 'CREA'],
    [2, 'DELE'],
    [3, 'EXIS'],
    [5, 'SETD'],
    [6, 'GETA'],
    [7, 'SETA'],
    [8, 'GETC'],
    [12, 'GETC'],
    [9, 'SYNC'],
    [14, 'MULT'],
    [22, 'MLTR'],
    [-11, 'CLOS'],
    [101, 'SETW'],
    [105, 'STW2'],
    [106, 'ADDW'],
    [17, 'CHKW'],
    [18, 'REMW'],
    [103, 'GETE'],
    [104, 'GETACN'],
    [107, 'HOMI'],
    [99, 'NA'],
  ])('operation %p is %s', (op, code) => {
    const [connection] = factsWith().connections;
    const last = { op, xid: -2, zxid: 1, at: 1, latency: 1 };
    expect(answer('cons', { connections: [{ ...connection!, last }] })).toMatch(
      new RegExp(`,lop=${code},est=\\d+,to=10000,lzxid=0x1,`),
    );
  });
});

describe('mntr', () => {
  const lines = [
    `zk_version\t${version}`,
    'zk_server_state\tfollower',
    'zk_peer_state\tfollowing - broadcast',
    'zk_ephemerals_count\t2',
    'zk_num_alive_connections\t2',
    'zk_avg_latency\t2.5333',
    'zk_min_latency\t0',
    'zk_max_latency\t5',
    'zk_outstanding_requests\t0',
    'zk_znode_count\t9',
    'zk_global_sessions\t2',
    'zk_local_sessions\t0',
    'zk_packets_received\t16',
    'zk_packets_sent\t15',
    'zk_watch_count\t6',
    'zk_approximate_data_size\t204',
    'zk_open_file_descriptor_count\t45',
    'zk_max_file_descriptor_count\t20000',
    'zk_uptime\t24673',
    'zk_quorum_size\t3',
  ];

  test('of a follower', () => {
    expect(answer('mntr')).toBe(`${lines.join('\n')}\n`);
  });

  test('a leader knows more', () => {
    const text = answer('mntr', { server: { ...server, mode: 'leader', leading } });
    expect(text).toContain('\nzk_server_state\tleader\nzk_peer_state\tleading - broadcast\n');
    expect(text.slice(text.indexOf('zk_learners'))).toBe(
      [
        'zk_learners\t3',
        'zk_synced_followers\t2',
        'zk_synced_non_voting_followers\t0',
        'zk_synced_observers\t1',
        'zk_pending_syncs\t0',
        'zk_leader_uptime\t24282',
        'zk_last_proposal_size\t48',
        'zk_min_proposal_size\t48',
        'zk_max_proposal_size\t92',
        '',
      ].join('\n'),
    );
  });

  test('who stands alone has no peers, and a system may hide its files', () => {
    const text = answer('mntr', { server: { ...server, mode: 'standalone' }, files: { open: null, most: null } });
    expect(text).toContain('zk_server_state\tstandalone\nzk_ephemerals_count');
    expect(text).not.toMatch(/peer_state|quorum_size|learners|descriptor/);
  });

  test('an observer', () => {
    expect(answer('mntr', { server: { ...server, mode: 'observer' } })).toContain(
      'zk_peer_state\tobserving - broadcast\n',
    );
  });
});

describe('conf', () => {
  const alone = `clientPort=23101
secureClientPort=-1
dataDir=/var/lib/synod
dataDirSize=597
dataLogDir=/var/lib/synod
dataLogSize=1024
tickTime=2000
maxClientCnxns=0
minSessionTimeout=4000
maxSessionTimeout=40000
clientPortListenBacklog=-1
serverId=1
`;

  test('of a server alone', () => {
    expect(answer('conf')).toBe(alone);
  });

  test('of an ensemble', () => {
    const membership =
      'server.1=127.0.0.1:2888:3888:participant\nserver.2=127.0.0.1:2889:3889:observer\nversion=100000001';
    const ensemble = { initLimit: 10, syncLimit: 5, peerPort: 2_889, electionPort: 3_889, observer: true, membership };
    const { configuration } = factsWith();
    expect(answer('conf', { configuration: { ...configuration, ensemble } })).toBe(
      `${alone}initLimit=10\nsyncLimit=5\nelectionAlg=3\nelectionPort=3889\nquorumPort=2889\npeerType=1\n` +
        `membership: \n${membership}`,
    );
  });
});

describe('dump', () => {
  const connections = `Connections dump:
\tip: /127.0.0.1:46350 sessionId: 0x100000007
\tip: /[::1]:46364 sessionId: 0x0
`;
  const ephemerals = `ephemeral nodes dump:
Sessions with Ephemerals (1):
0x100:
\t/a/e2
\t/a/e1
`;

  test('a follower knows timeouts', () => {
    expect(answer('dump')).toBe(
      `SessionTracker dump:\nGlobal Sessions(2):\n0x100\t10000ms\n0x101\t4000ms\n${ephemerals}${connections}`,
    );
  });

  test.each(['leader', 'standalone'] as const)('a %s knows when sessions end', (mode) => {
    const at = Date.UTC(2026, 10, 2, 18, 44, 17);
    const sessions = [
      { id: 0x100, timeout: 10_000, expiresAt: at - 1, ephemerals: ['/a/e2', '/a/e1'] },
      { id: 0x101, timeout: 4_000, expiresAt: at - 2_000, ephemerals: [] },
      { id: 0x102, timeout: 4_000, expiresAt: at - 999, ephemerals: [] },
      { id: 0x103, timeout: 4_000, expiresAt: null, ephemerals: [] },
    ];
    expect(answer('dump', { server: { ...server, mode }, sessions })).toBe(
      'SessionTracker dump:\nSession Sets (2)/(3):\n1 expire at Mon Nov 02 18:44:15 UTC 2026:\n\t0x101\n' +
        `2 expire at Mon Nov 02 18:44:17 UTC 2026:\n\t0x100\n\t0x102\n${ephemerals}${connections}`,
    );
  });
});

describe('watches', () => {
  test.each<[FourLetterWord, string]>([
    ['wchs', '2 connections watching 4 paths\nTotal watches:5\n'],
    ['wchc', '0x100\n\t/a\n\t/a/e1\n\t/nope\n0x101\n\t/a\n\t/a/b\n\n'],
    ['wchp', '/a\n\t0x100\n\t0x101\n/a/b\n\t0x101\n/a/e1\n\t0x100\n/nope\n\t0x100\n\n'],
  ])('%s', (word, text) => {
    expect(answer(word)).toBe(text);
  });

  test.each<[FourLetterWord, string]>([
    ['wchs', '0 connections watching 0 paths\nTotal watches:0\n'],
    ['wchc', '\n'],
    ['wchp', '\n'],
  ])('%s where nobody watches', (word, text) => {
    expect(answer(word, { watches: [] })).toBe(text);
  });
});

/** Expressions as clients and monitoring have them. */
describe('what others look for', () => {
  const leader = { server: { ...server, mode: 'leader', leading } } as const;

  test('kazoo finds the version in envi', () => {
    const line = /^zookeeper\.version=(.*)$/m.exec(answer('envi'))?.[1];
    expect(/([\d.]*).*/.exec(line ?? '')?.[1]).toBe('3.9.0');
  });

  test('checks find the version in stat', () => {
    expect(/Zookeeper version: ([^.]+)\.([^.]+)\.([^-]+)/i.exec(answer('stat'))?.slice(1)).toEqual(['3', '9', '0']);
    expect(/^(\d+\.\d+\.\d+)-(.+), built on (.+)$/m.exec(version)?.slice(1)).toEqual([
      '3.9.0',
      'synod-0.1.0',
      'Node.js v20.20.2',
    ]);
  });

  test('checks read stat line by line: clients up to a blank line, then name and value', () => {
    const lines = answer('stat', leader).split('\n');
    expect(lines[1]).toBe('Clients:');
    const blank = lines.indexOf('');
    expect(lines.slice(2, blank).every((line) => line.startsWith(' /'))).toBe(true);
    const values = lines.slice(blank + 1, -1).map((line) => line.split(':').map((part) => part.trim()));
    expect(values.map(([name]) => name)).toEqual([
      ...['Latency min/avg/max', 'Received', 'Sent', 'Connections', 'Outstanding', 'Zxid', 'Mode', 'Node count'],
      'Proposal sizes last/min/max',
    ]);
    expect(values[0]?.[1]?.split('/').map(Number)).toEqual([0, 2.5333, 5]);
  });

  test('exporters read mntr: a key, a tab, a value, and numbers but for three', () => {
    const lines = answer('mntr', leader).trimEnd().split('\n');
    const texts = lines.flatMap((line) => {
      const [key, value, ...rest] = line.split('\t');
      expect(key).toMatch(/^zk_[a-z_]+$/);
      expect(rest).toEqual([]);
      return Number.isNaN(Number(value)) ? [key] : [];
    });
    expect(texts).toEqual(['zk_version', 'zk_server_state', 'zk_peer_state']);
  });

  test('scripts look for Mode and for ephemeral paths', () => {
    expect(
      answer('srvr', leader)
        .split('\n')
        .filter((line) => /^Mode:/.test(line)),
    ).toEqual(['Mode: leader']);
    expect(
      answer('dump')
        .split('\n')
        .filter((line) => line.includes('/a/')),
    ).toEqual(['\t/a/e2', '\t/a/e1']);
  });
});
