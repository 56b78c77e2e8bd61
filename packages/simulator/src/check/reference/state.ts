/**
 * The reference's state: what znodes and sessions there are, and what the log's changes do to them. Written from
 * ZooKeeper's documentation and PROTOCOL.md alone, without a look at packages/tree, for clarity and not for speed.
 */
import { EventType, OPEN_ACL, READ_ACL, toBinaryString, type Acl, type Result, type Stat } from '@synod/protocol';
import type { MultiPart, Txn } from '@synod/tree';
import { writeUsages } from './quota.js';

/** Kinds of znodes by the numbers that the log has for them. */
export const Kind = { persistent: 0, ephemeral: 1, container: 2, ttl: 3 } as const;

export interface Node {
  readonly path: string;
  data: Uint8Array | null;
  acl: Acl;
  readonly kind: number;
  /** The session of an ephemeral znode, otherwise 0. */
  readonly owner: number;
  readonly czxid: number;
  mzxid: number;
  pzxid: number;
  readonly ctime: number;
  mtime: number;
  version: number;
  aversion: number;
  creates: number;
  readonly children: Set<string>;
}

/** What happened to a znode, with the ACLs of then: its own, and its parent's. */
export interface Change {
  readonly zxid: number;
  readonly type: EventType;
  readonly path: string;
  readonly acl: Acl;
  readonly parentAcl: Acl;
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

const CONFIG = '/zookeeper/config';

export class ReferenceState {
  readonly nodes = new Map<string, Node>();
  /** The paths of the ephemeral znodes of each session that lives. */
  readonly sessions = new Map<number, Set<string>>();
  zxid = 0;

  constructor() {
    for (const path of ['/', '/zookeeper', '/zookeeper/quota', CONFIG]) {
      const isConfig = path === CONFIG;
      const data = new Uint8Array(0);
      const node = newNode(path, { data, acl: isConfig ? READ_ACL : OPEN_ACL, kind: Kind.persistent, owner: 0 }, 0, 0);
      if (isConfig) node.aversion = -1;
      this.nodes.set(path, node);
      if (path !== '/') this.nodes.get(parentOf(path))!.children.add(path);
    }
  }

  /** Carries out a transaction that fits the state; the result that its client is due. */
  apply(zxid: number, txn: Txn, changes: Change[]): Result {
    const before = changes.length;
    const result = this.#carryOut(zxid, txn, changes);
    writeUsages(this, new Set(changes.slice(before).map(({ path }) => path)));
    return result;
  }

  #carryOut(zxid: number, txn: Txn, changes: Change[]): Result {
    switch (txn.type) {
      case 'multi':
        return { results: txn.parts.map((part) => this.#change(zxid, txn, part, changes)) };
      case 'createSession':
        this.sessions.set(zxid, new Set());
        return {};
      case 'closeSession': {
        const own = this.sessions.get(txn.target);
        for (const path of [...(own ?? [])].sort()) this.#remove(zxid, path, changes);
        this.sessions.delete(txn.target);
        return {};
      }
      case 'setAcl': {
        const node = this.nodes.get(txn.path)!;
        node.acl = txn.acl;
        node.aversion = txn.aversion;
        return { stat: statOf(node) };
      }
      case 'configure':
        this.#change(zxid, txn, { type: 'setData', path: CONFIG, data: txn.data, version: -1 }, changes);
        return {};
      case 'error':
        return {};
      default:
        return this.#change(zxid, txn, txn.type === 'reap' ? { type: 'delete', path: txn.path } : txn, changes);
    }
  }

  #change(zxid: number, txn: Txn, part: MultiPart, changes: Change[]): Result {
    switch (part.type) {
      case 'check':
        return {};
      case 'create': {
        const { path, data, acl, kind } = part;
        const owner = kind === Kind.ephemeral ? txn.session : 0;
        const node = newNode(path, { data, acl, kind, owner }, zxid, txn.time);
        const parent = this.nodes.get(parentOf(path))!;
        this.nodes.set(path, node);
        parent.children.add(path);
        parent.pzxid = zxid;
        parent.creates = part.creates;
        if (owner !== 0) this.sessions.get(owner)!.add(path);
        changes.push({ zxid, type: EventType.nodeCreated, path, acl, parentAcl: parent.acl });
        return { path, stat: statOf(node) };
      }
      case 'setData': {
        const node = this.nodes.get(part.path)!;
        node.data = part.data;
        node.version = part.version;
        node.mzxid = zxid;
        node.mtime = txn.time;
        changes.push({ zxid, type: EventType.nodeDataChanged, path: part.path, acl: node.acl, parentAcl: [] });
        return { stat: statOf(node) };
      }
      case 'delete':
        this.#remove(zxid, part.path, changes);
        return {};
    }
  }

