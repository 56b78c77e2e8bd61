/**
 * Ties the reference to the servers: the log applied to the product's own tree gives the digest that all servers have,
 * and that tree is the reference's, znode by znode; so no server has an ephemeral znode that outlives its session.
 */
import { formatZxid, Op } from '@synod/protocol';
import { Tree } from '@synod/tree';
import type { LogEntry, Violation } from '../history.js';
import { canonical } from './canonical.js';
import { statOf, type ReferenceState } from './reference/state.js';

export function checkDigest(log: readonly LogEntry[], digest: number, state: ReferenceState): Violation[] {
  const tree = new Tree();
  for (const { zxid, txn } of log) {
    try {
      tree.apply(zxid, txn);
    } catch (error) {
      const text = `the tree does not take ${txn.type} at ${formatZxid(zxid)}: ${String(error)}`;
      return [{ rule: 'digest', text }];
    }
  }
  const violations: Violation[] = [];
  if (tree.digest !== digest) {
    const text = `the log makes ${formatZxid(tree.digest)}, the servers have ${formatZxid(digest)}`;
    violations.push({ rule: 'digest', text });
  }
  return [...violations, ...compare(tree, state)];
}

function compare(tree: Tree, state: ReferenceState): Violation[] {
  const violations: Violation[] = [];
  const reader = { session: 0, identities: [], skipAcl: true };
  let count = 0;
  for (const [path, node] of state.nodes) {
    count++;
    const found = canonical(tree.read({ op: Op.getData, path, watch: false }, reader));
    const expected = canonical({ data: node.data, stat: statOf(node) });
    if (found !== expected) violations.push({ rule: 'state', text: `${path} is ${found} instead of ${expected}` });
  }
  const { number } = tree.read({ op: Op.getAllChildrenNumber, path: '/' }, reader) as { number: number };
  if (number + 1 !== count)
    violations.push({ rule: 'state', text: `there are ${number + 1} znodes instead of ${count}` });
  return violations;
}
