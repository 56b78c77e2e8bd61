/** One connection of a ZooKeeper client, from bytes to the replica and back: the handshake, order, numbers, and its end. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EventType, MAX_ZXID, Op, refuse, type ClientMessage, type ErrorCode, type Welcome } from '@synod/protocol';
import { ZooKeeperOp } from '@synod/zookeeper';
import { cut, hex } from '../bytes.js';
import { getData, setData } from './requests.js';
import { asked, flat, headerOf, hello, secret, stat, Talk } from './talk.js';

const data = new TextEncoder().encode('hi');
const statDigits = flat(`0000000000000002 0000000000000003 0000000000000004 0000000000000005 00000001 00000000 00000000
  0000000000000000 00000002 00000000 0000000000000002`);

describe('the handshake', () => {
  test('becomes a hello, and the welcome its answer', () => {
    const talk = new Talk();
    talk.say(hello());
    expect(talk.heard).toEqual([
      { type: 'hello', hello: { versions: [1], timeout: 10_000, lastZxid: 0, session: 0, secret: null } },
    ]);
    expect(talk.conversation.held).toBe(true);
    const answer = '00000025 00000000 00002710 0000000000000009 00000010 0102030405060708090a0b0c0d0e0f10 00';
    expect(talk.welcome()).toBe(flat(answer));
    expect(talk.conversation).toMatchObject({ held: false, ended: null, session: 9, timeout: 10_000 });
  });

  test('has the byte readOnly in its answer where it was in the request', () => {
    const talk = new Talk();
    talk.say(hello({ readOnly: null }));
    expect(talk.welcome()).toBe(
      flat('00000024 00000000 00002710 0000000000000009 00000010 0102030405060708090a0b0c0d0e0f10'),
    );
  });

  test('brings the session, the secret and the zxid of a client that comes back', () => {
    const talk = new Talk();
    talk.say(hello({ sessionId: 7, passwd: secret, lastZxidSeen: 5, timeOut: 3_000 }));
    expect(talk.heard).toMatchObject([{ hello: { timeout: 3_000, lastZxid: 5, session: 7, secret } }]);
  });

  test('keeps nothing of the memory that it came in', () => {
    const talk = new Talk();
    const chunk = hello({ sessionId: 7, passwd: secret });
    talk.say(chunk);
    chunk.fill(0xee);
    expect(talk.heard).toMatchObject([{ hello: { secret } }]);
  });

  test('for a session that has ended is answered with zeros, and the connection ends', () => {
    for (const [readOnly, tail, length] of [
      [false, '00', '25'],
      [null, '', '24'],
    ] as const) {
      const talk = new Talk();
      talk.say(hello({ sessionId: 7, passwd: secret, readOnly }));
      expect(talk.goodbye('SESSION_EXPIRED')).toBe(
        `000000${length}${'00'.repeat(16)}00000010${'00'.repeat(16)}${tail}`,
      );
      expect(talk.conversation.ended).toBe('so');
    }
  });

  test.each<ErrorCode>(['CONNECTION_LOSS', 'MARSHALLING_ERROR', 'SESSION_MOVED'])(
    'that comes to nothing (%s) has no answer',
    (code) => {
      const talk = new Talk();
      talk.say(hello({ sessionId: 7, passwd: secret }));
      expect(talk.goodbye(code)).toBe('');
      expect(talk.conversation.ended).toBe('so');
    },
  );

  test('of a client that shows a zxid beyond all of Synod’s shows the replica one that never comes', () => {
    const talk = new Talk();
    talk.say(hello({ lastZxidSeen: 2n ** 60n }));
    expect(talk.heard).toMatchObject([{ hello: { lastZxid: MAX_ZXID } }]);
  });

  test('may have requests behind it, which wait until the session is there', () => {
    const talk = new Talk();
    talk.say(hello(), asked([1, getData('/a')], [2, getData('/b')]).subarray(0, 25));
    expect(talk.heard.splice(0)).toHaveLength(1);
    talk.say(asked([1, getData('/a')], [2, getData('/b')]).subarray(25), asked([3, getData('/c')]));
    expect(talk.heard).toEqual([]);
    talk.welcome();
    expect(talk.requests()).toMatchObject([{ path: '/a' }, { path: '/b' }, { path: '/c' }]);
  });

  test.each([
    ['a frame that is too short', '00000004 00000000'],
    ['an empty frame', '00000000'],
    ['a password of a negative length', `00000020 ${'00'.repeat(24)} 00000010 fffffffe 00`],
    ['a frame that is too long', '00100000'],
    ['a negative length', 'ffffffff'],
    ['a word', '72756f6b'],
  ])('that is %s ends the connection without a word', (_name, bytes) => {
    const talk = new Talk();
    talk.say(hex(bytes));
    expect(talk.conversation.ended).not.toBeNull();
    expect(talk.heard).toEqual([]);
    talk.say(hello());
    expect(talk.heard).toEqual([]);
  });
});

describe('requests and answers', () => {
  test('as a server and its clients exchanged them', () => {
    const talk = Talk.open();
    const rows: [string, readonly unknown[] | readonly (readonly unknown[])[], string][] = [
      [
        `00000033 00000001 00000001 00000002 2f61 00000002 6869 00000001 0000001f 00000005 776f726c64
         00000006 616e796f6e65 00000000`,
        [talk.reply(Op.create, 2, { path: '/a', stat })],
        '00000016 00000001 0000000000000002 00000000 00000002 2f61',
      ],
      [
        '0000000f 00000002 00000004 00000002 2f61 01',
        [talk.reply(Op.getData, 2, { data, stat })],
        `0000005a 00000002 0000000000000002 00000000 00000002 6869 ${statDigits}`,
      ],
      [
        '00000018 00000003 00000005 00000002 2f61 00000002 6869 ffffffff',
        [talk.event(3, EventType.nodeDataChanged, '/a'), talk.reply(Op.setData, 3, { stat })],
        `0000001e ffffffff 0000000000000003 00000000 00000003 00000003 00000002 2f61
         00000054 00000003 0000000000000003 00000000 ${statDigits}`,
      ],
      [
        '00000013 00000004 00000002 00000003 2f7a7a ffffffff',
        [talk.reply(Op.delete, 4, refuse('NO_NODE', '/zz', ''))],
        '00000010 00000004 0000000000000004 ffffff9b',
      ],
      [
        '0000001d fffffffc 00000064 00000000 00000006 646967657374 00000003 753a70',
        [talk.reply(Op.addAuth, 4)],
        '00000010 fffffffc 0000000000000000 00000000',
      ],
      ['00000008 fffffffe 0000000b', [talk.reply(Op.ping, 4)], '00000010 fffffffe 0000000000000004 00000000'],
      [
        `00000038 00000005 0000000e | 0000000d 00 ffffffff 00000002 2f61 00000001 |
         00000002 00 ffffffff 00000003 2f7a7a ffffffff | ffffffff 01 ffffffff`,
        [talk.reply(Op.multi, 5, { ...refuse('NO_NODE', '/zz', ''), index: 1 })],
        `00000033 00000005 0000000000000005 00000000 | ffffffff 00 00000000 00000000 |
         ffffffff 00 ffffff9b ffffff9b | ffffffff 01 ffffffff`,
      ],
      ['00000008 00000006 fffffff5', [talk.reply(Op.closeSession, 6)], '00000010 00000006 0000000000000006 00000000'],
    ];
    for (const [request, answers, bytes] of rows) {
      talk.say(hex(request));
      expect(talk.requests()).toHaveLength(1);
      expect(talk.answer(...(answers as readonly (readonly unknown[])[]))).toBe(flat(bytes));
    }
  });

  test('xids are given back as they came, also the same one again and again', () => {
    const talk = Talk.open();
    talk.say(
      asked([7, getData('/a')], [7, getData('/a')], [-1, { type: ZooKeeperOp.ping }], [2 ** 31 - 1, getData('/a')]),
    );
    expect(talk.messages().map(({ xid }) => xid)).toEqual([1, 2, 3, 4]);
    const missing = refuse('NO_NODE', '/a', '');
    const xids = [Op.getData, Op.getData, Op.ping, Op.getData].map(
      (op) => headerOf(talk.answer(talk.reply(op, 5, op === Op.ping ? {} : missing))).xid,
    );
    expect(xids).toEqual([7, 7, -1, 2 ** 31 - 1]);
  });

  test('writes are numbered behind what the session has done, and acknowledged when they are answered', () => {
    const talk = Talk.open({ lastWrite: 5 });
    talk.say(asked([1, setData('/a')], [2, getData('/a')], [3, setData('/a')]));
    const numbers = (): unknown => talk.messages().map(({ number, acked }) => [number, acked]);
    expect(numbers()).toEqual([
      [6, 5],
      [0, 0],
      [7, 5],
    ]);
    talk.answer(talk.reply(Op.setData, 8, { stat }));
    talk.say(asked([4, setData('/a')], [5, { type: ZooKeeperOp.closeSession }]));
    expect(numbers()).toEqual([
      [8, 6],
      [9, 6],
    ]);
  });

  test('all that the replica says at once leaves in one piece', () => {
    const talk = Talk.open();
    talk.say(asked([1, getData('/a')], [2, getData('/a')]));
    const both = talk.answer(
      talk.reply(Op.getData, 5, refuse('NO_NODE', '/a', '')),
      talk.event(6, EventType.nodeCreated, '/a'),
      talk.reply(Op.getData, 6, { data: null, stat }),
    );
    const reply = flat(`00000058 00000002 0000000000000006 00000000 ffffffff ${statDigits}`);
    expect(both).toBe(
      flat(`00000010 00000001 0000000000000005 ffffff9b
        0000001e ffffffff 0000000000000006 00000000 00000001 00000003 00000002 2f61 ${reply}`),
    );
  });

  test('an event that ZooKeeper does not have is not told', () => {
    expect(Talk.open().answer(Talk.open().event(5, EventType.resync, '/a'))).toBe('');
  });

  test('are the same however the bytes were cut', () => {
    const bytes = Buffer.concat([
      hello(),
      asked([1, setData('/a')], [2, getData('/b')], [-2, { type: ZooKeeperOp.ping }]),
      hex('00000009 00000009 00000004 00'),
      asked([3, setData('/c')]),
    ]);
    const hear = (chunks: readonly Uint8Array[]): ClientMessage[] => {
      const talk = new Talk();
      talk.say(...chunks);
      talk.welcome();
      return talk.heard;
    };
    const whole = hear([bytes]);
    expect(whole).toHaveLength(6);
    expect(hear([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (at) => expect(hear(cut(bytes, at))).toEqual(whole)),
      { numRuns: 300 },
    );
  });

  test('an answer out of order is a bug of ours', () => {
    const talk = Talk.open();
    talk.say(asked([1, getData('/a')], [2, getData('/a')]));
    const [, second] = [talk.reply(Op.getData, 1, { data, stat }), talk.reply(Op.getData, 1, { data, stat })];
    expect(() => talk.answer(second)).toThrow('request 2 is answered where the answer of 1');
  });
});

describe('the end', () => {
  test.each<ErrorCode>(['SESSION_EXPIRED', 'SESSION_MOVED', 'CONNECTION_LOSS'])(
    'of a connection that was served (%s) is not explained',
    (code) => {
      const talk = Talk.open();
      talk.say(asked([1, getData('/a')]));
      expect(talk.goodbye(code)).toBe('');
      expect(talk.conversation).toMatchObject({ ended: 'so', held: false });
      expect(talk.answer(talk.reply(Op.getData, 7, { data, stat }))).toBe('');
      talk.requests();
      talk.say(asked([2, getData('/a')]));
      expect(talk.requests()).toEqual([]);
    },
  );
});

test('statistics', () => {
  const talk = new Talk();
  talk.say(hello());
  talk.now += 3;
  talk.welcome({ zxid: 4 } satisfies Partial<Welcome>);
  expect(talk.stats).toMatchObject({ packetsReceived: 1, packetsSent: 1, outstanding: 0 });
  expect(talk.stats.last).toEqual({ op: -10, xid: 0, zxid: 4, at: 1_003, latency: 3 });
  talk.say(asked([8, getData('/a')], [-2, { type: ZooKeeperOp.ping }]), hex('00000009 00000009 00000004 00'));
  expect(talk.stats).toMatchObject({ packetsReceived: 4, packetsSent: 1, outstanding: 3 });
  talk.now += 7;
  talk.answer(talk.reply(Op.getData, 5, { data, stat }), talk.event(6, EventType.nodeDeleted, '/b'));
  expect(talk.stats).toMatchObject({ packetsSent: 3, outstanding: 2 });
  expect(talk.stats.last).toEqual({ op: ZooKeeperOp.getData, xid: 8, zxid: 5, at: 1_010, latency: 7 });
  talk.answer(talk.reply(Op.ping, 6), talk.reply(Op.ping, 6));
  expect(talk.stats).toMatchObject({ packetsSent: 5, outstanding: 0 });
  expect(talk.stats.latencies).toMatchObject({ min: 3, max: 7 });
});
