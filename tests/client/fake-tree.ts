/**
 * A small tree in memory that answers the requests of a client as servers do, for tests of the client and the shell. It
 * leaves out what they do not look at: containers, TTL, quotas; of ACLs it only keeps the list.
 */
import {
  baseName,
  CreateMode,
  EventType,
  Op,
  parentPath,
  refuse,
  sequenceSuffix,
  type Acl,
  type MultiOperation,
  type Refusal,
  type Request,
  type Result,
  type Stat,
  type WatchEvent,
} from '@synod/protocol';

export interface FakeNode {
  data: Uint8Array | null;
  acl: Acl;
  czxid: number;
  mzxid: number;
  pzxid: number;
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  creates: number;
  owner: number;
  children: Set<string>;
}

/** All znodes have this time, so that output can be compared. */
export const FAKE_TIME = Date.UTC(2026, 0, 2, 3, 4, 5);

const SEQUENTIAL: readonly number[] = [
  CreateMode.persistentSequential,
  CreateMode.ephemeralSequential,
  CreateMode.ttlSequential,
];
const EPHEMERAL: readonly number[] = [CreateMode.ephemeral, CreateMode.ephemeralSequential];

export class FakeTree {
  zxid = 0;
  nodes = new Map<string, FakeNode>([['/', newNode(null, [], 0, 0)]]);
  /** Every event ever, in order. */
  readonly journal: WatchEvent[] = [];

  constructor() {
    this.nodes.get('/')!.acl = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
  }

  /** A write, with a zxid of its own whether or not it succeeds. */
  write(request: Request, session: number): Result | Refusal {
    this.zxid++;
    if (request.op === Op.closeSession) return this.closeSession(session);
    if (request.op === Op.multi) return this.#multi(request.operations, session);
    return this.#apply(request, session);
  }

  closeSession(session: number): Result {
    for (const [path, node] of [...this.nodes]) if (node.owner === session) this.#remove(path);
    return {};
  }

  #multi(operations: readonly MultiOperation[], session: number): Result | Refusal {
    const before = new Map(
      [...this.nodes].map(([path, node]) => [path, { ...node, children: new Set(node.children) }]),
    );
    const events = this.journal.length;
    const results: Result[] = [];
    for (const [index, operation] of operations.entries()) {
      const result = this.#apply(operation, session);
      if ('code' in result) {
        this.nodes = before;
        this.journal.length = events;
        return { ...result, index };
      }
      results.push(result);
    }
    return { results };
  }

  #apply(r: Exclude<Request, { op: typeof Op.multi }> | MultiOperation, session: number): Result | Refusal {
    if (r.op === Op.create) return this.#create(r, session);
    const path = 'path' in r ? r.path : '';
    const node = this.nodes.get(path);
    if (node === undefined) return noNode(path);
    if (r.op === Op.setAcl) {
      node.acl = r.acl;
      node.aversion++;
      return { stat: statOf(node) };
    }
    if (!('version' in r)) throw new Error(`not a write: ${JSON.stringify(r)}`);
    if (r.version !== -1 && r.version !== node.version) {
      return refuse('BAD_VERSION', path, `the version is ${node.version}, not ${r.version}`);
    }
    if (r.op === Op.delete) {
      if (node.children.size > 0) return refuse('NOT_EMPTY', path, 'the znode has children');
      this.#remove(path);
      return {};
    }
    if (r.op === Op.check) return {};
    Object.assign(node, { data: r.data, version: node.version + 1, mzxid: this.zxid, mtime: FAKE_TIME });
    this.#note(EventType.nodeDataChanged, path);
    return { stat: statOf(node) };
  }

  #create(r: Extract<Request, { op: typeof Op.create }>, session: number): Result | Refusal {
    const parent = this.nodes.get(parentPath(r.path));
    if (parent === undefined) return noNode(r.path);
    const path = SEQUENTIAL.includes(r.mode) ? r.path + sequenceSuffix(parent.creates) : r.path;
    if (this.nodes.has(path)) return refuse('NODE_EXISTS', path, 'the znode exists');
    if (parent.owner !== 0) return refuse('NO_CHILDREN_FOR_EPHEMERALS', path, 'the parent is ephemeral');
    const node = newNode(r.data, r.acl, this.zxid, EPHEMERAL.includes(r.mode) ? session : 0);
    this.nodes.set(path, node);
    parent.children.add(baseName(path));
    parent.creates++;
    parent.cversion++;
    parent.pzxid = this.zxid;
    this.#note(EventType.nodeCreated, path);
    this.#note(EventType.nodeChildrenChanged, parentPath(path));
    return { path, stat: statOf(node) };
  }

  #remove(path: string): void {
    this.nodes.delete(path);
    const parent = this.nodes.get(parentPath(path))!;
    parent.children.delete(baseName(path));
    parent.cversion++;
    parent.pzxid = this.zxid;
    this.#note(EventType.nodeDeleted, path);
    this.#note(EventType.nodeChildrenChanged, parentPath(path));
  }

  #note(type: EventType, path: string): void {
    this.journal.push({ type, path, zxid: this.zxid });
  }

  read(r: Request, session: number): Result | Refusal {
    switch (r.op) {
      case Op.sync:
      case Op.ping:
      case Op.addAuth:
        return {};
      case Op.whoAmI:
        return { identities: [{ scheme: 'ip', id: '127.0.0.1' }] };
      case Op.getEphemerals:
        return {
          paths: [...this.nodes].filter(([p, n]) => n.owner === session && p.startsWith(r.prefix)).map(([p]) => p),
        };
      case Op.multiRead:
        return { answers: r.operations.map((operation) => this.read(operation, session)) };
      default:
        return this.#readNode(r);
    }
  }

  #readNode(r: Request): Result | Refusal {
    const path = 'path' in r ? r.path : '';
    const node = this.nodes.get(path);
    if (node === undefined) return noNode(path);
    const stat = statOf(node);
    switch (r.op) {
      case Op.exists:
        return { stat };
      case Op.getData:
        return { data: node.data, stat };
      case Op.getChildren:
        return { children: [...node.children], stat };
      case Op.getAcl:
        return { acl: node.acl, stat };
      case Op.getAllChildrenNumber: {
        const below = path === '/' ? '/' : `${path}/`;
        return { number: [...this.nodes.keys()].filter((p) => p !== '/' && p.startsWith(below)).length };
      }
      default:
        throw new Error(`not a read: ${JSON.stringify(r)}`);
    }
  }
}

function newNode(data: Uint8Array | null, acl: Acl, zxid: number, owner: number): FakeNode {
  return {
    data: data === null ? null : Uint8Array.from(data),
    acl,
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    ctime: FAKE_TIME,
    mtime: FAKE_TIME,
    version: 0,
    cversion: 0,
    aversion: 0,
    creates: 0,
    owner,
    children: new Set(),
  };
}

export function statOf(n: FakeNode): Stat {
  return {
    czxid: n.czxid,
    mzxid: n.mzxid,
    pzxid: n.pzxid,
    ctime: n.ctime,
    mtime: n.mtime,
    version: n.version,
    cversion: n.cversion,
    aversion: n.aversion,
    ephemeralOwner: n.owner,
    dataLength: n.data === null ? 0 : n.data.length,
    numChildren: n.children.size,
  };
}

function noNode(path: string): Refusal {
  return refuse('NO_NODE', path, 'there is no such znode');
}
