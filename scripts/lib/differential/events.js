/** Whether two runs of watch events, as they stood in front of one reply, say the same. */
import { ZooKeeperOp } from '@synod/zookeeper';
import { eventRows } from './allowed.js';
import { readFrame, recordOf } from './frames.js';
import { typeOf } from './program.js';
import { plain } from './shapes.js';

/** @typedef {import('@synod/zookeeper').WatcherEvent} WatcherEvent */
/** @typedef {import('@synod/zookeeper').Long} Long */
/** @typedef {{ zxid: Long; path: string; text: string }} Event */

/**
 * `closings`: the zxids with which the right server closed sessions. `before`: the request whose reply comes next; null
 * where none does.
 *
 * @typedef {object} Place
 * @property {import('./relations.js').Relations} relations
 * @property {ReadonlySet<Long>} closings
 * @property {import('./program.js').Request | null} before
 */

/**
 * @param {readonly Buffer[]} leftFrames
 * @param {readonly Buffer[]} rightFrames
 * @param {Place} place
 * @returns {string | string[]} what differs; or the names of the rows of allowed.js by which nothing does
 */
export function compareEvents(leftFrames, rightFrames, { relations, closings, before }) {
  if (leftFrames.length === 0 && rightFrames.length === 0) return [];
  const [left, right] = [leftFrames.map(eventOf), rightFrames.map(eventOf)];
  const start = firstDifference(left, right);
  const used = [];
  for (const [index, one] of left.slice(0, start).entries()) {
    const other = /** @type {Event} */ (right[index]);
    if (one.zxid === -1 && other.zxid !== -1) used.push(eventRows.zxid.name);
    else {
      const reason = relations.zxid(one.zxid, other.zxid);
      if (reason !== undefined) return `the event ${one.text}: ${reason}`;
    }
  }
  if (start === left.length && start === right.length) return used;
  const rest = /** @type {const} */ ([left.slice(start), right.slice(start)]);
  if (isRemoval(...rest, closings)) return [...used, eventRows.removal.name];
  if (before && isRearmed(left, right, before)) return [...used, eventRows.missed.name];
  const [one, other] = rest.map((list) => list.map(({ text }) => text).join(', '));
  return `the events ${one ?? ''} are ${other ?? ''}`;
}

/** @param {readonly Event[]} left @param {readonly Event[]} right */
function firstDifference(left, right) {
  const count = Math.min(left.length, right.length);
  for (let index = 0; index < count; index++) if (left[index]?.text !== right[index]?.text) return index;
  return count;
}

/** A path as it can be compared, however it was written. @param {string | null} path */
function textOf(path) {
  return plain(String(path));
}

/** @param {Buffer} frame @returns {Event} */
function eventOf(frame) {
  const { header, body } = readFrame(frame);
  if (!body || body instanceof Uint8Array) return { zxid: header.zxid, path: '', text: frame.toString('hex') };
  const { type, state, path } = /** @type {WatcherEvent} */ (body);
  const written = textOf(path);
  return { zxid: header.zxid, path: written, text: `${type} ${state} ${written} ${header.err}` };
}

/**
 * Where a session's end removed several ephemerals, the order of their events is any: the same ones, within the events of
 * one transaction.
 *
 * @param {readonly Event[]} left
 * @param {readonly Event[]} right
 * @param {ReadonlySet<Long>} closings
 */
function isRemoval(left, right, closings) {
  if (left.length !== right.length) return false;
  for (let from = 0; from < right.length;) {
    const zxid = /** @type {Event} */ (right[from]).zxid;
    let to = from + 1;
    while (to < right.length && right[to]?.zxid === zxid) to++;
    const [one, other] = [left, right].map((list) => list.slice(from, to).map(({ text }) => text));
    if (closings.has(zxid)) for (const list of [one, other]) list?.sort();
    if (String(one) !== String(other)) return false;
    from = to;
  }
  return true;
}

/**
 * Where watches are armed again, Synod tells what has happened since, in the order in which it happened and once for each
 * znode; ZooKeeper tells what it takes from the znodes as they are now, list by list. Where nothing can have been missed
 * both tell the same; otherwise it is the same znodes of which they tell, but that persistent watches hear of more.
 *
 * @param {readonly Event[]} left
 * @param {readonly Event[]} right
 * @param {import('./program.js').Request} before
 */
function isRearmed(left, right, before) {
  const type = typeOf(before);
  if (type !== ZooKeeperOp.setWatches && type !== ZooKeeperOp.setWatches2) return false;
  const record = /** @type {import('@synod/zookeeper').RequestOf<typeof type> | undefined} */ (recordOf(before));
  if (!record) return false;
  const listed = [...(record.data ?? []), ...(record.exists ?? []), ...(record.children ?? [])].map(textOf);
  const twice = new Set(listed.filter((path, index) => listed.indexOf(path) !== index));
  const doubled = without(left, right);
  if (without(right, left).length === 0 && doubled.every(({ path }) => twice.has(path))) return true;
  // Whoever has seen the future has missed nothing.
  if (before.zxid && 'value' in before.zxid && before.zxid.value > 0n) return false;
  const roots = 'recursive' in record ? [...(record.recursive ?? []), ...(record.persistent ?? [])].map(textOf) : [];
  /** @param {string} path */
  const isPersistent = (path) => roots.some((root) => path === root || root === '/' || path.startsWith(`${root}/`));
  const [paths, more] = [new Set(left.map(({ path }) => path)), new Set(right.map(({ path }) => path))];
  return [...paths].every((path) => more.has(path)) && [...more].every((path) => paths.has(path) || isPersistent(path));
}

/** The events of a list that another list does not have, or not as often. @param {readonly Event[]} list @param {readonly Event[]} other */
function without(list, other) {
  const rest = other.map(({ text }) => text);
  return list.filter(({ text }) => {
    const at = rest.indexOf(text);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
