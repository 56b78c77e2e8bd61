/**
 * A leader and its tree in one: requests are prepared, encoded, decoded and applied, as in a server of one. Also short
 * forms of requests and one-line forms of what comes out, so that tables of cases can be read.
 */
import {
  CreateMode,
  eventName,
  isRefusal,
  makeZxid,
  Op,
  OPEN_ACL,
  type Acl,
  type CheckRequest,
  type CreateRequest,
  type DeleteRequest,
  type Identity,
  type MultiOperation,
  type MultiRequest,
  type ReadRequest,
  type Refusal,
  type Result,
  type SetAclRequest,
  type SetDataRequest,
  type Stat,
  type WatchEvent,
  type WriteRequest,
} from '@synod/protocol';
import {
  decodeTxn,
  encodeTxn,
  Journal,
  Preparer,
  Tree,
  type Applied,
  type InternalRequest,
  type NodeChange,
  type PrepareSettings,
  type Reader,
  type StateRow,
  type Txn,
} from '@synod/tree';

export const SETTINGS: PrepareSettings = {
  skipAcl: false,
  ttlEnabled: true,
  transactionBytes: 1_000_000,
  quotas: null,
};

/** Who asks, where it is not the ensemble itself. */
export interface By {
  readonly session?: number;
  /** The number of the write; by default the next one of the session. */
  readonly number?: number;
  readonly acked?: number;
  readonly time?: number;
  readonly identities?: readonly Identity[];
}

/** One transaction of the log. */
export interface Logged {
  readonly zxid: number;
  readonly body: Uint8Array;
}

export class World {
  readonly tree: Tree;
  readonly preparer: Preparer;
  readonly journal: Journal;
  readonly log: Logged[] = [];
  time = 1000;
  #count = 0;
  readonly #numbers = new Map<number, number>();
  readonly #inFlight: Logged[] = [];

  constructor(settings: Partial<PrepareSettings> = {}, tree = new Tree()) {
    this.tree = tree;
    this.preparer = new Preparer(tree, { ...SETTINGS, ...settings });
    this.journal = new Journal(tree.zxid);
  }

