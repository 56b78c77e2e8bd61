import type { State } from './state.js';
import { NodeKind, pathOf, type Znode } from './znode.js';

/** When containers and TTL znodes may go. */
export interface ReapRules {
  /** A container that never had a child goes after so many milliseconds; 0 for never. */
  readonly maxNeverUsedMs: number;
  /** So many paths at most. */
  readonly max: number;
}

/**
 * What may be reaped at `now`: containers whose last child has gone, and TTL znodes without children whose data was not
 * set for longer than their time to live. The leader asks; deleting goes through the log.
 */
export function reapable(state: State, now: number, rules: ReapRules): string[] {
  const paths: string[] = [];
  for (const node of state.reapable) {
    if (paths.length >= rules.max) break;
    if (node.children === null && isDue(node, now, rules)) paths.push(pathOf(node));
  }
  return paths;
}

function isDue(node: Znode, now: number, rules: ReapRules): boolean {
  const age = now - node.mtime;
  if (node.kind === NodeKind.ttl) return age > node.lifetime!.ttl;
  return node.creates !== 0 || (rules.maxNeverUsedMs !== 0 && age > rules.maxNeverUsedMs);
}
