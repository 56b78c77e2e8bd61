/** Every rule of the ensemble, broken: found by that rule and by no other. */
import { describe, expect, test } from '@jest/globals';
import { blank, damaged, digestOf, position, started, type Play } from './ensemble-play.js';

/** Everything on the disk of a server is gone, and it is started. */
function wipe(play: Play, id: number): void {
  play.checker.crashed(id);
  play.checker.diskLost(id, 'wiped');
  play.disks.set(id, blank());
  play.boot(id);
}

describe('each rule finds what breaks it, and no other rule does', () => {
  const lies: [string, string, (play: Play) => void][] = [
    [
      'Z1',
      'two leaders of one epoch',
      (play) => {
        play.elect(2, 1, 2, 3);
        play.checker.role(1, 'leading', 2, 1);
      },
    ],
    ['Z1', 'a follower of somebody else', (play) => play.checker.role(2, 'following', 1, 3)],
    [
      'Z2',
      'two sequences',
      (play) => {
        const tail = play.make(1, 1);
        play.write(1, { type: 'append', records: tail });
        play.checker.crashed(1);
        play.elect(2, 2, 3);
        play.commit(1, 2, 3);
        play.show(1, tail[0]);
      },
    ],
    [
      'Z2',
      'other bytes under the same name',
      (play) => {
        const [record] = play.make(1, 1);
        play.write(1, { type: 'append', records: [record!] });
        play.write(2, { type: 'append', records: [{ ...record!, body: Uint8Array.of(7) }] });
      },
    ],
    [
      'Z2',
      'a state of records that were never applied',
      (play) => {
        play.write(1, { type: 'append', records: play.make(1, 1) });
        play.checker.persisting(2, [{ type: 'adopt', base: play.last(1) }]);
      },
    ],
    [
      'Z3',
      'a record that no leader has proposed',
      (play) => {
        play.write(2, { type: 'append', records: play.make(2, 1) });
      },
    ],
    [
      'Z3',
      'something shown that nobody logged',
      (play) => {
        play.show(1, position(play.make(1, 1)[0]!));
      },
    ],
    [
      'Z3',
      'a chain that proves nothing',
      (play) => {
        const [record] = play.make(1, 1);
        play.write(1, { type: 'append', records: [{ ...record!, chain: 5 }] });
      },
    ],
    [
      'Z3',
      'something sent that nobody logged',
      (play) => {
        play.say(1, 2, { type: 'propose', attempt: 1, records: play.make(1, 1) });
      },
    ],
    [
      'Z4',
      'a gap in a log',
      (play) => {
        const records = play.make(1, 3);
        play.write(1, { type: 'append', records });
        play.checker.persisting(2, [{ type: 'append', records: records.slice(1) }]);
      },
    ],
    [
      'Z4',
      'a gap in what is sent',
      (play) => {
        const records = play.make(1, 3);
        play.write(1, { type: 'append', records });
        play.say(1, 2, { type: 'propose', attempt: 1, records: [records[0]!, records[2]!] });
      },
    ],
    [
      'Z5',
      'a record twice',
      (play) => {
        play.checker.persisting(2, [{ type: 'append', records: [play.disk(2).log[4]!] }]);
      },
    ],
    ['Z5', 'a server that shows less than before', (play) => play.show(2, position(play.disk(2).log[2]!))],
    [
      'Z6',
      'a leader without what was applied',
      (play) => {
        play.commit(1, 1, 2);
        for (const type of ['accepted-epoch', 'current-epoch'] as const) play.write(3, { type, epoch: 2 });
        play.checker.role(3, 'leading', 2, 3);
      },
    ],
    [
      'Z7',
      'shown before a majority has it',
      (play) => {
        play.write(1, { type: 'append', records: play.make(1, 1) });
        play.show(1);
      },
    ],
    [
      'Z7',
      'an answer ahead of everything applied',
      (play) => {
        for (const id of [1, 2]) play.checker.persisting(id, [{ type: 'append', records: play.make(1, 1) }]);
        play.checker.answered(play.make(1, 1)[0]!.zxid);
      },
    ],
    [
      'Z7',
      'called committed before a majority has it',
      (play) => {
        const records = play.make(1, 1);
        play.write(1, { type: 'append', records });
        play.checker.persisting(2, [{ type: 'append', records }]);
        play.say(1, 2, { type: 'commit', attempt: 1, zxid: records[0]!.zxid });
      },
    ],
    [
      'Z7',
      'a cut behind what was applied',
      (play) => {
        play.write(2, { type: 'truncate', after: position(play.disk(2).log[3]!) });
      },
    ],
    [
      'Z7',
      'a log that is shorter after a crash',
      (play) => {
        play.disk(2).log.pop();
        play.restart(2);
      },
    ],
    [
      'Z7',
      'a majority gone with a state that was adopted',
      (play) => {
        const base = position(play.disk(1).log[3]!);
        for (const id of [2, 3]) play.write(id, { type: 'adopt', base });
      },
    ],
    [
      'Z8',
      'ack of what is still on its way',
      (play) => {
        const records = play.make(1, 1);
        play.write(1, { type: 'append', records });
        play.checker.persisting(2, [{ type: 'append', records }]);
        play.say(2, 1, { type: 'ack', attempt: 1, zxid: records[0]!.zxid });
      },
    ],
    [
      'Z8',
      'pong of what is still on its way',
      (play) => {
        play.say(2, 1, { type: 'pong', attempt: 1, round: 1, durable: play.make(1, 1)[0]!.zxid });
      },
    ],
    [
      'Z8',
      'ack of another record than the leader has',
      (play) => {
        play.write(1, { type: 'append', records: play.make(1, 2) });
        play.checker.role(1, 'looking', 1, 0);
        play.write(2, { type: 'accepted-epoch', epoch: 2 });
        play.promise(1, 2, 2, 5);
        play.say(1, 2, { type: 'ack', attempt: 5, zxid: play.last(1).zxid });
      },
    ],
    [
      'Z8',
      'a promise that is still on its way',
      (play) => {
        const message = { type: 'ack-epoch', attempt: 4, current: 1, last: play.last(2), ends: [], base: 0 } as const;
        play.checker.persisting(2, [{ type: 'accepted-epoch', epoch: 2 }]);
        play.say(2, 1, { ...message, epoch: 2 });
      },
    ],
    [
      'Z8',
      'an epoch that begins before it is durable',
      (play) => {
        play.say(1, 2, { type: 'epoch', attempt: 4, epoch: 2 });
      },
    ],
    [
      'Z8',
      'ack-leader before the epoch is durable',
      (play) => {
        play.write(1, { type: 'accepted-epoch', epoch: 2 });
        play.promise(2, 1, 2, 5);
        play.say(1, 2, { type: 'new-leader', attempt: 5, epoch: 2, last: play.last(1), member: true });
        play.checker.persisting(2, [{ type: 'current-epoch', epoch: 2 }]);
        play.say(2, 1, { type: 'ack-leader', attempt: 5, epoch: 2 });
      },
    ],
    [
      'Z8',
      'ack-leader before the history is durable',
      (play) => {
        const records = play.make(1, 1);
        play.write(1, { type: 'append', records });
        play.write(1, { type: 'accepted-epoch', epoch: 2 });
        play.promise(2, 1, 2, 5);
        play.say(1, 2, { type: 'new-leader', attempt: 5, epoch: 2, last: play.last(1), member: true });
        play.write(2, { type: 'current-epoch', epoch: 2 });
        play.say(2, 1, { type: 'ack-leader', attempt: 5, epoch: 2 });
      },
    ],
    [
      'Z8',
      'a vote for a history that is still on its way',
      (play) => {
        const vote = { leader: 2, epoch: 1, zxid: play.last(2).zxid + 1 };
        play.say(2, 1, { type: 'vote', round: 1, state: 'looking', vote, member: true, blank: false });
      },
    ],
    [
      'Z8',
      'a member that is none',
      (play) => {
        play.write(2, { type: 'current-epoch', epoch: 0 });
        play.say(2, 1, { type: 'follow', attempt: 5, accepted: 1, member: true, blank: false, voter: true });
      },
    ],
    [
      'Z8',
      'a member that has lost its disk, and no epoch has begun since',
      (play) => {
        play.disk(2).log.pop();
        play.checker.crashed(2);
        play.checker.diskLost(2, 'damaged');
        play.boot(2, damaged);
        play.say(2, 1, { type: 'follow', attempt: 5, accepted: 1, member: true, blank: false, voter: true });
      },
    ],
    [
      'Z9',
      'who has lost its disk enters an epoch that had begun',
      (play) => {
        wipe(play, 2);
        for (const type of ['accepted-epoch', 'current-epoch'] as const) play.write(2, { type, epoch: 1 });
      },
    ],
    [
      'Z7',
      'called committed by the disk of one that has not entered the epoch',
      (play) => {
        play.elect(2, 1, 2);
        const records = play.make(1, 1);
        play.write(1, { type: 'append', records });
        play.write(3, { type: 'accepted-epoch', epoch: 2 });
        play.write(3, { type: 'append', records });
        play.say(1, 2, { type: 'commit', attempt: 2, zxid: records[0]!.zxid });
      },
    ],
    [
      'Z9',
      'a promise taken back',
      (play) => {
        play.write(2, { type: 'accepted-epoch', epoch: 5 });
        play.write(2, { type: 'accepted-epoch', epoch: 4 });
      },
    ],
    [
      'Z9',
      'an older epoch',
      (play) => {
        play.elect(2, 1, 2, 3);
        play.write(3, { type: 'current-epoch', epoch: 1 });
      },
    ],
    [
      'Z9',
      'an epoch below a promise',
      (play) => {
        play.write(2, { type: 'accepted-epoch', epoch: 5 });
        play.write(2, { type: 'current-epoch', epoch: 3 });
      },
    ],
    ['Z9', 'an epoch without its promise', (play) => play.write(2, { type: 'current-epoch', epoch: 2 })],
    [
      'Z9',
      'a promise forgotten over a crash',
      (play) => {
        play.write(2, { type: 'accepted-epoch', epoch: 4 });
        play.restart(2, { acceptedEpoch: 3 });
      },
    ],
    [
      'Z10',
      'a state at rest with another digest',
      (play) => {
        play.prune(2, play.last(2));
        play.restart(2, {}, 1);
      },
    ],
    [
      'Z10',
      'a tail that is not what the log holds',
      (play) => {
        play.restart(2, { tail: play.disk(2).log.slice(1) });
      },
    ],
    [
      'Z10',
      'half a write after a crash',
      (play) => {
        const records = play.make(1, 1);
        play.checker.persisting(1, [
          { type: 'append', records },
          { type: 'accepted-epoch', epoch: 2 },
        ]);
        play.disk(1).log.push(...records);
        play.restart(1);
      },
    ],
    ['Z10', 'a sound disk that is called damaged', (play) => play.restart(2, damaged)],
    [
      'Z10',
      'something shown that is not on the own disk',
      (play) => {
        const records = play.commit(1, 1, 2);
        play.checker.persisting(3, [{ type: 'append', records }]);
        play.show(3, position(records[0]!));
      },
    ],
    [
      'Z10',
      'a disk that does things in another order',
      (play) => {
        const records = play.make(1, 1);
        play.checker.persisting(1, [{ type: 'append', records }]);
        play.checker.persisting(1, [{ type: 'accepted-epoch', epoch: 2 }]);
        play.flush(1, { type: 'accepted-epoch', epoch: 2 });
        play.flush(1, { type: 'append', records });
      },
    ],
    ['Z11', 'two digests of one zxid', (play) => play.show(2, play.last(2), 1)],
    [
      'Z12',
      'a server that is behind in the end',
      (play) => {
        const before = play.last(3);
        play.commit(1, 1, 2);
        play.checker.settled([{ server: 3, position: before, digest: digestOf(before) }]);
      },
    ],
    [
      'Z12',
      'a server that differs in the end',
      (play) => {
        play.checker.settled([{ server: 3, position: play.last(3), digest: 1 }]);
      },
    ],
  ];
  test.each(lies)('%s: %s', (rule, _name, tell) => {
    const play = started();
    expect(play.violations).toEqual([]);
    tell(play);
    expect(play.violations.map(({ text }) => text)).not.toEqual([]);
    expect(play.rules).toEqual([rule]);
  });

  test('two lost copies of three are found where the third never had the record', () => {
    const play = started();
    play.commit(1, 1, 2);
    for (const id of [1, 2]) wipe(play, id);
    play.elect(2, 3, 1, 2);
    expect(play.rules).toEqual(['Z6']);
  });
});
