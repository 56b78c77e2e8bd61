/** S17 to S28: elections, epochs, and whether the ensemble goes on. */
import { lines } from './shared.js';

const core = 'packages/zab/src/core.ts';
const election = 'packages/zab/src/election.ts';
const leaderBroadcast = 'packages/zab/src/leader/broadcast.ts';
const followerDiscovery = 'packages/zab/src/follower/discovery.ts';
const host = 'packages/server/src/host/host.ts';
const replica = 'packages/server/src/replica/replica.ts';
const leadership = 'packages/server/src/replica/leadership.ts';
const inspect = 'packages/storage/src/inspect.ts';

/** @type {readonly import('../mutants.js').Mutant[]} */
export const electionMutants = [
  {
    id: 'S17',
    title: 'a follower does not write down the epoch that it promises',
    patches: [{ file: followerDiscovery, find: "core.persist({ type: 'accepted-epoch', epoch });", replace: '' }],
    swarm: { faults: { crash: true } },
    expect: ['Z8', 'Z9', 'Z1'],
  },
  {
    id: 'S17b',
    title: 'a promise leaves before it is durable',
    patches: [
      {
        file: followerDiscovery,
        find: "core.sendDurably(leader, {\n    type: 'ack-epoch',",
        replace: "core.send(leader, {\n    type: 'ack-epoch',",
      },
    ],
    swarm: { faults: { power: true, slow: true } },
    expect: ['Z8', 'Z1'],
  },
  {
    id: 'S17c',
    title: 'the same epoch is promised twice, and both promises count',
    patches: [
      {
        file: followerDiscovery,
        find: 'const current = epoch === core.accepted ? -1 : core.current;',
        replace: 'const current = core.current;',
      },
    ],
    swarm: { servers: 5, faults: { partition: true, crash: true } },
    rare: 'Two candidates must be in the discovery of one epoch at a time, each with half of its quorum, and one voter go from the first to the second.',
    expect: ['Z1', 'Z3'],
  },
  {
    id: 'S18',
    title: 'the epochs are written in two steps, and a crash in between leaves neither',
    patches: [
      {
        file: 'packages/storage/src/log-file.ts',
        find: lines(
          '    transaction(this.#sql, () => {',
          '      const before = this.#history;',
          '      for (const op of ops) this.#one(op);',
          '      if (this.#history !== before) this.#writeHistory();',
          '    });',
        ),
        replace: lines(
          '    const before = this.#history;',
          '    transaction(this.#sql, () => {',
          '      for (const op of ops) this.#one(op);',
          '      if (this.#history !== before) this.#update.run(...historyFields(this.#history), 0);',
          '    });',
          '    if (this.#history !== before) transaction(this.#sql, () => this.#writeHistory());',
        ),
      },
    ],
    swarm: { faults: { power: true, crash: true } },
    expect: ['Z7', 'Z9', 'Z10', 'Z12'],
  },
  {
    id: 'S19',
    title: 'a server with an empty disk votes like any other',
    patches: [
      {
        file: core,
        find: 'return { member: this.current >= 1 && !this.damaged, blank: !this.damaged && this.log.last.zxid === 0 };',
        replace: 'return { member: !this.damaged, blank: !this.damaged && this.log.last.zxid === 0 };',
      },
    ],
    swarm: { servers: 3, faults: { wipe: true, partition: true, crash: true } },
    expect: ['Z7', 'Z6', 'Z1', 'Z2'],
  },
  {
    id: 'S20',
    title: 'a leader does not hand over when the counter of its epoch is used up',
    setting: [
      { file: 'packages/protocol/src/zxid.ts', find: 'const COUNTERS = 2 ** 32;', replace: 'const COUNTERS = 2 ** 9;' },
      { file: leaderBroadcast, find: 'const COUNTER_RESERVE = 100_000;', replace: 'const COUNTER_RESERVE = 128;' },
    ],
    patches: [
      {
        file: leaderBroadcast,
        find: 'if (epochOf(last.zxid) === epoch && counterOf(last.zxid) >= MAX_COUNTER - COUNTER_RESERVE) {',
        replace: 'if (epoch < 0) {',
      },
    ],
    expect: ['assertion', 'Z4', 'Z5', 'Z3'],
  },
  {
    id: 'S21',
    title: 'a leader that hears no quorum any more goes on and on',
    patches: [
      {
        file: leaderBroadcast,
        find: 'else if (core.now - leading.quorumHeardAt > syncMs) {',
        replace: 'else if (leading.quorumHeardAt < 0) {',
      },
    ],
    swarm: { faults: { oneWay: true, partition: true } },
    expect: ['Z12'],
  },
  {
    id: 'S22',
    title: 'messages to all others wait behind those to a server that is not there',
    patches: [
      {
        file: host,
        find: '    for (const [peer, outbox] of this.#outboxes) {\n      for (const frame of outbox.takeFrames())',
        replace: lines(
          '    for (const [peer, outbox] of this.#outboxes) {',
          '      if (this.#links?.isUp(peer) === false) break;',
          '      for (const frame of outbox.takeFrames())',
        ),
      },
    ],
    swarm: { faults: { crash: true, partition: true } },
    expect: ['Z12'],
  },
  {
    id: 'S23',
    title: 'a server joins an established leader only where both count the same round',
    patches: [
      {
        file: election,
        find: "if (said.state !== 'leading' || (leader === this.#shunned && clock < this.#shunnedUntil)) continue;",
        replace: lines(
          "if (said.state !== 'leading' || (leader === this.#shunned && clock < this.#shunnedUntil)) continue;",
          '      if (said.round !== this.#core.round) continue;',
        ),
      },
    ],
    swarm: { faults: { crash: true } },
    expect: ['Z12'],
  },
  {
    id: 'S24',
    title: 'an older copy of the log is taken for the log',
    patches: [
      {
        file: inspect,
        find: 'if (!reaches(proven, mark)) {',
        replace: 'if (!reaches(proven, mark) && proven.last.zxid < 0) {',
      },
      {
        file: inspect,
        find: 'if (acceptedEpoch < mark.acceptedEpoch || currentEpoch < mark.currentEpoch) {',
        replace: 'if (acceptedEpoch < 0) {',
      },
    ],
    swarm: { servers: 3, faults: { rot: true, crash: true } },
    expect: ['Z9', 'Z7', 'Z1'],
  },
  {
    id: 'S25',
    title: 'a leader answers a sync from what it knows, without asking whether it still leads',
    patches: [
      {
        file: leadership,
        find: "this.#peer.step({ type: 'confirm', ticket: this.#ticket });",
        replace: 'this.confirmed(this.#ticket, this.#tree.zxid);',
      },
    ],
    swarm: { faults: { partition: true, pause: true } },
    expect: ['C7', 'C8', 'linear'],
  },
  {
    id: 'S25b',
    title: 'answers to an earlier question prove that a leader still leads',
    patches: [
      {
        file: leaderBroadcast,
        find: 'leading.confirms[0]!.round <= answered',
        replace: 'leading.confirms[0]!.round <= answered + 1',
      },
    ],
    swarm: { servers: 3, faults: { pause: true, partition: false, crash: false, power: false, wipe: false } },
    rare: 'Wrong only where a leader is suspended, clocks and all, and is asked before its next heartbeat: an older heartbeat without an answer already stands between.',
    expect: ['C7', 'C8', 'linear'],
  },
  {
    id: 'S26',
    title: 'the answer to one sync counts for all that wait, also for those asked since, and of another leader',
    patches: [
      {
        file: replica,
        find: 'if (isAnswer(message) && from !== this.#leader) return;',
        replace: "if (isAnswer(message) && message.type !== 'synced' && from !== this.#leader) return;",
      },
      {
        file: 'packages/server/src/replica/clients.ts',
        find: lines(
          '    const asked = this.#syncs.answered(tag);',
          '    if (!asked) return;',
          '    asked.waiting.waitFor = zxid;',
          '    this.#parked.add(asked.connection);',
          '    this.#drain(asked.connection);',
        ),
        replace: lines(
          '    this.#syncs.answered(tag);',
          '    for (const connection of [...this.connections.values()]) {',
          '      for (const waiting of connection.queued()) {',
          '        if (waiting.op === Op.sync && waiting.waitFor < 0) waiting.waitFor = zxid;',
          '      }',
          '      this.#parked.add(connection);',
          '      this.#drain(connection);',
          '    }',
        ),
      },
    ],
    swarm: { faults: { oneWay: true, partition: true, delay: true } },
    expect: ['C7', 'C8', 'linear', 'append'],
  },
  {
    id: 'S27',
    title: 'after a pause of its own a leader takes the time that went by for the silence of its clients',
    patches: [
      {
        file: replica,
        find: 'this.#clock += Math.min(Math.max(now - this.#now, 0), LONGEST_STEP_MS);',
        replace: 'this.#clock += Math.max(now - this.#now, 0);',
      },
    ],
    swarm: { faults: { pause: true } },
    expect: ['C12'],
  },
  {
    id: 'S28',
    title: 'the disk has failed and the server goes on to answer heartbeats',
    patches: [
      {
        file: host,
        find: 'onFailure: (error) => this.#fail(`storage failed: ${error.message}`),',
        replace: "onFailure: (error) => this.#log.error('storage-failed', { cause: error.message }),",
      },
    ],
    swarm: { faults: { sync: true, full: true } },
    expect: ['Z12'],
  },
];
