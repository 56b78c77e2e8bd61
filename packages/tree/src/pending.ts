/**
 * The tree as it will be when everything in flight is applied: what the next request is judged by.
 *
 * Over the applied tree lies one entry for each path, and for each session, that a transaction in flight touches. An
 * entry shows the state behind the last such transaction and goes when that one is applied. A preparation that fails
 * half way (a multi, mostly) takes its entries back, so that nothing of it is left.
 */
import { isQuotaZnode, QUOTA_ROOT, toBinaryString, type Acl, type Usage } from '@synod/protocol';
import { Fifo } from './fifo.js';
import { Quotas, type Excess, type QuotaTree } from './quota.js';
import type { Tree } from './tree.js';
import type { NodeKind } from './znode.js';
import { type ZnodeView } from './znode.js';

/** As much of a znode as decisions need. */
export interface PendingNode {
  readonly acl: Acl;
  readonly version: number;
  readonly aversion: number;
  readonly creates: number;
  readonly numChildren: number;
  readonly kind: NodeKind;
  /** The session of an ephemeral znode, otherwise 0. */
  readonly owner: number;
  /** Of data. */
  readonly bytes: number;
  /** The data as a binary string, of the znodes of quotas only. */
  readonly quotaText: string | null;
}

interface NodeEntry {
  readonly zxid: number;
  /** null: the znode is gone. */
  readonly node: PendingNode | null;
}

interface SessionEntry {
  readonly zxid: number;
  readonly lastNumber: number;
  readonly closing: boolean;
}

/** The overlay; one preparation at a time, from {@link begin} to {@link commit} or {@link rollback}. */
export class Pending implements QuotaTree {
  readonly #tree: Tree;
  /** null: quotas do not matter to what comes. */
  readonly #quotas: Quotas | null;
  readonly #nodes = new Map<string, NodeEntry>();
  readonly #sessions = new Map<number, SessionEntry>();
  /** Paths of entries whose znode belongs to a session. */
  readonly #owned = new Map<number, Set<string>>();
  readonly #nodeQueue = new Fifo<{ zxid: number; path: string }>();
  readonly #sessionQueue = new Fifo<{ zxid: number; id: number }>();
  /** What this preparation has replaced, oldest first. */
  #undo: { path: string; before: NodeEntry | undefined }[] = [];
  #zxid = 0;

  constructor(tree: Tree, withQuotas: boolean) {
    this.#tree = tree;
    this.#quotas = withQuotas ? new Quotas(this) : null;
  }

  /** Starts the preparation of the transaction with this zxid. */
  begin(zxid: number): void {
    this.#zxid = zxid;
    this.#undo = [];
  }

