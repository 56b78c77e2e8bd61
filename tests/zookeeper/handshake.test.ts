/** ZooKeeper's handshake as Synod's, and the answers to it. */
import { describe, expect, test } from '@jest/globals';
import { MAX_ZXID, type Welcome } from '@synod/protocol';
import { expiredResponse, toConnectResponse, toHello } from '@synod/zookeeper';

describe('handshakes', () => {
  const secret = Uint8Array.from({ length: 16 }, (_, i) => i);
  const request = {
    ...{ protocolVersion: 0, lastZxidSeen: 5, timeOut: 1_000, sessionId: 7, passwd: secret },
    readOnly: false as boolean | null,
  };
  const welcome: Welcome = {
    ...{ version: 1, resumed: true, session: 7, secret, timeout: 2_000, zxid: 9, server: 1, lastWrite: 0 },
    ...{ maxFrameBytes: 1, maxOutstandingWrites: 1, maxOutstandingRequests: 1, maxMultiOperations: 1 },
  };

  test('of a client that comes back, and of a new one', () => {
    expect(toHello(request)).toEqual({ versions: [1], timeout: 1_000, lastZxid: 5, session: 7, secret });
    expect(toHello({ ...request, sessionId: 0, passwd: null })).toMatchObject({ session: 0, secret: null });
    expect(toHello({ ...request, timeOut: -5 })).toHaveProperty('timeout', 0);
  });

  test('of a client of another ensemble: nobody here is mistaken for it', () => {
    for (const sessionId of [0x0100002386d20000n, -1, -(2n ** 63n), 2n ** 53n]) {
      // No leader has led in epoch 0, to which 1 would belong.
      expect(toHello({ ...request, sessionId })).toHaveProperty('session', 1);
    }
    expect(toHello({ ...request, lastZxidSeen: 2n ** 60n })).toHaveProperty('lastZxid', MAX_ZXID);
    expect(toHello({ ...request, lastZxidSeen: -1 })).toHaveProperty('lastZxid', 0);
    expect(toHello({ ...request, passwd: null })).toHaveProperty('secret', new Uint8Array(16));
    expect(toHello({ ...request, passwd: new Uint8Array(17).fill(1) })).toHaveProperty('secret', new Uint8Array(16));
  });

  test('are answered with the byte readOnly where it was sent', () => {
    const answer = { protocolVersion: 0, timeOut: 2_000, sessionId: 7, passwd: secret };
    expect(toConnectResponse({ ...request, readOnly: true }, welcome)).toEqual({ ...answer, readOnly: false });
    expect(toConnectResponse({ ...request, readOnly: null }, welcome)).toEqual({ ...answer, readOnly: null });
    const none = { protocolVersion: 0, timeOut: 0, sessionId: 0, passwd: new Uint8Array(16) };
    expect(expiredResponse(request)).toEqual({ ...none, readOnly: false });
    expect(expiredResponse({ ...request, readOnly: null })).toEqual({ ...none, readOnly: null });
  });
});
