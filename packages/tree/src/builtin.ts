/** The znodes that exist from the start, and the state a new ensemble starts from. */
import { joinPath, OPEN_ACL, QUOTA_ROOT, READ_ACL, type Acl } from '@synod/protocol';
import { AclTable } from './acl-table.js';
import { State } from './state.js';
import { Znode } from './znode.js';

/** Holds the list of servers. */
export const CONFIG_PATH = '/zookeeper/config';

/** Paths that cannot be deleted. */
const BUILT_IN: ReadonlySet<string> = new Set(['/', '/zookeeper', QUOTA_ROOT, CONFIG_PATH]);

/** True for a znode that exists from the start and cannot be deleted. */
export function isBuiltIn(path: string): boolean {
  return BUILT_IN.has(path);
}

/**
 * A new state: `/`, `/zookeeper`, `/zookeeper/quota` and `/zookeeper/config`, the last one readable only and with
 * aversion −1, as in ZooKeeper. None of them counts as a create of its parent and all their zxids and times are 0.
 */
export function newState(): State {
  const acls = new AclTable();
  const state = new State(builtIn('', null, '/', acls, OPEN_ACL, 0), acls);
  const zookeeper = builtIn('zookeeper', state.root, '/zookeeper', acls, OPEN_ACL, 0);
  state.attach('/zookeeper', zookeeper);
  for (const [name, acl, aversion] of [
    ['quota', OPEN_ACL, 0],
    ['config', READ_ACL, -1],
  ] as const) {
    const path = joinPath('/zookeeper', name);
    state.attach(path, builtIn(name, zookeeper, path, acls, acl, aversion));
  }
  state.touchAll();
  return state;
}

function builtIn(name: string, parent: Znode | null, path: string, acls: AclTable, acl: Acl, aversion: number): Znode {
  return new Znode(name, parent, path, {
    data: '',
    acl: acls.acquire(acl),
    czxid: 0,
    mzxid: 0,
    pzxid: 0,
    ctime: 0,
    mtime: 0,
    version: 0,
    aversion,
    creates: 0,
    lifetime: null,
  });
}
