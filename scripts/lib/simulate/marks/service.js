/** Marks in what clients meet: sessions, retries, watches, the tree, and the client itself. */

const replica = 'packages/server/src/replica/replica.ts';
const clients = 'packages/server/src/replica/clients.ts';
const requests = 'packages/server/src/replica/connection-requests.ts';
const handshakes = 'packages/server/src/replica/handshakes.ts';
const leadership = 'packages/server/src/replica/leadership.ts';
const folding = 'packages/server/src/replica/folding.ts';
const pacing = 'packages/server/src/replica/pacing.ts';
const prepare = 'packages/tree/src/prepare.ts';
const pending = 'packages/tree/src/pending.ts';
const quota = 'packages/tree/src/quota.ts';
const scene = 'packages/tree/src/prepare/scene.ts';
const fold = 'packages/tree/src/fold.ts';
const journal = 'packages/tree/src/journal.ts';
const rearm = 'packages/tree/src/rearm.ts';
const watches = 'packages/tree/src/watches.ts';
const treeSession = 'packages/tree/src/session.ts';
const session = 'packages/client/src/session/session.ts';
const calls = 'packages/client/src/session/calls.ts';
const watchers = 'packages/client/src/session/watchers.ts';

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
    find: 'if (this.#around.serving && connection.syncs === 0 && !connection.full) this.#forward(connection, waiting);',
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
    name: 'client-full',
    file: clients,
    find: 'if (connection.outBytes > OUT_BYTES) connection.full = true;',
    how: 'branch',
  },
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
    find: 'if (this.#around.tree.zxid < connection.openAt) continue;',
    how: 'branch',
  },
  {
    name: 'server-behind-client-too-long',
    file: handshakes,
    find: "'this server is behind the client'",
    how: 'expression',
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
    find: 'this.#undecided.push({ from, message });',
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
    name: 'reattach-outdated',
    file: leadership,
    find: 'if (before && before.generation > generation) {',
    how: 'after',
  },
  { name: 'session-expired', file: leadership, find: 'this.#expiring.add(session);', how: 'after' },
  {
    name: 'servers-written',
    file: leadership,
    find: "if (config.data !== configText(servers, config.mzxid)) this.#propose({ op: 'configure', servers }, 0, 0, 0, []);",
    how: 'branch',
  },
  { name: 'quota-noted', file: leadership, find: 'this.#notedQuotas.add(quota);', how: 'after' },
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
    name: 'quota-counted-anew',
    file: quota,
    find: 'this.#unsettled.clear();\n    for',
    part: 'this.#unsettled.clear();',
    how: 'after',
  },
  {
    name: 'quota-refused',
    file: scene,
    find: "if (hard) return refuse('QUOTA_EXCEEDED', path, `the quota of ${shorten(quota)}: ${reason}`);",
    how: 'branch',
  },
  {
    name: 'quota-not-limiting-yet',
    file: quota,
    find: 'if (this.#unsettled.has(quota)) return null;',
    how: 'branch',
  },
  {
    name: 'quota-measured-in-flight',
    file: pending,
    find: 'if (at !== path && !at.startsWith(`${path}/`)) continue;',
    how: 'after',
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
