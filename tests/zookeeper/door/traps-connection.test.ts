/**
 * What is easily got wrong when one speaks ZooKeeper's protocol, asked of a real server over real sockets: connections,
 * sessions, identities.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { connectRequest, ZooKeeperOp, type ConnectRequest } from '@synod/zookeeper';
import { framed, hex } from '../bytes.js';
import { ZkClient } from './client.js';
import * as request from './requests.js';
import { startServer, type Server } from './server.js';
import { asked, hello } from './talk.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
const open = (changes: Partial<ConnectRequest> = {}): Promise<ZkClient> => ZkClient.open(server.port, changes);

describe('the handshake', () => {
  test('the answer has the byte readOnly if and only if the request had it, and 16 bytes of password', async () => {
    for (const readOnly of [false, true, null]) {
      const client = await open({ readOnly });
      const response = await client.response();
      expect(response.readOnly).toBe(readOnly === null ? null : false);
      expect(response.passwd).toHaveLength(16);
      expect(response.protocolVersion).toBe(0);
      client.drop();
    }
  });

  test('the timeout is the clamped one, and a client that comes back negotiates it anew', async () => {
    expect((await (await open({ timeOut: 1 })).response()).timeOut).toBe(300);
    const client = await open({ timeOut: 5_000 });
    expect((await client.response()).timeOut).toBe(5_000);
    const identity = await client.identity();
    const again = await open({ ...identity, timeOut: 2 ** 31 - 1 });
    expect(await again.response()).toMatchObject({ ...identity, timeOut: 60_000 });
    await again.ask(request.closeSession);
  });

  test.each([
    ['a wrong password', { passwd: new Uint8Array(16) }],
    ['no password', { passwd: null }],
    ['a password that is too short', { passwd: new Uint8Array(3) }],
    ['an unknown session', { sessionId: 5 }],
    ['a session of another ensemble', { sessionId: 0x0100002386d20000n }],
    ['a negative session', { sessionId: -1 }],
  ])('with %s the answer is all zeros, and comes before the end', async (_name, changes) => {
    const owner = await open();
    await owner.ask(request.create2(`/zeros-${owner.socket.localPort}`));
    const client = await ZkClient.dial(server.port);
    client.write(hello({ ...(await owner.identity()), ...changes }), asked([1, request.getData('/')]));
    expect(await client.response()).toEqual({
      ...{ protocolVersion: 0, timeOut: 0, sessionId: 0, passwd: new Uint8Array(16), readOnly: false },
    });
    await client.ended();
    expect(client.story).toEqual(['connected', 'end']);
    // Whoever only pretends does not even disturb the owner.
    expect((await owner.ask(request.ping)).header.err).toBe(0);
    await owner.ask(request.closeSession);
  });

  test('a zxid that is ahead of the server is no reason to say that a session has expired', async () => {
    const client = await open();
    const identity = await client.identity();
    for (const lastZxidSeen of [2 ** 52, 2n ** 62n]) {
      for (const who of [identity, {}]) {
        const ahead = await ZkClient.dial(server.port);
        ahead.write(hello({ ...who, lastZxidSeen }));
        await ahead.ended();
        expect(ahead.story).toEqual(['end']);
      }
    }
    const again = await open(identity);
    expect((await again.response()).sessionId).toBe(identity.sessionId);
    await again.ask(request.closeSession);
  });

  test('requests may stand behind it in the same packet, or be sent the moment the answer is there', async () => {
    const client = await ZkClient.dial(server.port);
    const first = asked([1, request.create2('/behind')], [2, request.getData('/behind')]);
    client.write(
      Buffer.concat([hello(), asked([-4, request.auth('digest', 'a:b')]), first, asked([3, request.whoAmI])]),
    );
    await client.told.until((one) => one.kind === 'reply' && one.header.xid === 3);
    expect(client.story).toEqual(['connected', 'reply -4', 'reply 1', 'reply 2', 'reply 3']);
    await client.ask(request.closeSession);
  });

  test('requests may stand behind it also where it is cut into single bytes', async () => {
    const client = await ZkClient.dial(server.port);
    const all = Buffer.concat([hello(), asked([1, request.exists('/')], [2, request.ping])]);
    for (const byte of all) {
      client.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    await client.told.until((one) => one.kind === 'reply' && one.header.xid === 2);
    expect(client.story).toEqual(['connected', 'reply 1', 'reply 2']);
    await client.ask(request.closeSession);
  });

  test.each([
    ['one that ends too early', hex('00000008 00000000 00000000')],
    ['an empty one', hex('00000000')],
    ['one that is too long', hex('00100000 00')],
    ['a negative length', hex('ffffffff 00')],
    ['an unknown word', Buffer.from('what')],
  ])('%s is answered by the end', async (_name, bytes) => {
    const client = await ZkClient.dial(server.port);
    client.write(bytes);
    await client.ended();
    expect(client.story).toEqual(['end']);
  });

  test('bytes behind its last field are ignored', async () => {
    const frame = framed(connectRequest, {
      ...{
        protocolVersion: 7,
        lastZxidSeen: 0,
        timeOut: 5_000,
        sessionId: 0,
        passwd: new Uint8Array(40),
        readOnly: true,
      },
    });
    const longer = Buffer.concat([frame, hex('010203')]);
    longer.writeInt32BE(longer.length - 4);
    const client = await ZkClient.dial(server.port);
    client.write(longer);
    expect((await client.response()).timeOut).toBe(5_000);
    await client.ask(request.closeSession);
  });
});

describe('sessions', () => {
  test('a second connection for a session takes it over at once', async () => {
    const before = await open();
    await before.ask(request.create(`/taken`, { flags: request.Flags.ephemeral }));
    const after = await open(await before.identity());
    await before.ended();
    expect(before.story).toEqual(['connected', 'reply 1', 'end']);
    expect((await after.ask(request.exists('/taken'))).header.err).toBe(0);
    await after.ask(request.closeSession);
  });

  test('the end of a connection is not the end of its session', async () => {
    const watcher = await open();
    await watcher.ask(request.addWatch('/stays', 0));
    const client = await open({ timeOut: 1_000 });
    await client.ask(request.create('/stays', { flags: request.Flags.ephemeral }));
    // The last that is heard of it.
    const last = performance.now();
    await client.ask(request.ping);
    client.drop();
    await watcher.told.until((one) => one.kind === 'event' && one.event.type === 2);
    // It lives no shorter than was negotiated.
    expect(performance.now() - last).toBeGreaterThanOrEqual(1_000);
    expect(watcher.events).toEqual(['1 /stays', '2 /stays']);
    await watcher.ask(request.closeSession);
  });

  test('expiry ends the connection without a word; only who comes back is told', async () => {
    const client = await open({ timeOut: 300 });
    await client.ended();
    expect(client.story).toEqual(['connected', 'end']);
    const again = await ZkClient.dial(server.port);
    again.write(hello(await client.identity()));
    expect(await again.response()).toMatchObject({ timeOut: 0, sessionId: 0 });
  });

  test('pings keep a session alive', async () => {
    const client = await open({ timeOut: 1_000 });
    const start = performance.now();
    while (performance.now() - start < 2_500) {
      expect((await client.ask(request.ping, -2)).header).toMatchObject({ xid: -2, err: 0 });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await client.ask(request.closeSession);
  });

  test('closeSession removes the ephemerals, answers, and ends the connection', async () => {
    const [client, other] = [await open(), await open()];
    await client.ask(request.create('/mine', { flags: request.Flags.ephemeral }));
    await other.ask(request.exists('/mine', true));
    client.write(asked([7, request.closeSession], [8, request.ping]));
    const { header, body } = await client.answer(request.closeSession);
    expect([header.xid, header.err, body]).toEqual([7, 0, null]);
    expect(header.zxid).toBeGreaterThan(0);
    await client.ended();
    expect(client.story.at(-2)).toBe('reply 7');
    expect((await other.ask(request.exists('/mine'))).header.err).toBe(-101);
    expect(other.events).toEqual(['2 /mine']);
    await other.ask(request.closeSession);
  });

  test('a client that has ended its half is done with', async () => {
    const client = await open();
    client.socket.end();
    await client.ended();
  });
});

describe('identities', () => {
  test('belong to the connection, and are not carried over', async () => {
    const client = await open();
    expect((await client.ask(request.auth('digest', 'u:p'), -4)).header).toEqual({ xid: -4, zxid: 0, err: 0 });
    const who = async (one: ZkClient): Promise<unknown> => (await one.ask(request.whoAmI)).body.identities;
    const ip = { scheme: 'ip', id: '127.0.0.1' };
    expect(await who(client)).toEqual([ip, { scheme: 'digest', id: 'u' }]);
    const again = await open(await client.identity());
    expect(await who(again)).toEqual([ip]);
    await again.ask(request.closeSession);
  });

  test('are told of in order with the other answers', async () => {
    const client = await open();
    const row = [
      [1, request.create2('/order')],
      [-4, request.auth('digest', 'u:p')],
      [2, request.getData('/order')],
      [-4, request.auth('digest', 'v:q')],
      [3, request.setData('/order')],
      [-4, request.auth('digest', 'w:r')],
    ] as const;
    client.write(asked(...row));
    await client.told.until(() => client.story.length > row.length);
    expect(client.story.slice(1)).toEqual(row.map(([xid]) => `reply ${xid}`));
    await client.ask(request.closeSession);
  });

  test('any digest is taken, as somebody else', async () => {
    const [client, wrong] = [await open(), await open()];
    await client.ask(request.auth('digest', 'u:right'));
    await client.ask(request.create('/u', { acl: [{ permissions: 31, scheme: 'auth', id: '' }] }));
    expect((await wrong.ask(request.auth('digest', 'u:wrong'))).header.err).toBe(0);
    expect((await wrong.ask(request.getData('/u'))).header.err).toBe(-102);
    for (const one of [client, wrong]) await one.ask(request.closeSession);
  });

  test.each([
    ['an unknown scheme', request.auth('kerberos', 'x')],
    ['no scheme', request.auth(null, 'x')],
    ['credentials beyond all bounds', request.auth('digest', `u:${'x'.repeat(5_000)}`)],
  ])('%s is answered with AUTHFAILED, and the end', async (_name, auth) => {
    const client = await open();
    client.write(asked([1, request.exists('/')], [-4, auth], [2, request.exists('/')]));
    await client.ended();
    expect(client.story).toEqual(['connected', 'reply 1', 'reply -4', 'end']);
    const [, , last] = client.told.entries;
    expect(last).toMatchObject({ header: { xid: -4, zxid: 0, err: -115 } });
  });
});

describe('what is not to be had', () => {
  test.each([
    ['check outside of a multi', '00000012 00000009 0000000d 00000002 2f61 ffffffff'],
    ['the making of a session', '00000020 00000009 fffffff6 00001388 00000010 00000000000000000000000000000000'],
    ['the removal of a container', '0000000e 00000009 00000014 00000002 2f61'],
    ['an error', '00000008 00000009 ffffffff'],
    ['a notification', '00000008 00000009 00000000'],
    ['an operation of tomorrow', '00000008 00000009 000003e7'],
  ])('%s: UNIMPLEMENTED in its turn, with the zxid -1, and the end', async (_name, frame) => {
    const client = await open();
    client.write(asked([1, request.exists('/')]), hex(frame), asked([2, request.exists('/')]));
    await client.ended();
    expect(client.story).toEqual(['connected', 'reply 1', 'reply 9', 'end']);
    expect(client.told.entries[2]).toMatchObject({ header: { xid: 9, zxid: -1, err: -6 } });
  });

  test('reconfiguration: RECONFIGDISABLED, and the connection goes on', async () => {
    const client = await open();
    const joining = { joiningServers: null, leavingServers: '2', newMembers: null, curConfigId: -1 };
    expect((await client.ask({ type: ZooKeeperOp.reconfig, ...joining })).header.err).toBe(-123);
    const sasl = await client.ask({ type: ZooKeeperOp.sasl, token: request.bytes('hi') });
    expect(sasl).toEqual({ header: { xid: 2, zxid: 0, err: 0 }, body: { token: null } });
    await client.ask(request.closeSession);
  });

  test('a frame of more than jute.maxbuffer: the end; one of as much is taken', async () => {
    const client = await open();
    const around = asked([1, request.create2('/largest', { data: null })]).length - 4;
    const largest = request.create2('/largest', { data: new Uint8Array(0xfffff - around).fill(7) });
    expect((await client.ask(largest)).body.stat.dataLength).toBe(0xfffff - around);
    expect((await client.ask(request.getData('/largest'))).body.data).toHaveLength(0xfffff - around);
    client.write(asked([3, { ...largest, data: new Uint8Array(0xfffff - around + 1) }]));
    await client.ended();
    const again = await open(await client.identity());
    await again.ask(request.closeSession);
  });
});
