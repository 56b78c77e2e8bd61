/**
 * The state itself: znodes, sessions, their digest, and what has changed since the last fold. No rules: apply/ decides
 * what happens, this file keeps every index, counter and sum in step with it.
 *
 * The pattern of a change: `edit` before the first field changes (the running fold takes its copy, the old term leaves
 * the digest), then the fields, then `commit` (the new term enters).
 */
import { addHash, joinPath, QUOTA_ROOT, removeHash, type EventType, type Usage } from '@synod/protocol';
import type { AclTable } from './acl-table.js';
import { RunningFold, type Fold, type RowSource } from './fold.js';
import { Quotas, type QuotaTree } from './quota.js';
import { sessionRow, znodeRow, type StateRow } from './rows.js';
import type { KeptResult, SessionState } from './session.js';
import { contentHash, NodeKind, znodeHash, type Znode } from './znode.js';

/** What happened to a znode, for watches. A create or delete also changes the list of children of the parent. */
export interface NodeChange {
  /** Created, deleted or data changed. */
  readonly type: EventType;
  readonly path: string;
  readonly zxid: number;
  /** Number of the ACL of the znode (of a deleted znode: the one it had). */
  readonly acl: number;
  /** Number of the ACL of its parent; of the root itself where there is none. */
  readonly parentAcl: number;
}

/** The state of one server at one zxid. */
export class State implements RowSource, QuotaTree {
  zxid = 0;
  /** Sum of the hashes of all znodes, sessions and kept results. */
  digest = 0;
  nodeCount = 0;
  ephemeralCount = 0;
  dataBytes = 0;
  /** Characters of the paths of all znodes. */
  pathLength = 1;
  readonly root: Znode;
  readonly acls: AclTable;
  readonly sessions = new Map<number, SessionState>();
  /** Container and TTL znodes. */
  readonly reapable = new Set<Znode>();
  readonly quotas = new Quotas(this);
  #quotaRoot: Znode | undefined;
  #dirtyPaths = new Set<string>();
  #dirtySessions = new Set<number>();
  #fold: RunningFold | null = null;

  /** A state with nothing but the root, which is no change yet. */
  constructor(root: Znode, acls: AclTable) {
    this.root = root;
    this.acls = acls;
    this.#count(root);
  }

  /** The znode at a path. The empty path names the root, too; a malformed path names nothing. */
  find(path: string): Znode | undefined {
    if (path.length <= 1) return path === '/' || path === '' ? this.root : undefined;
    if (path.charCodeAt(0) !== SLASH) return undefined;
    let node = this.root;
    let start = 1;
    for (;;) {
      const slash = path.indexOf('/', start);
      const child = node.children?.get(slash < 0 ? path.slice(start) : path.slice(start, slash));
      if (child === undefined || slash < 0) return child;
      node = child;
      start = slash + 1;
    }
  }

  /** The znode at a path, or the deepest one that exists above it. */
  nearest(path: string): Znode {
    let node = this.root;
    let start = 1;
    while (start < path.length) {
      const slash = path.indexOf('/', start);
      const child = node.children?.get(slash < 0 ? path.slice(start) : path.slice(start, slash));
      if (child === undefined) return node;
      node = child;
      start = slash < 0 ? path.length : slash + 1;
    }
    return node;
  }

  get hasQuotas(): boolean {
    this.#quotaRoot ??= this.find(QUOTA_ROOT);
    return this.#quotaRoot !== undefined && this.#quotaRoot.children !== null;
  }

  quotaText(path: string): string | null | undefined {
    return this.find(path)?.data;
  }

  /** The data changes, and with it the length in the Stat; no version, no zxid, no time, and nobody is told. */
  putUsage(path: string, text: string): void {
    const node = this.find(path)!;
    if (node.data === text) return;
    this.edit(path, node);
    this.setData(path, node, text);
    this.commit(node);
  }

