/** Whether two records say the same: field by field, but for what is a server's own. */

/** @typedef {import('@synod/zookeeper').Long} Long */

const zxids = ['czxid', 'mzxid', 'pzxid'];
const times = { ctime: 'czxid', mtime: 'mzxid' };
/** Lists whose order says nothing. */
const sets = ['children', 'paths', 'identities'];

/** @typedef {Readonly<Record<string, unknown>>} Fields */

/**
 * What differs between two records; undefined where nothing does.
 *
 * @param {unknown} left
 * @param {unknown} right
 * @param {import('./relations.js').Relations} relations
 * @returns {string | undefined}
 */
export function sameRecord(left, right, relations) {
  if (left === right) return undefined;
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return Buffer.compare(left, right) === 0 ? undefined : 'the bytes differ';
  }
  if (Array.isArray(left) && Array.isArray(right)) return sameList(left, right, relations);
  if (isFields(left) && isFields(right)) return sameFields(left, right, relations);
  return `${String(left)} is not ${String(right)}`;
}

/** @param {readonly unknown[]} left @param {readonly unknown[]} right @param {import('./relations.js').Relations} relations */
function sameList(left, right, relations) {
  if (left.length !== right.length) return `${left.length} entries are not ${right.length}`;
  for (const [index, one] of left.entries()) {
    const reason = sameRecord(one, right[index], relations);
    if (reason !== undefined) return `[${index}] ${reason}`;
  }
  return undefined;
}

/** @param {Fields} left @param {Fields} right @param {import('./relations.js').Relations} relations @returns {string | undefined} */
function sameFields(left, right, relations) {
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return 'the fields differ';
  for (const key of keys) {
    const reason = sameField(key, left, right, relations);
    if (reason !== undefined) return `${key}: ${reason}`;
  }
  return undefined;
}

/** @param {string} key @param {Fields} left @param {Fields} right @param {import('./relations.js').Relations} relations */
function sameField(key, left, right, relations) {
  const [one, other] = [left[key], right[key]];
  if (zxids.includes(key)) return relations.zxid(/** @type {Long} */ (one), /** @type {Long} */ (other));
  if (key === 'ctime' || key === 'mtime') {
    const of = times[key];
    return relations.time(
      /** @type {[Long, Long]} */ ([left[of], one]),
      /** @type {[Long, Long]} */ ([right[of], other]),
    );
  }
  if (key === 'ephemeralOwner') return relations.session(/** @type {Long} */ (one), /** @type {Long} */ (other));
  if (sets.includes(key)) return sameRecord(inOrder(one), inOrder(other), relations);
  return sameRecord(one, other, relations);
}

/** @param {unknown} list */
function inOrder(list) {
  if (!Array.isArray(list)) return list;
  return list.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry))).sort();
}

/** @param {unknown} value @returns {value is Fields} */
function isFields(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
