/** The parts of the links that can be told about without sockets: when to dial, and asking for names. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import { PeerDialer, retryDelay } from '@synod/server/host/peer-dialer';
import type { PeerSocket } from '@synod/server/host/peer-socket';
import { sharedLookup, type Resolver } from '@synod/server/host/shared-lookup';

describe('the pause before the next attempt', () => {
  test.each([
    [0, 20],
    [1, 40],
    [2, 80],
    [3, 160],
    [4, 320],
    [5, 500],
    [1_000_000, 500],
  ])('after %i failures is %i ms or up to half of it less', (failures, longest) => {
    expect([0, 0.5, 1].map((random) => retryDelay(failures, random))).toEqual([longest, longest * 0.75, longest / 2]);
  });
});

describe('a dialer', () => {
  interface Attempt {
    connected: boolean;
    ended: string | undefined;
  }
  let attempts: Attempt[];
  let dialer: PeerDialer;
  const socket = (at: number): PeerSocket => attempts[at] as unknown as PeerSocket;

  beforeEach(() => {
    jest.useFakeTimers();
    jest.spyOn(Math, 'random').mockReturnValue(0);
    attempts = [];
    dialer = new PeerDialer(() => {
      const attempt = {
        connected: false,
        ended: undefined,
        terminate: (cause: string) => (attempt.ended = cause),
      } as Attempt & object;
      attempts.push(attempt);
      return attempt as unknown as PeerSocket;
    });
    dialer.start();
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  test('calls at once, and after each failure with a longer pause', () => {
    const pauses = [20, 40, 80, 160, 320, 500, 500].map((pause, i) => {
      expect(dialer.failed(socket(i))).toBe(true);
      jest.advanceTimersByTime(pause - 1);
      const early = attempts.length;
      jest.advanceTimersByTime(1);
      return [early, attempts.length];
    });
    expect(pauses).toEqual([1, 2, 3, 4, 5, 6, 7].map((count) => [count, count + 1]));
  });

  test('has one attempt at a time, and does not care how others end', () => {
    jest.advanceTimersByTime(60_000);
    expect(attempts).toHaveLength(1);
    expect(dialer.failed({} as PeerSocket)).toBe(false);
    jest.advanceTimersByTime(60_000);
    expect(attempts).toHaveLength(1);
  });

  test('in a hurry, does not wait out the pause', () => {
    dialer.failed(socket(0));
    dialer.hurry();
    expect(attempts).toHaveLength(2);
    jest.advanceTimersByTime(60_000);
    expect(attempts).toHaveLength(2);
  });

  test.each([
    ['leaves an attempt alone that is new', 0, false, 1],
    ['leaves an attempt alone that has its TCP connection', 10_000, true, 1],
    ['drops an attempt that got nowhere', 250, false, 2],
  ])('in a hurry, %s', (_name, age, connected, count) => {
    jest.advanceTimersByTime(age);
    attempts[0]!.connected = connected;
    dialer.hurry();
    expect(attempts).toHaveLength(count);
    expect(attempts[0]!.ended).toBe(count === 1 ? undefined : 'a newer attempt takes its place');
    // The end of the one that was dropped is not a failure of the one that took its place.
    expect(dialer.failed(socket(0))).toBe(count === 1);
  });

  test('rests while there is a link, and ends an attempt that is not it', () => {
    dialer.settle({} as PeerSocket);
    expect(attempts[0]!.ended).toBe('there is a link already');
    expect(dialer.failed(socket(0))).toBe(false);
    jest.advanceTimersByTime(60_000);
    expect(attempts).toHaveLength(1);
  });

  test('does not end the attempt that became the link', () => {
    dialer.settle(socket(0));
    expect(attempts[0]!.ended).toBeUndefined();
  });

  test.each([
    ['a good link begins with the shortest pause', 1_000, 20],
    ['a link that broke at once goes on with the next one', 999, 80],
  ])('after %s', (_name, lasted, pause) => {
    dialer.failed(socket(0));
    jest.advanceTimersByTime(20);
    dialer.failed(socket(1));
    jest.advanceTimersByTime(40);
    dialer.settle(socket(2));
    jest.advanceTimersByTime(lasted);
    dialer.lost();
    jest.advanceTimersByTime(pause - 1);
    expect(attempts).toHaveLength(3);
    jest.advanceTimersByTime(1);
    expect(attempts).toHaveLength(4);
  });

  test('stopped, calls no more', () => {
    dialer.failed(socket(0));
    dialer.stop();
    jest.advanceTimersByTime(60_000);
    expect(attempts).toHaveLength(1);
  });
});

describe('names', () => {
  const two: LookupAddress[] = [
    { address: '10.0.0.1', family: 4 },
    { address: 'fd00::1', family: 6 },
  ];
  let asked: { name: string; answer: Parameters<Resolver>[1] }[];
  let got: unknown[][];
  const answered = (...answer: unknown[]): number => got.push(answer);
  const lookup = (): ReturnType<typeof sharedLookup> => sharedLookup((name, answer) => asked.push({ name, answer }));
  beforeEach(() => {
    asked = [];
    got = [];
  });

  test('one question at a time for each name, answered to all who asked', () => {
    const find = lookup();
    for (let i = 0; i < 3; i++) find('a', { all: true }, answered);
    find('b', {}, answered);
    expect(asked.map(({ name }) => name)).toEqual(['a', 'b']);
    asked[0]!.answer(null, two);
    expect(got).toEqual([
      [null, two],
      [null, two],
      [null, two],
    ]);
    asked[1]!.answer(null, two);
    expect(got[3]).toEqual([null, '10.0.0.1', 4]);
    find('a', {}, answered);
    expect(asked).toHaveLength(3);
  });

  test('failures, and names without an address', () => {
    const find = lookup();
    find('a', { all: true }, answered);
    asked[0]!.answer(
      Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }),
      undefined as unknown as LookupAddress[],
    );
    find('a', {}, answered);
    asked[1]!.answer(null, []);
    expect(got.map(([error]) => (error as Error).message)).toEqual(['no such name', 'a has no address']);
  });

  test('the system knows its own', async () => {
    const addresses = await new Promise((resolve) =>
      sharedLookup()('localhost', { all: true }, (_error, found) => resolve(found)),
    );
    expect(addresses).toContainEqual(expect.objectContaining({ family: expect.any(Number) }));
  });
});
