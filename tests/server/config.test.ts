/** The configuration file: defaults, every key, what is only a warning, and the files that ship in conf/. */
import { describe, expect, test } from '@jest/globals';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, parseConfig, type Config } from '@synod/server/config';
import { serverLines } from '@synod/server/config/server-lines';
import { ensemble, file, folder, parse, print, problemsOf, secret, warningsOf } from './config-file.js';

describe('what a file means', () => {
  test('one line is enough for a server alone', () => {
    const { config, warnings } = parse('dataDir=data/alone');
    expect(warnings).toEqual([]);
    expect(config).toEqual({
      file: join(folder, 'x.cfg'),
      serverId: 1,
      clusterName: 'synod',
      dataDir: join(folder, 'data/alone'),
      clientAddress: { host: '127.0.0.1', port: 2181 },
      tickTime: 2000,
      initLimit: 10,
      syncLimit: 5,
      minSessionTimeout: 4000,
      maxSessionTimeout: 40_000,
      servers: [],
      peerListen: null,
      peerSecret: null,
      allowedOrigins: [],
      maxClientCnxns: 60,
      maxCnxns: 0,
      skipAcl: false,
      superDigest: null,
      extendedTypes: true,
      container: { checkIntervalMs: 60_000, maxPerMinute: 10_000, maxNeverUsedMs: 300_000 },
      globalOutstandingLimit: 1000,
      logRetention: { records: 100_000, bytes: 67_108_864 },
      enforceQuota: false,
      juteMaxBuffer: 1_048_575,
      fourLetterWords: ['srvr'],
      logLevel: 'info',
    } satisfies Config);
  });

  test('every key', () => {
    const superDigest = 'super:D/InIHSb7yEEbrWz8b9l71RjZJU=';
    const { config, warnings } = parse(
      ...['dataDir=/var/lib/synod', 'serverId=2', 'clusterName=prod-1', 'clientPort=0', 'clientPortAddress=::'],
      ...['tickTime=500', 'initLimit=20', 'syncLimit=4', 'minSessionTimeout=1500', 'maxSessionTimeout=90000'],
      ...['server.2=10.0.0.2:2888:observer', 'server.1=[fd00::1]:2888:3888:PARTICIPANT;[::]:2181'],
      ...['peerSecretFile=data/peer.secret', 'peerPortAddress=0.0.0.0', 'peerType=observer'],
      ...['allowedOrigins=https://a.example, http://localhost:8080', 'maxClientCnxns=0', 'maxCnxns=9', 'skipACL=yes'],
      ...[`zookeeper.DigestAuthenticationProvider.superDigest=${superDigest}`, 'extendedTypesEnabled=FALSE'],
      ...['znode.container.checkIntervalMs=1000', 'znode.container.maxPerMinute=5'],
      ...['znode.container.maxNeverUsedIntervalMs=0', 'globalOutstandingLimit=7', 'logRetainRecords=0'],
      ...['logRetainBytes=1000000', 'logLevel=debug', '4lw.commands.whitelist=ruok , mntr,'],
      ...['enforceQuota=True', 'jute.maxbuffer=0x1000'],
    );
    expect(print(warnings)).toEqual(['19: skipACL: every client may do everything']);
    expect(config).toEqual({
      file: join(folder, 'x.cfg'),
      serverId: 2,
      clusterName: 'prod-1',
      dataDir: '/var/lib/synod',
      clientAddress: { host: '::', port: 0 },
      tickTime: 500,
      initLimit: 20,
      syncLimit: 4,
      minSessionTimeout: 1500,
      maxSessionTimeout: 90_000,
      servers: [
        {
          ...{ id: 1, host: 'fd00::1', port: 2888, role: 'participant' },
          ...{ electionPort: 3888, clientHost: '::', clientPort: 2181 },
        },
        {
          ...{ id: 2, host: '10.0.0.2', port: 2888, role: 'observer' },
          ...{ electionPort: null, clientHost: null, clientPort: null },
        },
      ],
      peerListen: { host: '0.0.0.0', port: 2888 },
      peerSecret: secret,
      allowedOrigins: ['https://a.example', 'http://localhost:8080'],
      maxClientCnxns: 0,
      maxCnxns: 9,
      skipAcl: true,
      superDigest,
      extendedTypes: false,
      container: { checkIntervalMs: 1000, maxPerMinute: 5, maxNeverUsedMs: 0 },
      globalOutstandingLimit: 7,
      logRetention: { records: 0, bytes: 1_000_000 },
      enforceQuota: true,
      juteMaxBuffer: 4096,
      fourLetterWords: ['mntr', 'ruok'],
      logLevel: 'debug',
    } satisfies Config);
  });

  test('comments, blanks, line ends of all systems, a byte order mark', () => {
    const text = '\uFEFF# one\r\n! two\r\n\r\n  dataDir = data/a=b \r\n\ttickTime\t=\t300\n';
    const { config } = parseConfig(text, join(folder, 'x.cfg'));
    expect([config.dataDir, config.tickTime]).toEqual([join(folder, 'data/a=b'), 300]);
  });

  test('an ensemble', () => {
    const { config, warnings } = parse(...ensemble);
    expect(warnings).toEqual([]);
    expect(config.servers.map(({ host }) => host)).toEqual(['a.example', 'b.example', 'c.example']);
    expect([config.serverId, config.peerListen, config.peerSecret]).toEqual([
      2,
      { host: 'b.example', port: 2888 },
      secret,
    ]);
  });

  test('a single server line stands alone, without a secret, and its id is known', () => {
    const { config } = parse('dataDir=data', 'server.7=127.0.0.1:2888:3888;2200');
    expect([config.serverId, config.peerListen, config.clientAddress.port]).toEqual([7, null, 2200]);
  });

  test.each([
    ['server.1=h:2888;2200', '127.0.0.1', 2200],
    ['server.1=h:2888;10.1.1.1:2200', '10.1.1.1', 2200],
    ['server.1=h:2888;[::1]:2200', '::1', 2200],
    ['server.1=h:2888', '127.0.0.1', 2181],
  ])('where clients are served by %s', (line, host, port) => {
    expect(parse('dataDir=data', line).config.clientAddress).toEqual({ host, port });
  });

  test('the id of the file myid', () => {
    mkdirSync(join(folder, 'data/with-id'));
    file('data/with-id/myid', '3\n');
    const others = ensemble.slice(2);
    expect(parse('dataDir=data/with-id', ...others).config.serverId).toBe(3);
    expect(parse('dataDir=data/with-id', 'serverId=3', ...others).config.serverId).toBe(3);
    expect(problemsOf('dataDir=data/with-id', 'serverId=2', ...others)).toEqual([
      '2: serverId=2, but /data/with-id/myid says 3; remove one of them',
    ]);
    file('data/with-id/myid', '4');
    expect(problemsOf('dataDir=data/with-id', ...others)).toEqual([
      '-: this server is 4 (/data/with-id/myid), but the server lines name 1, 2, 3',
    ]);
    file('data/with-id/myid', 'four');
    expect(problemsOf('dataDir=data/with-id', ...others)).toEqual([
      '-: /data/with-id/myid must hold a server id, a whole number from 1 to 255, not "four"',
    ]);
  });
});

