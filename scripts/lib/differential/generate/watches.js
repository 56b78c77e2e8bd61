/** Requests about watches. */
import { ZooKeeperOp } from '@synod/zookeeper';
import { FUTURE } from './draft.js';
import { any } from './paths.js';

/** @typedef {import('./draft.js').Draft} Draft */
/** @typedef {import('./draft.js').Slot} Slot */
/** @typedef {import('./draft.js').WatchKind} WatchKind */
/** @typedef {import('../frames.js').RequestRecord} RequestRecord */
/** @typedef {import('../program.js').Request} Request */

/** Kinds of watches in checkWatches and removeWatches. */
const watcher = { children: 1, data: 2, any: 3, persistent: 4, recursive: 5 };

/** Up to three paths, each of which may be watched so. @param {Draft} draft @param {Slot} slot @param {WatchKind} kind */
function list(draft, slot, kind) {
  const paths = Array.from({ length: draft.random.below(4) }, () => any(draft));
  return paths.filter((path) => draft.watch(slot, path, kind));
}

/**
 * Arms watches again, as of now or as of some time ago. In the latter case there are none for what does not exist: whether
 * one is left depends on whether a server knows what has come and gone since.
 *
 * @param {Draft} draft
 * @param {Slot} slot
 * @param {number} xid
 * @returns {Request}
 */
export function setWatches(draft, slot, xid) {
  const isNow = draft.random.chance(0.6);
  const standard = {
    relativeZxid: 0,
    data: list(draft, slot, 'standard'),
    exists: isNow ? list(draft, slot, 'standard') : [],
    children: list(draft, slot, 'standard'),
  };
  const zxid = isNow ? FUTURE : draft.someZxid();
  if (draft.random.chance(0.5)) return { ...draft.request({ type: ZooKeeperOp.setWatches, ...standard }, xid), zxid };
  const persistent = list(draft, slot, 'persistent');
  const recursive = list(draft, slot, 'recursive');
  return { ...draft.request({ type: ZooKeeperOp.setWatches2, ...standard, persistent, recursive }, xid), zxid };
}

/** @param {Draft} draft @param {Slot} slot @returns {RequestRecord} */
export function addWatch(draft, slot) {
  const { random } = draft;
  const path = random.chance(0.2) ? draft.root : any(draft);
  const mode = random.below(2);
  if (random.chance(0.9) && draft.watch(slot, path, mode === 0 ? 'persistent' : 'recursive')) {
    return { type: ZooKeeperOp.addWatch, path, mode };
  }
  return { type: ZooKeeperOp.addWatch, path, mode: random.pick([-1, 2, 3, 2 ** 31 - 1]) };
}

/**
 * @param {Draft} draft
 * @param {Slot} slot
 * @param {typeof ZooKeeperOp.checkWatches | typeof ZooKeeperOp.removeWatches} type
 * @returns {RequestRecord}
 */
export function ofWatcher(draft, slot, type) {
  const { random } = draft;
  const known = [...slot.watches.keys()];
  const path = known.length > 0 && random.chance(0.7) ? random.pick(known) : any(draft);
  const kind = slot.watches.get(path);
  if (random.chance(0.1)) return { type, path, watcher: random.pick([-1, 0, 6, 7, 2 ** 31 - 1]) };
  // ZooKeeper 3.8 does not know the kinds of persistent watches, and takes one of them for data and children.
  const { children, data, any: all, persistent, recursive } = watcher;
  if (kind === 'persistent' || kind === 'recursive') return { type, path, watcher: all };
  if (kind === 'standard') return { type, path, watcher: random.pick([children, data, all]) };
  return { type, path, watcher: random.pick([children, data, all, persistent, recursive]) };
}