  /** Keeps what was done since {@link begin}. */
  commit(): void {
    this.#quotas?.settle();
    for (const { path } of this.#undo) this.#nodeQueue.push({ zxid: this.#zxid, path });
    this.#undo = [];
  }

  /** Takes everything back that was done since {@link begin}. */
  rollback(): void {
    this.#quotas?.forget();
    for (const { path, before } of this.#undo.reverse()) this.#set(path, before);
    this.#undo = [];
  }

  /** The znode at a path; undefined where there will be none. */
  node(path: string): PendingNode | undefined {
    const entry = this.#nodes.get(path);
    if (entry !== undefined) return entry.node ?? undefined;
    const node = path === '' ? undefined : this.#tree.find(path);
    return node && fromZnode(path, node);
  }

  /** Says how the znode at a path will be; null for gone. */
  put(path: string, node: PendingNode | null): void {
    this.#undo.push({ path, before: this.#nodes.get(path) });
    this.#set(path, { zxid: this.#zxid, node });
  }

  #set(path: string, entry: NodeEntry | undefined): void {
    const before = this.#nodes.get(path)?.node?.owner ?? 0;
    const owner = entry?.node?.owner ?? 0;
    if (entry === undefined) this.#nodes.delete(path);
    else this.#nodes.set(path, entry);
    if (before === owner) return;
    if (before !== 0) {
      const paths = this.#owned.get(before)!;
      paths.delete(path);
      if (paths.size === 0) this.#owned.delete(before);
    }
    if (owner !== 0) {
      const paths = this.#owned.get(owner);
      if (paths) paths.add(path);
      else this.#owned.set(owner, new Set([path]));
    }
  }

  /** Puts a change down to the quota that encloses it; see {@link Quotas.charge}. */
  charge(path: string, count: number, bytes: number): void {
    this.#quotas?.charge(path, count, bytes);
  }

  /** The limit that a change would break. */
  excess(path: string, count: number, bytes: number): Excess | null {
    return this.#quotas?.excess(path, count, bytes) ?? null;
  }

  get hasQuotas(): boolean {
    return this.node(QUOTA_ROOT)!.numChildren > 0;
  }

  quotaText(path: string): string | null | undefined {
    return this.node(path)?.quotaText;
  }

  putUsage(path: string, text: string): void {
    this.put(path, { ...this.node(path)!, bytes: text.length, quotaText: text });
  }

  /** Of the applied tree, corrected by what is in flight: only rarely asked for. */
  measure(path: string): Usage {
    let { count, bytes } = this.#tree.measure(path);
    for (const [at, { node }] of this.#nodes) {
      if (at !== path && !at.startsWith(`${path}/`)) continue;
      const applied = this.#tree.find(at);
      count += (node === null ? 0 : 1) - (applied === undefined ? 0 : 1);
      bytes += (node?.bytes ?? 0) - (applied?.dataLength ?? 0);
    }
    return { count, bytes };
  }

  /** Paths of the ephemeral znodes that a session will have. */
  ephemerals(session: number): string[] {
    const applied = this.#tree.sessions.get(session)?.ephemerals ?? [];
    const paths = new Set([...applied, ...(this.#owned.get(session) ?? [])]);
    return [...paths].filter((path) => this.node(path)?.owner === session);
  }

  /** The highest number of a session's writes, applied or in flight; undefined where it will not live. */
  lastNumber(session: number): number | undefined {
    const entry = this.#sessions.get(session);
    if (entry !== undefined) return entry.closing ? undefined : entry.lastNumber;
    return this.#tree.sessions.get(session)?.lastNumber;
  }

  /** Says what the number of a session's last write will be, or that it will be closed. */
  putSession(session: number, lastNumber: number, closing: boolean): void {
    this.#sessions.set(session, { zxid: this.#zxid, lastNumber, closing });
    this.#sessionQueue.push({ zxid: this.#zxid, id: session });
  }

  /** Everything up to this zxid is applied and shows in the tree. */
  applied(zxid: number): void {
    for (let first = this.#nodeQueue.peek(); first && first.zxid <= zxid; first = this.#nodeQueue.peek()) {
      this.#nodeQueue.drop();
      if (this.#nodes.get(first.path)?.zxid === first.zxid) this.#set(first.path, undefined);
    }
    for (let first = this.#sessionQueue.peek(); first && first.zxid <= zxid; first = this.#sessionQueue.peek()) {
      this.#sessionQueue.drop();
      if (this.#sessions.get(first.id)?.zxid === first.zxid) this.#sessions.delete(first.id);
    }
  }
}

function fromZnode(path: string, node: ZnodeView): PendingNode {
  return {
    acl: node.acl.acl,
    version: node.version,
    aversion: node.aversion,
    creates: node.creates,
    numChildren: node.numChildren,
    kind: node.kind,
    owner: node.owner,
    bytes: node.dataLength,
    quotaText: isQuotaZnode(path) ? node.data : null,
  };
}

/** What {@link PendingNode.quotaText} is of a znode with this data. */
export function quotaTextOf(path: string, data: Uint8Array | null): string | null {
  return data !== null && isQuotaZnode(path) ? toBinaryString(data) : null;
}