  measure(path: string): Usage {
    let [count, bytes] = [0, 0];
    const open: (Znode | undefined)[] = [this.find(path)];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      count++;
      bytes += node.dataLength;
      if (node.children !== null) for (const child of node.children.values()) open.push(child);
    }
    return { count, bytes };
  }

  /** Gives a znode other data, between {@link edit} and {@link commit}. */
  setData(path: string, node: Znode, data: string | null): void {
    this.dataBytes += (data?.length ?? 0) - node.dataLength;
    node.data = data;
    node.content = contentHash(path, data);
  }

  /** Before the fields of a znode change. */
  edit(path: string, node: Znode): void {
    this.#touch(path);
    this.digest = removeHash(this.digest, znodeHash(node));
  }

  /** After the fields of a znode have changed. */
  commit(node: Znode): void {
    this.digest = addHash(this.digest, znodeHash(node));
  }

  /** Adds a new znode below its parent; the parent's own fields are the caller's. */
  insert(path: string, node: Znode): void {
    this.#touch(path);
    this.attach(path, node);
  }

  /** Adds a znode without calling it a change: it comes from the state at rest. */
  attach(path: string, node: Znode): void {
    const parent = node.parent!;
    parent.children ??= new Map();
    parent.children.set(node.name, node);
    this.#count(node);
    this.pathLength += path.length;
    if (node.kind === NodeKind.ephemeral) this.sessions.get(node.owner)?.ephemerals.add(path);
  }

  /** Takes a znode without children out; the parent's own fields are the caller's. */
  remove(path: string, node: Znode): void {
    this.edit(path, node);
    const parent = node.parent!;
    parent.children!.delete(node.name);
    if (parent.children!.size === 0) parent.children = null;
    this.nodeCount--;
    this.dataBytes -= node.dataLength;
    this.pathLength -= path.length;
    if (node.kind === NodeKind.ephemeral) {
      this.ephemeralCount--;
      this.sessions.get(node.owner)?.ephemerals.delete(path);
    } else if (node.lifetime !== null) this.reapable.delete(node);
    this.acls.release(node.acl);
  }

  #count(node: Znode): void {
    this.digest = addHash(this.digest, znodeHash(node));
    this.nodeCount++;
    this.dataBytes += node.dataLength;
    if (node.kind === NodeKind.ephemeral) this.ephemeralCount++;
    else if (node.lifetime !== null) this.reapable.add(node);
  }

  /** The note for watches about a change of a znode. */
  change(type: EventType, path: string, node: Znode): NodeChange {
    const parentAcl = node.parent === null ? node.acl : node.parent.acl;
    this.acls.name(node.acl, parentAcl);
    return { type, path, zxid: this.zxid, acl: node.acl.id, parentAcl: parentAcl.id };
  }

  /** Adds a new session. */
  open(session: SessionState): void {
    this.#touchSession(session.id);
    this.admit(session);
  }

  /** Adds a session without calling it a change: it comes from the state at rest. */
  admit(session: SessionState): void {
    this.sessions.set(session.id, session);
    this.digest = addHash(this.digest, session.hash());
    for (const kept of session.results) this.digest = addHash(this.digest, session.resultHash(kept));
  }

  /** Removes a session and what it kept; its znodes must be gone. */
  close(session: SessionState): void {
    this.#touchSession(session.id);
    this.sessions.delete(session.id);
    this.digest = removeHash(this.digest, session.hash());
    for (const kept of session.results) this.digest = removeHash(this.digest, session.resultHash(kept));
  }

  /** Notes that a session's write was carried out, with its result, and that the client has all results up to `acked`. */
  record(session: SessionState, acked: number, kept: KeptResult): void {
    this.#touchSession(session.id);
    this.digest = removeHash(this.digest, session.hash());
    session.lastNumber = kept.number;
    if (acked > session.acked) session.acked = acked;
    this.digest = addHash(this.digest, session.hash());
    session.keep(kept);
    this.digest = addHash(this.digest, session.resultHash(kept));
    for (let old = session.forgetOne(); old !== undefined; old = session.forgetOne()) {
      this.digest = removeHash(this.digest, session.resultHash(old));
    }
  }

  /** Freezes what has changed since the last fold. Throws where that one still has rows: a bug of the caller. */
  beginFold(): Fold {
    if (this.#fold !== null && !this.#fold.finished) throw new Error('a fold is still running');
    this.#fold = new RunningFold(this.zxid, this.digest, this, this.#dirtyPaths, this.#dirtySessions);
    this.#dirtyPaths = new Set();
    this.#dirtySessions = new Set();
    return this.#fold;
  }

  znodeRow(path: string): StateRow {
    return znodeRow(path, this.find(path));
  }

  sessionRow(id: number): StateRow {
    return sessionRow(id, this.sessions.get(id));
  }

  #touch(path: string): void {
    this.#fold?.beforeZnode(path);
    this.#dirtyPaths.add(path);
  }

  #touchSession(id: number): void {
    this.#fold?.beforeSession(id);
    this.#dirtySessions.add(id);
  }

  /** Marks all that is there as changed: a new state must reach the disk as a whole. */
  touchAll(): void {
    const open: [string, Znode][] = [['/', this.root]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [path, node] = next;
      this.#touch(path);
      for (const child of node.children?.values() ?? []) open.push([joinPath(path, child.name), child]);
    }
    for (const id of this.sessions.keys()) this.#touchSession(id);
  }
}

const SLASH = 47;
