/** The pure machine: what a reconnect keeps, and how a session ends. */
import { describe, expect, test } from '@jest/globals';
import { CreateMode, goodbyeToWire, Op, OPEN_ACL, refuse, type Request } from '@synod/protocol';
import { get, Rig, SECRET, set } from './rig.js';

const addAuth: Request = { op: Op.addAuth, scheme: 'digest', credentials: new Uint8Array([1]) };

describe('reconnect', () => {
  test('everything without an answer is sent again in its order, writes with their old numbers', () => {
    const rig = Rig.connected();
    rig.call('w1', set('/1'));
    rig.call('r1', get('/1'));
    rig.call('w2', set('/2'));
    rig.reply();
    rig.lost();
    rig.call('w3', set('/3'));
    rig.open();
    rig.welcome({ lastWrite: 2 });
    expect(rig.requests).toEqual(['4 /1', '5 /2 #2', '5 /3 #3']);
    expect(rig.sent.map(({ xid }) => xid)).toEqual([1, 2, 3]);
    rig.replyAll();
    expect(rig.takeLog().filter((line) => line.endsWith('ok'))).toEqual(['w1 ok', 'r1 ok', 'w2 ok', 'w3 ok']);
  });

  test('identities come first, then watches, then calls', () => {
    const rig = Rig.connected();
    rig.call('auth', addAuth);
    rig.call('get', get('/d', true), 'L');
    rig.replyAll();
    rig.call('w', set('/a'));
    rig.call('late', { ...addAuth, scheme: 'ip' });
    rig.reconnect();
    expect(rig.sent.map(({ request }) => request.op)).toEqual([Op.addAuth, Op.setWatches, Op.setData, Op.addAuth]);
    expect(rig.sent.map(({ request }) => ('scheme' in request ? request.scheme : ''))).toEqual([
      'digest',
      '',
      '',
      'ip',
    ]);
    rig.replyAll();
    rig.reconnect();
    expect(rig.sent.map(({ request }) => ('scheme' in request ? request.scheme : ''))).toEqual(['digest', 'ip', '']);
  });

  test('a connection that refuses the identities or watches is not used', () => {
    const rig = Rig.connected();
    rig.call('auth', addAuth);
    rig.replyAll();
    rig.call('w', set('/a'));
    rig.reconnect();
    rig.takeLog();
    rig.reply(101, refuse('AUTH_FAILED', '', 'no'));
    expect(rig.session.state).toBe('suspended');
    expect(rig.takeLog()).toEqual(['hang up', 'suspended']);
    expect(rig.session.cause).toMatch(/refused on reconnecting: AUTH_FAILED/);
  });

  test.each(['CONNECTION_LOSS', 'SESSION_MOVED'] as const)(
    '%s in answer to a call is a lost connection, not its result',
    (code) => {
      const rig = Rig.connected();
      rig.call('w', set('/a'));
      rig.reply(101, refuse(code, '', 'the leader is gone'));
      expect(rig.takeLog()).toEqual(['hang up', 'suspended', 'dial b']);
      rig.open();
      rig.welcome();
      rig.replyAll();
      expect(rig.takeLog()).toEqual(['connected', 'w ok']);
    },
  );

  test('a session that somebody takes away again and again is left to them', () => {
    const rig = Rig.connected();
    for (let i = 0; i < 2; i++) {
      const before = rig.connection;
      rig.goodbye('SESSION_MOVED');
      expect(rig.session.state).toBe('suspended');
      if (rig.connection === before) rig.advance(rig.session.wakeAt - rig.now);
      rig.open();
      rig.welcome();
    }
    rig.goodbye('SESSION_MOVED');
    expect(rig.session.state).toBe('expired');
  });

  test('late attempts of its own do not cost a client its session', () => {
    const rig = Rig.connected();
    const comeBack = (): void => {
      if (rig.session.wakeAt < Infinity) rig.advance(rig.session.wakeAt - rig.now);
      rig.open();
    };
    for (let i = 0; i < 3; i++) {
      rig.goodbye('SESSION_MOVED');
      // Its hello is on the way when the connection breaks.
      comeBack();
      rig.lost();
      comeBack();
      rig.welcome();
    }
    rig.goodbye('SESSION_MOVED');
    expect(rig.session.state).toBe('suspended');
  });

  test('goodbye leads to the next server at once', () => {
    const rig = Rig.connected();
    rig.call('w', set('/a'));
    rig.goodbye('CONNECTION_LOSS');
    expect(rig.takeLog()).toEqual(['hang up', 'suspended', 'dial b']);
  });

  test('answers that came in the same frame before goodbye count', () => {
    const rig = Rig.connected();
    rig.call('1', set('/1'));
    rig.call('2', set('/2'));
    rig.receive(rig.replyWire(101), goodbyeToWire({ code: 'CONNECTION_LOSS', reason: '' }));
    expect(rig.takeLog()).toEqual(['1 ok', 'hang up', 'suspended', 'dial b']);
    rig.open();
    rig.welcome({ lastWrite: 2 });
    expect(rig.requests).toEqual(['5 /2 #2']);
  });

  test('a session of another process goes on behind its numbers', () => {
    const rig = new Rig({ resume: { id: 7, secret: SECRET } });
    rig.call('w', set('/a'));
    rig.open();
    expect(rig.hellos[0]).toMatchObject({ session: 7, secret: SECRET, lastZxid: 7 });
    rig.welcome({ lastWrite: 5 });
    expect(rig.sent).toMatchObject([{ number: 6, acked: 5 }]);
  });

  test('a session of another process that is over', () => {
    const rig = new Rig({ resume: { id: 7, secret: SECRET } });
    rig.open();
    rig.goodbye('SESSION_EXPIRED');
    expect(rig.takeLog()).toEqual(['dial a', 'hang up', 'expired']);
  });
});

