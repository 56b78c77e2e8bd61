/** The pure machine: handshake and calls, as SESSION.md promises them. */
import { describe, expect, test } from '@jest/globals';
import { limits, Op, refuse, type Request } from '@synod/protocol';
import { get, Rig, SECRET, set } from './rig.js';

describe('handshake', () => {
  test('a new session: hello asks for one, welcome gives it', () => {
    const rig = new Rig();
    expect(rig.takeLog()).toEqual(['dial a']);
    rig.open();
    expect(rig.hellos).toEqual([{ versions: [1], timeout: 3_000, lastZxid: 0, session: 0, secret: null }]);
    rig.welcome({ timeout: 6_000, session: 9 });
    expect(rig.takeLog()).toEqual(['connected']);
    expect(rig.session.identity).toEqual({ id: 9, secret: SECRET, timeout: 6_000 });
  });

  test('no request leaves before welcome', () => {
    const rig = new Rig();
    rig.call('w', set('/a'));
    rig.open();
    rig.flush();
    expect(rig.sent).toEqual([]);
    rig.welcome();
    expect(rig.requests).toEqual(['5 /a #1']);
  });

  test('a reconnect asks for the session, with the highest zxid that was seen', () => {
    const rig = Rig.connected();
    rig.call('r', get('/a'));
    rig.reply(250);
    rig.lost();
    rig.open();
    expect(rig.hellos[1]).toMatchObject({ session: 7, secret: SECRET, lastZxid: 250 });
  });

  test('the state of the server that gives a new session counts as seen', () => {
    const rig = Rig.connected({}, { zxid: 444 });
    rig.lost();
    rig.open();
    expect(rig.hellos[1]).toMatchObject({ lastZxid: 444 });
  });

  test.each([
    ['another session', { session: 8, resumed: false }, 'SESSION_EXPIRED'],
    ['another session that claims to be resumed', { session: 8, resumed: true }, 'SESSION_EXPIRED'],
    ['the same id, not resumed', { resumed: false }, 'SESSION_EXPIRED'],
    ['writes of somebody else', { lastWrite: 2 }, 'SESSION_MOVED'],
  ] as const)('a welcome with %s ends the session', (_name, welcome, code) => {
    const rig = Rig.connected();
    rig.call('w', set('/a'));
    rig.call('r', get('/a'));
    rig.lost();
    rig.takeLog();
    rig.open();
    rig.welcome(welcome);
    expect(rig.takeLog()).toEqual(['hang up', 'expired', `w ${code}/unknown`, `r ${code}/not-applied`]);
  });

  test.each([
    ['another protocol', { version: 2 }],
    ['nonsense', { timeout: 0 }],
  ])('a welcome with %s is a failed attempt', (_name, welcome) => {
    const rig = new Rig();
    rig.open();
    rig.welcome(welcome);
    expect(rig.takeLog()).toEqual(['dial a', 'hang up', 'dial b']);
  });

  test('a server that is behind sends the client on, and nothing is lost', () => {
    const rig = Rig.connected();
    rig.call('w', set('/a'));
    rig.lost();
    rig.open();
    rig.takeLog();
    rig.goodbye('CONNECTION_LOSS');
    rig.advance(20);
    expect(rig.takeLog()).toEqual(['hang up', 'dial c']);
    rig.open();
    rig.welcome();
    expect(rig.requests).toEqual(['5 /a #1']);
  });

  test('goodbye SESSION_EXPIRED to the question for a new session is a failed attempt only', () => {
    const rig = new Rig();
    rig.open();
    rig.goodbye('SESSION_EXPIRED');
    expect(rig.session.state).toBe('connecting');
  });

  test.each([
    ['an answer', [1, 100, 0]],
    ['an event', [-1, 100, 1, '/a']],
    ['garbage', ['what']],
  ])('%s before welcome is a fault', (_name, message) => {
    const rig = new Rig();
    rig.open();
    rig.receive(message);
    expect(rig.takeLog()).toEqual(['dial a', 'hang up', 'dial b']);
  });
});

