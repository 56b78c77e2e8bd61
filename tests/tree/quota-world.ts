/** Quotas in few words: making one, reading it, and counting by hand what it should say. */
import { Op } from '@synod/protocol';
import type { Tree } from '@synod/tree';
import { create, multi, type World } from './world.js';

export function limitsOf(root: string): string {
  return `/zookeeper/quota${root}/zookeeper_limits`;
}

export function statsOf(root: string): string {
  return `/zookeeper/quota${root}/zookeeper_stats`;
}

/** Gives a subtree a quota, as ZooKeeper's shell does it. */
export function setQuota(world: World, root: string, limits: string): void {
  const names = root.split('/').slice(1);
  for (const [i] of names.entries()) world.do(create(`/zookeeper/quota/${names.slice(0, i + 1).join('/')}`));
  world.must(multi(create(limitsOf(root), { data: limits }), create(statsOf(root), { data: 'count=0,bytes=0' })));
}

/** Data as text; null for null data and where there is no znode. */
export function textAt(tree: Tree, path: string): string | null {
  return tree.find(path)?.data ?? null;
}

/** The usage of a subtree by walking through it with ordinary reads. */
export function counted(tree: Tree, root: string): string {
  const reader = { session: 0, identities: [], skipAcl: true };
  let [count, bytes] = [0, 0];
  const open = [root];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const found = tree.read({ op: Op.getData, path, watch: false }, reader);
    if (!('data' in found)) continue;
    count++;
    bytes += found.data?.length ?? 0;
    const { children } = tree.read({ op: Op.getChildren, path, watch: false }, reader) as { children: string[] };
    for (const name of children) open.push(`${path}/${name}`);
  }
  return `count=${count},bytes=${bytes}`;
}