describe('end', () => {
  test('close goes behind all calls and is over with its answer', () => {
    const rig = Rig.connected();
    rig.call('w', set('/a'));
    rig.close();
    rig.call('late', set('/b'));
    expect(rig.requests).toEqual(['5 /a #1', `${Op.closeSession} #2`]);
    rig.replyAll();
    expect(rig.takeLog()).toEqual(['late SESSION_EXPIRED/not-applied', 'w ok', 'close ok', 'hang up', 'closed']);
  });

  test('close without a session is immediate', () => {
    const rig = new Rig();
    rig.call('w', set('/a'));
    rig.close();
    expect(rig.takeLog()).toEqual(['dial a', 'hang up', 'closed', 'w SESSION_EXPIRED/not-applied', 'close ok']);
  });

  test('close is sent again after a reconnect', () => {
    const rig = Rig.connected();
    rig.close();
    rig.reconnect();
    expect(rig.requests).toEqual([`${Op.closeSession} #1`]);
    rig.replyAll();
    expect(rig.session.state).toBe('closed');
  });

  test('a server that no longer knows the session has closed it', () => {
    const rig = Rig.connected();
    rig.call('w', set('/a'));
    rig.close();
    rig.lost();
    rig.open();
    rig.takeLog();
    rig.goodbye('SESSION_EXPIRED');
    expect(rig.takeLog()).toEqual(['hang up', 'w SESSION_EXPIRED/unknown', 'close ok', 'closed']);
  });

  test('without a server close takes no longer than the session lives', () => {
    const rig = Rig.connected();
    rig.lost();
    rig.close();
    const from = rig.now;
    while (rig.session.state !== 'closed') {
      rig.advance(50);
      rig.lost();
    }
    expect(rig.now - from).toBe(3_000);
    expect(rig.takeLog()).toContain('close ok');
  });

  test('close of an expired session', () => {
    const rig = Rig.connected();
    rig.goodbye('SESSION_EXPIRED');
    rig.takeLog();
    rig.close();
    expect(rig.takeLog()).toEqual(['closed', 'close ok']);
  });

  test('a write refused because the session is over ends it', () => {
    const rig = Rig.connected();
    rig.call('1', set('/a'));
    rig.call('2', { op: Op.create, path: '/b', data: null, acl: OPEN_ACL, mode: CreateMode.persistent, ttl: 0 });
    rig.reply(101, refuse('SESSION_EXPIRED', '', 'over'));
    expect(rig.takeLog()).toEqual(['1 SESSION_EXPIRED/not-applied', 'hang up', 'expired', '2 SESSION_EXPIRED/unknown']);
    expect(rig.answers.get('2')).toMatchObject({ path: '/b' });
  });

  test('disconnect drops the connection and nothing else', () => {
    const rig = Rig.connected();
    rig.call('w', set('/a'));
    rig.session.disconnect(rig.now);
    rig.drain();
    expect(rig.takeLog()).toEqual(['hang up', 'suspended', 'dial b']);
  });
});
