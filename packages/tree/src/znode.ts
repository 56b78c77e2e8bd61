/**
 * One znode as it lies in memory, its Stat, and its share of the state digest.
 *
 * There may be half a million of them, so a znode keeps no path (its place in the tree is its path), shares its ACL with
 * all znodes that have an equal one, gets a map of children with its first child, and says nothing about its lifetime
 * where it is an ordinary persistent one. Rules stand in prepare/ and apply/, not here.
 */
import { Hasher, type Stat } from '@synod/protocol';
import type { SharedAcl } from './acl-table.js';

/** What becomes of a znode without anybody deleting it. */
export const NodeKind = {
  /** Stays. */
  persistent: 0,
  /** Goes with its session; has no children. */
  ephemeral: 1,
  /** Is reaped after its last child went. */
  container: 2,
  /** Is reaped when it has no children and its data was not set for its time to live. */
  ttl: 3,
} as const;
export type NodeKind = (typeof NodeKind)[keyof typeof NodeKind];

/** How a znode that does not simply stay comes to its end. */
export interface Lifetime {
  readonly kind: NodeKind;
  /** The session of an ephemeral znode, otherwise 0. */
  readonly owner: number;
  /** Milliseconds for a TTL znode, otherwise 0. */
  readonly ttl: number;
}

const CONTAINER: Lifetime = { kind: NodeKind.container, owner: 0, ttl: 0 };

/** The lifetime of a kind; null for persistent. */
export function lifetimeOf(kind: NodeKind, owner: number, ttl: number): Lifetime | null {
  switch (kind) {
    case NodeKind.persistent:
      return null;
    case NodeKind.container:
      return CONTAINER;
    case NodeKind.ephemeral:
      return { kind, owner, ttl: 0 };
    case NodeKind.ttl:
      return { kind, owner: 0, ttl };
  }
}

/** The fields that a znode is made from, other than its place. */
export interface ZnodeFields {
  readonly data: string | null;
  readonly acl: SharedAcl;
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctime: number;
  readonly mtime: number;
  readonly version: number;
  readonly aversion: number;
  readonly creates: number;
  readonly lifetime: Lifetime | null;
}

/** A znode. Only state.ts and apply/ change one, and only between {@link State.edit} and {@link State.commit}. */
export class Znode {
  readonly name: string;
  /** null for the root only. */
  readonly parent: Znode | null;
  /** The data as a binary string (one character for each byte); null and empty differ. */
  data: string | null;
  acl: SharedAcl;
  readonly czxid: number;
  mzxid: number;
  pzxid: number;
  readonly ctime: number;
  mtime: number;
  version: number;
  aversion: number;
  /** Children ever created under it, a 32-bit number: the next sequence number. */
  creates: number;
  readonly lifetime: Lifetime | null;
  children: Map<string, Znode> | null = null;
  /** Hash of path and data, so that a change of a child need not read a megabyte of the parent's data again. */
  content: number;

  constructor(name: string, parent: Znode | null, path: string, fields: ZnodeFields) {
    this.name = name;
    this.parent = parent;
    this.data = fields.data;
    this.acl = fields.acl;
    this.czxid = fields.czxid;
    this.mzxid = fields.mzxid;
    this.pzxid = fields.pzxid;
    this.ctime = fields.ctime;
    this.mtime = fields.mtime;
    this.version = fields.version;
    this.aversion = fields.aversion;
    this.creates = fields.creates;
    this.lifetime = fields.lifetime;
    this.content = contentHash(path, fields.data);
  }

  /** Bytes of data. */
  get dataLength(): number {
    return this.data === null ? 0 : this.data.length;
  }

  get numChildren(): number {
    return this.children === null ? 0 : this.children.size;
  }

  get kind(): NodeKind {
    return this.lifetime === null ? NodeKind.persistent : this.lifetime.kind;
  }

  /** The session of an ephemeral znode, otherwise 0. */
  get owner(): number {
    return this.lifetime === null ? 0 : this.lifetime.owner;
  }
}

/** What other parts of a server may read of a znode. */
export type ZnodeView = Readonly<
  Pick<
    Znode,
    | 'data'
    | 'dataLength'
    | 'acl'
    | 'czxid'
    | 'mzxid'
    | 'pzxid'
    | 'version'
    | 'aversion'
    | 'creates'
    | 'numChildren'
    | 'kind'
    | 'owner'
  >
>;

/** The version behind another: 32 bits, and never −1, which stands for "any" in requests. */
export function nextVersion(version: number): number {
  return version === -2 ? 0 : (version + 1) | 0;
}

/** The Stat of a znode. cversion is not stored: creates plus deletes are twice the creates less those still there. */
export function statOf(node: Znode): Stat {
  const numChildren = node.numChildren;
  return {
    czxid: node.czxid,
    mzxid: node.mzxid,
    pzxid: node.pzxid,
    ctime: node.ctime,
    mtime: node.mtime,
    version: node.version,
    cversion: (2 * node.creates - numChildren) | 0,
    aversion: node.aversion,
    ephemeralOwner: node.owner,
    dataLength: node.dataLength,
    numChildren,
  };
}

/** The path of a znode, put together from the names above it. */
export function pathOf(node: Znode): string {
  if (node.parent === null) return '/';
  const names: string[] = [];
  for (let at: Znode = node; at.parent !== null; at = at.parent) names.push(at.name);
  return `/${names.reverse().join('/')}`;
}

/** Tells the digest's terms apart: the same numbers in a znode and in a session must not give the same hash. */
const ZNODE_SEED = 1;

/** Hash of a path and the data there. */
export function contentHash(path: string, data: string | null): number {
  const hasher = new Hasher(ZNODE_SEED).string(path);
  return (data === null ? hasher.number(-1) : hasher.string(data)).value();
}

/** The term of a znode in the digest: all that is stored of it. */
export function znodeHash(node: Znode): number {
  const lifetime = node.lifetime;
  const hasher = new Hasher(node.content)
    .number(node.acl.hash)
    .number(node.czxid)
    .number(node.mzxid)
    .number(node.pzxid)
    .number(node.ctime)
    .number(node.mtime)
    .number(node.version)
    .number(node.aversion)
    .number(node.creates);
  if (lifetime !== null) hasher.number(lifetime.kind).number(lifetime.owner).number(lifetime.ttl);
  return hasher.value();
}
