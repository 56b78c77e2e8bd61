/** S52 to S56: membership, the data model, and that all servers do the same; M50 on: what servers write by themselves. */
import { lines } from './shared.js';

const pending = 'packages/tree/src/pending.ts';
const quota = 'packages/tree/src/quota.ts';
const leadership = 'packages/server/src/replica/leadership.ts';
const create = 'packages/tree/src/prepare/create.ts';
const applyCreate = 'packages/tree/src/apply/create.ts';

/** @type {readonly (import('../mutants.js').Mutant | import('../mutants.js').Absent)[]} */
export const modelMutants = [
  {
    id: 'S52',
    title: 'two changes of the members by different leaders, before either is committed',
    cannot:
      'The members do not change while an ensemble runs: they stand in the configuration. What such a change leads to, two quorums without a common server, is mutant S52b.',
    heldBy: { file: 'tests/zab/leaves.test.ts', test: 'voices %j of %i voters: %j, by members alone: %j' },
  },
  {
    id: 'S52b',
    title: 'half of the voters make a quorum',
    patches: [
      {
        file: 'packages/zab/src/quorum.ts',
        find: 'return Math.floor(voters / 2) + 1;',
        replace: 'return Math.max(1, Math.floor(voters / 2));',
      },
    ],
    swarm: { faults: { partition: true } },
    expect: ['Z7', 'Z1', 'Z2', 'Z6'],
  },
  {
    id: 'S53',
    title: 'the members are known from two places that differ',
    cannot:
      'There is one place, the configuration file; a server whose file names other voters is not taken in, with words that say so.',
    heldBy: { file: 'tests/zab/membership.test.ts', test: '%s is not taken in' },
  },
  {
    id: 'S54',
    title: 'a multi that is refused leaves its traces in what is prepared next',
    patches: [
      {
        file: pending,
        find: 'for (const { path, before } of this.#undo.reverse()) this.#set(path, before);',
        replace: '',
      },
    ],
    expect: ['C2', 'assertion'],
  },
  {
    id: 'S54b',
    title: 'a multi that is refused is taken back in the wrong order',
    patches: [
      {
        file: pending,
        find: 'for (const { path, before } of this.#undo.reverse()) this.#set(path, before);',
        replace: 'for (const { path, before } of this.#undo) this.#set(path, before);',
      },
    ],
    expect: ['C2', 'assertion'],
  },
  {
    id: 'S54c',
    title: 'the sequence number of a name is the number of children',
    patches: [
      {
        file: create,
        find: 'request.path + sequenceSuffix(parent.creates)',
        replace: 'request.path + sequenceSuffix(parent.numChildren)',
      },
    ],
    expect: ['C2'],
  },
  {
    id: 'S54d',
    title: 'what is in flight is forgotten as soon as an earlier change of the same znode is applied',
    patches: [
      {
        file: pending,
        find: 'if (this.#nodes.get(first.path)?.zxid === first.zxid) this.#set(first.path, undefined);',
        replace: 'this.#set(first.path, undefined);',
      },
    ],
    expect: ['C2', 'assertion'],
  },
  {
    id: 'S55',
    title: 'what a transaction does depends on the process that applies it',
    patches: [
      {
        file: applyCreate,
        find: "import type { NodeChange, State } from '../state.js';",
        replace: lines("import type { NodeChange, State } from '../state.js';", '', 'let applied = 0;'),
      },
      { file: applyCreate, find: '    ctime: origin.time,', replace: '    ctime: origin.time + (applied++ % 2),' },
    ],
    expect: ['Z11', 'Z10', 'C5', 'C2'],
  },
  {
    id: 'S56',
    title: 'a transaction of a later version reaches an earlier one',
    cannot:
      'There is one version of the log and of the messages so far. A kind of transaction that a server does not know ends it, before it can go another way than the others.',
    heldBy: { file: 'tests/tree/txn.test.ts', test: 'of %s is a bug' },
  },
  {
    id: 'M50',
    title: 'what goes is not taken off the usage of a quota',
    patches: [
      {
        file: quota,
        find: 'if (!this.#tree.hasQuotas) return;',
        replace: 'if (!this.#tree.hasQuotas || count < 0) return;',
      },
    ],
    expect: ['C5', 'C2', 'state'],
  },
  {
    id: 'M50b',
    title: 'the limits of quotas are held against what is applied, not against what is in flight',
    patches: [
      {
        file: pending,
        find: 'this.#quotas?.charge(path, count, bytes);',
        replace: '',
      },
    ],
    expect: ['C2'],
  },
  {
    id: 'M50c',
    title: 'a quota that is in flight is taken to begin with what is applied',
    patches: [
      {
        file: pending,
        find: 'for (const [at, { node }] of this.#nodes) {',
        replace: 'for (const [at, { node }] of []) {',
      },
    ],
    expect: ['C2'],
  },
  {
    id: 'M51',
    title: 'every leader writes the list of servers again',
    patches: [
      {
        file: leadership,
        find: 'if (config.data !== configText(servers, config.mzxid)) this.#propose(',
        replace: 'this.#propose(',
      },
    ],
    expect: ['C2'],
  },
];
