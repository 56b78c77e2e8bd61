/** S47 to S51: watches. */
import { lines, smallBatches } from './shared.js';

const requests = 'packages/server/src/replica/connection-requests.ts';
const replica = 'packages/server/src/replica/replica.ts';
const watches = 'packages/tree/src/watches.ts';

/** @type {readonly import('../mutants.js').Mutant[]} */
export const watchMutants = [
  {
    id: 'S47',
    title: 'a watch is armed a little later than its read',
    patches: [
      {
        file: requests,
        find: '  readonly watches = new Watches();',
        replace: '  readonly watches = new Watches();\n  readonly late = new Map<number, () => void>();',
      },
      {
        file: requests,
        find: '    const { watches } = this;',
        replace:
          '    const { watches } = this;\n    this.late.get(connection.id)?.();\n    this.late.delete(connection.id);',
      },
      {
        file: requests,
        find: "watches.add(connection.id, request.path, request.op === Op.getData ? 'data' : 'child');",
        replace:
          "this.late.set(connection.id, () => watches.add(connection.id, request.path, request.op === Op.getData ? 'data' : 'child'));",
      },
    ],
    expect: ['C10', 'C9'],
  },
  {
    id: 'S48',
    title: 'a client arms the first batch of its watches again, and forgets the others',
    setting: [smallBatches],
    patches: [
      {
        file: 'packages/client/src/session/watchers.ts',
        find: 'if (paths > 0) requests.push({ op: Op.setWatches, since, ...lists });\n    return requests;',
        replace:
          'if (paths > 0) requests.push({ op: Op.setWatches, since, ...lists });\n    return requests.slice(0, 1);',
      },
    ],
    swarm: { faults: { clients: true } },
    expect: ['C10', 'C9'],
  },
  {
    id: 'S49',
    title: 'removing one kind of watch removes the others on the path',
    patches: [
      {
        file: watches,
        find: 'this.#set(connection, path, bits & ~TYPE_BITS[type]);',
        replace: 'this.#set(connection, path, 0);',
      },
    ],
    expect: ['C10', 'C9'],
  },
  {
    id: 'S49b',
    title: 'a persistent watch is used up by its first event',
    patches: [
      {
        file: watches,
        find: 'this.#set(connection, path, bits & ~(kinds & ONE_SHOT));',
        replace: 'this.#set(connection, path, bits & ~kinds);',
      },
    ],
    expect: ['C10', 'C9'],
  },
  {
    id: 'S50',
    title: 'clients stay connected to a server that takes over a whole state, and miss what lies in between',
    patches: [
      {
        file: replica,
        find: "this.#clients.dismissAll('CONNECTION_LOSS', 'this server takes over the whole state of its leader');",
        replace: '',
      },
    ],
    swarm: { tiny: true, programs: { watchers: 9 }, faults: { partition: true, delay: true } },
    expect: ['C10', 'C9', 'assertion'],
  },
  {
    id: 'S50b',
    title: 'a client that reads slowly misses events',
    patches: [
      {
        file: requests,
        find: '      if (!connection) return;\n      connection.event(event);',
        replace:
          '      if (!connection || connection.full || connection.outBytes > 400) return;\n      connection.event(event);',
      },
    ],
    expect: ['C10', 'C9'],
  },
  {
    id: 'S50c',
    title: 'an answer that shows a change overtakes the event that tells of it',
    patches: [
      {
        file: 'packages/server/src/replica/clients.ts',
        find: lines(
          '    this.#requests.fire(applied.changes, this.#around.tree, this.connections, this.#busy);',
          '    const { createdSession,',
        ),
        replace: '    const { createdSession,',
      },
      {
        file: 'packages/server/src/replica/clients.ts',
        find: '    if (closedSession === undefined) return;\n    const closed =',
        replace: lines(
          '    this.#requests.fire(applied.changes, this.#around.tree, this.connections, this.#busy);',
          '    if (closedSession === undefined) return;',
          '    const closed =',
        ),
      },
    ],
    expect: ['C9'],
  },
  {
    id: 'S51',
    title: 'who watches a subtree is told of znodes that it may not read',
    patches: [
      {
        file: watches,
        find: lines('        told!.add(connection);', '        if (mayRead(connection, acl)) emit(connection, event);'),
        replace: lines('        told!.add(connection);', '        emit(connection, event);'),
      },
    ],
    swarm: { guarded: true, programs: { random: 9 } },
    expect: ['C10'],
  },
];
