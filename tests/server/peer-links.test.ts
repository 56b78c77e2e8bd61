/** Links between servers: who dials, what ends a link, how it comes back, and what strangers get. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { pack } from '@synod/protocol';
import { AcceptorHandshake, DialerHandshake, HANDSHAKE_BYTES } from '@synod/server/host/peer-handshake';
import { PeerLinks } from '@synod/server/host/peer-links';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { dialRaw, nonce, party, Rig, type Member } from './peer-links-rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig(1, 2, 3).open();
});
afterEach(() => rig.close());

const up = (member: Member, peer: number, from = 0): Promise<string> =>
  member.told.until((entry) => entry === `up ${peer}`, from);
const down = (member: Member, peer: number): Promise<string> =>
  member.told.until((entry) => entry.startsWith(`down ${peer} `));
const line = (member: Member, pattern: RegExp): Promise<string> => member.lines.until((entry) => pattern.test(entry));

const ended = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));

describe('links come up', () => {
  test.each([
    [1, 2],
    [2, 1],
  ])('server %i starts long before server %i', async (early, late) => {
    const first = await rig.start(early);
    // The early one has run into its longest pauses when the late one starts.
    const { calls } = rig.path(early, late);
    await calls.until(() => calls.entries.length >= 7);
    expect(first.links.isUp(late)).toBe(false);
    const second = await rig.start(late);
    await Promise.all([up(first, late), up(second, early)]);
    expect([first.links.isUp(late), second.links.isUp(early)]).toEqual([true, true]);
    expect([first.told.entries, second.told.entries]).toEqual([[`up ${late}`], [`up ${early}`]]);
  });

  test('all at once: one link for each pair, opened once', async () => {
    const members = await Promise.all([1, 2, 3].map((id) => rig.start(id)));
    const others = [
      [2, 3],
      [1, 3],
      [1, 2],
    ];
    await Promise.all(members.flatMap((member, i) => (others[i] ?? []).map((peer) => up(member, peer))));
    for (const [i, { told }] of members.entries())
      expect([...told.entries].sort()).toEqual(others[i]?.map((id) => `up ${id}`));
  });

  test.each([1, 2])('again after server %i was restarted', async (id) => {
    const [other, stays] = [3 - id, await rig.start(3 - id)];
    const leaves = await rig.start(id);
    await Promise.all([up(stays, id), up(leaves, other)]);
    await rig.stop(id);
    await down(stays, id);
    expect(leaves.told.entries).toEqual([`up ${other}`]);
    const back = await rig.start(id);
    await Promise.all([up(stays, id, 2), up(back, other)]);
    expect(stays.told.entries).toEqual([
      `up ${id}`,
      expect.stringMatching(/^down \d the other server closed it/),
      `up ${id}`,
    ]);
  });

  test('with two servers while the third neither answers nor refuses', async () => {
    for (const id of [1, 2]) rig.path(id, 3).hole = true;
    const [one, two] = [await rig.start(1), await rig.start(2)];
    await Promise.all([up(one, 2), up(two, 1)]);
    expect(rig.path(1, 3).calls.entries).toContain('swallowed');
  });
});

describe('frames', () => {
  test('arrive as they were sent, in order, both ways, of every length', async () => {
    const [one, two] = [await rig.start(1), await rig.start(2)];
    await Promise.all([up(one, 2), up(two, 1)]);
    const lengths = [
      0,
      1,
      125,
      126,
      65_535,
      65_536,
      1_000_000,
      4 * 1_048_576,
      ...Array.from({ length: 2_000 }, (_, i) => i),
    ];
    const frames = lengths.map((length, i) => Buffer.alloc(length, i % 251));
    for (const frame of frames) expect([one.links.send(2, frame), two.links.send(1, frame)]).toEqual([true, true]);
    expect(one.links.bufferedBytes(2)).toBeGreaterThan(0);
    for (const [member, peer] of [
      [one, 2],
      [two, 1],
    ] as const) {
      const { frames: got } = member;
      await got.until(() => got.entries.length === frames.length);
      expect(
        got.entries.every((entry, i) => entry.peer === peer && Buffer.compare(entry.bytes, frames[i]!) === 0),
      ).toBe(true);
    }
    expect(one.links.bufferedBytes(2)).toBe(0);
  });

  test('what is sent when the link comes up arrives', async () => {
    const two = await rig.start(2, { onUp: (peer) => void two.links.send(peer, Buffer.from('hello')) });
    const one = await rig.start(1, { onUp: (peer) => void one.links.send(peer, Buffer.from('hi')) });
    await Promise.all([one, two].map(({ frames }) => frames.until(() => true)));
    expect(Buffer.from(one.frames.entries[0]!.bytes).toString()).toBe('hello');
    expect(Buffer.from(two.frames.entries[0]!.bytes).toString()).toBe('hi');
  });

  test('are refused without a link, to strangers, and above the limit', async () => {
    const [one, two] = [await rig.start(1), await rig.start(2)];
    await Promise.all([up(one, 2), up(two, 1)]);
    expect([one.links.send(3, new Uint8Array(1)), one.links.send(77, new Uint8Array(1))]).toEqual([false, false]);
    expect([one.links.bufferedBytes(3), one.links.isUp(77)]).toEqual([0, false]);
    expect(() => one.links.send(2, new Uint8Array(4 * 1_048_576 + 1))).toThrow('a frame of 4194305 bytes');
    expect(one.links.isUp(2)).toBe(true);
  });

  test('above the limit of the receiver end the link', async () => {
    const [one, two] = [await rig.start(1, { maxFrameBytes: 1_000 }), await rig.start(2)];
    await Promise.all([up(one, 2), up(two, 1)]);
    two.links.send(1, new Uint8Array(1_001));
    expect(await down(one, 2)).toBe('down 2 Max payload size exceeded');
    await up(one, 2, 2);
    expect(one.frames.entries).toEqual([]);
  });
});

describe('a link that is dead, but not closed', () => {
  test('is given up by both sides after some silence', async () => {
    const [one, two] = [await rig.start(1, { pingMs: 20 }), await rig.start(2, { pingMs: 20 })];
    await Promise.all([up(one, 2), up(two, 1)]);
    rig.path(2, 1).freeze();
    // Whoever notices first may knock before the other one has noticed.
    expect(await Promise.all([down(one, 2), down(two, 1)])).toEqual([
      'down 2 silent for 100 ms',
      expect.stringMatching(/^down 1 (silent for 100 ms|the other server knocked, and the link was silent)$/),
    ]);
    await Promise.all([up(one, 2, 2), up(two, 1, 2)]);
  });

  test('is replaced when the larger id, restarted, calls', async () => {
    const [one, two] = [await rig.start(1, { pingMs: 60_000 }), await rig.start(2)];
    await Promise.all([up(one, 2), up(two, 1)]);
    rig.path(2, 1).freeze();
    await rig.stop(2);
    const back = await rig.start(2);
    await Promise.all([up(one, 2, 2), up(back, 1)]);
    expect(one.told.entries).toEqual(['up 2', 'down 2 replaced by a newer link', 'up 2']);
  });

  test('is looked at when the smaller id, restarted, knocks', async () => {
    // Five pings would take four times as long as the test may.
    const [one, two] = [await rig.start(1), await rig.start(2, { pingMs: 3_000 })];
    await Promise.all([up(one, 2), up(two, 1)]);
    rig.path(2, 1).freeze();
    await rig.stop(1);
    const back = await rig.start(1);
    await Promise.all([up(two, 1, 2), up(back, 2)]);
    expect(two.told.entries).toEqual(['up 1', 'down 1 the other server knocked, and the link was silent', 'up 1']);
  });

  test('is not given up for a knock while it lives', async () => {
    const [one, two] = [await rig.start(1), await rig.start(2, { pingMs: 50 })];
    await Promise.all([up(one, 2), up(two, 1)]);
    const knock = dialRaw(two.links.address().port, new DialerHandshake(party(1, [2]), 2, 'knock', nonce()));
    expect(await knock.closed).toBe('1000 knock heard');
    two.links.send(1, Buffer.from('still there'));
    await one.frames.until(() => true);
    // Nothing may happen: there is no event to wait for, only the time that the look at the link takes to pass.
    await delay(150);
    expect([one.told.entries, two.told.entries]).toEqual([['up 2'], ['up 1']]);
  });
});

describe('the newest authenticated link of a peer replaces the one before', () => {
  test('and only its frames count', async () => {
    const one = await rig.start(1);
    const { port } = one.links.address();
    const [first, second] = [0, 1].map(
      () => () => dialRaw(port, new DialerHandshake(party(3, [1]), 1, 'link', nonce())),
    );
    const old = first!();
    expect(await old.outcome).toBe('ready');
    await up(one, 3);
    const young = second!();
    expect(await young.outcome).toBe('ready');
    await up(one, 3, 2);
    expect(one.told.entries).toEqual(['up 3', 'down 3 replaced by a newer link', 'up 3']);
    await old.closed;
    young.ws.send(Buffer.from('young'));
    await one.frames.until(() => true);
    expect(one.told.entries).toHaveLength(3);
    young.ws.terminate();
    expect(await one.told.until((entry) => entry.startsWith('down'), 3)).toMatch(/^down 3 connection lost/);
  });
});

describe('strangers at the port for servers', () => {
  const honest = (): DialerHandshake => new DialerHandshake(party(2, [1]), 1, 'link', nonce());
  const cases: [string, DialerHandshake | undefined, Uint8Array | string | undefined, RegExp][] = [
    [
      'wrong secret',
      new DialerHandshake(party(2, [1], { secret: 'x' }), 1, 'link', nonce()),
      undefined,
      /^1008 the proof is wrong/,
    ],
    ['unknown id', new DialerHandshake(party(9, [1]), 1, 'link', nonce()), undefined, /^1008 server 9 is not one/],
    [
      'its own id',
      new DialerHandshake(party(1, [1]), 1, 'link', nonce()),
      undefined,
      /^1008 1 is the id of this server/,
    ],
    ['wrong cluster', undefined, pack([1, 'x', 2, 1, 0, nonce(), nonce()]), /^1008 the clusters differ/],
    ['wrong version', undefined, pack([9, 'test', 2, 1, 0, nonce(), nonce()]), /^1008 no common version/],
    ['garbage', undefined, Buffer.from('garbage'), /^1008 not the handshake/],
    ['a text frame', undefined, 'text', /^1003 a text frame/],
    ['many bytes', undefined, Buffer.alloc(HANDSHAKE_BYTES + 1), /^1006 |^1008 /],
  ];
  test.each(cases)('%s', async (_name, handshake, instead, outcome) => {
    const one = await rig.start(1);
    const stranger = dialRaw(one.links.address().port, handshake, instead);
    expect(await stranger.outcome).toMatch(outcome);
    expect(await line(one, /event=peer-accept-failed/)).toMatch(/address=127\.0\.0\.1 cause="/);
    expect(one.told.entries).toEqual([]);
    // The honest one is let in afterwards as before.
    const friend = dialRaw(one.links.address().port, honest());
    expect(await friend.outcome).toBe('ready');
    friend.ws.terminate();
  });

  test('one that begins a large frame is cut off before it has sent it', async () => {
    const one = await rig.start(1);
    const stranger = dialRaw(one.links.address().port, undefined);
    await once(stranger.ws, 'message');
    stranger.ws.send(Buffer.alloc(3 * 1_048_576));
    await stranger.closed;
    expect(await line(one, /peer-accept-failed/)).toContain(
      `more than ${HANDSHAKE_BYTES} bytes before the end of the handshake`,
    );
  });

  test.each(['before the upgrade', 'after the upgrade'])('one that is silent %s', async (when) => {
    const one = await rig.start(1, { handshakeMs: 50 });
    const { port } = one.links.address();
    const closed =
      when === 'before the upgrade' ? ended(connect(port, '127.0.0.1').resume()) : dialRaw(port, undefined).closed;
    await closed;
    expect(await line(one, /peer-accept-failed/)).toMatch(/cause="no (request|handshake) within 50 ms"/);
  });

  const upgrade = 'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  test.each([
    ['plain HTTP', 404, 'GET /peer HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['another path', 404, `GET / HTTP/1.1\r\n${upgrade}\r\n`],
    ['a web page', 403, `GET /peer HTTP/1.1\r\n${upgrade}Origin: http://a\r\n\r\n`],
    ['an upgrade without a key', 400, `GET /peer HTTP/1.1\r\n${upgrade}\r\n`],
    ['large headers', 431, `GET /peer HTTP/1.1\r\nHost: a\r\nA: ${'a'.repeat(5_000)}\r\n\r\n`],
    ['noise', 400, '\0\0\0\x2c noise\r\n\r\n'],
  ])('%s is answered with %i', async (_name, status, request) => {
    const one = await rig.start(1);
    const socket = connect(one.links.address().port, '127.0.0.1');
    const answer: Buffer[] = [];
    socket.on('data', (chunk) => answer.push(chunk)).write(request);
    await ended(socket);
    expect(Buffer.concat(answer).toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(one.told.entries).toEqual([]);
  });

  test('a crowd of them does not keep a server out', async () => {
    const one = await rig.start(1);
    const crowd = Array.from({ length: 300 }, () =>
      connect(one.links.address().port, '127.0.0.1').on('error', () => undefined),
    );
    await line(one, /too many connections in their handshake/);
    const two = await rig.start(2);
    await Promise.all([up(one, 2), up(two, 1)]);
    for (const socket of crowd) socket.destroy();
  });

  test('the same complaint is logged once', async () => {
    const one = await rig.start(1);
    for (let i = 0; i < 5; i++) await dialRaw(one.links.address().port, undefined, Buffer.from('garbage')).closed;
    expect(one.lines.entries.filter((entry) => entry.includes('peer-accept-failed'))).toHaveLength(1);
    expect(one.lines.entries.join()).not.toContain('a secret for tests');
  });
});

describe('a server that is not who it should be', () => {
  const cases: [string, (ws: WebSocket) => void, RegExp][] = [
    [
      'another server',
      (ws) => ws.send(new AcceptorHandshake(party(3, [2]), nonce()).greeting),
      /server 3 answers at the address of server 1/,
    ],
    [
      'another cluster',
      (ws) => ws.send(new AcceptorHandshake(party(1, [2], { cluster: 'x' }), nonce()).greeting),
      /the clusters differ/,
    ],
    ['another version', (ws) => ws.send(pack([[8], 'test', 1, nonce()])), /no common version/],
    ['garbage', (ws) => ws.send(Buffer.from('garbage')), /not the handshake of a Synod server/],
    ['a text frame', (ws) => ws.send('hello'), /a text frame/],
    ['a refusal', (ws) => ws.close(1008, 'no\u001b[2J'), /the other server closed it: no\\u001b\[2J/],
    ['silence', () => undefined, /no handshake within 100 ms/],
    [
      'no secret',
      (ws) => {
        ws.send(new AcceptorHandshake(party(1, [2]), nonce()).greeting);
        ws.once('message', () => ws.send(pack([new Uint8Array(32)])));
      },
      /the proof is wrong/,
    ],
  ];
  test.each(cases)('%s', async (_name, behave, cause) => {
    const impostor = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(impostor, 'listening');
    impostor.on('connection', behave);
    rig.path(2, 1).target = (impostor.address() as AddressInfo).port;
    const two = rig.member(2, { handshakeMs: 100 });
    await two.links.start();
    expect(await line(two, /event=peer-dial-failed peer=1 address=127/)).toMatch(cause);
    expect(two.told.entries).toEqual([]);
    await two.links.close();
    impostor.close();
    for (const client of impostor.clients) client.terminate();
  });
});

describe('start and close', () => {
  test('a port that is taken is named', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { links } = rig.member(1, { listen: { host: '127.0.0.1', port } });
    const reason = `cannot listen on 127.0.0.1:${port} (the port for servers): another process listens there already`;
    await expect(links.start()).rejects.toMatchObject({ code: 'SYSTEM_ERROR', reason });
    taken.close();
  });

  test('an empty secret is not accepted', () => {
    expect(() => rig.member(1, { secret: '' })).toThrow('the secret of the servers is empty');
  });

  test('close ends everything, tells nothing, and frees the port', async () => {
    const [one, two] = [await rig.start(1), await rig.start(2)];
    await Promise.all([up(one, 2), up(two, 1)]);
    const { port } = one.links.address();
    const dialer = dialRaw(port, undefined);
    await once(dialer.ws, 'open');
    await Promise.all([rig.stop(1), rig.stop(2), dialer.closed]);
    expect([one.told.entries, two.told.entries]).toEqual([['up 2'], ['up 1']]);
    expect([one.links.isUp(2), one.links.send(2, new Uint8Array(1))]).toEqual([false, false]);
    const again = createServer().listen(port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });

  test('close works before and without a start', async () => {
    const { links } = rig.member(1);
    expect(links).toBeInstanceOf(PeerLinks);
    await links.close();
  });
});
