/**
 * Watches: what they must tell, when, and how often (C9, C10). What a watch is due to tell follows from the log alone.
 *
 * After a reconnect to a server that no longer knows what happened in between, recursive watches are told `resync`, and
 * what one-shot watches tell is approximate. So a client that holds a recursive watch tells the checker when that was the
 * case; of any other, each reconnect may be one.
 */
import { EventType, eventName } from '@synod/protocol';
import { hex } from './check-log.js';

/**
 * @typedef {import('./logs.js').ServerLog} ServerLog
 * @typedef {import('./history.js').History} History
 * @typedef {import('./history.js').OpRecord} OpRecord
 * @typedef {import('./history.js').EventRecord} EventRecord
 * @typedef {import('./history.js').Violation} Violation
 *
 * @typedef {{ zxid: number; type: number; path: string }} Change
 *
 * @typedef {object} Seen what one client saw, in order
 * @property {OpRecord[]} replies
 * @property {EventRecord[]} events
 */

/**
 * @param {ServerLog} log a complete one
 * @param {History} history
 * @returns {Violation[]}
 */
export function checkWatches(log, history) {
  const changes = changesOf(log);
  const index = new ChangeIndex(changes);
  return [...seenByClient(history)].flatMap(([client, seen]) => {
    const knows = seen.replies.some(({ watch }) => watch?.kind === 'recursive');
    const resyncs = knows ? seen.events.filter(({ type }) => type === EventType.resync) : null;
    /** @type {Map<number, EventRecord[]>} */
    const byWatch = new Map();
    for (const event of seen.events) {
      const list = byWatch.get(event.watch);
      if (list) list.push(event);
      else byWatch.set(event.watch, [event]);
    }
    return seen.replies.flatMap((op) => {
      if (!op.watch || !armed(op)) return [];
      const events = byWatch.get(op.watch.id) ?? [];
      const wrong =
        op.watch.kind === 'recursive'
          ? checkRecursive(op, events, seen.replies, changes)
          : checkOnce(op, events, resyncs, seen.replies, index);
      return wrong === null
        ? []
        : [{ rule: 'C9/C10', text: `${client}, watch by ${op.op} ${op.path} at ${hex(op.zxid)}: ${wrong}` }];
    });
  });
}

function armed(/** @type {OpRecord} */ { outcome }) {
  return outcome === 'ok';
}

/** @param {History} history @returns {Map<string, Seen>} */
function seenByClient(history) {
  /** @type {Map<string, Seen>} */
  const clients = new Map();
  const of = (/** @type {string} */ client) => {
    const seen = clients.get(client) ?? { replies: [], events: [] };
    clients.set(client, seen);
    return seen;
  };
  for (const op of history.ops) if (op.zxid > 0) of(op.client).replies.push(op);
  for (const event of history.events) of(event.client).events.push(event);
  for (const { replies, events } of clients.values()) {
    replies.sort((a, b) => a.seq - b.seq);
    events.sort((a, b) => a.seq - b.seq);
  }
  return clients;
}

/** Everything that the log did to znodes, in order: worked out here, not by the product. @param {ServerLog} log */
export function changesOf({ entries }) {
  /** @type {Change[]} */
  const changes = [];
  /** @type {Map<string, number>} */
  const owners = new Map();
  for (const { zxid, txn } of entries) {
    const parts = txn.type === 'multi' ? txn.parts : [txn];
    for (const part of parts) {
      if (part.type === 'create') {
        changes.push({ zxid, type: EventType.nodeCreated, path: part.path });
        if (part.kind === 1) owners.set(part.path, txn.session);
      } else if (part.type === 'delete' || part.type === 'reap') {
        changes.push({ zxid, type: EventType.nodeDeleted, path: part.path });
        owners.delete(part.path);
      } else if (part.type === 'setData') changes.push({ zxid, type: EventType.nodeDataChanged, path: part.path });
      else if (part.type === 'closeSession') {
        const gone = [...owners].filter(([, owner]) => owner === part.target).map(([path]) => path);
        for (const path of gone.sort()) {
          changes.push({ zxid, type: EventType.nodeDeleted, path });
          owners.delete(path);
        }
      }
    }
  }
  return changes;
}

/** Finds the first change behind a zxid that concerns a path. */
class ChangeIndex {
  /** @type {Map<string, Change[]>} */
  #own = new Map();
  /** @type {Map<string, Change[]>} */
  #children = new Map();

