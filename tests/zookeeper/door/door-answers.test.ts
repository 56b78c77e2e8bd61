/** What the door makes up by itself: answers without the replica, each in its turn, and holding back. */
import { describe, expect, test } from '@jest/globals';
import { limits, Op, refuse } from '@synod/protocol';
import { ZooKeeperOp } from '@synod/zookeeper';
import { hex } from '../bytes.js';
import { getData, setData } from './requests.js';
import { asked, flat, headerOf, hello, stat, Talk } from './talk.js';

describe('what is answered without the replica', () => {
  const cases: [name: string, bytes: string, err: number, zxid: number, ends: boolean][] = [
    ['a body that ends too early', '00000009 00000009 00000004 00', -5, 8, false],
    ['a null path', '0000000d 00000009 00000004 ffffffff 00', -5, 8, false],
    ['flags that mean nothing', '0000001a 00000009 00000001 00000002 2f61 ffffffff ffffffff 00000063', -8, 8, false],
    ['reconfig', '0000001c 00000009 00000010 ffffffff ffffffff ffffffff ffffffffffffffff', -123, 8, false],
    ['auth of no scheme', '00000014 fffffffc 00000064 00000000 ffffffff ffffffff', -115, 0, true],
    ['an operation that there is not', '00000008 00000009 000003e7', -6, -1, true],
    ['check outside of a multi', '00000012 00000009 0000000d 00000002 2f61 ffffffff', -6, -1, true],
    ['the making of a session', '0000000c 00000009 fffffff6 00000000', -6, -1, true],
    ['the removal of a container', '0000000e 00000009 00000014 00000002 2f61', -6, -1, true],
  ];

  test.each(cases)('%s waits its turn, and shows an honest zxid', (_name, bytes, err, zxid, ends) => {
    const talk = Talk.open();
    talk.say(asked([3, setData('/a')]), hex(bytes), asked([4, getData('/a')]));
    const heard = talk.requests();
    expect(heard.slice(0, 2)).toMatchObject([{ op: Op.setData }, { op: Op.ping }]);
    // Behind what ends the connection nothing is heard.
    expect(heard).toHaveLength(ends ? 2 : 3);
    talk.answer(talk.reply(Op.setData, 7, { stat }));
    expect(talk.conversation.ended).toBeNull();
    expect(headerOf(talk.pong(8))).toMatchObject({ err, zxid });
    expect(talk.conversation.ended !== null).toBe(ends);
  });

  test('sasl is answered with a null token', () => {
    const talk = Talk.open();
    talk.say(hex('0000000e 00000001 00000066 00000002 6869'));
    expect(talk.pong(8)).toBe(flat('00000014 00000001 0000000000000000 00000000 ffffffff'));
  });

  test.each([
    ['sasl', '00000009 00000001 00000066 00'],
    ['auth', '00000009 fffffffc 00000064 00'],
    ['a header that ends too early', '00000007 00000001 000000'],
    ['a frame that is too long', '00100000'],
    ['a negative length', 'fffffff0'],
    ['a word behind the handshake', '72756f6b'],
  ])('%s, unreadable, ends the connection at once', (_name, bytes) => {
    const talk = Talk.open();
    talk.say(asked([1, setData('/a')]), hex(bytes), asked([2, getData('/a')]));
    expect(talk.requests()).toHaveLength(1);
    expect(talk.conversation.ended).not.toBeNull();
    expect(talk.answer(talk.reply(Op.setData, 7, { stat }))).toBe('');
  });

  test('a second handshake is a request that there is not', () => {
    const talk = Talk.open();
    talk.say(hello());
    // Its protocol version reads as an xid, the upper half of the last zxid as an operation.
    expect(talk.requests()).toMatchObject([{ op: Op.ping }]);
    expect(headerOf(talk.pong(8))).toEqual({ xid: 0, zxid: -1, err: -6 });
    expect(talk.conversation.ended).not.toBeNull();
  });

  test('what the replica refuses by AUTH_FAILED is answered with the zxid 0', () => {
    const talk = Talk.open();
    talk.say(hex('0000001d fffffffc 00000064 00000000 00000006 646967657374 00000003 753a70'));
    const failed = refuse('AUTH_FAILED', '', '');
    expect(headerOf(talk.answer(talk.reply(Op.addAuth, 4, failed)))).toEqual({ xid: -4, zxid: 0, err: -115 });
    expect(talk.goodbye('AUTH_FAILED')).toBe('');
    expect(talk.conversation.ended).toBe('so');
  });
});

describe('what is held back', () => {
  const pings = (count: number): Uint8Array =>
    asked(...Array.from({ length: count }, (_, i) => [i + 1, { type: ZooKeeperOp.ping }] as const));
  const writes = (count: number): Uint8Array =>
    asked(...Array.from({ length: count }, (_, i) => [i + 1, setData('/a')] as const));

  test('requests behind as many as may wait', () => {
    const talk = Talk.open();
    talk.say(pings(limits.outstandingRequests + 3));
    expect(talk.requests()).toHaveLength(limits.outstandingRequests);
    expect(talk.conversation.held).toBe(true);
    talk.answer(talk.reply(Op.ping, 1), talk.reply(Op.ping, 1));
    expect(talk.requests()).toHaveLength(2);
    expect(talk.conversation.held).toBe(true);
    talk.answer(talk.reply(Op.ping, 1), talk.reply(Op.ping, 1));
    expect(talk.requests()).toHaveLength(1);
    expect(talk.conversation.held).toBe(false);
  });

  test('everything behind as many writes as a session may have under way, in order', () => {
    const talk = Talk.open({ lastWrite: 10 });
    talk.say(writes(limits.outstandingWrites + 1), asked([1, getData('/a')]));
    const heard = talk.messages();
    expect(heard).toHaveLength(limits.outstandingWrites);
    // The replica takes no write that is further ahead of what is acknowledged.
    for (const { number, acked } of heard) expect(number - acked).toBeLessThanOrEqual(limits.outstandingWrites);
    talk.answer(talk.reply(Op.setData, 1, { stat }));
    expect(talk.messages()).toMatchObject([{ number: 1_011, acked: 11 }]);
    talk.answer(talk.reply(Op.setData, 1, { stat }));
    expect(talk.requests()).toMatchObject([{ op: Op.getData }]);
  });

  test('everything, while the replica wants to hear nothing', () => {
    const talk = Talk.open();
    talk.conversation.pause();
    talk.say(asked([1, getData('/a')]), asked([2, getData('/a')]));
    expect(talk.requests()).toEqual([]);
    expect(talk.conversation.held).toBe(true);
    talk.conversation.resume();
    expect(talk.conversation.held).toBe(false);
    expect(talk.conversation.proceed(0)).toHaveLength(2);
  });

  test('nothing before the handshake, which a client must be able to finish', () => {
    const talk = new Talk();
    expect(talk.conversation.held).toBe(false);
    talk.say(hello().subarray(0, 20));
    expect(talk.conversation.held).toBe(false);
  });
});
