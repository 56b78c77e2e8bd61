/**
 * Quotas in the reference, in the plainest way: a usage is what one counts. It stands in the tree after each transaction,
 * as the servers must have it; and servers refuse what goes beyond a hard limit.
 *
 * Left out: quotas inside of quotas, and clients that write a usage themselves. No program of a client does either.
 */
import { toBinaryString } from '@synod/protocol';
import type { ReferenceState } from './state.js';

export const QUOTA_ROOT = '/zookeeper/quota';

/** As much of a znode as quotas need. */
export interface Sized {
  readonly data: Uint8Array | null;
}

/** The path of the znode with the limits of a subtree. */
export function limitsOf(root: string): string {
  return `${QUOTA_ROOT}${root}/zookeeper_limits`;
}

/** The path of the znode with its usage. */
export function usageOf(root: string): string {
  return `${QUOTA_ROOT}${root}/zookeeper_stats`;
}

/** The subtree of which a path is one of the two znodes of the quota; null where it is none. */
export function rootOf(path: string): string | null {
  const root = path.slice(QUOTA_ROOT.length).replace(/\/[^/]*$/, '');
  return root !== '' && (path === limitsOf(root) || path === usageOf(root)) ? root : null;
}

/**
 * Writes down what subtrees hold where there is a quota, or one of its two znodes was among the `changed` ones of the
 * transaction.
 */
export function writeUsages(state: ReferenceState, changed: ReadonlySet<string>): void {
  const open = [...state.nodes.get(QUOTA_ROOT)!.children];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const node = state.nodes.get(path)!;
    open.push(...node.children);
    const root = rootOf(path);
    if (root === null || path !== usageOf(root)) continue;
    const limits = limitsOf(root);
    if (!state.nodes.has(limits) && !changed.has(limits) && !changed.has(path)) continue;
    const { count, bytes } = countBelow(root, (at) => state.nodes.get(at) ?? null, state.nodes.keys());
    node.data = new TextEncoder().encode(`count=${count},bytes=${bytes}`);
  }
}

/** True where a znode more, or so many bytes more, would break a hard limit. `at`: the tree before; `paths`: all of it. */
export function isBeyond(
  at: (path: string) => Sized | null,
  paths: () => Iterable<string>,
  path: string,
  more: { readonly count: number; readonly bytes: number },
): boolean {
  const names = path.split('/');
  let root = '';
  for (let depth = 2; depth <= names.length; depth++) {
    const subtree = names.slice(0, depth).join('/');
    if (at(limitsOf(subtree)) && at(usageOf(subtree))) root = subtree;
  }
  if (root === '') return false;
  const text = toBinaryString(at(limitsOf(root))!.data ?? new Uint8Array(0));
  const limit = (name: string): number => Number(new RegExp(`${name}=(\\d+)`).exec(text)?.[1] ?? Infinity);
  const { count, bytes } = countBelow(root, at, paths());
  return (
    (more.count !== 0 && count + more.count > limit('countHardLimit')) ||
    (more.bytes !== 0 && bytes + more.bytes > limit('byteHardLimit'))
  );
}

function countBelow(
  root: string,
  at: (path: string) => Sized | null,
  paths: Iterable<string>,
): { count: number; bytes: number } {
  let [count, bytes] = [0, 0];
  for (const path of paths) {
    if (path !== root && !path.startsWith(`${root}/`)) continue;
    const node = at(path);
    if (node === null) continue;
    count++;
    bytes += node.data?.length ?? 0;
  }
  return { count, bytes };
}
