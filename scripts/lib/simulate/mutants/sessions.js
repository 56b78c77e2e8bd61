/** S39 to S46: sessions, ephemeral znodes, and the order in which clients are served. */
import { lines } from './shared.js';

const leadership = 'packages/server/src/replica/leadership.ts';
const replica = 'packages/server/src/replica/replica.ts';
const clients = 'packages/server/src/replica/clients.ts';
const handshakes = 'packages/server/src/replica/handshakes.ts';
const pending = 'packages/tree/src/pending.ts';
const apply = 'packages/tree/src/apply.ts';
const prepare = 'packages/tree/src/prepare.ts';
const session = 'packages/client/src/session/session.ts';
const calls = 'packages/client/src/session/calls.ts';
const timing = 'packages/client/src/session/timing.ts';

/** @type {readonly import('../mutants.js').Mutant[]} */
export const sessionMutants = [
  {
    id: 'S39',
    title: 'an ephemeral znode is made behind the end of its session, and stays for ever',
    patches: [
      {
        file: pending,
        find: 'if (entry !== undefined) return entry.closing ? undefined : entry.lastNumber;',
        replace: 'if (entry !== undefined) return entry.lastNumber;',
      },
      { file: apply, find: 'if (txn.session !== 0 && session === undefined) {', replace: 'if (txn.session < 0) {' },
    ],
    swarm: { faults: { clients: true, partition: true, pause: true } },
    expect: ['C11', 'C2', 'assertion'],
  },
  {
    id: 'S39b',
    title: 'the end of a session leaves behind what was made for it while its end was under way',
    patches: [
      {
        file: 'packages/tree/src/apply/close-session.ts',
        find: 'for (const path of [...session.ephemerals].sort()) applyDelete(state, path, changes);',
        replace: lines(
          'for (const path of [...session.ephemerals].sort()) {',
          '    if ((state.find(path)?.czxid ?? 0) < state.zxid - 2) applyDelete(state, path, changes);',
          '  }',
        ),
      },
    ],
    swarm: { faults: { clients: true } },
    expect: ['C11', 'C2', 'assertion'],
  },
  {
    id: 'S40',
    title: 'the word that a session has moved counts for whatever connection it has by then',
    setting: [
      {
        file: leadership,
        find: "    if (before) this.#send(before.server, { type: 'moved', session, generation });\n",
        replace: '',
      },
      {
        file: leadership,
        find: "    this.#send(from, { type: 'attached', tag, session, generation, timeout, zxid, lastNumber });\n",
        replace: lines(
          "    this.#send(from, { type: 'attached', tag, session, generation, timeout, zxid, lastNumber });",
          "    if (before) this.#send(before.server, { type: 'moved', session, generation });",
          '',
        ),
      },
    ],
    patches: [
      {
        file: clients,
        find: 'if (connection && connection.generation < generation) {',
        replace: 'if (connection && generation > 0) {',
      },
    ],
    swarm: { faults: { clients: true, delay: true, partition: true } },
    expect: ['C12', 'Z12'],
  },
  {
    id: 'S40b',
    title: 'a session that is moved keeps its connection at the server it left',
    patches: [
      {
        file: leadership,
        find: "if (before) this.#send(before.server, { type: 'moved', session, generation });",
        replace: '',
      },
      {
        file: leadership,
        find: 'if (attachment?.server !== from || attachment.generation !== generation) {',
        replace: 'if (attachment === undefined) {',
      },
    ],
    swarm: { faults: { clients: true, delay: true } },
    expect: ['C4', 'C10', 'C2'],
  },
  {
    id: 'S41',
    title: 'sessions expire by the wall clock',
    patches: [
      {
        file: replica,
        find: 'this.#leadership?.tick(this.#clock, wall);',
        replace: 'this.#leadership?.tick(wall, wall);',
      },
      {
        file: replica,
        find: 'this.#tree, this.#clock, this.#wall, {',
        replace: 'this.#tree, this.#wall, this.#wall, {',
      },
    ],
    swarm: { faults: { clock: true } },
    expect: ['C12', 'C13'],
  },
  {
    id: 'S41b',
    title: 'what a follower hears from clients it keeps to itself',
    patches: [
      {
        file: replica,
        find: "this.#toLeader({ type: 'touch', sessions: this.#clients.takeTouched(), ...checkpoint });",
        replace: lines(
          'const heard = this.#clients.takeTouched();',
          '      const sessions = this.#leader === this.#options.zab.self ? heard : [];',
          "      this.#toLeader({ type: 'touch', sessions, ...checkpoint });",
        ),
      },
    ],
    swarm: { steady: true },
    expect: ['C12'],
  },
  {
    id: 'S41c',
    title: 'a new leader gives the sessions a tick, not their timeout',
    patches: [
      {
        file: leadership,
        find: 'for (const session of tree.sessions.values()) this.#lease(session.id, session.timeout);',
        replace: lines(
          'for (const { id, timeout } of tree.sessions.values()) {',
          '      this.#leases.set(id, { timeout, deadline: clock + options.zab.tickMs });',
          '    }',
        ),
      },
    ],
    swarm: { faults: { crash: true } },
    expect: ['C12'],
  },
  {
    id: 'S42',
    title: 'a client believes in its connection for twice the timeout',
    patches: [{ file: timing, find: 'return (timeout * 2) / 3;', replace: 'return timeout * 2;' }],
    swarm: { faults: { clients: true, pause: true } },
    expect: ['C13', 'C14'],
  },
  {
    id: 'S42b',
    title: 'a client does not tell its owner that the connection is lost',
    patches: [
      {
        file: session,
        find: "if (state.phase === 'connected') this.#effects.push({ type: 'state', state: 'suspended', cause: this.#cause });",
        replace: '',
      },
    ],
    swarm: { faults: { clients: true, pause: true } },
    expect: ['C13', 'C14'],
  },
  {
    id: 'S43',
    title: 'a client that has no answer asks once more as if for the first time',
    patches: [
      {
        file: calls,
        find: 'if (call.number === 0) call.number = ++this.#lastNumber;',
        replace: 'call.number = ++this.#lastNumber;',
      },
    ],
    swarm: { faults: { clients: true, crash: true } },
    expect: ['C2', 'C3', 'C4', 'Z12'],
  },
  {
    id: 'S43b',
    title: 'servers do not recognise a write that comes again',
    patches: [
      { file: leadership, find: 'if (number <= last) {', replace: 'if (number < 0) {' },
      { file: leadership, find: 'if (number === last + 1)', replace: 'if (number <= last + 1)' },
      { file: prepare, find: 'if (number <= lastNumber) return refused(repeated(number, lastNumber));', replace: '' },
      { file: apply, find: 'if (txn.number <= session.lastNumber) {', replace: 'if (txn.number < 0) {' },
      {
        file: clients,
        find: 'if (number <= (this.#around.tree.sessions.get(connection.session)?.lastNumber ?? 0)) {',
        replace: 'if (number < 0) {',
      },
    ],
    swarm: { faults: { clients: true, crash: true } },
    expect: ['C2', 'C3', 'C4'],
  },
  {
    id: 'S43c',
    title: 'servers keep the result of the last write only',
    patches: [
      {
        file: 'packages/tree/src/session.ts',
        find: 'if (first.number > this.acked && !tooMany) return undefined;',
        replace: 'if (this.results.length <= 1) return undefined;',
      },
    ],
    swarm: { faults: { clients: true, crash: true } },
    expect: ['C2', 'C3'],
  },
  {
    id: 'S44',
    title: 'a client is let in at a server that has not seen what the client has seen',
    patches: [
      {
        file: handshakes,
        find: 'if (this.#around.tree.zxid < connection.openAt) continue;',
        replace: '',
      },
    ],
    swarm: { faults: { clients: true, delay: true } },
    expect: ['C6', 'C5'],
  },
  {
    id: 'S45',
    title: 'a read does not wait for the writes of its session before it',
    patches: [
      {
        file: clients,
        find: lines(
          '    const waiting = connection.enqueue({ xid, op: request.op, request });',
          '    if (request.op === Op.sync && this.#around.serving) this.#sync(connection, waiting);',
        ),
        replace: lines(
          '    const waiting = connection.enqueue({ xid, op: request.op, request });',
          '    const { tree } = this.#around;',
          '    if (request.op === Op.sync && this.#around.serving) this.#sync(connection, waiting);',
          '    else if (request.op !== Op.sync) {',
          '      waiting.reply = { zxid: tree.zxid, result: this.#requests.answer(connection, waiting, tree) };',
          '    }',
        ),
      },
    ],
    expect: ['C4', 'C6', 'C5', 'C9'],
  },
  {
    id: 'S45b',
    title: 'answers wait for a leader while transactions are applied: a read sees a later write of its session',
    patches: [{ file: clients, find: 'this.#drain(connection, true);', replace: 'this.#drain(connection);' }],
    swarm: { faults: { crash: true, partition: true } },
    expect: ['C6', 'C5', 'C4'],
  },
  {
    id: 'S45c',
    title: 'a read waits for room to be sent while a later write of its session is applied',
    setting: [{ file: clients, find: 'const OUT_BYTES = 1_048_576;', replace: 'const OUT_BYTES = 1_000;' }],
    patches: [
      {
        file: clients,
        find: 'if (connection.full && !connection.hasWriteUnderWay) return;',
        replace: 'if (connection.full) return;',
      },
    ],
    expect: ['C6'],
  },
  {
    id: 'S46',
    title: 'a client without servers waits for ever',
    patches: [
      {
        file: session,
        find: "giveUpAt: 'giveUpAt' in state ? state.giveUpAt : now + expireAfter };",
        replace: "giveUpAt: 'giveUpAt' in state ? state.giveUpAt : Infinity };",
      },
    ],
    swarm: { faults: { crash: true, clients: true } },
    expect: ['C13', 'Z12'],
  },
];