describe('numbers as Java reads them', () => {
  test.each([
    ['1024', 1024],
    ['+4096', 4096],
    ['0xFFFFF', 1_048_575],
    ['0X400', 1024],
    ['#400', 1024],
    ['02000', 1024],
  ])('%s is %i', (text, bytes) => {
    expect(parse('dataDir=d', `jute.maxbuffer=${text}`).config.juteMaxBuffer).toBe(bytes);
  });
});

describe('what the servers tell clients of themselves', () => {
  const linesOf = (...lines: string[]): string[] => {
    const secrets = ['peerSecretFile=data/peer.secret', 'clientPortAddress=0.0.0.0'];
    return serverLines(parse('dataDir=data', 'serverId=1', ...lines, ...secrets).config.servers).split('\n');
  };

  test.each([
    ['h:2888', 'h:2888:3888:participant'],
    ['h:2888:2999', 'h:2888:2999:participant'],
    ['h:2888:2888', 'h:2888:3888:participant'],
    ['h:65000', 'h:65000:64000:participant'],
    ['h:2888:3888;2181', 'h:2888:3888:participant;0.0.0.0:2181'],
    ['h:2888:3888:participant;c.example:2181', 'h:2888:3888:participant;c.example:2181'],
    ['h:2888:3888;0', 'h:2888:3888:participant'],
    ['[fd00::1]:2888:3888;[::]:2181', '[fd00::1]:2888:3888:participant;[::]:2181'],
  ])('%s as %s', (line, expected) => {
    const lines = linesOf('server.1=a:1', `server.10=${line}`, 'server.2=b:1:2:observer');
    expect(lines).toEqual(['server.1=a:1:1001:participant', 'server.2=b:1:2:observer', `server.10=${expected}`]);
  });

  test('nothing where it stands alone', () => {
    expect(linesOf('server.1=a:1')).toEqual(['']);
    expect(linesOf()).toEqual(['']);
  });
});

