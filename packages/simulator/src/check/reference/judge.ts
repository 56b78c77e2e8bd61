/**
 * What the reference makes of a request: the change that the log should have, or the refusal. Order of the checks as in
 * ZooKeeper. Left out: the bound on the size of a transaction, and servers on which TTL znodes or the enforcement of quotas
 * are turned off.
 */
import { CreateMode, limits, Op, Permission, type Acl, type ErrorCode, type Identity } from '@synod/protocol';
import type { CreateRequest, DeleteRequest, MultiOperation, WriteRequest } from '@synod/protocol';
import type { CheckChange, CreateChange, MultiPart, Change as TxnChange } from '@synod/tree';
import { allows, storedAcl } from './access.js';
import { isBeyond, rootOf } from './quota.js';
import { Kind, parentOf, type ReferenceState } from './state.js';

export interface Refused {
  readonly code: ErrorCode;
  /** The operation of a multi that was refused, otherwise −1. */
  readonly index: number;
}

/** A change as the log should have it, or a refusal. */
export type Judged = TxnChange | CheckChange | Refused;

/** Who asks. */
export interface Asker {
  readonly session: number;
  readonly identities: readonly Identity[];
  readonly skipAcl: boolean;
}

/** The facts about a znode that decide. */
interface Facts {
  readonly acl: Acl;
  readonly kind: number;
  readonly version: number;
  readonly aversion: number;
  readonly creates: number;
  readonly children: number;
  readonly data: Uint8Array | null;
}

const MODES: Readonly<Record<CreateMode, readonly [kind: 0 | 1 | 2 | 3, sequential: boolean]>> = {
  [CreateMode.persistent]: [Kind.persistent, false],
  [CreateMode.ephemeral]: [Kind.ephemeral, false],
  [CreateMode.persistentSequential]: [Kind.persistent, true],
  [CreateMode.ephemeralSequential]: [Kind.ephemeral, true],
  [CreateMode.container]: [Kind.container, false],
  [CreateMode.ttl]: [Kind.ttl, false],
  [CreateMode.ttlSequential]: [Kind.ttl, true],
};

const undeletable: ReadonlySet<string> = new Set(['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']);

export function judge(state: ReferenceState, request: WriteRequest, asker: Asker): Judged {
  if (!state.sessions.has(asker.session)) return { code: 'SESSION_EXPIRED', index: -1 };
  const scene = new Scene(state, asker);
  switch (request.op) {
    case Op.closeSession:
      return { type: 'closeSession', target: asker.session, expired: false };
    case Op.multi:
      return scene.multi(request.operations);
    case Op.setAcl: {
      const { path } = request;
      if (!isPath(path)) return no('BAD_ARGUMENTS');
      const acl = storedAcl(request.acl, asker.identities);
      if (acl === null) return no('INVALID_ACL');
      const node = scene.at(path);
      if (!node) return no('NO_NODE');
      if (!scene.may(node, Permission.ADMIN)) return no('NO_AUTH');
      if (request.version !== -1 && request.version !== node.aversion) return no('BAD_VERSION');
      return { type: 'setAcl', path, acl, aversion: next(node.aversion) };
    }
    default: {
      const part = scene.part(request);
      return typeof part === 'string' ? no(part) : part;
    }
  }
}

function no(code: ErrorCode): Refused {
  return { code, index: -1 };
}

/** A request at work: the state, and what the operations before in the same multi have made of it. */
class Scene {
  readonly #state: ReferenceState;
  readonly #asker: Asker;
  readonly #changed = new Map<string, Facts | null>();
  /** Subtrees whose quota came or went with this request: nothing of them is limited. */
  readonly #newQuotas: string[] = [];

  constructor(state: ReferenceState, asker: Asker) {
    this.#state = state;
    this.#asker = asker;
  }

  at(path: string): Facts | null {
    const changed = this.#changed.get(path);
    if (changed !== undefined) return changed;
    const node = this.#state.nodes.get(path);
    return node ? { ...node, children: node.children.size } : null;
  }

  may(node: Facts, permission: number): boolean {
    return this.#asker.skipAcl || allows(node.acl, this.#asker.identities, permission);
  }

  multi(operations: readonly MultiOperation[]): TxnChange | Refused {
    if (operations.length > limits.multiOperations) return no('BAD_ARGUMENTS');
    const parts: MultiPart[] = [];
    for (const [index, operation] of operations.entries()) {
      const part = this.part(operation);
      if (typeof part === 'string') return { code: part, index };
      parts.push(part);
    }
    return { type: 'multi', parts };
  }

