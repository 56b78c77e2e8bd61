/** M01 and on: rules of agreement that look as if they could be left out. */
import { noChain } from './shared.js';

const core = 'packages/zab/src/core.ts';
const memory = 'packages/zab/src/log.ts';
const quorum = 'packages/zab/src/quorum.ts';
const leaderBroadcast = 'packages/zab/src/leader/broadcast.ts';
const leaderDiscovery = 'packages/zab/src/leader/discovery.ts';
const leaderSync = 'packages/zab/src/leader/sync.ts';
const leading = 'packages/zab/src/leader/leading.ts';
const followerDiscovery = 'packages/zab/src/follower/discovery.ts';
const following = 'packages/zab/src/follower/following.ts';

/** @type {readonly import('../mutants.js').Mutant[]} */
export const agreementMutants = [
  {
    id: 'M01',
    title: 'a voter without a voice is told of the new leader before a quorum has made it',
    patches: [{ file: leaderSync, find: "if (!votes && leading.stage === 'sync') return;", replace: '' }],
    swarm: { servers: 3, faults: { wipe: true, crash: true, partition: true } },
    expect: ['Z6', 'Z7', 'Z1'],
  },
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
    swarm: { faults: { partition: true, crash: true, wipe: true } },
    expect: ['Z7', 'Z8'],
  },
  {
    id: 'M03',
    title: 'what was on its way to the disk counts as durable also where it was cut off meanwhile',
    patches: [
      {
        file: core,
        find: 'for (const persist of this.#inFlight) persist.zxid = Math.min(persist.zxid, zxid);',
        replace: '',
      },
    ],
    swarm: { faults: { partition: true, slow: true, crash: true } },
    expect: ['Z8', 'Z7', 'assertion'],
  },
  {
    id: 'M04',
    title: 'a learner takes what its leader said in an earlier attempt',
    patches: [
      {
        file: following,
        find: 'if (from !== this.leader || message.attempt !== this.attempt) return undefined;',
        replace: 'if (from !== this.leader) return undefined;',
      },
    ],
    swarm: { faults: { delay: true, pause: true, partition: true } },
    expect: ['Z8', 'Z4', 'Z2', 'assertion', 'Z12'],
  },
  {
    id: 'M05',
    title: 'a leader takes what a learner said in an earlier attempt',
    patches: [
      {
        file: leading,
        find: "if (!learner || !('attempt' in message) || message.attempt !== learner.attempt) return undefined;",
        replace: "if (!learner || !('attempt' in message)) return undefined;",
      },
    ],
    swarm: { faults: { delay: true, pause: true, partition: true } },
    expect: ['Z7', 'Z8', 'Z12'],
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
    expect: ['Z7', 'Z6', 'Z1', 'Z2'],
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
    id: 'M11',
    title: 'an epoch below the promised one is followed',
    patches: [{ file: followerDiscovery, find: 'if (epoch < bound) {', replace: 'if (bound < 0) {' }],
    swarm: { servers: 5, faults: { partition: true, delay: true, crash: true } },
    expect: ['Z8', 'Z9', 'Z7', 'assertion'],
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
    id: 'M14',
    title: 'a server that took over a whole state still believes what it knew of the commits before',
    patches: [{ file: core, find: '    this.committed = base.zxid;\n', replace: '' }, ...noChain],
    swarm: { tiny: true, faults: { wipe: true, partition: true, crash: true } },
    expect: ['Z2', 'Z7', 'assertion'],
  },
  {
    id: 'M15',
    title: 'a truncated log forgets where its last epoch ends',
    patches: [
      {
        file: memory,
        find: 'if (after.zxid > 0 && end?.zxid !== after.zxid) this.ends.push(after);',
        replace: 'if (end === undefined && after.zxid > 0) this.ends.push(after);',
      },
    ],
    swarm: { faults: { partition: true, crash: true } },
    expect: ['assertion', 'Z7'],
  },
  {
    id: 'M16',
    title: 'the watermark stands still while the log is cut',
    patches: [{ file: 'packages/storage/src/log-keeper.ts', find: '    this.#lowerMark(work);\n', replace: '' }],
    swarm: { faults: { power: true, partition: true, crash: true } },
    expect: ['Z7', 'Z10', 'Z12'],
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
    expect: ['Z7', 'Z9', 'Z6'],
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
    swarm: { faults: { crash: true, partition: true } },
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
    swarm: { faults: { sync: true, crash: true, power: true } },
    expect: ['Z7', 'Z9', 'Z10', 'Z12'],
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
    swarm: { faults: { power: true } },
    expect: ['start', 'Z10', 'Z7', 'Z12'],
  },
  {
    id: 'M22',
    title: 'the log that a start has emptied may come back, shorter than it was read',
    patches: [{ file: 'packages/storage/src/inspect.ts', find: '    disk.sync(`${name}-wal`);\n', replace: '' }],
    swarm: { servers: 3, tier: 'B', faults: { sync: true, crash: true, power: true } },
    expect: ['Z7', 'Z9', 'Z10'],
  },
];
