/** M01 and on: rules of agreement that look as if they could be left out. */
import { lines, noChain } from './shared.js';

const core = 'packages/zab/src/core.ts';
const memory = 'packages/zab/src/log.ts';
const quorum = 'packages/zab/src/quorum.ts';
const leaderBroadcast = 'packages/zab/src/leader/broadcast.ts';
const leaderDiscovery = 'packages/zab/src/leader/discovery.ts';
const following = 'packages/zab/src/follower/following.ts';

/** @type {readonly import('../mutants.js').Mutant[]} */
export const agreementMutants = [
  {
    id: 'M02',
    title: 'acknowledgements of a learner count before it has taken over the epoch',
    patches: [
      {
        file: leaderBroadcast,
        find: 'if (learner.counts && learner.ackedLeader) acked.push(learner.acked);',
        replace: 'if (learner.counts) acked.push(learner.acked);',
      },
    ],
    swarm: { tiny: true, faults: { partition: true, crash: true, wipe: true } },
    expect: ['Z7'],
  },
  {
    id: 'M06',
    title: 'a quorum is any majority, whatever its members have forgotten',
    patches: [
      {
        file: quorum,
        find: 'for (const voice of voices) if (voice.member) members++;',
        replace: 'members = voices.length;',
      },
    ],
    swarm: { servers: 3, faults: { wipe: true, rot: true, crash: true, partition: true } },
    expect: ['Z7', 'Z6', 'Z1'],
  },
  {
    id: 'M07',
    title: 'a voter that has lost its disk counts again as soon as it is level',
    patches: [
      {
        file: leaderDiscovery,
        find: 'learner.counts = message.voter && (message.member || begins);',
        replace: 'learner.counts = message.voter;',
      },
    ],
    swarm: { servers: 3, faults: { wipe: true, crash: true, partition: true } },
    expect: ['Z9', 'Z8'],
  },
  {
    id: 'M08',
    title: 'a leader names an epoch before it is durable that it has',
    patches: [
      {
        file: leaderDiscovery,
        find: "leading.core.sendDurably(learner.id, { type: 'epoch',",
        replace: "leading.core.send(learner.id, { type: 'epoch',",
      },
    ],
    swarm: { faults: { power: true, slow: true, crash: true } },
    expect: ['Z8', 'Z1'],
  },
  {
    id: 'M09',
    title: 'a leader counts what it has not written yet as its own acknowledgement',
    patches: [
      {
        file: leaderBroadcast,
        find: 'const acked: Zxid[] = [core.durable];',
        replace: 'const acked: Zxid[] = [core.log.last.zxid];',
      },
    ],
    swarm: { faults: { power: true, slow: true } },
    expect: ['Z7'],
  },
  {
    id: 'M10',
    title: 'what is committed is applied also where it is not durable',
    patches: [
      {
        file: core,
        find: 'const upTo = Math.min(this.committed, this.durable);',
        replace: 'const upTo = Math.min(this.committed, this.log.last.zxid);',
      },
    ],
    swarm: { faults: { power: true, slow: true } },
    expect: ['Z10', 'Z8', 'assertion'],
  },
  {
    id: 'M12',
    title: 'a leader goes on although a follower remembers more',
    patches: [
      {
        file: leaderDiscovery,
        find: 'if (learner.voter && learner.voice.member && ends !== null && knowsMore) {',
        replace: 'if (learner.promiseCounts && knowsMore && ends === null) {',
      },
      {
        file: 'packages/zab/src/vote.ts',
        find: 'return a.epoch - b.epoch || a.zxid - b.zxid || a.leader - b.leader;',
        replace: 'return a.leader - b.leader || a.epoch - b.epoch || a.zxid - b.zxid;',
      },
    ],
    swarm: { faults: { crash: true, partition: true } },
    expect: ['Z6', 'Z7', 'assertion'],
  },
  {
    id: 'M13',
    title: 'a voter that has lost its disk never counts again',
    patches: [
      {
        file: leaderBroadcast,
        find: 'if (!voter || counts || !ackedLeader || core.now - levelAt < core.options.syncMs) continue;',
        replace: 'if (id >= 0 || voter || counts || ackedLeader || levelAt > 0) continue;',
      },
    ],
    swarm: { servers: 3, faults: { wipe: true, crash: true } },
    expect: ['Z12'],
  },
  {
    id: 'M15',
    title: 'a truncated log still says that its epochs end where they did',
    patches: [
      {
        file: memory,
        find: lines(
          '    while (this.ends.length > 0 && this.ends.at(-1)!.zxid > after.zxid) this.ends.pop();',
          '    const end = this.ends.at(-1);',
          '    if (after.zxid > 0 && end?.zxid !== after.zxid) this.ends.push(after);',
          '',
        ),
        replace: '',
      },
      ...noChain,
    ],
    swarm: { faults: { partition: true, crash: true } },
    rare: 'Wrong only at a server that leads next, before anything is logged in a newer epoch, and towards a third one with a longer tail of the same epoch.',
    expect: ['Z4', 'Z2', 'assertion', 'Z7'],
  },
  {
    id: 'M16',
    title: 'the watermark stands still while the log is cut',
    patches: [{ file: 'packages/storage/src/log-keeper.ts', find: '    this.#lowerMark(work);\n', replace: '' }],
    cuts: 'A',
    expect: ['cut'],
  },
  {
    id: 'M17',
    title: 'a server whose history does not fit goes on to vouch for it',
    patches: [
      { file: core, find: '    this.damaged = true;\n    this.current = 0;\n', replace: '' },
      {
        file: core,
        find: "    this.persist({ type: 'current-epoch', epoch: 0 });",
        replace: '    this.sealPersist();',
      },
    ],
    swarm: { servers: 3, tiny: true, faults: { rot: true, wipe: true, crash: true } },
    expect: ['Z8', 'Z9', 'Z7', 'Z6'],
  },
  {
    id: 'M18',
    title: 'who has seen the end of a round first no longer counts for those who have not',
    patches: [
      {
        file: 'packages/zab/src/election.ts',
        find: 'if (message.round === core.round && message.vote.leader === leader) add(id, message);',
        replace: '',
      },
    ],
    swarm: { servers: 5, faults: { crash: true, partition: true } },
    rare: 'Costs time only: whoever was first to see the end leads or follows, says so, and the next round ends with it.',
    expect: ['Z12'],
  },
  {
    id: 'M19',
    title: 'an observer that has found its leader is answered, and answers',
    patches: [
      {
        file: following,
        find: "if (message.state === 'looking' || (message.state === 'observing' && message.vote.leader === from)) {",
        replace: "if (message.state === 'looking' || message.state === 'observing') {",
      },
    ],
    swarm: { servers: 3, observers: 2, faults: { crash: true } },
    expect: ['hang', 'Z12'],
  },
  {
    id: 'M20',
    title: 'the watermark that a start has read may not be on the disk yet',
    patches: [{ file: 'packages/storage/src/log-keeper.ts', find: '    watermark.sync();\n', replace: '' }],
    cuts: 'A',
    expect: ['cut'],
  },
  {
    id: 'M21',
    title: 'an empty state is laid out in two steps',
    patches: [
      {
        file: 'packages/storage/src/state-file.ts',
        find: '      state.#writeHeader(EMPTY);\n    });',
        replace: '    });\n    transaction(sql, () => state!.#writeHeader(EMPTY));',
      },
    ],
    cuts: 'A',
    expect: ['cut'],
  },
  {
    id: 'M22',
    title: 'the log that a start has emptied may come back, shorter than it was read',
    patches: [{ file: 'packages/storage/src/inspect.ts', find: '    disk.sync(`${name}-wal`);\n', replace: '' }],
    swarm: { servers: 3, tier: 'B', faults: { sync: true, crash: true, power: true } },
    rare: 'A sync of the write-ahead log must fail, and the power go behind the next start: tests/simulator/scenarios/emptied-log-comes-back.json is such a run.',
    expect: ['Z7', 'Z9', 'Z10'],
  },
];
