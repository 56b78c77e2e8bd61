/** Every way in which a configuration file is refused, with the line and the words. */
import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { loadConfig } from '@synod/server/config';
import { caught, ensemble, file, folder, parse, problemsOf, secret, three } from './config-file.js';

describe('what is refused', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['no dataDir', ['tickTime=2000'], ['-: dataDir is missing: the folder in which the server keeps its data']],
    ['an empty value', ['dataDir='], ['1: dataDir has no value; remove the line to take the default']],
    [
      'no setting',
      ['dataDir=d', 'hello'],
      ['2: "hello" is not a setting; a setting is key=value, a comment starts with #'],
    ],
    ['no key', ['dataDir=d', '=1'], ['2: "=1" is not a setting; a setting is key=value, a comment starts with #']],
    [
      'a continued line',
      ['dataDir=d\\'],
      [
        '1: a line cannot be continued by a backslash; write the value on one line',
        '-: dataDir is missing: the folder in which the server keeps its data',
      ],
    ],
    [
      'a key twice',
      ['dataDir=d', 'tickTime=1000', '', 'tickTime=2000'],
      ['4: tickTime is given twice; the first time in line 2'],
    ],
    [
      'a key twice, once as a system property',
      ['dataDir=d', 'skipACL=no', 'zookeeper.skipACL=no'],
      ['3: skipACL is given twice; the first time in line 2'],
    ],
    ['a typing error', ['dataDir=d', 'tikcTime=1'], ['2: unknown key tikcTime; did you mean tickTime?']],
    ['the wrong case', ['datadir=d', 'dataDir=d'], ['1: unknown key datadir; did you mean dataDir?']],
    ['a server without a number', ['dataDir=d', 'servers.1=h:1'], ['2: unknown key servers.1; did you mean server.1?']],
    [
      'a key that nothing is like',
      ['dataDir=d', 'colour=red'],
      ['2: unknown key colour; conf/example.cfg lists the keys'],
    ],
    [
      'words for a number',
      ['dataDir=d', 'tickTime=two'],
      ['2: tickTime must be a whole number from 10 to 60000, not "two"'],
    ],
    ['a fraction', ['dataDir=d', 'initLimit=1.5'], ['2: initLimit must be a whole number from 1 to 10000, not "1.5"']],
    [
      'a number too large',
      ['dataDir=d', 'tickTime=60001'],
      ['2: tickTime must be a whole number from 10 to 60000, not "60001"'],
    ],
    [
      'a number too small',
      ['dataDir=d', 'tickTime=9'],
      ['2: tickTime must be a whole number from 10 to 60000, not "9"'],
    ],
    [
      'a port that is none',
      ['dataDir=d', 'clientPort=65536'],
      ['2: clientPort must be a whole number from 0 to 65535, not "65536"'],
    ],
    [
      'a comment behind a value',
      ['dataDir=d', 'syncLimit=5 # ticks'],
      ['2: syncLimit must be a whole number from 1 to 10000, not "5 # ticks" (a comment stands on a line of its own)'],
    ],
    [
      'a host that is none',
      ['dataDir=d', 'clientPortAddress=a b'],
      ['2: clientPortAddress must be a host name or an IP address, not "a b"'],
    ],
    [
      'neither true nor false',
      ['dataDir=d', 'extendedTypesEnabled=on'],
      ['2: extendedTypesEnabled must be true or false, not "on"'],
    ],
    ...['yes', '1', 'on'].map((word): [string, string[], string[]] => [
      `${word} for true`,
      ['dataDir=d', `enforceQuota=${word}`],
      [`2: enforceQuota must be true or false, not "${word}"`],
    ]),
    ...['true', 'YES', '1'].map((word): [string, string[], string[]] => [
      `${word} for yes`,
      ['dataDir=d', `skipACL=${word}`],
      [`2: skipACL must be yes or no, not "${word}"`],
    ]),
    ...['1023', '-4096', '0x', '08', '4k', '2147483648', '1048575.0'].map((text): [string, string[], string[]] => [
      `requests of ${text} bytes`,
      ['dataDir=d', `jute.maxbuffer=${text}`],
      [`2: jute.maxbuffer must be a whole number from 1024 to 2147483647, decimal or as 0x…, not "${text}"`],
    ]),
    [
      'longer requests than there can be',
      ['dataDir=d', 'jute.maxbuffer=0x400000'],
      [
        '2: jute.maxbuffer must be from 1024 to 1048575, not 4194304: no request may be longer than 1048575 bytes, whatever protocol it comes by',
      ],
    ],
    [
      'an unknown word',
      ['dataDir=d', 'logLevel=loud'],
      ['2: logLevel must be one of error, warn, info, debug, not "loud"'],
    ],
    [
      'a strange name',
      ['dataDir=d', 'clusterName=-a'],
      ['2: clusterName must be up to 64 letters, digits, dots, dashes and underscores, not "-a"'],
    ],
    [
      'session timeouts the wrong way round',
      ['dataDir=d', 'minSessionTimeout=9', 'maxSessionTimeout=8'],
      ['2: minSessionTimeout=9 is above maxSessionTimeout=8'],
    ],
    [
      'a least session timeout above the default',
      ['dataDir=d', 'minSessionTimeout=40001', 'maxSessionTimeout=-1'],
      ['2: minSessionTimeout=40001 is above maxSessionTimeout=40000 (20 times tickTime)'],
    ],
    [
      'a longest session timeout below the default',
      ['dataDir=d', 'maxSessionTimeout=3999'],
      ['2: minSessionTimeout=4000 (twice tickTime) is above maxSessionTimeout=3999'],
    ],
    [
      'any web page',
      ['dataDir=d', 'allowedOrigins=https://a.example,*'],
      ['2: allowedOrigins must list origins such as https://admin.example.org, separated by commas, not "*"'],
    ],
    [
      'an origin with a path',
      ['dataDir=d', 'allowedOrigins=https://a.example/x'],
      [
        '2: allowedOrigins must list origins such as https://admin.example.org, separated by commas, not "https://a.example/x"',
      ],
    ],
    [
      'a password instead of a digest',
      ['dataDir=d', 'DigestAuthenticationProvider.superDigest=super:secret'],
      [
        '2: DigestAuthenticationProvider.superDigest must be name:digest, where the digest is the SHA1 of "name:password" in base64 (28 characters)',
      ],
    ],
    [
      'TLS',
      ['dataDir=d', 'secureClientPort=2281', 'sslQuorum=true'],
      [
        '2: secureClientPort=2281: TLS is not supported yet; refusing rather than serving without it',
        '3: sslQuorum=true: TLS is not supported yet; refusing rather than serving without it',
      ],
    ],
    [
      'SASL for all clients',
      ['dataDir=d', 'zookeeper.sessionRequireClientSASLAuth=true'],
      ['2: sessionRequireClientSASLAuth=true: SASL is not supported yet; refusing rather than letting everybody in'],
    ],
    [
      'servers in another file',
      ['dataDir=d', 'dynamicConfigFile=x'],
      ['2: dynamicConfigFile=x: the list of servers must stand in this file: copy its server lines here'],
    ],
    ['another election', ['dataDir=d', 'electionAlg=0'], ['2: electionAlg=0: only algorithm 3 exists']],
  ])('%s', (_, lines, problems) => {
    expect(problemsOf(...lines)).toEqual(problems);
  });

  const form = 'host:peerPort[:electionPort][:participant|observer][;[clientHost:]clientPort]';
  test.each([
    ['server.0=h:1', 'server.0: a server id is a whole number from 1 to 255'],
    ['server.256=h:1', 'server.256: a server id is a whole number from 1 to 255'],
    ['server.x=h:1', 'server.x: a server id is a whole number from 1 to 255'],
    ['server.1=h', `server.1 must be ${form}, not "h"`],
    ['server.1=h:p', `server.1 must be ${form}, not "h:p"`],
    ['server.1=::1:2888', `server.1 must be ${form}, not "::1:2888"`],
    ['server.1=h:2888:3888:leader', `server.1 must be ${form}, not "h:2888:3888:leader"`],
    ['server.1=h:2888;', `server.1 must be ${form}, not "h:2888;"`],
    ['server.1=h:0', 'server.1: a port is a number from 1 to 65535, not 0'],
    ['server.1=h:2888:70000', 'server.1: a port is a number from 1 to 65535, not 70000'],
    ['server.1=h:2888;70000', 'server.1: a port is a number from 0 to 65535, not 70000'],
    ['server.1=h_/:2888', 'server.1: "h_/" is not a host name or an IP address'],
    ['server.1=h:1:2|h:3:4', 'server.1: several addresses for one server are not supported yet'],
    [
      'server.1=h:1:2;2181;2281',
      'server.1: a TLS port for clients is not supported yet; refusing rather than serving without it',
    ],
    ['server.1=h:2888:observer', 'all servers are observers; at least one must be a participant'],
  ])('the server line %s', (line, problem) => {
    expect(problemsOf('dataDir=d', line)).toEqual([`2: ${problem}`]);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    [
      'no id',
      ensemble.filter((line) => line !== 'serverId=2'),
      ['-: which server is this? Set serverId=N here or write N into /data/myid'],
    ],
    [
      'an id that no line has',
      ensemble.map((line) => line.replace('serverId=2', 'serverId=4')),
      ['2: this server is 4, but the server lines name 1, 2, 3'],
    ],
    [
      'a server twice',
      [...ensemble, 'server.03=d.example:1'],
      ['8: server 3 is given twice; the first time in line 5'],
    ],
    [
      'an address twice',
      [...ensemble, 'server.4=C.example:2888', 'server.5=e.example:2888'],
      ['8: the peer port 2888 of server 4 is also the peer port of server 3'],
    ],
    [
      'localhost by two names',
      ['dataDir=d', 'serverId=1', 'server.1=localhost:1', 'server.2=127.0.0.1:1', ensemble[5] ?? ''],
      ['4: the peer port 1 of server 2 is also the peer port of server 1'],
    ],
    [
      'a client port twice on one host',
      [...ensemble, 'server.4=h:1;2181', 'server.5=h:2;2181'],
      ['9: the client port 2181 of server 5 is also the client port of server 4'],
    ],
    [
      'one port for clients and servers',
      [...ensemble, 'clientPort=2888'],
      ['8: port 2888 is both the client port and the peer port of this server'],
    ],
    [
      'two client ports',
      ['dataDir=d', 'server.1=h:1;2181', 'clientPort=2182'],
      ['3: clientPort=2182, but line 2 says 2181; remove one of them'],
    ],
    [
      'two client addresses',
      ['dataDir=d', 'server.1=h:1;0.0.0.0:2181', 'clientPortAddress=10.0.0.1'],
      ['3: clientPortAddress=10.0.0.1, but line 2 says 0.0.0.0; remove one of them'],
    ],
    [
      'eight voters',
      [...ensemble, ...[4, 5, 6, 7, 8].map((id) => `server.${id}=${id}.example:1`)],
      ['12: 8 participants; at most 7 may vote: make the others observers, which serve clients as well'],
    ],
  ])('an ensemble with %s', (_, lines, problems) => {
    expect(problemsOf(...lines)).toEqual(problems);
  });

  test('everything at once, in the order of the file, one line each', () => {
    const lines = ['tickTime=1', 'nonsense', 'clientPort=x', 'serverId=9', ...three, 'weird=1'];
    const error = caught(() => parse(...lines));
    expect(error.message.split('\n').map((line) => line.slice(0, join(folder, 'x.cfg').length + 4))).toEqual([
      ...[1, 2, 3, 4, 8].map((line) => expect.stringContaining(`x.cfg:${line}: `)),
      ...[1, 2].map(() => expect.stringContaining('x.cfg: ')),
    ]);
    expect(error.problems).toHaveLength(7);
    expect(error.file).toBe(join(folder, 'x.cfg'));
  });

  test('a file that is not there', () => {
    expect(caught(() => loadConfig(join(folder, 'none.cfg'))).message).toBe(
      `${join(folder, 'none.cfg')}: there is no such file`,
    );
    expect(caught(() => loadConfig(folder)).message).toBe(`${folder}: cannot be read: EISDIR`);
  });
});

