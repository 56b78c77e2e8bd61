/** Marks in what clients meet: sessions, retries, watches, the tree, and the client itself. */

const replica = 'packages/server/src/replica/replica.ts';
const clients = 'packages/server/src/replica/clients.ts';
const requests = 'packages/server/src/replica/connection-requests.ts';
const handshakes = 'packages/server/src/replica/handshakes.ts';
const leadership = 'packages/server/src/replica/leadership.ts';
const folding = 'packages/server/src/replica/folding.ts';
const pacing = 'packages/server/src/replica/pacing.ts';
const apply = 'packages/tree/src/apply.ts';
const prepare = 'packages/tree/src/prepare.ts';
const pending = 'packages/tree/src/pending.ts';
const fold = 'packages/tree/src/fold.ts';
const journal = 'packages/tree/src/journal.ts';
const rearm = 'packages/tree/src/rearm.ts';
const watches = 'packages/tree/src/watches.ts';
const treeSession = 'packages/tree/src/session.ts';
const session = 'packages/client/src/session/session.ts';
const calls = 'packages/client/src/session/calls.ts';
const watchers = 'packages/client/src/session/watchers.ts';
const resume = 'packages/client/src/session/resume.ts';

/** @type {readonly import('../marks.js').Mark[]} */
const server = [
  {
    name: 'answer-of-a-deposed-leader',
    file: replica,
    find: 'if (isAnswer(message) && from !== this.#leader) return;',
    how: 'branch',
  },
  {
    name: 'digest-checkpoint',
    file: replica,
    find: 'if (counterOf(record.zxid) % CHECKPOINT === 0) this.#checkpoint();',
    how: 'branch',
  },
  { name: 'state-taken-over', file: replica, find: 'this.#checkpoints.length = 0;', how: 'after' },
  {
    name: 'request-to-nobody',
    file: replica,
    find: 'if (!this.#peer.leads || !this.#leadership) return;',
    how: 'branch',
  },
  { name: 'resigned-and-dismissed', file: replica, find: "this.#effects.push({ type: 'resigned' });", how: 'after' },
  {
    name: 'session-moved-to-newer-connection',
    file: clients,
    find: "if (before && before !== connection) this.dismiss(before, 'SESSION_MOVED', 'the session has a newer connection');",
    how: 'branch',
  },
  {
    name: 'session-moved-elsewhere',
    file: clients,
    find: 'if (connection && connection.generation < generation) {',
    how: 'after',
  },
  {
    name: 'session-gone',
    file: clients,
    find: "if (connection) this.dismiss(connection, 'SESSION_EXPIRED', 'the session has ended');",
    how: 'branch',
  },
  {
    name: 'write-answered-from-memory',
    file: clients,
    find: 'connection.enqueue({ xid, op, request, reply: this.#resultOf(connection, number) });',
    how: 'after',
  },
  {
    name: 'write-held',
    file: clients,
    find: 'if (this.#around.serving && connection.syncs === 0) this.#forward(connection, waiting);',
    how: 'else',
  },
  { name: 'write-held-behind-sync', file: clients, find: 'if (waiting.op === Op.sync) return;', how: 'branch' },
  {
    name: 'write-passed-on-after-sync',
    file: clients,
    find: 'if (waiting.op === Op.sync) this.#forwardHeld(connection);',
    how: 'branch',
  },
  {
    name: 'duplicate-write',
    file: clients,
    find: 'write.number === number);\n    if (!connection || !waiting) return;',
    how: 'after',
  },
  {
    name: 'duplicate-settled-before-later-write',
    file: clients,
    find: 'this.#resultOf(connection, first.number)',
    how: 'expression',
  },
  { name: 'client-full', file: clients, find: 'connection.full = true;', how: 'after' },
  {
    name: 'session-ended-under-client',
    file: clients,
    find: "if (closed) this.dismiss(closed, 'SESSION_EXPIRED', 'the session has ended');",
    how: 'branch',
  },
  {
    name: 'reattached',
    file: clients,
    find: "this.#around.toLeader({ type: 'reattach', session, generation, timeout, identities });",
    how: 'after',
  },
  { name: 'reattach-without-session', file: clients, find: 'this.gone(session);\n      return;', how: 'statement' },
  {
    name: 'sync-asked-again',
    file: clients,
    find: 'if (waiting.op === Op.sync) this.#sync(connection, waiting);',
    how: 'branch',
  },
  {
    name: 'no-leader-for-too-long',
    file: clients,
    find: "this.dismissAll('CONNECTION_LOSS', 'this server has no leader');",
    how: 'after',
  },
  { name: 'handshake-asked-again', file: handshakes, find: 'connection.generation = 0;', how: 'after' },
  {
    name: 'handshake-too-late',
    file: handshakes,
    find: "'the session could not be opened in time'",
    how: 'expression',
  },
  {
    name: 'server-behind-client',
    file: handshakes,
    find: 'if (this.#around.tree.zxid >= connection.openAt) this.#welcome(connection);',
    how: 'else',
  },
  {
    name: 'watch-on-missing-znode',
    file: requests,
    find: "watches.add(connection.id, request.path, 'data');",
    how: 'after',
  },
  {
    name: 'event-hidden-by-acl',
    file: watches,
    find: 'told!.add(connection);\n        if (mayRead(connection, acl)) emit(connection, event);',
    how: 'else',
  },
  {
    name: 'session-being-made-or-ended',
    file: leadership,
    find: "const reason = 'the session is just being made or ended, or there is another leader; try again';",
    how: 'after',
  },
  {
    name: 'attachment-taken-over',
    file: leadership,
    find: "if (before) this.#send(before.server, { type: 'moved', session, generation });",
    how: 'branch',
  },
  {
    name: 'write-of-moved-session',
    file: leadership,
    find: 'if (attachment?.server !== from || attachment.generation !== generation) {',
    how: 'after',
  },
  { name: 'write-known-to-leader', file: leadership, find: 'if (number <= last) {', how: 'after' },
  {
    name: 'write-behind-a-gap',
    file: leadership,
    find: 'if (number === last + 1) this.#propose(request, session, number, acked, attachment.identities);',
    how: 'else',
  },
  {
    name: 'reattach-outdated',
    file: leadership,
    find: 'if (before && before.generation > generation) {',
    how: 'after',
  },
  { name: 'session-expired', file: leadership, find: 'this.#expiring.add(session);', how: 'after' },
  { name: 'znode-reaped', file: leadership, find: "this.#propose({ op: 'reap', path }, 0, 0, 0, []);", how: 'after' },
  {
    name: 'fold-abandoned',
    file: folding,
    find: '    this.#fold = null;\n    this.#awaiting = false;',
    how: 'statement',
  },
  { name: 'client-paused', file: pacing, find: 'connection.paused = true;', how: 'after' },
];

