/** The words over real sockets: how they are said, what they tell of real clients, and servers without a quorum. */
import { describe, expect } from '@jest/globals';
import { fourLetterWords, ZooKeeperOp } from '@synod/zookeeper';
import { scenario, type Ensemble } from '../../cluster/rig.js';
import { say, ZooKeeperClient } from './sockets.js';

const all = { '4lw.commands.whitelist': '*' };
const openAcl = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const notServing = 'This ZooKeeper instance is not currently serving requests\n';

function asker(ensemble: Ensemble, id = 1): (word: string) => Promise<string> {
  return (word) => say(ensemble.member(id).clientPort, word);
}

/** The value of one line of `mntr`. */
function valueOf(mntr: string, key: string): string | undefined {
  return new RegExp(`^zk_${key}\\t(.*)$`, 'm').exec(mntr)?.[1];
}

describe('a server that stands alone', () => {
  scenario('hears a word however it is said', { voters: 1, settings: all }, async (ensemble) => {
    await ensemble.startAll();
    const port = ensemble.member(1).clientPort;
    expect(await say(port, 'ruok')).toBe('imok');
    expect(await say(port, { pieces: ['r', 'u', 'o', 'k'], end: false })).toBe('imok');
    expect(await say(port, { pieces: ['ruok'], end: true })).toBe('imok');
    expect(await say(port, { pieces: ['is', 'ro\r\n'], end: true })).toBe('rw');
    expect(await say(port, `ruok${'x'.repeat(300_000)}`)).toBe('imok');
    expect(await say(port, { pieces: ['ruok', 'srvr', '\0\0\0\x2c'], end: false })).toBe('imok');
    expect(await say(port, 'hash')).toBe('');
    expect(await say(port, { pieces: ['ruo'], end: true })).toBe('');
    const answers = await Promise.all(fourLetterWords.map((word) => say(port, word)));
    expect(answers.filter((text) => text === '' || text.includes('not executed'))).toEqual([]);
  });

  scenario('answers only what is on its list', { voters: 1 }, async (ensemble) => {
    await ensemble.startAll();
    const ask = asker(ensemble);
    for (const word of fourLetterWords) {
      if (word === 'srvr')
        expect(await ask(word)).toMatch(/^Zookeeper version: 3\.9\.0-synod-.*\nLatency[^]*\nNode count: 5\n$/);
      else expect(await ask(word)).toBe(`${word} is not executed because it is not in the whitelist.\n`);
    }
  });

  scenario('tells of the clients of both protocols', { voters: 1, settings: all }, async (ensemble, guests) => {
    await ensemble.startAll();
    const ask = asker(ensemble);
    expect(await ask('mntr')).toContain('zk_server_state\tstandalone\n');
    expect(valueOf(await ask('mntr'), 'approximate_data_size')).toBe('44');

    const client = await ZooKeeperClient.open(ensemble.member(1).clientPort);
    await client.ask({ type: ZooKeeperOp.create, path: '/a', data: Buffer.from('xyz'), acl: openAcl, flags: 1 });
    await client.ask({ type: ZooKeeperOp.getData, path: '/a', watch: true });
    await client.ask({ type: ZooKeeperOp.exists, path: '/nowhere', watch: true });
    await client.ask({ type: ZooKeeperOp.getChildren, path: '/', watch: true });
    // One that sends no ping while it is counted what was received.
    const guest = await guests.connect([1], { sessionTimeout: 60_000 });
    await guest.get('/a');

    const [line = '', other = '', ...rest] = (await ask('cons')).split('\n');
    const session = /sid=(0x[0-9a-f]+),/.exec(line)?.[1];
    expect(line).toMatch(
      new RegExp(
        `^ ${client.address}\\[1\\]\\(queued=0,recved=5,sent=5,sid=${session},lop=GETC,est=\\d+,to=10000,lcxid=0x4,` +
          'lzxid=0x10000000\\d,lresp=\\d+,llat=\\d+,minlat=\\d+,avglat=\\d+,maxlat=\\d+\\)$',
      ),
    );
    expect(other).toMatch(
      /^ \/127\.0\.0\.1:\d+\[1\]\(queued=0,recved=2,sent=2,sid=0x[0-9a-f]+,lop=GETD,est=\d+,to=60000,lcxid=/,
    );
    expect(rest).toEqual(['', '']);

    expect(await ask('wchs')).toBe('1 connections watching 2 paths\nTotal watches:2\n');
    expect(await ask('wchc')).toBe(`${session}\n\t/a\n\t/nowhere\n\n`);
    expect(await ask('wchp')).toBe(`/a\n\t${session}\n/nowhere\n\t${session}\n\n`);
    const dump = await ask('dump');
    expect(dump).toContain(`Sessions with Ephemerals (1):\n${session}:\n\t/a\nConnections dump:\n`);
    expect(dump).toMatch(
      /^SessionTracker dump:\nSession Sets \([12]\)\/\(2\):\n\d expire at \w{3} \w{3} \d\d [\d:]{8} UTC \d{4}:\n/,
    );
    expect(dump).toContain(`\tip: ${client.address} sessionId: ${session}\n`);

    const mntr = await ask('mntr');
    const keys = ['num_alive_connections', 'znode_count', 'watch_count', 'ephemerals_count', 'global_sessions'];
    expect(keys.map((key) => valueOf(mntr, key))).toEqual(['2', '6', '3', '1', '2']);
    expect(valueOf(mntr, 'approximate_data_size')).toBe('49');
    expect(['packets_received', 'packets_sent'].map((key) => valueOf(mntr, key))).toEqual(['7', '7']);

    expect(await ask('crst')).toBe('Connection stats reset.\n');
    expect(await ask('cons')).toMatch(/\(queued=0,recved=0,sent=0,sid=\w+,lop=NA,[^]*\(queued=0,recved=0,sent=0,/);
    expect(await ask('srst')).toBe('Server stats reset.\n');
    expect(await ask('srvr')).toMatch(/^Latency min\/avg\/max: 0\/0\.0\/0\nReceived: 0\nSent: 0\nConnections: 2\n/m);
    client.close();
  });
});

describe('an ensemble', () => {
  const shape = { voters: 3, observers: 1, settings: all };
  scenario('tells who leads, and without a quorum that it does not serve', shape, async (ensemble) => {
    await ensemble.startAll();
    const leader = await ensemble.leader();
    const ask = asker(ensemble, leader);
    await ensemble.until(async () => valueOf(await ask('mntr'), 'synced_observers') === '1', 'the observer', 30_000);
    // The first transaction says who the servers are.
    const begun = async (): Promise<boolean> => (await ensemble.status(leader))?.committed === '0x100000001';
    await ensemble.until(begun, 'the first transaction of epoch 1', 30_000);
    await ensemble.level();
    const modes = await Promise.all(ensemble.ids.map((id) => asker(ensemble, id)('srvr')));
    const expected = ensemble.ids.map((id) => (id === leader ? 'leader' : id === 4 ? 'observer' : 'follower'));
    expect(modes.map((text) => /^Mode: (.*)$/m.exec(text)?.[1])).toEqual(expected);

    const mntr = await ask('mntr');
    const keys = ['peer_state', 'quorum_size', 'learners', 'synced_followers', 'pending_syncs', 'min_proposal_size'];
    expect(keys.slice(0, 5).map((key) => valueOf(mntr, key))).toEqual(['leading - broadcast', '3', '3', '2', '0']);
    expect(Number(valueOf(mntr, 'min_proposal_size'))).toBeGreaterThan(0);
    expect(await ask('srst')).toBe('Server stats reset.\n');
    expect(await ask('srvr')).toContain('\nProposal sizes last/min/max: -1/-1/-1\n');
    expect(await asker(ensemble, 4)('conf')).toMatch(
      /\nserverId=4\ninitLimit=25\nsyncLimit=5\nelectionAlg=3\nelectionPort=\d+\nquorumPort=\d+\npeerType=1\nmembership: \nserver\.1=[^]*\nversion=1\d{8}$/,
    );

    const [one = 0, two = 0] = ensemble.ids.filter((id) => id !== leader && id !== 4);
    await Promise.all([ensemble.kill(one), ensemble.kill(two)]);
    await ensemble.until(async () => (await ask('srvr')) === notServing, 'the leader to notice', 30_000);
    for (const word of fourLetterWords) {
      const text = await ask(word);
      if (word === 'ruok') expect(text).toBe('imok');
      else if (word === 'isro') expect(text).toBe('null');
      else if (word === 'envi') expect(text).toContain('\nzookeeper.version=3.9.0-synod-');
      else expect(text).toBe(notServing);
    }
    ensemble.start(one);
    await ensemble.serving([leader, one]);
    expect(await ask('isro')).toBe('rw');
  });
});
