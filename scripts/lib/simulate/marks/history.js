/** Marks in agreement: elections, discovery, synchronisation, broadcast. */

const core = 'packages/zab/src/core.ts';
const election = 'packages/zab/src/election.ts';
const peer = 'packages/zab/src/peer.ts';
const plan = 'packages/zab/src/leader/sync-plan.ts';
const sync = 'packages/zab/src/leader/sync.ts';
const broadcast = 'packages/zab/src/leader/broadcast.ts';
const discovery = 'packages/zab/src/leader/discovery.ts';
const leading = 'packages/zab/src/leader/leading.ts';
const following = 'packages/zab/src/follower/following.ts';
const followerSync = 'packages/zab/src/follower/sync.ts';
const followerDiscovery = 'packages/zab/src/follower/discovery.ts';

/** @type {readonly import('../marks.js').Mark[]} */
const elections = [
  {
    name: 'election-hearsay',
    file: election,
    find: 'if (from === this.#vote.leader) this.#startOver();',
    how: 'branch',
  },
  {
    name: 'election-candidate-gone',
    file: election,
    find: 'if (peer === this.#vote.leader) this.#startOver();',
    how: 'branch',
  },
  { name: 'election-late-round', file: election, find: 'if (message.round < core.round) {', how: 'after' },
  {
    name: 'election-by-followers',
    file: election,
    find: 'if (this.#follows.size > 0 && this.#backers(self, true).quorum) return this.#lead();',
    how: 'branch',
  },
  {
    name: 'election-waited-for-silent',
    file: election,
    find: 'if (silent && core.clock - this.#changedAt < finalizeMs) return undefined;',
    how: 'branch',
  },
  {
    name: 'election-seen-to-be-over',
    file: election,
    find: 'if (message.round === core.round && message.vote.leader === leader) add(id, message);',
    how: 'branch',
  },
  { name: 'election-join-established', file: election, find: 'return this.#followLeader(leader);', how: 'statement' },
  {
    name: 'resigned-while-not-leading',
    file: peer,
    find: "return { to: 'looking', cause: 'stopping', abstain: true };",
    how: 'statement',
  },
  { name: 'start-damaged', file: core, find: 'if (this.damaged) this.disown();', how: 'branch' },
];

/** @type {readonly import('../marks.js').Mark[]} */
const discoveries = [
  { name: 'epoch-too-low-for-late-voter', file: discovery, find: 'core.epochFloor = message.accepted;', how: 'after' },
  {
    name: 'leader-remembers-less',
    file: discovery,
    find: "return { to: 'looking', cause: `n${learner.id} remembers more than this server` };",
    how: 'statement',
  },
  {
    name: 'epoch-promised-before',
    file: discovery,
    find: "return { to: 'looking', cause: `epoch ${leading.epoch} was promised before; a newer epoch is needed` };",
    how: 'statement',
  },
  {
    name: 'learner-in-discovery-when-epoch-runs',
    file: discovery,
    find: "if (leading.stage !== 'discovery') {",
    how: 'after',
  },
  { name: 'follower-refused-epoch', file: followerDiscovery, find: 'if (epoch < bound) {', how: 'after' },
  {
    name: 'epoch-promised-twice',
    file: followerDiscovery,
    find: 'epoch === core.accepted ? -1 : core.current',
    part: '-1',
    how: 'expression',
  },
  {
    name: 'attempt-outdated',
    file: following,
    find: 'if (from !== this.leader || message.attempt !== this.attempt) return undefined;',
    how: 'branch',
  },
  {
    name: 'follower-without-link',
    file: following,
    find: "return { to: 'looking', cause: `there is no link to n${this.leader}` };",
    how: 'statement',
  },
];

/** @type {readonly import('../marks.js').Mark[]} */
const synchronisation = [
  {
    name: 'state-for-the-unproven',
    file: plan,
    find: "return { type: 'state', reason: 'it cannot prove its history' };",
    how: 'statement',
  },
  {
    name: 'state-for-the-far-behind',
    file: plan,
    find: "return { type: 'state', reason: 'the log no longer reaches back to what it has' };",
    how: 'statement',
  },
  { name: 'truncation-planned', file: plan, find: "{ type: 'truncate', from: common }", how: 'expression' },
  { name: 'logs-share-nothing', file: plan, find: 'return { zxid: 0, chain: 0 };', how: 'statement' },
  { name: 'state-turn-passes-on', file: leading, find: 'if (place === 0) nextState(this);', how: 'branch' },
  { name: 'state-next-in-queue', file: sync, find: 'next.progressAt = leading.core.now;', how: 'after' },
  {
    name: 'records-read-from-disk',
    file: sync,
    find: 'if (learner.cursor.zxid < core.log.cachedBehind.zxid) {',
    how: 'after',
  },
  {
    name: 'records-pruned-meanwhile',
    file: sync,
    find: 'if (records === null || records.length === 0) {',
    how: 'after',
  },
  { name: 'new-leader-withheld', file: sync, find: "if (!votes && leading.stage === 'sync') return;", how: 'branch' },
  {
    name: 'truncated',
    file: followerSync,
    find: 'if (after.zxid < core.log.last.zxid) core.truncate(after);',
    how: 'branch',
  },
  {
    name: 'staged-late',
    file: followerSync,
    find: 'if (ticket !== following.staging) return undefined;',
    how: 'branch',
  },
  { name: 'state-adopted', file: followerSync, find: 'following.adopting = core.adopt(position);', how: 'after' },
  { name: 'adopted-durably', file: core, find: '    this.damaged = false;', how: 'after' },
  {
    name: 'history-without-a-voice',
    file: followerSync,
    find: "core.persist({ type: 'current-epoch', epoch: message.epoch });\n  }",
    how: 'else',
  },
];

/** @type {readonly import('../marks.js').Mark[]} */
const broadcasts = [
  {
    name: 'handover-for-readmitted-voter',
    file: broadcast,
    find: 'return { cause: `n${id} is level again and counts from the next epoch on`, abstain: false };',
    how: 'statement',
  },
  { name: 'handed-over', file: leading, find: 'return undefined;\n    sendCommits(this);', how: 'after' },
  { name: 'learner-dropped', file: broadcast, find: 'leading.forget(learner.id);', how: 'after' },
  {
    name: 'leader-lost-quorum',
    file: broadcast,
    find: "return { to: 'looking', cause: `no quorum of followers for ${syncMs} ms` };",
    how: 'statement',
  },
  {
    name: 'no-quorum-joined',
    file: broadcast,
    find: "return { to: 'looking', cause: `no quorum joined within ${initMs} ms` };",
    how: 'statement',
  },
  {
    name: 'confirm-answered',
    file: broadcast,
    find: 'const { ticket, zxid } = leading.confirms.shift()!;',
    how: 'after',
  },
  {
    name: 'late-learner-let-in',
    file: broadcast,
    find: 'else sendUpToDate(leading, learner);',
    part: 'sendUpToDate(leading, learner);',
    how: 'statement',
  },
];

export const historyMarks = [...elections, ...discoveries, ...synchronisation, ...broadcasts];