describe('the secret of an ensemble', () => {
  const without = ensemble.filter((line) => !line.startsWith('peerSecretFile'));

  test('must be there, and the error tells how to make one', () => {
    expect(problemsOf(...without)).toEqual([
      expect.stringContaining('make one with `head -c 32 /dev/urandom | base64 > FILE && chmod 600 FILE`'),
    ]);
    expect(problemsOf(...without, 'peerSecretFile=none')).toEqual([
      '7: /none does not exist; make it with `head -c 32 /dev/urandom | base64 > FILE && chmod 600 FILE`',
    ]);
  });

  test('must be a file', () => {
    expect(problemsOf(...without, 'peerSecretFile=elsewhere')).toEqual(['7: /elsewhere cannot be read: EISDIR']);
  });

  test('must be long enough without blanks', () => {
    file('elsewhere/short', '123456789012345 \n\n', 0o600);
    expect(problemsOf(...without, 'peerSecretFile=elsewhere/short')).toEqual([
      expect.stringContaining('/elsewhere/short holds 15 characters; a secret has at least 16'),
    ]);
  });

  test.each(['640', '604', '620'])('must be closed to others (mode %s)', (mode) => {
    file('elsewhere/open', secret, parseInt(mode, 8));
    expect(problemsOf(...without, 'peerSecretFile=elsewhere/open')).toEqual([
      `7: /elsewhere/open is open to others than its owner (mode ${mode}); ` +
        'close it with `chmod 600 /elsewhere/open`',
    ]);
  });
});
