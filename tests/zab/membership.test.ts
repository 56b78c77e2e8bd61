/** Who belongs to the ensemble stands in each server's configuration: what happens where two of them differ. */
import { describe, expect, test } from '@jest/globals';
import { ORIGIN, Peer, type PeerMessage, type RecoveredHistory, type ZabOptions } from '@synod/zab';

const options: ZabOptions = {
  ...{ self: 1, voters: [1, 2], observers: [3], tickMs: 100, initMs: 1_000, syncMs: 500 },
  ...{ finalizeMs: 50, cacheRecords: 100, cacheBytes: 10_000 },
};

const empty: RecoveredHistory = {
  ...{ damage: null, acceptedEpoch: 0, currentEpoch: 0, committed: 0 },
  ...{ base: ORIGIN, state: ORIGIN, last: ORIGIN, ends: [], tail: [] },
};

/** A server that leads the very first start of its ensemble. */
function leader(): Peer {
  const peer = new Peer(options, empty, 1);
  for (const id of [2, 3]) peer.step({ type: 'link-up', peer: id });
  const vote = { leader: 1, epoch: 0, zxid: 0 };
  const message: PeerMessage = { type: 'vote', round: 1, state: 'looking', vote, member: false, blank: true };
  peer.step({ type: 'message', from: 2, message });
  peer.take();
  return peer;
}

describe('a server asks to follow', () => {
  test.each([
    ['a voter that calls itself an observer', 2, false, 'n2 is a voter in the configuration of n1'],
    ['an observer that calls itself a voter', 3, true, 'n3 is no voter in the configuration of n1'],
  ])('%s is not taken in', (_, from, voter, words) => {
    const peer = leader();
    const message: PeerMessage = { type: 'follow', attempt: 7, accepted: 0, member: false, blank: true, voter };
    peer.step({ type: 'message', from, message });
    const answers = peer.take().flatMap((effect) => (effect.type === 'send' ? [effect.message] : []));
    expect(answers).toContainEqual({ type: 'refuse', attempt: 7, reason: expect.stringContaining(words) });
    expect(peer.status.learners).toEqual([]);
  });
});
