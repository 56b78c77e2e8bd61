/** Each message survives the wire, and whatever else comes over it costs a SynodError and nothing more. */
import { describe, expect, test } from '@jest/globals';
import { isSynodError, limits, makeZxid, MAX_EPOCH, pack, unpackForeign } from '@synod/protocol';
import { describeMessage, describeRole, peerMessageToWire, readPeerMessage, type PeerMessage } from '@synod/zab';
import fc from 'fast-check';

const place = { zxid: makeZxid(3, 7), chain: 2 ** 51 + 3 };
const body = new Uint8Array([1, 2, 3]);
const chunk = { position: place, rows: body, cursor: 'n/a', digest: 2 ** 51 + 9 };
const attempt = 2 ** 40 + 1;

const messages: [PeerMessage, string][] = [
  [
    {
      type: 'vote',
      round: 4,
      state: 'looking',
      vote: { leader: 2, epoch: 3, zxid: place.zxid },
      member: true,
      blank: false,
    },
    'vote round 4, looking: n2 (epoch 3, 3:7)',
  ],
  [
    {
      type: 'vote',
      round: 1,
      state: 'observing',
      vote: { leader: 255, epoch: -1, zxid: 0 },
      member: false,
      blank: false,
    },
    'vote round 1, observing: n255 (epoch -1, 0:0), no member',
  ],
  [
    { type: 'follow', attempt, accepted: 9, member: false, blank: true, voter: true },
    'follow, accepted epoch 9, blank',
  ],
  [{ type: 'follow', attempt, accepted: 9, member: true, blank: false, voter: true }, 'follow, accepted epoch 9'],
  [
    { type: 'follow', attempt, accepted: 0, member: true, blank: false, voter: false },
    'follow, accepted epoch 0, observer',
  ],
  [{ type: 'epoch', attempt, epoch: MAX_EPOCH }, `epoch ${MAX_EPOCH}`],
  [
    { type: 'ack-epoch', attempt, epoch: 5, current: 4, last: place, ends: [{ zxid: 1, chain: 2 }, place], base: 1 },
    'ack-epoch 5, current epoch 4, holds 0:1 3:7, applied 0:1',
  ],
  [
    { type: 'ack-epoch', attempt, epoch: 5, current: -1, last: place, ends: null, base: 0 },
    'ack-epoch 5, promised before, no provable history, applied 0:0',
  ],
  [
    { type: 'ack-epoch', attempt, epoch: 5, current: 0, last: { zxid: 0, chain: 0 }, ends: [], base: 0 },
    'ack-epoch 5, current epoch 0, empty, applied 0:0',
  ],
  [{ type: 'refuse', attempt, reason: 'n3 follows n1' }, 'refuse: n3 follows n1'],
  [{ type: 'truncate', attempt, after: place }, 'truncate after 3:7'],
  [{ type: 'state', attempt, first: true, chunk }, 'state at 3:7, first, more at n/a'],
  [{ type: 'state', attempt, first: false, chunk: { ...chunk, cursor: null } }, 'state at 3:7, last'],
  [{ type: 'state-ack', attempt, cursor: 'n/b' }, 'state-ack, go on at n/b'],
  [{ type: 'state-ack', attempt, cursor: null }, 'state-ack, whole'],
  [{ type: 'need-state', attempt, reason: 'a gap' }, 'need-state: a gap'],
  [{ type: 'propose', attempt, records: [] }, 'propose nothing'],
  [{ type: 'propose', attempt, records: [{ ...place, body }] }, 'propose 3:7'],
  [
    {
      type: 'propose',
      attempt,
      records: [
        { zxid: 5, chain: 0, body: new Uint8Array() },
        { ...place, body },
      ],
    },
    'propose 0:5..3:7',
  ],
  [{ type: 'new-leader', attempt, epoch: 5, last: place, member: true }, 'new-leader of epoch 5 from 3:7'],
  [
    { type: 'new-leader', attempt, epoch: 5, last: place, member: false },
    'new-leader of epoch 5 from 3:7, does not count yet',
  ],
  [{ type: 'ack-leader', attempt, epoch: 5 }, 'ack-leader of epoch 5'],
  [{ type: 'up-to-date', attempt, committed: place.zxid }, 'up-to-date, committed 3:7'],
  [{ type: 'ack', attempt, zxid: place.zxid }, 'ack 3:7'],
  [{ type: 'commit', attempt, zxid: place.zxid }, 'commit 3:7'],
  [{ type: 'ping', attempt, round: 12, committed: place.zxid }, 'ping 12, committed 3:7'],
  [{ type: 'pong', attempt, round: 12, durable: place.zxid }, 'pong 12, durable 3:7'],
  [{ type: 'resign', attempt }, 'resign'],
];

