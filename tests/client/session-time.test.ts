/** The pure machine: pings, silence, back-off and giving up. */
import { describe, expect, test } from '@jest/globals';
import { EventType, Op } from '@synod/protocol';
import { get, Rig, set } from './rig.js';

describe('time', () => {
  test('a ping goes out when nothing else has for a third of the timeout', () => {
    const rig = Rig.connected();
    expect(rig.session.wakeAt).toBe(rig.now + 1_000);
    rig.advance(999);
    expect(rig.sent).toEqual([]);
    rig.advance(1);
    expect(rig.requests).toEqual([`${Op.ping}`]);
    rig.reply();
    expect(rig.takeLog()).toEqual([]);
    rig.advance(500);
    rig.call('r', get('/a'));
    rig.reply();
    rig.advance(600);
    expect(rig.sent).toEqual([]);
  });

  test('a silent server is left after two thirds of the timeout', () => {
    const rig = Rig.connected();
    rig.advance(1_000);
    rig.advance(999);
    expect(rig.takeLog()).toEqual([]);
    rig.advance(1);
    expect(rig.takeLog()).toEqual(['hang up', 'suspended', 'dial b']);
    expect(rig.session.cause).toBe('a:1: silent for 2000 ms');
  });

  test('a full window sends no ping and does not spin', () => {
    const rig = Rig.connected({}, { maxOutstandingRequests: 1 });
    rig.call('1', get('/1'));
    rig.call('2', get('/2'));
    rig.advance(1_000);
    expect(rig.requests).toEqual(['4 /1']);
    expect(rig.session.wakeAt).toBeGreaterThan(rig.now);
  });

  test('any bytes keep a server alive', () => {
    const rig = Rig.connected();
    for (let i = 0; i < 10; i++) {
      rig.advance(1_000);
      rig.event(EventType.nodeCreated, '/x', 200 + i);
    }
    expect(rig.session.state).toBe('connected');
  });

  test('the first retry is immediate, then waits grow to a second, and all servers get their turn', () => {
    const rig = new Rig();
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      rig.lost();
      const wait = rig.log.at(-1)!.startsWith('dial') ? 0 : rig.session.wakeAt - rig.now;
      waits.push(Math.round(wait));
      rig.advance(wait);
    }
    expect(waits).toEqual([0, 20, 40, 80, 159, 318, 637, 995, 995, 995]);
    expect(rig.log.filter((line) => line.startsWith('dial')).slice(0, 5)).toEqual([
      'dial a',
      'dial b',
      'dial c',
      'dial a',
      'dial b',
    ]);
  });

  test('a connection that lasts a second starts the back-off anew; one that does not, does not', () => {
    const rig = Rig.connected();
    rig.advance(500);
    rig.lost();
    expect(rig.takeLog()).toEqual(['hang up', 'suspended', 'dial b']);
    rig.open();
    rig.welcome();
    rig.lost();
    expect(rig.takeLog()).toEqual(['connected', 'hang up', 'suspended']);
    rig.advance(20);
    rig.open();
    rig.welcome();
    rig.advance(900);
    rig.event(EventType.nodeCreated, '/x', 200);
    rig.advance(100);
    rig.lost();
    expect(rig.takeLog()).toEqual(['dial c', 'connected', 'hang up', 'suspended', 'dial a']);
  });

  test('a server that answers is a good one: the back-off starts anew', () => {
    const rig = Rig.connected();
    for (let i = 0; i < 5; i++) {
      rig.call('r', get('/a'));
      rig.reply();
      rig.lost();
      rig.open();
      rig.welcome();
      expect(rig.session.state).toBe('connected');
    }
  });

  test('an attempt that leads to nothing is given up', () => {
    const rig = new Rig();
    rig.advance(333);
    expect(rig.takeLog()).toEqual(['dial a']);
    rig.advance(1);
    expect(rig.takeLog()).toEqual(['hang up', 'dial b']);
    rig.open();
    rig.advance(1_000);
    expect(rig.takeLog()).toEqual(['hang up']);
    expect(rig.session.cause).toBe('b:1: no answer to hello in time');
  });

  test.each([
    ['by default a minute', undefined, 60_000],
    ['as told', 5_000, 5_000],
  ])('without a server the session counts as lost after a time: %s', (_name, expireAfter, span) => {
    const rig = Rig.connected({ expireAfter });
    rig.call('sent', set('/a'));
    rig.call('read', get('/a'));
    rig.lost();
    rig.call('queued', set('/b'));
    const from = rig.now;
    while (rig.now < from + span - 1) {
      rig.advance(Math.min(100, from + span - 1 - rig.now));
      rig.lost();
    }
    expect(rig.session.state).toBe('suspended');
    rig.takeLog();
    rig.advance(1);
    expect(rig.takeLog().filter((line) => line !== 'hang up')).toEqual([
      'expired',
      'sent SESSION_EXPIRED/unknown',
      'read SESSION_EXPIRED/not-applied',
      'queued SESSION_EXPIRED/not-applied',
    ]);
    rig.call('after', get('/a'));
    expect(rig.takeLog()).toEqual(['after SESSION_EXPIRED/not-applied']);
    expect(rig.session.wakeAt).toBe(Infinity);
  });
});