  /** @param {readonly Change[]} changes */
  constructor(changes) {
    for (const change of changes) {
      const { zxid, path, type } = change;
      put(this.#own, path, change);
      if (type === EventType.nodeDeleted) put(this.#children, path, change);
      if (type === EventType.nodeDataChanged) continue;
      const parent = path.slice(0, path.lastIndexOf('/')) || '/';
      put(this.#children, parent, { zxid, path: parent, type: EventType.nodeChildrenChanged });
    }
  }

  /** @param {'data' | 'child'} kind @param {string} path @param {number} zxid @returns {Change | undefined} */
  first(kind, path, zxid) {
    const list = (kind === 'child' ? this.#children : this.#own).get(path) ?? [];
    return list[firstBehind(list, zxid)];
  }
}

/** @param {Map<string, Change[]>} map @param {string} key @param {Change} change */
function put(map, key, change) {
  const list = map.get(key);
  if (list) list.push(change);
  else map.set(key, [change]);
}

/** Index of the first element with a higher zxid. @param {readonly { zxid: number }[]} list @param {number} zxid */
function firstBehind(list, zxid) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {{ zxid: number }} */ (list[middle]).zxid > zxid) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * A one-shot watch: told once, of the first change behind the state in which it was armed, and before any answer that
 * shows that change.
 *
 * @param {OpRecord} op
 * @param {readonly EventRecord[]} events
 * @param {readonly EventRecord[] | null} resyncs null: not known
 * @param {readonly OpRecord[]} replies
 * @param {ChangeIndex} index
 * @returns {string | null}
 */
function checkOnce(op, events, resyncs, replies, index) {
  const due = index.first(op.watch?.kind === 'child' ? 'child' : 'data', op.path, op.zxid);
  const [event, another] = events;
  if (another) return `fired again: ${show(another)}`;
  if (event && !due) return `fired without reason: ${show(event)}`;
  if (!due) return null;
  const late = replies[firstBehind(replies, due.zxid - 1)];
  const until = event?.seq ?? late?.seq ?? Infinity;
  const unsure = resyncs
    ? resyncs.some(({ seq, conn }) => seq > op.seq && (seq < until || conn === event?.conn))
    : op.conn !== (event ?? late)?.conn;
  if (event) {
    if (late && late.seq < event.seq && !unsure) return `${show(event)} came after an answer at ${hex(late.zxid)}`;
    const exact = event.zxid === due.zxid && event.type === due.type && event.path === due.path;
    if (exact || (unsure && event.zxid >= due.zxid)) return null;
    return `told ${show(event)} instead of ${show(due)}`;
  }
  return late && !unsure ? `an answer at ${hex(late.zxid)} came, but never ${show(due)}` : null;
}

/**
 * A recursive watch: told of every change below its path, in order and before any answer that shows it. Between the last
 * answer and a reconnect events may come again; where a resync follows in the same connection, there may be gaps before it.
 *
 * @param {OpRecord} op
 * @param {readonly EventRecord[]} events
 * @param {readonly OpRecord[]} replies
 * @param {readonly Change[]} changes
 * @returns {string | null}
 */
function checkRecursive(op, events, replies, changes) {
  const due = changes.filter(({ path }) => path === op.path || path.startsWith(`${op.path}/`));
  const later = replies.filter(({ seq }) => seq > op.seq);
  let next = firstBehind(due, op.zxid);
  let sure = next;
  let reply = 0;
  let conn = events[0]?.conn ?? 0;
  const resyncs = new Map(
    events.filter(({ type }) => type === EventType.resync).map((event) => [event.conn, event.zxid]),
  );
  for (const event of events) {
    for (let answer = later[reply]; answer && answer.seq < event.seq; answer = later[++reply]) {
      sure = firstBehind(due, answer.zxid);
      if (next < sure) return missing(due[next], answer);
    }
    if (event.type === EventType.resync) next = Math.max(next, firstBehind(due, event.zxid));
    else if (matches(due[next], event)) next++;
    else if (event.zxid > (resyncs.get(event.conn) ?? 0)) {
      const again =
        event.conn === conn ? -1 : due.findIndex((change, at) => at >= sure && at < next && matches(change, event));
      if (again < 0) return `told ${show(event)} instead of ${show(due[next])}`;
      next = again + 1;
    }
    conn = event.conn;
  }
  for (const answer of later.slice(reply)) if (next < firstBehind(due, answer.zxid)) return missing(due[next], answer);
  return null;
}

/** @param {Change | undefined} change @param {EventRecord} event */
function matches(change, { zxid, type, path }) {
  return change?.zxid === zxid && change.type === type && change.path === path;
}

/** @param {Change | undefined} change @param {OpRecord} answer */
function missing(change, answer) {
  return `an answer at ${hex(answer.zxid)} came before ${show(change)}`;
}

/** @param {Change | undefined} change */
function show(change) {
  return change
    ? `${eventName(/** @type {EventType} */ (change.type))} ${change.path} at ${hex(change.zxid)}`
    : 'nothing';
}