/** @type {readonly import('../marks.js').Mark[]} */
const tree = [
  {
    name: 'applied-for-ended-session',
    file: apply,
    find: 'if (txn.session !== 0 && session === undefined) {',
    how: 'after',
  },
  { name: 'applied-twice', file: apply, find: 'if (txn.number <= session.lastNumber) {', how: 'after' },
  {
    name: 'prepared-for-ending-session',
    file: prepare,
    find: "if (lastNumber === undefined) return refused(refuse('SESSION_EXPIRED', '', 'the session has ended'));",
    how: 'branch',
  },
  {
    name: 'transaction-too-long',
    file: prepare,
    find: "const path = 'path' in change ? change.path : '';",
    how: 'after',
  },
  {
    name: 'refused-change-taken-back',
    file: pending,
    find: 'for (const { path, before } of this.#undo.reverse()) this.#set(path, before);',
    how: 'branch',
  },
  {
    name: 'fold-captured-znode',
    file: fold,
    find: 'if (this.#paths.delete(path)) this.#captured.push(this.#source.znodeRow(path));',
    how: 'branch',
  },
  {
    name: 'fold-captured-session',
    file: fold,
    find: 'if (this.#sessions.delete(id)) this.#captured.push(this.#source.sessionRow(id));',
    how: 'branch',
  },
  { name: 'journal-forgets', file: journal, find: 'this.#floor = oldest.zxid;', how: 'after' },
  {
    name: 'rearm-quiet',
    file: rearm,
    find: 'if (isQuiet(wanted, tree, since)) watches.add(connection, wanted.path, wanted.kind);',
    how: 'branch',
  },
  {
    name: 'rearm-by-journal',
    file: rearm,
    find: 'replay(connection, missed, since, journal, mayRead)',
    how: 'expression',
  },
  { name: 'rearm-resync', file: rearm, find: '{ type: EventType.resync, path, zxid: tree.zxid }', how: 'expression' },
  { name: 'rearm-by-zxid', file: rearm, find: 'eventOf(wanted, tree, since)', how: 'expression' },
  { name: 'result-forgotten', file: treeSession, find: 'this.results.shift();', how: 'after' },
];

/** @type {readonly import('../marks.js').Mark[]} */
const client = [
  {
    name: 'client-gives-up',
    file: session,
    find: "this.#finish('gaveUp', refuse('SESSION_EXPIRED', '', reason));",
    how: 'statement',
  },
  {
    name: 'client-hello-unanswered',
    file: session,
    find: "this.#lose('no answer to hello in time', now)",
    how: 'expression',
  },
  {
    name: 'client-server-silent',
    file: session,
    find: 'return this.#lose(`silent for ${Math.round(silence)} ms`, now);',
    how: 'statement',
  },
  { name: 'client-session-moved', file: session, find: '++this.#moved > PATIENCE_WITH_OTHERS', how: 'expression' },
  {
    name: 'client-close-without-server',
    file: session,
    find: "if (now >= this.#closeBy) return this.#finish('ended', CLOSED);",
    how: 'branch',
  },
  {
    name: 'client-refused-on-reconnecting',
    file: session,
    find: 'if (refused) this.#lose(`refused on reconnecting: ${result.code}: ${result.reason}`, now);',
    how: 'branch',
  },
  {
    name: 'client-another-session',
    file: resume,
    find: 'if (welcome.session !== id || !welcome.resumed) {',
    how: 'after',
  },
  {
    name: 'client-window-full',
    file: calls,
    find: 'if (call.write && this.#sentWrites >= window.maxOutstandingWrites) break;',
    how: 'branch',
  },
  { name: 'client-withdrew-unsent', file: calls, find: '    call.done = true;\n    return true;', how: 'statement' },
  {
    name: 'client-rearms-in-batches',
    file: watchers,
    find: 'lists = emptyLists();\n          paths = bytes = 0;',
    how: 'after',
  },
];

export const serviceMarks = [...server, ...tree, ...client];