describe('what is only a warning', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    [
      'a key that Synod does not have',
      ['preAllocSize=65536'],
      ["2: ZooKeeper's key preAllocSize is not supported yet and has no effect"],
    ],
    [
      'the same as a system property',
      ['zookeeper.nio.numWorkerThreads=4'],
      ["2: ZooKeeper's key nio.numWorkerThreads is not supported yet and has no effect"],
    ],
    [
      'with a note',
      ['admin.enableServer=true'],
      [
        "2: ZooKeeper's key admin.enableServer is not supported yet and has no effect " +
          '(GET /health and GET /status on the client port tell how a server is doing)',
      ],
    ],
    [
      'forceSync=no',
      ['forceSync=no'],
      ["2: ZooKeeper's key forceSync has no effect: Synod always syncs the log to disk before it acknowledges a write"],
    ],
    [
      'keys that ask for what Synod does anyway',
      ['forceSync=yes', 'sslQuorum=false', 'electionAlg=3', 'reconfigEnabled=False'],
      [],
    ],
    [
      'another role than the server line',
      ['peerType=observer', 'server.1=127.0.0.1:1'],
      ['2: peerType=observer has no effect: by its server line this server is participant'],
    ],
    [
      'clients on this machine only, servers elsewhere',
      ['clientPort=2181', 'server.1=h.example:1'],
      ['2: clients are served on 127.0.0.1 only; clients on other machines need clientPortAddress=0.0.0.0'],
    ],
  ])('%s', (_, lines, warnings) => {
    expect(warningsOf('dataDir=d', ...lines)).toEqual(warnings);
  });

  test('an even number of voters', () => {
    expect(warningsOf(...ensemble, 'server.4=d.example:1')).toEqual([
      '-: an even number of participants: 4 survive no more failures than 3; take an odd number',
    ]);
    expect(warningsOf(...ensemble, 'server.4=d.example:1:observer')).toEqual([]);
  });

  test('every key of the administrator’s guide is known', () => {
    const guide = `dataLogDir clientPortListenBacklog connectToLearnerMasterLimit group.1 weight.1 standaloneEnabled
      reconfigEnabled leaderServes syncEnabled observerMasterPort localSessionsEnabled localSessionsUpgradingEnabled
      snapCount snapSizeLimitInKb preAllocSize txnLogSizeLimitInKb commitLogCount forceSync fsync.warningthresholdms
      flushDelay maxWriteQueuePollTime maxBatchSize autopurge.snapRetainCount autopurge.purgeInterval
      admin.enableServer admin.serverPort admin.serverAddress admin.commandURL admin.idleTimeout
      admin.snapshot.enabled admin.restore.enabled admin.rateLimiterIntervalInMS metricsProvider.className
      metricsProvider.httpPort metricsProvider.httpHost metricsProvider.exportJvmInfo audit.enable enableEagerACLCheck
      authProvider.1 ssl.keyStore.location ssl.trustStore.password ssl.quorum.keyStore.type
      ssl.clientAuth serverCnxnFactory digest.enabled serializeLastProcessedZxid.enabled closeSessionTxn.enabled
      maxResponseCacheSize maxGetChildrenResponseCacheSize quorumListenOnAllIPs multiAddress.enabled
      quorum.auth.enableSasl jute.maxbuffer.extrasize readonlymode.enabled connection_throttle_tokens
      request_throttle_max_requests throttled_op_wait_time largeRequestThreshold largeRequestMaxBytes`.split(/\s+/);
    const warnings = warningsOf('dataDir=d', ...guide.map((key) => `${key}=unusual`));
    expect(warnings.map((text) => /key (\S+) (is not supported yet and )?has no effect/.exec(text)?.[1])).toEqual(
      guide,
    );
  });

  test('goes to the reader of a file, with its place', () => {
    const lines: string[] = [];
    const path = file('warn.cfg', 'dataDir=d\nskipACL=yes\n');
    loadConfig(path, (line) => lines.push(line));
    expect(lines).toEqual([`${path}:2: skipACL: every client may do everything`]);
  });
});

describe('conf/', () => {
  test('holds files that can be used as they are', () => {
    const files = readdirSync(join(folder, 'conf')).sort();
    expect(files).toEqual(['example.cfg', 'local-1.cfg', 'local-2.cfg', 'local-3.cfg', 'standalone.cfg']);
    const warnings: string[] = [];
    const configs = files.map((name) => loadConfig(join(folder, 'conf', name), (line) => warnings.push(line)));
    expect(warnings).toEqual([]);
    const [example, ...local] = configs;
    expect(local.map(({ serverId, clientAddress }) => [serverId, clientAddress.port])).toEqual([
      [1, 2181],
      [2, 2182],
      [3, 2183],
      [1, 2181],
    ]);
    const defaults = parse('dataDir=data/example').config;
    const { servers, peerListen, peerSecret } = example as Config;
    expect(servers.map(({ role }) => role)).toEqual(['participant', 'participant', 'participant', 'observer']);
    expect(example).toEqual({ ...defaults, file: join(folder, 'conf/example.cfg'), servers, peerListen, peerSecret });
  });
});
