/** M30 and on: rules of sessions and watches that look as if they could be left out. */
import { lines, smallBatches, smallFrames } from './shared.js';

const leadership = 'packages/server/src/replica/leadership.ts';
const clients = 'packages/server/src/replica/clients.ts';
const requests = 'packages/server/src/replica/connection-requests.ts';
const rearm = 'packages/tree/src/rearm.ts';
const journal = 'packages/tree/src/journal.ts';
const ledger = 'packages/client/src/session/ledger.ts';

/** @type {readonly import('../mutants.js').Mutant[]} */
export const serviceMutants = [
  {
    id: 'M31',
    title: 'a repeated write is answered before the first one is applied',
    patches: [
      {
        file: leadership,
        find: "this.#send(from, { type: 'duplicate', session, number, zxid: this.#peer.status.last });",
        replace: "this.#send(from, { type: 'duplicate', session, number, zxid: 0 });",
      },
    ],
    swarm: { faults: { clients: true, slow: true } },
    expect: ['C2', 'C3'],
  },
  {
    id: 'M32',
    title: 'a read behind a sync sees a write behind the read',
    patches: [
      {
        file: clients,
        find: 'if (this.#around.serving && connection.syncs === 0 && !connection.full) this.#forward(connection, waiting);',
        replace: 'if (this.#around.serving && !connection.full) this.#forward(connection, waiting);',
      },
    ],
    expect: ['C6', 'C4'],
  },
  {
    id: 'M33',
    title: 'changes are remembered only while somebody watches',
    patches: [
      {
        file: requests,
        find: '    this.journal.add(changes);\n    if (this.watches.size === 0) return;',
        replace: '    if (this.watches.size === 0) return;\n    this.journal.add(changes);',
      },
    ],
    swarm: { faults: { clients: true } },
    expect: ['C10', 'C9'],
  },
  {
    id: 'M34',
    title: 'the journal forgets changes and does not say so',
    setting: [
      {
        file: 'packages/tree/src/acl-table.ts',
        find: 'export const JOURNAL_CHANGES = 65_536;',
        replace: 'export const JOURNAL_CHANGES = 16;',
      },
    ],
    patches: [{ file: journal, find: '      this.#floor = oldest.zxid;\n', replace: '' }],
    swarm: { faults: { clients: true } },
    expect: ['C10', 'C9'],
  },
  {
    id: 'M35',
    title: 'a client that comes back is told nothing of children that came or went',
    patches: [
      {
        file: rearm,
        find: 'return !wasMissing && node.mzxid <= since && node.pzxid <= since;',
        replace: 'return !wasMissing && node.mzxid <= since;',
      },
    ],
    swarm: { faults: { clients: true } },
    expect: ['C10', 'C9'],
  },
  {
    id: 'S48b',
    title: 'a client that comes back is not told of a znode that came and went meanwhile',
    patches: [
      {
        file: rearm,
        find: "return (wasMissing || kind === 'persistent') && tree.nearest(path).pzxid <= since;",
        replace: "return wasMissing || kind === 'persistent';",
      },
    ],
    swarm: { faults: { clients: true } },
    expect: ['C10', 'C9'],
  },
  {
    id: 'M37',
    title: 'a client arms its watches from what it has seen, not from what it was told',
    setting: [smallFrames, smallBatches],
    patches: [
      {
        file: ledger,
        find: 'this.#watchers.rearm(this.#told,',
        replace: 'this.#watchers.rearm(this.#seen,',
      },
    ],
    swarm: { programs: { watchers: 9 }, faults: { clients: true, delay: true } },
    expect: ['C10', 'C9'],
  },
  {
    id: 'M38',
    title: 'the answer to one batch of watches speaks for the batches behind it',
    setting: [smallFrames, smallBatches],
    patches: [
      {
        file: ledger,
        find: 'if (this.#rearming === 0 && told > this.#told) this.#told = told;',
        replace: 'if (told > this.#told) this.#told = told;',
      },
    ],
    swarm: { programs: { watchers: 9 }, faults: { clients: true, delay: true } },
    expect: ['C10', 'C9'],
  },
  {
    id: 'M39',
    title: 'one event of a transaction stands for all events of it',
    setting: [smallFrames],
    patches: [
      {
        file: ledger,
        find: 'this.#note(event.zxid, event.zxid - 1);',
        replace: 'this.#note(event.zxid, event.zxid);',
      },
    ],
    swarm: { programs: { watchers: 9 }, faults: { clients: true, delay: true } },
    expect: ['C10', 'C9'],
  },
  {
    id: 'M42',
    title: 'rows of the tree in use go on being written while a received state comes into force',
    patches: [
      {
        file: 'packages/server/src/replica/replica.ts',
        find: "if (effect.ops.some(({ type }) => type === 'adopt')) this.#folding.suspend();",
        replace: '',
      },
    ],
    swarm: { tiny: true, faults: { partition: true, slow: true, wipe: true } },
    rare: 'A fold of many rows must be under way when a whole state comes, and a server that lags so far has long folded what it had.',
    expect: ['start', 'Z10', 'Z11', 'Z12', 'assertion'],
  },
  {
    id: 'M43',
    title: 'a write that waited is judged by who its client is by then',
    patches: [
      {
        file: clients,
        find: "if (identities !== connection.told) this.#around.toLeader({ type: 'identities', session, generation, identities });",
        replace: lines(
          'const now = connection.identities;',
          "if (now !== connection.told) this.#around.toLeader({ type: 'identities', session, generation, identities: now });",
        ),
      },
    ],
    swarm: { faults: { partition: true, clients: true } },
    expect: ['C2'],
  },
  {
    id: 'M44',
    title: 'a leader calls a session ended whose creation it has not applied, or never heard of',
    patches: [{ file: leadership, find: 'return session > this.#tree.zxid;', replace: 'return session < 0;' }],
    swarm: { faults: { pause: true, partition: true, slow: true } },
    expect: ['C12'],
  },
  {
    id: 'M45',
    title: 'a client is not told that its watch has a gap where it may not read the znode any more',
    setting: [
      {
        file: 'packages/tree/src/acl-table.ts',
        find: 'export const JOURNAL_CHANGES = 65_536;',
        replace: 'export const JOURNAL_CHANGES = 16;',
      },
    ],
    patches: [
      {
        file: rearm,
        find: 'if (stays || node === undefined || mayRead(connection, node.acl.id)) events.push(event);',
        replace: 'if (node === undefined || mayRead(connection, node.acl.id)) events.push(event);',
      },
    ],
    swarm: { guarded: true, programs: { random: 9 }, faults: { crash: true, clients: true } },
    expect: ['C10', 'C9'],
  },
];
