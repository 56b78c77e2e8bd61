/** S01 to S08: what a server writes down while it takes over the history of a leader. */
import { lines, noChain } from './shared.js';

const core = 'packages/zab/src/core.ts';
const memory = 'packages/zab/src/log.ts';
const leaderBroadcast = 'packages/zab/src/leader/broadcast.ts';
const leading = 'packages/zab/src/leader/leading.ts';
const followerBroadcast = 'packages/zab/src/follower/broadcast.ts';
const followerDiscovery = 'packages/zab/src/follower/discovery.ts';
const followerSync = 'packages/zab/src/follower/sync.ts';
const following = 'packages/zab/src/follower/following.ts';
const logFile = 'packages/storage/src/log-file.ts';
const logKeeper = 'packages/storage/src/log-keeper.ts';

/** @type {readonly import('../mutants.js').Mutant[]} */
export const historyMutants = [
  {
    id: 'S01',
    title: 'a follower acknowledges the new leader while the history is still on its way to the disk',
    patches: [
      {
        file: followerSync,
        find: "core.sendDurably(leader, { type: 'ack-leader', attempt, epoch: message.epoch });",
        replace: "core.send(leader, { type: 'ack-leader', attempt, epoch: message.epoch });",
      },
    ],
    swarm: { faults: { power: true } },
    expect: ['Z8', 'Z7'],
  },
  {
    id: 'S01b',
    title: 'a leader begins to serve before its own history is durable',
    patches: [
      {
        file: leaderBroadcast,
        find: "if (leading.stage !== 'sync' || !leading.selfAcked) return;",
        replace: "if (leading.stage !== 'sync') return;",
      },
    ],
    swarm: { faults: { power: true, slow: true } },
    expect: ['Z7', 'Z8'],
  },
  {
    id: 'S02',
    title: 'the epochs are written before the history that belongs to them',
    patches: [
      {
        file: logFile,
        find: lines(
          '    transaction(this.#sql, () => {',
          '      const before = this.#history;',
          '      for (const op of ops) this.#one(op);',
          '      if (this.#history !== before) this.#writeHistory();',
          '    });',
        ),
        replace: lines(
          "    const isEpoch = (op: LogOp): boolean => op.type === 'accepted-epoch' || op.type === 'current-epoch';",
          '    for (const part of [ops.filter(isEpoch), ops.filter((op) => !isEpoch(op))]) {',
          '      if (part.length === 0) continue;',
          '      transaction(this.#sql, () => {',
          '        const before = this.#history;',
          '        for (const op of part) this.#one(op);',
          '        if (this.#history !== before) this.#writeHistory();',
          '      });',
          '    }',
        ),
      },
    ],
    swarm: { faults: { power: true, crash: true } },
    expect: ['Z9', 'Z7', 'Z6'],
  },
  {
    id: 'S02b',
    title: 'a follower takes the new epoch for current when it promises it',
    patches: [
      {
        file: followerDiscovery,
        find: "core.persist({ type: 'accepted-epoch', epoch });",
        replace: lines(
          "core.persist({ type: 'accepted-epoch', epoch });",
          '    core.current = epoch;',
          "    core.persist({ type: 'current-epoch', epoch });",
        ),
      },
    ],
    swarm: { faults: { partition: true, crash: true } },
    expect: ['Z9', 'Z7', 'Z6'],
  },
  {
    id: 'S03',
    title: 'an acknowledgement of records counts as one of the epoch',
    patches: [
      {
        file: leaderBroadcast,
        find: 'if (learner.counts && learner.ackedLeader) voices.push(learner.voice);',
        replace:
          'if (learner.counts && (learner.ackedLeader || learner.acked >= learner.target)) voices.push(learner.voice);',
      },
      {
        file: leaderBroadcast,
        find: 'if (learner.counts && learner.ackedLeader) acked.push(learner.acked);',
        replace: 'if (learner.counts) acked.push(learner.acked);',
      },
    ],
    swarm: { faults: { partition: true, slow: true } },
    expect: ['Z7', 'Z8'],
  },
  {
    id: 'S03b',
    title: 'a leader dies of an acknowledgement of records that comes before the one of the epoch',
    patches: [
      {
        file: leading,
        find: "const zxid = message.type === 'ack' ? message.zxid : message.durable;",
        replace: lines(
          "const zxid = message.type === 'ack' ? message.zxid : message.durable;",
          "    if (!learner.ackedLeader && zxid > 0) throw new Error('records are acknowledged before the epoch');",
        ),
      },
    ],
    expect: ['assertion'],
  },
  {
    id: 'S04',
    title: 'what was committed between the end of synchronisation and the word to serve is never applied',
    patches: [
      {
        file: followerBroadcast,
        find: 'following.core.committed = Math.max(following.core.committed, message.committed);',
        replace: lines(
          'following.core.committed = Math.max(following.core.committed, message.committed);',
          '  const { core } = following;',
          '  core.delivered = Math.max(core.delivered, Math.min(message.committed, core.durable));',
        ),
      },
    ],
    expect: ['Z2', 'Z11', 'assertion'],
  },
  {
    id: 'S04b',
    title: 'a follower dies of a commit that comes before the word to serve',
    patches: [
      {
        file: followerBroadcast,
        find: "if (following.stage !== 'broadcast' || zxid <= core.committed) return;",
        replace: lines(
          'if (zxid <= core.committed) return;',
          "  if (following.stage !== 'broadcast') throw new Error('a commit before the word to serve');",
        ),
      },
    ],
    expect: ['assertion'],
  },
  {
    id: 'S05',
    title: 'a state that was received whole counts in memory, and reaches the disk only with the epoch',
    patches: [
      { file: core, find: '  damaged: boolean;', replace: '  damaged: boolean;\n  lateAdopt: Position | null = null;' },
      { file: core, find: "this.persist({ type: 'adopt', base });", replace: 'this.lateAdopt = base;' },
      {
        file: core,
        find: '  append(record: LogRecord): void {',
        replace: lines(
          '  adoptLate(): void {',
          '    const base = this.lateAdopt;',
          '    this.lateAdopt = null;',
          "    if (base !== null) this.persist({ type: 'adopt', base });",
          '  }',
          '',
          '  append(record: LogRecord): void {',
          '    this.adoptLate();',
        ),
      },
      {
        file: followerSync,
        find: '  following.planned = true;\n  if (message.member) {',
        replace: '  following.planned = true;\n  core.adoptLate();\n  if (message.member) {',
      },
      { file: following, find: 'core.attempt++;', replace: 'core.attempt++;\n    core.lateAdopt = null;' },
    ],
    swarm: { tiny: true, faults: { crash: true, wipe: true, partition: true } },
    expect: ['Z8', 'Z10', 'assertion'],
  },
  {
    id: 'S06',
    title: 'after a truncation a server still reports as durable what it has cut off',
    patches: [
      {
        file: core,
        find: 'this.log.truncate(after);\n    this.#lowerDurable(after.zxid);',
        replace: 'this.log.truncate(after);',
      },
    ],
    swarm: { faults: { partition: true, crash: true } },
    expect: ['Z8'],
  },
  {
    id: 'S06b',
    title: 'a truncation cuts the disk, memory only when the leader goes on: shorter disk than memory in between',
    patches: [
      {
        file: core,
        find: 'this.log.truncate(after);\n    this.#lowerDurable(after.zxid);',
        replace: 'this.lateCut = after;',
      },
      { file: core, find: '  damaged: boolean;', replace: '  damaged: boolean;\n  lateCut: Position | null = null;' },
      {
        file: core,
        find: '  append(record: LogRecord): void {',
        replace: lines(
          '  cutLate(): void {',
          '    const after = this.lateCut;',
          '    this.lateCut = null;',
          '    if (after === null) return;',
          '    this.log.truncate(after);',
          '    this.#lowerDurable(after.zxid);',
          '  }',
          '',
          '  append(record: LogRecord): void {',
        ),
      },
      {
        file: followerBroadcast,
        find: '  following.planned = true;\n  for (const record of message.records) {',
        replace: '  following.planned = true;\n  core.cutLate();\n  for (const record of message.records) {',
      },
      {
        file: followerSync,
        find: '  const { last } = core.log;\n  if (last.zxid !== message.last.zxid',
        replace: '  core.cutLate();\n  const { last } = core.log;\n  if (last.zxid !== message.last.zxid',
      },
      { file: following, find: 'core.attempt++;', replace: 'core.attempt++;\n    core.lateCut = null;' },
    ],
    swarm: { tiny: true, faults: { partition: true, crash: true, delay: true } },
    expect: ['Z8', 'Z10', 'assertion'],
  },
  {
    id: 'S07',
    title: 'the records in memory have a gap, and a leader sends them as if they had none',
    patches: [
      { file: memory, find: 'this.cachedBehind = { zxid: gone.zxid, chain: gone.chain };', replace: '' },
      ...noChain,
    ],
    swarm: { tiny: true, faults: { partition: true, crash: true } },
    expect: ['Z4', 'Z2', 'assertion'],
  },
  {
    id: 'S08',
    title: 'an error while writing the log is passed over once the others have made a quorum',
    patches: [
      {
        file: logKeeper,
        find: '    this.#write(work);\n    this.#mark();',
        replace: lines(
          '    try {',
          '      this.#write(work);',
          '    } catch {',
          '      // The others have it.',
          '    }',
          '    this.#mark();',
        ),
      },
    ],
    swarm: { faults: { sync: true, full: true, crash: true } },
    expect: ['Z7', 'Z10', 'Z8', 'assertion'],
  },
];
