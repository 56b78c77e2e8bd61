/** Replicas among themselves: sessions that are resumed right after their creation. */
import { describe, expect, test } from '@jest/globals';
import type { Welcome } from '@synod/protocol';
import type { Rig } from './replica-rig.js';
import { Trio } from './replica-trio.js';

const TIMEOUT = 1_000;

interface Cast {
  readonly trio: Trio;
  readonly leader: number;
  /** The two that follow. */
  readonly near: number;
  readonly far: number;
}

function cast(): Cast {
  const trio = new Trio();
  const { leader } = trio;
  const [near = 0, far = 0] = [1, 2, 3].filter((id) => id !== leader);
  return { trio, leader, near, far };
}

function welcomeOf(rig: Rig, connection: number): Welcome | undefined {
  const welcome = rig.said(connection).find((message) => message.type === 'welcome');
  return welcome?.type === 'welcome' ? welcome.welcome : undefined;
}

/** A session that is connected to `near`, its connection 1. */
function open({ trio, near }: Cast): number {
  trio.rig(near).connect(1, { timeout: TIMEOUT });
  trio.settle();
  trio.tick(200);
  return welcomeOf(trio.rig(near), 1)!.session;
}

/** As {@link open}, but the leader's disk stands still: the others have made the session, and it has not applied that. */
function openAhead({ trio, leader, near }: Cast): Welcome {
  trio.rig(leader).stalled = true;
  trio.rig(near).connect(1, { timeout: TIMEOUT });
  trio.settle();
  return welcomeOf(trio.rig(near), 1)!;
}

function hangUp({ trio, near }: Cast): void {
  trio.rig(near).replica.step({ type: 'client-closed', connection: 1 });
}

const aliveAt = (trio: Trio, id: number): boolean => trio.rig(id).replica.status.sessions === 1;

describe('a session that is resumed at once', () => {
  test('waits for its creation where the leader has the slowest disk', () => {
    const of = cast();
    const { trio, near, far, leader } = of;
    const { session, secret } = openAhead(of);
    expect([near, far, leader].map((id) => aliveAt(trio, id))).toEqual([true, true, false]);
    trio.rig(far).connect(2, { session, secret, timeout: TIMEOUT });
    trio.tick(200);
    expect([welcomeOf(trio.rig(far), 2), trio.rig(far).goodbye(2)]).toEqual([undefined, undefined]);
    trio.rig(leader).stalled = false;
    trio.settle();
    expect(welcomeOf(trio.rig(far), 2)).toMatchObject({ session, resumed: true });
    expect(trio.rig(near).goodbye(1)).toBe('SESSION_MOVED');
    expect(trio.talk.filter((line) => /attach|refused|moved/.test(line))).toEqual([
      `${far}>${leader} attach`,
      `${leader}>${near} moved`,
      `${leader}>${far} attached`,
    ]);
  });

  test('two that resume it meanwhile get it in the order in which they asked', () => {
    const of = cast();
    const { trio, near, far, leader } = of;
    const { session, secret } = openAhead(of);
    trio.rig(far).connect(2, { session, secret });
    trio.settle();
    trio.rig(near).connect(3, { session, secret });
    trio.settle();
    trio.rig(leader).stalled = false;
    trio.settle();
    trio.tick(200);
    expect(welcomeOf(trio.rig(near), 3)).toMatchObject({ session, resumed: true });
    expect([trio.rig(near).goodbye(1), trio.rig(far).goodbye(2), trio.rig(near).goodbye(3)]).toEqual([
      'SESSION_MOVED',
      'SESSION_MOVED',
      undefined,
    ]);
  });

  test('one whose end is under way is told so once that is certain', () => {
    const of = cast();
    const { trio, near, far, leader } = of;
    const session = open(of);
    const { secret } = welcomeOf(trio.rig(near), 1)!;
    hangUp(of);
    trio.rig(leader).stalled = true;
    trio.tick(2 * TIMEOUT);
    expect([near, far, leader].map((id) => aliveAt(trio, id))).toEqual([false, false, true]);
    trio.rig(far).connect(2, { session, secret });
    trio.tick(200);
    expect(trio.rig(far).goodbye(2)).toBeUndefined();
    trio.rig(leader).stalled = false;
    trio.settle();
    expect(trio.rig(far).goodbye(2)).toBe('SESSION_EXPIRED');
  });

  test('a leader that steps down just as it could decide decides no more', () => {
    const of = cast();
    const { trio, far, leader } = of;
    const { session, secret } = openAhead(of);
    trio.rig(far).connect(2, { session, secret });
    trio.settle();
    // In one turn: its disk has written, and it finds that it has heard no quorum for long.
    trio.rig(leader).stalled = false;
    trio.rig(leader).tick(2_000, 2_000);
    expect(trio.rig(leader).replica.status.zab.role).toBe('looking');
    expect(aliveAt(trio, leader)).toBe(true);
    trio.tick(1_000);
    expect(welcomeOf(trio.rig(far), 2)).toMatchObject({ session, resumed: true });
  });

  test('a leader that never heard of it sends its client on', () => {
    const of = cast();
    const { trio, far, leader } = of;
    const { last } = trio.rig(leader).replica.status.zab;
    trio.rig(far).connect(2, { session: last + 1, secret: new Uint8Array(16) });
    trio.settle();
    expect(trio.rig(far).goodbye(2)).toBe('CONNECTION_LOSS');
  });
});