  part(operation: MultiOperation): MultiPart | ErrorCode {
    switch (operation.op) {
      case Op.create:
        return this.#create(operation);
      case Op.delete:
        return this.#delete(operation);
      default: {
        const { path, version } = operation;
        if (!isPath(path)) return 'BAD_ARGUMENTS';
        const node = this.at(path);
        if (!node) return 'NO_NODE';
        const isCheck = operation.op === Op.check;
        if (!this.may(node, isCheck ? Permission.READ : Permission.WRITE)) return 'NO_AUTH';
        const bytes = isCheck ? 0 : lengthOf(operation.data) - lengthOf(node.data);
        if (this.#isBeyond(path, 0, bytes)) return 'QUOTA_EXCEEDED';
        if (version !== -1 && version !== node.version) return 'BAD_VERSION';
        if (isCheck) return { type: 'check', path };
        this.#changed.set(path, { ...node, version: next(node.version), data: operation.data });
        return { type: 'setData', path, data: operation.data, version: next(node.version) };
      }
    }
  }

  #create(request: CreateRequest): CreateChange | ErrorCode {
    const mode = (MODES as Partial<typeof MODES>)[request.mode];
    if (!mode) return 'BAD_ARGUMENTS';
    const [kind, sequential] = mode;
    const { ttl, data } = request;
    if (kind === Kind.ttl ? !(ttl >= 1 && ttl < 2 ** 40) : ttl !== 0) return 'BAD_ARGUMENTS';
    if (!isSplittable(request.path)) return 'BAD_ARGUMENTS';
    const acl = storedAcl(request.acl, this.#asker.identities);
    if (acl === null) return 'INVALID_ACL';
    const above = parentOf(request.path);
    const parent = this.at(above);
    if (!parent) return 'NO_NODE';
    if (!this.may(parent, Permission.CREATE)) return 'NO_AUTH';
    const path = sequential ? request.path + suffix(parent.creates) : request.path;
    if (!isPath(path)) return 'BAD_ARGUMENTS';
    if (this.at(path)) return 'NODE_EXISTS';
    if (parent.kind === Kind.ephemeral) return 'NO_CHILDREN_FOR_EPHEMERALS';
    if (this.#isBeyond(path, 1, lengthOf(data))) return 'QUOTA_EXCEEDED';
    const creates = (parent.creates + 1) | 0;
    this.#quotaMoved(path);
    this.#changed.set(above, { ...parent, creates, children: parent.children + 1 });
    this.#changed.set(path, { acl, kind, version: 0, aversion: 0, creates: 0, children: 0, data });
    return { type: 'create', path, data, acl, kind, ttl, creates };
  }

  #delete({ path, version }: DeleteRequest): MultiPart | ErrorCode {
    if (!isSplittable(path) || undeletable.has(path)) return 'BAD_ARGUMENTS';
    const above = parentOf(path);
    const parent = this.at(above);
    if (!parent) return 'NO_NODE';
    if (!this.may(parent, Permission.DELETE)) return 'NO_AUTH';
    const node = this.at(path);
    if (!node) return 'NO_NODE';
    if (version !== -1 && version !== node.version) return 'BAD_VERSION';
    if (node.children > 0) return 'NOT_EMPTY';
    this.#changed.set(above, { ...parent, children: parent.children - 1 });
    this.#changed.set(path, null);
    this.#quotaMoved(path);
    return { type: 'delete', path };
  }

  #quotaMoved(path: string): void {
    const root = rootOf(path);
    if (root !== null) this.#newQuotas.push(root);
  }

  #isBeyond(path: string, count: number, bytes: number): boolean {
    if (this.#newQuotas.some((root) => path === root || path.startsWith(`${root}/`))) return false;
    const paths = (): Set<string> => new Set([...this.#state.nodes.keys(), ...this.#changed.keys()]);
    return isBeyond((at) => this.at(at), paths, path, { count, bytes });
  }
}

function lengthOf(data: Uint8Array | null): number {
  return data?.length ?? 0;
}

/** −1 means any version, so no znode ever has it. */
function next(version: number): number {
  const following = (version + 1) | 0;
  return following === -1 ? 0 : following;
}

/** The number of a sequential znode, as C's `%010d`. */
function suffix(number: number): string {
  return number < 0 ? `-${String(-number).padStart(9, '0')}` : String(number).padStart(10, '0');
}

function isSplittable(path: string): boolean {
  return path.includes('/') && !path.includes('\0');
}

function isPath(path: string): boolean {
  if (path === '/') return true;
  if (path.length > limits.pathLength || !path.startsWith('/')) return false;
  const names = path.slice(1).split('/');
  return !names.some((name) => name === '' || name === '.' || name === '..') && !forbidden.test(path);
}

/** Characters that no path has. */
const forbidden = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/;
