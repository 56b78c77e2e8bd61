/** Each rule of the ensemble: what a right one does is accepted, and a broken rule is found by its own name. */
import { describe, expect, test } from '@jest/globals';
import { blank, damaged, digestOf, Play, started } from './ensemble-play.js';

describe('what a right ensemble does is accepted', () => {
  const stories: [string, (play: Play) => void][] = [
    ['a start and some records', () => undefined],
    [
      'a new leader cuts off a tail that was never committed',
      (play) => {
        play.write(1, { type: 'append', records: play.make(1, 3) });
        play.checker.crashed(1);
        play.elect(2, 2, 3);
        play.commit(2, 2, 3);
        play.boot(1);
        play.elect(3, 3, 1, 2);
        play.commit(1, 3, 1, 2);
      },
    ],
    [
      'a tail that was never committed becomes so with its epoch',
      (play) => {
        play.write(1, { type: 'append', records: play.make(1, 3) });
        play.restart(1);
        play.elect(2, 1, 2);
        play.commit(1, 1, 2);
      },
    ],
    [
      'a crash in the middle of writing, with and without the write done',
      (play) => {
        const records = play.make(1, 2);
        const append = { type: 'append', records } as const;
        for (const id of [1, 2]) play.checker.persisting(id, [append]);
        play.checker.persisting(2, [{ type: 'accepted-epoch', epoch: 2 }]);
        play.restart(1);
        play.disk(2).log.push(...records);
        play.restart(2);
        play.elect(2, 2, 1, 3);
      },
    ],
    [
      'a leader that lags proposes in its epoch when a newer one has begun',
      (play) => {
        play.elect(2, 1, 2, 3);
        play.checker.role(3, 'looking', 2, 0);
        play.elect(3, 3, 2);
        play.commit(1, 3, 2);
        play.write(1, { type: 'append', records: play.make(1, 1, 2) });
      },
    ],
    [
      'folded and pruned logs, and starts from them',
      (play) => {
        for (const id of [1, 2, 3]) play.prune(id, play.last(id));
        play.restart(2);
        play.commit(2, 1, 3);
        play.restart(3);
        play.checker.settled(
          [1, 3].map((server) => ({ server, position: play.last(server), digest: digestOf(play.last(server)) })),
        );
      },
    ],
    [
      'a wiped server takes over the whole state and counts again from the next epoch on',
      (play) => {
        expect(play.checker.mayLose(3)).toBe(true);
        play.checker.crashed(3);
        play.checker.diskLost(3, 'wiped');
        play.disks.set(3, blank());
        expect(play.checker.mayLose(2)).toBe(false);
        play.boot(3);
        play.write(3, { type: 'accepted-epoch', epoch: 1 });
        play.write(3, { type: 'adopt', base: play.last(1) });
        play.show(3);
        play.elect(2, 1, 2, 3);
        expect(play.checker.mayLose(2)).toBe(true);
        play.commit(1, 1, 3);
      },
    ],
    [
      'a damage that does no harm, to a disk that lost its power while a truncation was on its way',
      (play) => {
        const after = play.last(3);
        const records = play.make(1, 1);
        play.write(1, { type: 'append', records });
        play.write(3, { type: 'append', records });
        play.checker.persisting(3, [{ type: 'truncate', after }]);
        play.disk(3).log.pop();
        play.checker.crashed(3);
        play.checker.diskLost(3, 'damaged');
        play.boot(3);
      },
    ],
    [
      'a damaged server is repaired',
      (play) => {
        play.checker.diskLost(2, 'damaged');
        play.disk(2).log.length = 2;
        play.restart(2, damaged);
        play.write(2, { type: 'current-epoch', epoch: 0 });
        play.commit(1, 1, 3);
        play.write(2, { type: 'adopt', base: play.last(1) });
        play.show(2);
        play.elect(2, 3, 1, 2);
      },
    ],
  ];
  test.each(stories)('%s', (_name, tell) => {
    const play = started();
    tell(play);
    expect(play.violations).toEqual([]);
  });
});

test('old records are forgotten once no log reaches back to them', () => {
  const play = new Play(3, 100);
  play.elect(1, 1, 2, 3, 9);
  for (let i = 0; i < 200; i++) {
    const records = play.commit(100, 1, 2, 3, 9);
    for (const id of [1, 2, 3, 9]) play.prune(id, records[50]!);
    if (i % 50 === 0) play.restart(2);
    if (i % 50 === 0) play.show(2);
  }
  expect(play.violations).toEqual([]);
  expect(play.checker.records.size).toBeLessThan(6_000);
  play.restart(3);
  play.commit(1, 1, 2);
  expect(play.violations).toEqual([]);
});
