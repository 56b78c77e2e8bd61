/**
 * The log, applied to a new tree, must give what clients were answered (C2 for writes, C5 for reads: each shows the state
 * at its zxid, exactly) and the digest that every server has in the end (C11: with no ephemeral of a session that is over).
 */
import { isRefusal, Op } from '@synod/protocol';
import { Tree } from '@synod/tree';
import { hex } from './check-log.js';
import { describe } from './check-writes.js';
import { canonical } from './history.js';

/**
 * @typedef {import('./logs.js').ServerLog} ServerLog
 * @typedef {import('./history.js').History} History
 * @typedef {import('./history.js').OpRecord} OpRecord
 * @typedef {import('./history.js').Violation} Violation
 * @typedef {import('@synod/protocol').ReadRequest} ReadRequest
 */

/**
 * @param {ServerLog} log a complete one
 * @param {History} history
 * @param {number | null} digest of all servers behind the last entry; null: not to be compared
 * @returns {Violation[]}
 */
export function checkReplay(log, history, digest) {
  /** @type {Violation[]} */
  const violations = [];
  const writes = new Map(
    history.ops.filter(({ write, zxid }) => write && zxid > 0).map((op) => [`${op.session} ${op.number}`, op]),
  );
  const reads = history.ops.filter((op) => !op.write && op.zxid > 0 && requestOf(op)).sort((a, b) => a.zxid - b.zxid);
  const tree = new Tree();
  let next = 0;
  const readUpTo = (/** @type {number} */ zxid) => {
    for (let op = reads[next]; op && op.zxid < zxid; op = reads[++next]) violations.push(...checkRead(op, tree));
  };
  for (const { zxid, txn } of log.entries) {
    readUpTo(zxid);
    const { reply } = tree.apply(zxid, txn);
    const op = txn.number > 0 ? writes.get(`${txn.session} ${txn.number}`) : undefined;
    if (!op || op.outcome === 'unknown') continue;
    const { result } = reply;
    const applied = isRefusal(result) ? result.code : canonical(result);
    const told = op.outcome === 'ok' ? op.result : op.code;
    if (applied !== told) violations.push({ rule: 'C2', text: `${describe(op)} gave ${told} instead of ${applied}` });
  }
  readUpTo(Infinity);
  if (digest !== null && tree.digest !== digest) {
    violations.push({ rule: 'digest', text: `the log makes ${hex(tree.digest)}, the servers have ${hex(digest)}` });
  }
  return [...violations, ...orphans(tree)];
}

/** @param {OpRecord} op @param {Tree} tree @returns {Violation[]} */
function checkRead(op, tree) {
  if (tree.zxid !== op.zxid)
    return [{ rule: 'C5', text: `${describe(op)} shows ${hex(op.zxid)}, which is no zxid of the log` }];
  const request = /** @type {ReadRequest} */ (requestOf(op));
  const result = tree.read(request, { session: op.session, identities: [], skipAcl: true });
  const expected = isRefusal(result)
    ? result.code
    : canonical(op.op === 'exists' ? /** @type {any} */ (result).stat : result);
  const absent = op.op === 'exists' && op.outcome === 'ok' && op.result === 'null';
  const told = absent ? 'NO_NODE' : op.outcome === 'ok' ? op.result : op.code;
  if (told === expected) return [];
  return [{ rule: 'C5', text: `${describe(op)} at ${hex(op.zxid)} gave ${told} instead of ${expected}` }];
}

/** @param {OpRecord} op @returns {ReadRequest | null} */
function requestOf({ op, path }) {
  switch (op) {
    case 'get':
      return { op: Op.getData, path, watch: false };
    case 'exists':
      return { op: Op.exists, path, watch: false };
    case 'children':
      return { op: Op.getChildren, path, watch: false };
    case 'ephemerals':
      return { op: Op.getEphemerals, prefix: path };
    default:
      return null;
  }
}

/** Ephemerals whose session is over. @param {Tree} tree @returns {Violation[]} */
function orphans(tree) {
  /** @type {Violation[]} */
  const violations = [];
  const reader = { session: 0, identities: [], skipAcl: true };
  const open = ['/'];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const result = tree.read({ op: Op.getChildren, path, watch: false }, reader);
    if (!('children' in result)) continue;
    const owner = result.stat.ephemeralOwner;
    if (owner !== 0 && !tree.sessions.has(owner)) {
      violations.push({ rule: 'C11', text: `${path} outlives its session ${hex(owner)}` });
    }
    for (const name of result.children) open.push(path === '/' ? `/${name}` : `${path}/${name}`);
  }
  return violations;
}