describe('peer messages', () => {
  test.each(messages)('%# come back as they were, and print in one line', (message, line) => {
    const bytes = pack(peerMessageToWire(message));
    expect(readPeerMessage(unpackForeign(bytes) as unknown[])).toEqual(message);
    expect(describeMessage(message)).toBe(line);
  });

  test('a record, and a chunk of a state, may be longer than what one client can send', () => {
    const long = new Uint8Array(limits.transactionBytes);
    const more: PeerMessage[] = [
      { type: 'propose', attempt, records: [{ ...place, body: long }] },
      { type: 'state', attempt, first: true, chunk: { ...chunk, rows: long } },
    ];
    for (const message of more) {
      const bytes = pack(peerMessageToWire(message));
      expect(readPeerMessage(unpackForeign(bytes, limits.peerFrameBytes) as unknown[])).toEqual(message);
    }
  });

  test('there is a case for each kind', () => {
    expect(new Set(messages.map(([message]) => peerMessageToWire(message)[0])).size).toBe(18);
  });

  /** Runs the reader; whatever it throws must be a SynodError. */
  function harmless(wire: readonly unknown[]): void {
    try {
      describeMessage(readPeerMessage(wire));
    } catch (error) {
      if (!isSynodError(error)) throw error;
    }
  }

  const junk = fc.oneof(
    fc.integer({ min: -3, max: 30 }),
    fc.constantFrom(
      null,
      undefined,
      true,
      '',
      NaN,
      Infinity,
      -0,
      1.5,
      2 ** 53,
      -(2 ** 53),
      2 ** 21,
      2 ** 53 - 1,
      [],
      {},
    ),
    fc.double(),
    fc.string({ maxLength: 5 }),
    fc.uint8Array({ maxLength: 5 }),
    fc.array(fc.oneof(fc.integer(), fc.uint8Array({ maxLength: 3 }), fc.constant(null)), { maxLength: 5 }),
  );

  test('a field exchanged, added or missing', () => {
    const wires = messages.map(([message]) => peerMessageToWire(message));
    fc.assert(
      fc.property(fc.constantFrom(...wires), fc.nat(9), junk, fc.nat(2), (wire, at, value, kind) => {
        const changed = [...wire];
        changed.splice(at, kind === 0 ? 0 : 1, ...(kind === 2 ? [] : [value]));
        harmless(changed);
      }),
      { numRuns: 3000 },
    );
  });

  test('a byte exchanged', () => {
    const packed = messages.map(([message]) => Uint8Array.from(pack(peerMessageToWire(message))));
    fc.assert(
      fc.property(fc.constantFrom(...packed), fc.nat(60), fc.nat(255), (bytes, at, value) => {
        const changed = Uint8Array.from(bytes);
        changed[at % changed.length] = value;
        try {
          const wire = unpackForeign(changed);
          if (Array.isArray(wire)) harmless(wire);
        } catch (error) {
          if (!isSynodError(error)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['no kind', []],
    ['an unknown kind', [19, 1]],
    ['kind 0', [0, 1]],
    ['an epoch that no zxid can hold', [3, 1, MAX_EPOCH + 1]],
    ['ends without a chain', [4, 1, 5, 4, 1, 2, [1], 0]],
    ['a record without a body', [10, 1, [1, 2]]],
    ['something behind the end', [18, 1, 1]],
  ])('refused: %s', (_, wire) => {
    expect(() => readPeerMessage(wire)).toThrow(expect.objectContaining({ code: 'MARSHALLING_ERROR' }));
  });
});

test.each([
  [{ role: 'looking', epoch: 2, leader: 0, cause: 'why' } as const, 'looking (epoch 2): why'],
  [{ role: 'leading', epoch: 2, leader: 3, cause: 'why' } as const, 'leading epoch 2: why'],
  [{ role: 'following', epoch: 2, leader: 3, cause: 'why' } as const, 'following n3 in epoch 2: why'],
  [{ role: 'observing', epoch: 2, leader: 3, cause: 'why' } as const, 'observing n3 in epoch 2: why'],
])('a role change in one line: %#', (change, line) => {
  expect(describeRole(change)).toBe(line);
});