  #remove(zxid: number, path: string, changes: Change[]): void {
    const node = this.nodes.get(path)!;
    const parent = this.nodes.get(parentOf(path))!;
    this.nodes.delete(path);
    parent.children.delete(path);
    parent.pzxid = zxid;
    this.sessions.get(node.owner)?.delete(path);
    changes.push({ zxid, type: EventType.nodeDeleted, path, acl: node.acl, parentAcl: parent.acl });
  }

  /**
   * Why a transaction cannot have come from this state; null where it can. Nothing else may be applied,
   * and nothing of a session that is over.
   */
  misfit(txn: Txn): string | null {
    if (txn.type === 'closeSession') return this.sessions.has(txn.target) ? null : 'there is no such session';
    if (txn.type === 'configure') return this.#wrongConfig(txn.session, toBinaryString(txn.data));
    const parts: readonly (MultiPart | Txn)[] = txn.type === 'multi' ? txn.parts : [txn];
    const made = new Map<string, number>();
    const childrenOf = (path: string): number => made.get(path) ?? this.nodes.get(path)?.children.size ?? -1;
    for (const part of parts) {
      if (!('path' in part)) continue;
      const { path } = part;
      const children = childrenOf(path);
      const parent = parentOf(path);
      if (part.type === 'create') {
        if (children >= 0) return `${path} is there already`;
        if (childrenOf(parent) < 0) return `${path} has no parent`;
        made.set(path, 0).set(parent, childrenOf(parent) + 1);
      } else if (children < 0) return `there is no ${path}`;
      else if (part.type === 'delete' || part.type === 'reap') {
        if (children > 0) return `${path} has children`;
        made.set(path, -1).set(parent, childrenOf(parent) - 1);
      }
    }
    return txn.type === 'reap' ? this.#notToReap(txn.path) : null;
  }

  /** The list of servers is the ensemble's own, names its own zxid and says something new. */
  #wrongConfig(session: number, text: string): string | null {
    if (session !== 0) return `session ${session} has configured the ensemble`;
    const lines = text.split('\n');
    if (text !== '' && lines.pop() !== `version=${this.zxid.toString(16)}`) return 'it has the version of another';
    const { data, mzxid } = this.nodes.get(CONFIG)!;
    const now = [...lines, ...(text === '' ? [] : [`version=${mzxid.toString(16)}`])].join('\n');
    return toBinaryString(data ?? new Uint8Array(0)) === now ? 'it says nothing new' : null;
  }

  #notToReap(path: string): string | null {
    const kind = this.nodes.get(path)!.kind;
    return kind === Kind.container || kind === Kind.ttl ? null : `${path} is neither a container nor has it a ttl`;
  }
}

type Given = Pick<Node, 'data' | 'acl' | 'kind' | 'owner'>;

function newNode(path: string, given: Given, zxid: number, time: number): Node {
  const born = { czxid: zxid, mzxid: zxid, pzxid: zxid, ctime: time, mtime: time };
  return { path, ...given, ...born, version: 0, aversion: 0, creates: 0, children: new Set() };
}

/** The znode's Stat. */
export function statOf(node: Node): Stat {
  const { czxid, mzxid, pzxid, ctime, mtime, version, aversion } = node;
  const numChildren = node.children.size;
  const cversion = (2 * node.creates - numChildren) | 0;
  const dataLength = node.data?.length ?? 0;
  const ephemeralOwner = node.owner;
  return { czxid, mzxid, pzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, dataLength, numChildren };
}
