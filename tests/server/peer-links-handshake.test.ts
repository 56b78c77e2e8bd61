/** The handshake between servers as a table of good and bad parties. */
import { describe, expect, test } from '@jest/globals';
import { pack } from '@synod/protocol';
import {
  AcceptorHandshake,
  DialerHandshake,
  type Handshake,
  type HandshakeParty,
  type HandshakeStep,
  type Purpose,
} from '@synod/server/host/peer-handshake';
import { nonce, party } from './peer-links-rig.js';

interface Ends {
  dialer: HandshakeParty;
  /** Whom the dialer means to call. */
  callee: number;
  purpose: Purpose;
  acceptor: HandshakeParty;
}

const good: Ends = { dialer: party(2, [1, 3]), callee: 1, purpose: 'link', acceptor: party(1, [2, 3]) };

/** Lets two sides talk until one of them is done or refuses. */
function meet({ dialer, callee, purpose, acceptor }: Ends): { dialer: HandshakeStep; acceptor?: HandshakeStep } {
  const calling: Handshake = new DialerHandshake(dialer, callee, purpose, nonce());
  const called = new AcceptorHandshake(acceptor, nonce());
  const claim = calling.receive(called.greeting);
  if (claim.state !== 'more') return { dialer: claim };
  const proof = called.receive(claim.send);
  if (proof.state !== 'done' || !proof.send) return { dialer: claim, acceptor: proof };
  return { dialer: calling.receive(proof.send), acceptor: proof };
}

describe('two servers that may talk', () => {
  test('the larger id opens a link, and both know whom they have', () => {
    const { dialer, acceptor } = meet(good);
    expect(dialer).toEqual({ state: 'done', send: null, peer: 1, purpose: 'link' });
    expect(acceptor).toMatchObject({ state: 'done', peer: 2, purpose: 'link' });
  });

  test('the smaller id knocks', () => {
    const { dialer, acceptor } = meet({ dialer: party(1, [2]), callee: 2, purpose: 'knock', acceptor: party(2, [1]) });
    expect(dialer).toMatchObject({ state: 'done', peer: 2, purpose: 'knock' });
    expect(acceptor).toMatchObject({ state: 'done', peer: 1, purpose: 'knock' });
  });
});

describe('two servers that may not talk', () => {
  const cases: [string, 'dialer' | 'acceptor', Partial<Ends>, RegExp][] = [
    [
      'another secret',
      'acceptor',
      { dialer: party(2, [1], { secret: 'guess' }) },
      /the secrets of the two servers differ/,
    ],
    [
      'another cluster',
      'dialer',
      { dialer: party(2, [1], { cluster: 'prod' }) },
      /server 2 is in "prod", server 1 in "test"/,
    ],
    ['the wrong server answers', 'dialer', { callee: 3 }, /server 1 answers at the address of server 3/],
    ['an unknown server calls', 'acceptor', { dialer: party(9, [1]) }, /server 9 is not one of the servers/],
    ['the same id twice', 'acceptor', { dialer: party(1, [1]) }, /1 is the id of this server itself/],
    ['the smaller id calls', 'acceptor', { acceptor: party(3, [2]), callee: 3 }, /must not open a link/],
    ['the larger id knocks', 'acceptor', { purpose: 'knock' }, /must not open a knock/],
  ];
  test.each(cases)('%s', (_name, side, change, reason) => {
    const outcome = meet({ ...good, ...change })[side];
    expect(outcome).toMatchObject({ state: 'refused', reason: expect.stringMatching(reason) });
    expect(JSON.stringify(outcome)).not.toContain('secret for tests');
  });
});

/** What a dialer of another make would send. */
function claim(greeting: Uint8Array, fields: unknown[] = []): Uint8Array {
  const honest = new DialerHandshake(party(2, [1]), 1, 'link', nonce()).receive(greeting);
  if (honest.state !== 'more') throw new Error('refused');
  return fields.length > 0 ? pack(fields) : honest.send;
}

