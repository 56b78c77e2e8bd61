/** S09 to S16: how a leader brings the log of another server level with its own. */
import { lines, noChain } from './shared.js';

const leaderBroadcast = 'packages/zab/src/leader/broadcast.ts';
const leaderSync = 'packages/zab/src/leader/sync.ts';
const syncPlan = 'packages/zab/src/leader/sync-plan.ts';
const followerBroadcast = 'packages/zab/src/follower/broadcast.ts';
const followerSync = 'packages/zab/src/follower/sync.ts';
const logFile = 'packages/storage/src/log-file.ts';
const stateSide = 'packages/storage/src/state-side.ts';

/** @type {readonly (import("../mutants.js").Mutant | import("../mutants.js").Absent)[]} */
export const syncMutants = [
  {
    id: 'S09',
    title: 'old queued proposals land behind a new synchronisation',
    cannot:
      'A follower says what it holds only when the disk holds it, behind everything that was queued before: nothing of an earlier role is left when a leader answers with a truncation.',
    heldBy: {
      file: 'tests/storage/storage.test.ts',
      test: 'what is persisted while a batch is written goes out together, tokens rise, nothing is lost',
    },
  },
  {
    id: 'S10',
    title: 'a deposed leader keeps what nobody committed and gets the rest behind it',
    patches: [
      {
        file: syncPlan,
        find: "return common.zxid === learner.last.zxid ? { type: 'diff', from: common } : { type: 'truncate', from: common };",
        replace: "return { type: 'diff', from: common };",
      },
      ...noChain,
    ],
    swarm: { faults: { partition: true, pause: true } },
    expect: ['Z2', 'Z3', 'Z11'],
  },
  {
    id: 'S11',
    title: 'a state is labelled with the end of the log when it is sent, not with what it shows',
    patches: [
      {
        file: leaderSync,
        find: 'if (chunk.cursor === null) learner.cursor = chunk.position;',
        replace: 'if (chunk.cursor === null) learner.cursor = leading.core.log.last;',
      },
      ...noChain,
    ],
    swarm: { tiny: true, faults: { wipe: true, crash: true } },
    expect: ['Z4', 'Z2', 'assertion'],
  },
  {
    id: 'S11b',
    title: 'the state is folded while it is sent',
    patches: [
      { file: stateSide, find: 'return this.#reading || this.#loads > 0;', replace: 'return this.#loads > 0;' },
    ],
    swarm: { tiny: true, faults: { wipe: true, crash: true } },
    expect: ['assertion', 'Z11', 'Z12'],
  },
  {
    id: 'S12',
    title: 'records are sent although the log no longer reaches back to what the learner has',
    patches: [
      {
        file: syncPlan,
        find: "if (common.zxid < leader.base) return { type: 'state', reason: 'the log no longer reaches back to what it has' };",
        replace: '',
      },
      { file: logFile, find: 'if (zxid < base.zxid) return null;', replace: 'if (zxid < base.zxid) return base;' },
      ...noChain,
    ],
    swarm: { tiny: true, faults: { partition: true, crash: true, wipe: true } },
    expect: ['Z4', 'Z2', 'assertion'],
  },
  {
    id: 'S13',
    title: 'a learner is cut back one epoch too far',
    patches: [
      {
        file: syncPlan,
        find: 'for (let i = theirs.length - 1; i >= 0; i--) {',
        replace: 'for (let i = theirs.length - 2; i >= 0; i--) {',
      },
    ],
    swarm: { faults: { crash: true } },
    expect: ['assertion', 'Z7'],
  },
  {
    id: 'S13b',
    title: 'a learner keeps what it has too much',
    patches: [
      { file: followerSync, find: 'if (after.zxid < core.log.last.zxid) core.truncate(after);', replace: '' },
      ...noChain,
    ],
    swarm: { faults: { partition: true, crash: true } },
    expect: ['Z2', 'Z3', 'Z8'],
  },
  {
    id: 'S14',
    title: 'a truncation that has no effect on the disk is taken for done',
    patches: [
      {
        file: logFile,
        find: "this.#sql.prepare('DELETE FROM record WHERE zxid > ?').run(after.zxid);",
        replace: '',
      },
    ],
    swarm: { faults: { partition: true, crash: true } },
    expect: ['Z10', 'Z7', 'Z2', 'assertion'],
  },
  {
    id: 'S15',
    title: 'proposals go to a learner only once it is level; what came in between it never gets',
    patches: [
      {
        file: leaderSync,
        find: "if (learner.stage !== 'sync' && learner.stage !== 'live') return;",
        replace: "if (learner.stage !== 'live' && (learner.stage !== 'sync' || learner.newLeaderSent)) return;",
      },
      {
        file: leaderBroadcast,
        find: "learner.stage = 'live';",
        replace: "learner.stage = 'live';\n  learner.cursor = leading.core.log.last;",
      },
      ...noChain,
    ],
    swarm: { faults: { crash: true } },
    expect: ['Z4', 'Z2', 'assertion'],
  },
  {
    id: 'S16',
    title: 'a record that comes once with the history and once as a proposal is logged twice',
    patches: [
      {
        file: leaderBroadcast,
        find: "learner.stage = 'live';",
        replace: lines(
          "learner.stage = 'live';",
          '  if (learner.cursor.zxid > learner.target) learner.cursor = { zxid: learner.target, chain: 0 };',
        ),
      },
      {
        file: followerBroadcast,
        find: 'if (record.zxid <= core.log.last.zxid) continue;\n    if (!core.log.follows(record)) {',
        replace: 'if (record.zxid > core.log.last.zxid && !core.log.follows(record)) {',
      },
    ],
    swarm: { faults: { crash: true } },
    expect: ['assertion', 'Z4', 'Z5'],
  },
];