  /** Prepares a request; its transaction is in flight. */
  prepare(request: WriteRequest | InternalRequest, by: By = {}): Txn {
    const zxid = makeZxid(1, ++this.#count);
    const session = by.session ?? 0;
    const number = by.number ?? (session === 0 ? 0 : (this.#numbers.get(session) ?? 0) + 1);
    if (number > (this.#numbers.get(session) ?? 0)) this.#numbers.set(session, number);
    const { time = this.time, acked = 0, identities = [] } = by;
    const txn = this.preparer.prepare(request, { zxid, time, session, number, acked, identities });
    const logged = { zxid, body: encodeTxn(txn) };
    this.#inFlight.push(logged);
    return txn;
  }

  /** The zxid of the last transaction prepared. */
  get lastZxid(): number {
    return makeZxid(1, this.#count);
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Applies the oldest transaction in flight. */
  applyNext(): Applied {
    const logged = this.#inFlight.shift()!;
    this.log.push(logged);
    const applied = this.tree.apply(logged.zxid, decodeTxn(logged.body));
    this.preparer.applied(logged.zxid);
    this.journal.add(applied.changes);
    return applied;
  }

  /** Prepares and applies. */
  do(request: WriteRequest | InternalRequest, by: By = {}): Applied {
    this.prepare(request, by);
    while (this.inFlight > 1) this.applyNext();
    return this.applyNext();
  }

  /** As {@link do} for a request that must succeed. */
  must(request: WriteRequest | InternalRequest, by: By = {}): Applied {
    const applied = this.do(request, by);
    if (isRefusal(applied.reply.result)) throw new Error(line(applied.reply.result));
    return applied;
  }

  /** Opens a session and returns its id. */
  open(timeout = 10_000): number {
    return this.must(openRequest(timeout)).createdSession!.id;
  }

  read(request: ReadRequest, reader: Partial<Reader> = {}): Result | Refusal {
    return this.tree.read(request, { session: 0, identities: [], skipAcl: false, ...reader });
  }

  stat(path: string): Stat {
    const result = this.read({ op: Op.exists, path, watch: false }, { skipAcl: true });
    if (!('stat' in result)) throw new Error(`no ${path}`);
    return result.stat;
  }

  /** All paths, sorted, without the built-in ones. */
  paths(): string[] {
    const paths: string[] = [];
    const open = ['/'];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      const result = this.read({ op: Op.getChildren, path, watch: false }, { skipAcl: true });
      const { children } = result as { children: readonly string[] };
      for (const name of children) open.push(path === '/' ? `/${name}` : `${path}/${name}`);
      if (path !== '/' && !path.startsWith('/zookeeper')) paths.push(path);
    }
    return paths.sort();
  }
}

export function openRequest(timeout: number, tag = 7): InternalRequest {
  return { op: 'createSession', timeout, secretHash: new Uint8Array(32).fill(tag), server: 2, tag };
}

interface CreateOptions {
  readonly data?: string | null;
  readonly acl?: Acl;
  readonly mode?: keyof typeof CreateMode;
  readonly ttl?: number;
}

export function bytes(text: string | null): Uint8Array | null {
  return text === null ? null : new TextEncoder().encode(text);
}

export function create(path: string, options: CreateOptions = {}): CreateRequest {
  const { data = '', acl = OPEN_ACL, mode = 'persistent', ttl = 0 } = options;
  return { op: Op.create, path, data: bytes(data), acl, mode: CreateMode[mode], ttl };
}

export function del(path: string, version = -1): DeleteRequest {
  return { op: Op.delete, path, version };
}

export function set(path: string, data: string | null = 'x', version = -1): SetDataRequest {
  return { op: Op.setData, path, data: bytes(data), version };
}

export function setAcl(path: string, acl: Acl, version = -1): SetAclRequest {
  return { op: Op.setAcl, path, acl, version };
}

export function checkVersion(path: string, version = -1): CheckRequest {
  return { op: Op.check, path, version };
}

export function multi(...operations: MultiOperation[]): MultiRequest {
  return { op: Op.multi, operations };
}

export const close = { op: Op.closeSession } as const;

/** A result or refusal in one line. */
export function line(result: Result | Refusal): string {
  if (isRefusal(result)) {
    const index = result.index < 0 ? '' : ` at ${result.index}`;
    return `${result.code} ${result.path}${index}: ${result.reason}`;
  }
  if ('results' in result) return `[${result.results.map(line).join(', ')}]`;
  if ('path' in result) return result.path;
  if ('stat' in result) return `version ${result.stat.version}`;
  return 'ok';
}

/** Changes in one line. */
export function changesLine(changes: readonly NodeChange[]): string {
  return changes.map(({ type, path }) => `${eventName(type)} ${path}`).join(', ');
}

/** Events in one line. */
export function eventsLine(events: readonly WatchEvent[]): string {
  return events.map(({ type, path }) => `${eventName(type)} ${path}`).join(', ');
}

/** A transaction in one line, without its origin. */
export function txnLine(txn: Txn): string {
  switch (txn.type) {
    case 'create':
      return `create ${txn.path} kind ${txn.kind} creates ${txn.creates}${txn.ttl ? ` ttl ${txn.ttl}` : ''}`;
    case 'setData':
      return `setData ${txn.path} version ${txn.version}`;
    case 'setAcl':
      return `setAcl ${txn.path} aversion ${txn.aversion}`;
    case 'multi':
      return `multi [${txn.parts.map((part) => txnLine({ ...txn, ...part } as Txn)).join(', ')}]`;
    case 'error':
      return `error ${txn.refusal.code}`;
    case 'createSession':
      return `createSession ${txn.timeout}`;
    case 'closeSession':
      return `closeSession${txn.expired ? ' expired' : ''}`;
    default:
      return `${(txn as { type: string }).type} ${(txn as { path: string }).path}`;
  }
}

/** A disk: rows by key. */
export type Disk = Map<string, Uint8Array>;

export function write(disk: Disk, rows: readonly StateRow[]): void {
  for (const { key, value } of rows) {
    if (value === null) disk.delete(key);
    else disk.set(key, Uint8Array.from(value));
  }
}

/** Folds the whole tree onto the disk. */
export function foldAll(tree: Tree, disk: Disk): { zxid: number; digest: number } {
  const fold = tree.beginFold();
  for (let rows = fold.next(3); rows !== null; rows = fold.next(3)) write(disk, rows);
  return { zxid: fold.zxid, digest: fold.digest };
}

/** The tree that a disk holds. */
export function load(disk: Disk, position: { zxid: number; digest: number }): Tree {
  const loader = Tree.load();
  const rows = [...disk].map(([key, value]) => ({ key, value }));
  rows.sort((a, b) => (a.key < b.key ? -1 : 1));
  for (let i = 0; i < rows.length; i += 5) loader.add(rows.slice(i, i + 5));
  return loader.finish(position.zxid, position.digest);
}