describe('an acceptor refuses', () => {
  const n = nonce();
  const p = new Uint8Array(32);
  const cases: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /not the handshake of a Synod server/],
    ['noise', Buffer.from('GET / HTTP/1.1'), /not the handshake of a Synod server/],
    ['a map', Uint8Array.of(0x80), /maps are not part of the protocol/],
    ['a number', pack(7), /not an array/],
    ['an empty array', pack([]), /version must be a whole number/],
    ['a length beyond the bytes', Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff), /an array claims 4294967295 values/],
    ['too many bytes', new Uint8Array(3_000), /more than 2048/],
    ['a future version', pack([2, 'test', 2, 1, 0, n, p]), /no common version: one server speaks 1, the other 2/],
    ['an id below zero', pack([1, 'test', -2, 1, 0, n, p]), /dialer must be a whole number/],
    ['an id that is no integer', pack([1, 'test', 2.5, 1, 0, n, p]), /dialer must be a whole number/],
    ['an id as text', pack([1, 'test', '2', 1, 0, n, p]), /dialer must be a whole number/],
    ['no cluster', pack([1, null, 2, 1, 0, n, p]), /cluster must be a string/],
    ['an empty cluster', pack([1, '', 2, 1, 0, n, p]), /the clusters differ/],
    ['a call for another server', pack([1, 'test', 2, 3, 0, n, p]), /this is server 1, not server 3/],
    ['an unknown purpose', pack([1, 'test', 2, 1, 2, n, p]), /purpose must be/],
    ['a short nonce', pack([1, 'test', 2, 1, 0, n.subarray(1), p]), /nonce must have 32 bytes, not 31/],
    ['no proof', pack([1, 'test', 2, 1, 0, n, new Uint8Array(0)]), /proof must have 32 bytes, not 0/],
    ['a missing proof', pack([1, 'test', 2, 1, 0, n]), /proof must be binary/],
    ['a proof of zeros', pack([1, 'test', 2, 1, 0, n, p]), /the secrets of the two servers differ/],
    ['a field too many', pack([1, 'test', 2, 1, 0, n, p, 1]), /1 fields too many/],
  ];
  test.each(cases)('%s', (_name, bytes, reason) => {
    const acceptor = new AcceptorHandshake(party(1, [2, 3]), nonce());
    expect(acceptor.receive(bytes)).toMatchObject({ state: 'refused', reason: expect.stringMatching(reason) });
  });

  test('a claim that was made to an earlier greeting', () => {
    const [earlier, now] = [0, 1].map(() => new AcceptorHandshake(party(1, [2]), nonce())) as [
      AcceptorHandshake,
      AcceptorHandshake,
    ];
    const recorded = claim(earlier.greeting);
    expect(earlier.receive(recorded).state).toBe('done');
    expect(now.receive(recorded)).toMatchObject({
      state: 'refused',
      peer: 2,
      reason: expect.stringContaining('proof'),
    });
  });

  test('a claim with any one byte changed', () => {
    const acceptor = new AcceptorHandshake(party(1, [2, 3]), nonce());
    const honest = Buffer.from(claim(acceptor.greeting));
    for (let at = 0; at < honest.length; at++) {
      const forged = Buffer.from(honest);
      forged[at] = forged[at]! ^ 1;
      expect([at, acceptor.receive(forged).state]).toEqual([at, 'refused']);
    }
    expect(acceptor.receive(honest).state).toBe('done');
  });
});

describe('a dialer refuses', () => {
  const n = nonce();
  const cases: [string, Uint8Array, RegExp][] = [
    ['noise', Buffer.from('+PONG\r\n'), /not the handshake of a Synod server/],
    ['another version', pack([[7, 9], 'test', 1, n]), /no common version: one server speaks 1, the other 7, 9/],
    ['no version', pack([[], 'test', 1, n]), /the other none/],
    ['a hundred versions', pack([Array(100).fill(1), 'test', 1, n]), /more than 16/],
    ['a short nonce', pack([[1], 'test', 1, n.subarray(1)]), /nonce must have 32 bytes/],
    ['its own id', pack([[1], 'test', 2, n]), /server 2 answers at the address of server 1/],
  ];
  test.each(cases)('a greeting with %s', (_name, bytes, reason) => {
    const dialer = new DialerHandshake(party(2, [1]), 1, 'link', nonce());
    expect(dialer.receive(bytes)).toMatchObject({ state: 'refused', reason: expect.stringMatching(reason) });
  });

  test('a greeting that hides a version from it, as the acceptor sees from the proof', () => {
    const acceptor = new AcceptorHandshake(party(1, [2]), n);
    const tampered = pack([[1, 0], 'test', 1, n]);
    expect(acceptor.receive(claim(tampered)).state).toBe('refused');
  });

  test.each(['its own proof', 'a proof of zeros', 'a proof for another claim'])('%s', (kind) => {
    const [acceptor, other] = [0, 1].map(() => new AcceptorHandshake(party(1, [2]), n)) as [
      AcceptorHandshake,
      AcceptorHandshake,
    ];
    const dialer = new DialerHandshake(party(2, [1]), 1, 'link', nonce());
    const sent = dialer.receive(acceptor.greeting);
    if (sent.state !== 'more') throw new Error('refused');
    const elsewhere = other.receive(claim(other.greeting));
    const proofs: Record<string, Uint8Array | null> = {
      'its own proof': pack([sent.send.slice(-32)]),
      'a proof of zeros': pack([new Uint8Array(32)]),
      'a proof for another claim': elsewhere.state === 'done' ? elsewhere.send : null,
    };
    expect(dialer.receive(proofs[kind]!)).toMatchObject({
      state: 'refused',
      peer: 1,
      reason: expect.stringContaining('proof'),
    });
  });
});