describe('calls', () => {
  test('all calls of a turn leave in one frame, with numbers for the writes only', () => {
    const rig = Rig.connected();
    const frames = rig.frames;
    rig.session.submit(set('/a'), '1', undefined);
    rig.session.submit(get('/a'), '2', undefined);
    rig.session.submit(set('/b'), '3', undefined);
    rig.flush();
    expect(rig.frames).toBe(frames + 1);
    expect(rig.requests).toEqual(['5 /a #1', '4 /a', '5 /b #2']);
  });

  test('acked tells how far answers to writes have come', () => {
    const rig = Rig.connected();
    rig.call('1', set('/a'));
    rig.call('2', set('/b'));
    rig.reply();
    rig.call('3', set('/c'));
    expect(rig.sent.map(({ number, acked }) => [number, acked])).toEqual([
      [2, 0],
      [3, 1],
    ]);
  });

  test('a refused write counts as answered', () => {
    const rig = Rig.connected();
    rig.call('1', set('/a'));
    rig.reply(101, refuse('NO_NODE', '/a', 'nothing there'));
    rig.call('2', set('/b'));
    expect(rig.sent).toMatchObject([{ number: 2, acked: 1 }]);
    expect(rig.takeLog()).toEqual(['1 NO_NODE/not-applied']);
  });

  test.each([
    ['an xid that is not due', [9, 101, 0]],
    ['a refusal for an xid that is not due', [9, 101, -101, 'no', '/a', 0, -1]],
    ['a malformed result', [1, 101, 0, 'stat?']],
    ['a second welcome', [0, 1, true, 7, SECRET, 3_000, 100, 1, 0, 1, 1, 1, 1]],
    ['no message at all', [null]],
  ])('%s is a fault of the server: the calls go to another', (_name, message) => {
    const rig = Rig.connected();
    rig.call('w', set('/a'));
    rig.receive(message);
    expect(rig.takeLog()).toEqual(['hang up', 'suspended', 'dial b']);
    rig.open();
    rig.welcome();
    expect(rig.requests).toEqual(['5 /a #1']);
  });

  test('news of a connection that was given up do not count', () => {
    const rig = Rig.connected();
    const old = rig.connection;
    rig.lost();
    rig.takeLog();
    rig.session.lost(old, 'again', rig.now);
    rig.session.received(old, new Uint8Array([1]), rig.now);
    rig.session.opened(old, rig.now);
    rig.drain();
    expect(rig.takeLog()).toEqual([]);
  });

  test('the window of writes holds back the rest of the queue, reads too, so that order stays', () => {
    const rig = Rig.connected({}, { maxOutstandingWrites: 2 });
    for (const name of ['1', '2', '3']) rig.call(name, set(`/${name}`));
    rig.call('r', get('/r'));
    expect(rig.requests).toEqual(['5 /1 #1', '5 /2 #2']);
    rig.reply();
    rig.flush();
    expect(rig.requests).toEqual(['5 /2 #2', '5 /3 #3', '4 /r']);
  });

  test('the window of requests', () => {
    const rig = Rig.connected({}, { maxOutstandingRequests: 3 });
    for (let i = 0; i < 5; i++) rig.call(`${i}`, get(`/${i}`));
    expect(rig.requests).toHaveLength(3);
    rig.replyAll();
    rig.flush();
    expect(rig.requests).toHaveLength(2);
  });

  test('a queue that is too long refuses', () => {
    const rig = new Rig({ maxQueue: 2 });
    for (const name of ['1', '2', '3']) rig.call(name, set('/a'));
    expect(rig.takeLog()).toEqual(['dial a', '3 THROTTLED/not-applied']);
  });

  test('frames stay within what the server takes', () => {
    const rig = Rig.connected();
    const data = new Uint8Array(400_000);
    for (let i = 0; i < 5; i++)
      rig.session.submit({ op: Op.setData, path: '/a', data, version: -1 }, `${i}`, undefined);
    const frames = rig.frames;
    rig.flush();
    expect(rig.frames).toBe(frames + 3);
    expect(rig.sent).toHaveLength(5);
  });

  test('what no frame can hold is refused here and takes no number', () => {
    const rig = Rig.connected();
    const request = (size: number): Request => ({
      op: Op.setData,
      path: '/a',
      data: new Uint8Array(size),
      version: -1,
    });
    rig.session.submit(request(limits.frameBytes), 'big', undefined);
    rig.session.submit(request(limits.frameBytes - 64), 'just', undefined);
    const many = Array.from({ length: 10_001 }, () => ({ op: Op.check, path: '/a', version: 0 }) as const);
    rig.session.submit({ op: Op.multi, operations: many }, 'many', undefined);
    rig.session.submit(set('/b'), 'small', undefined);
    rig.flush();
    expect(rig.takeLog()).toEqual(['big BAD_ARGUMENTS/not-applied', 'many BAD_ARGUMENTS/not-applied']);
    expect(rig.requests).toEqual(['5 /a #1', '5 /b #2']);
    rig.replyAll();
    expect(rig.takeLog()).toEqual(['just ok', 'small ok']);
  });

  test('a call that was not sent can be withdrawn; one that was sent cannot', () => {
    const rig = new Rig();
    const first = rig.call('1', set('/1'))!;
    rig.call('2', set('/2'));
    expect(rig.session.withdraw(first)).toBe(true);
    rig.open();
    rig.welcome();
    expect(rig.requests).toEqual(['5 /2 #1']);
    const third = rig.call('3', set('/3'))!;
    expect(rig.session.withdraw(third)).toBe(false);
    rig.lost();
    expect(rig.session.withdraw(third)).toBe(false);
  });

  test('many calls pass through a queue that stays short', () => {
    const rig = Rig.connected();
    let next = 0;
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 100; i++) rig.session.submit(next % 3 === 0 ? set('/a') : get('/a'), `${next++}`, undefined);
      rig.flush();
      for (let i = 0; i < 97; i++) rig.reply();
    }
    rig.replyAll();
    expect(rig.takeLog()).toEqual(Array.from({ length: next }, (_, i) => `${i} ok`));
  });
});
