/**
 * Decoded values to requests, at the trust boundary: every field is checked for its kind and range before anything else
 * sees it. Grammar of a request body, as it follows the operation number:
 *
 *     create          path data|nil acl|nil mode ttl       exists, getData, getChildren   path watch
 *     delete, check   path version                         getAcl, sync, getAllChildrenNumber   path
 *     setData         path data|nil version                multi, multiRead       [[op, …body] …]
 *     setAcl          path acl version                     removeWatches, checkWatches   path type
 *     addWatch        path mode                            addAuth                scheme credentials
 *     getEphemerals   prefix                               setWatches             since [paths] ×5
 *     closeSession, whoAmI, ping   (nothing)
 *
 * Whether a path is well-formed or a mode fits its ttl is the tree's decision, not made here.
 */
import { OPEN_ACL, type Acl, type AclEntry } from './acl.js';
import { limits } from './limits.js';
import { Op, opName, type MultiOperation, type MultiReadRequest, type MultiRequest, type Request } from './request.js';
import { badMessage, fault } from './synod-error.js';
import { isZxid } from './zxid.js';

/** Reads fields of one message in order, each with its kind; `what` names the message in complaints. */
export class Fields {
  readonly #values: readonly unknown[];
  readonly #what: string;
  #next: number;

  constructor(values: readonly unknown[], what: string, first = 0) {
    this.#values = values;
    this.#what = what;
    this.#next = first;
  }

  take(): unknown {
    return this.#values[this.#next++];
  }

  /** Steps over a nil; false (and no step) where something else comes next. */
  skipNull(): boolean {
    if (this.#values[this.#next] !== null) return false;
    this.#next++;
    return true;
  }

  #fail(name: string, wanted: string, value: unknown): never {
    const found = value === null ? 'nil' : Array.isArray(value) ? 'an array' : typeof value;
    throw badMessage(`${this.#what}: ${name} must be ${wanted}, not ${found}`);
  }

  string(name: string, max: number): string {
    const value = this.take();
    if (typeof value !== 'string') this.#fail(name, 'a string', value);
    if (value.length > max) throw badMessage(`${this.#what}: ${name} is longer than ${max} characters`);
    return value;
  }

  path(): string {
    return this.string('path', limits.pathLength);
  }

  bytes(name: string, max: number = limits.frameBytes): Uint8Array {
    const value = this.take();
    if (!(value instanceof Uint8Array)) this.#fail(name, 'binary', value);
    if (value.length > max) throw badMessage(`${this.#what}: ${name} is longer than ${max} bytes`);
    return value;
  }

  bytesOrNull(name: string): Uint8Array | null {
    const value = this.take();
    if (value === null) return null;
    if (!(value instanceof Uint8Array)) this.#fail(name, 'binary or nil', value);
    return value;
  }

  bool(name: string): boolean {
    const value = this.take();
    if (typeof value !== 'boolean') this.#fail(name, 'a boolean', value);
    return value;
  }

  /** A whole number from `low` to `high`. */
  int(name: string, low: number, high: number): number {
    const value = this.take();
    if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
      throw badMessage(
        `${this.#what}: ${name} must be a whole number from ${low} to ${high}, not ${typeof value === 'number' ? value : typeof value}`,
      );
    }
    return value;
  }

  zxid(name: string): number {
    const value = this.take();
    if (!isZxid(value)) this.#fail(name, 'a zxid', value);
    return value;
  }

  version(): number {
    return this.int('version', -2147483648, 2147483647);
  }

  list(name: string, max: number): readonly unknown[] {
    const value = this.take();
    if (!Array.isArray(value)) this.#fail(name, 'an array', value);
    if (value.length > max) throw badMessage(`${this.#what}: ${name} holds ${value.length} entries, more than ${max}`);
    return value;
  }

  /** Nothing may follow the last field. */
  end(): void {
    if (this.#next < this.#values.length) {
      throw badMessage(`${this.#what}: ${this.#values.length - this.#next} fields too many`);
    }
    if (this.#next > this.#values.length) {
      throw badMessage(`${this.#what}: ${this.#next - this.#values.length} fields missing`);
    }
  }
}

function acl(fields: Fields): Acl {
  const entries = fields.list('acl', limits.aclEntries);
  return entries.map((entry, i): AclEntry => {
    if (!Array.isArray(entry)) throw badMessage(`acl: entry ${i} must be an array`);
    const parts = new Fields(entry, `acl entry ${i}`);
    const permissions = parts.int('permissions', 0, 0x7fffffff);
    const scheme = parts.string('scheme', limits.idLength);
    const id = parts.string('id', limits.idLength);
    parts.end();
    return { permissions, scheme, id };
  });
}

function paths(fields: Fields, name: string): readonly string[] {
  const list = fields.list(name, limits.watchPaths);
  const inner = new Fields(list, `setWatches ${name}`);
  return list.map(() => inner.path());
}

function operations(fields: Fields, what: string, allowed: readonly number[]): readonly (Request | MultiOperation)[] {
  const list = fields.list('operations', limits.multiOperations);
  return list.map((entry, i) => {
    if (!Array.isArray(entry)) throw badMessage(`${what}: operation ${i} must be an array`);
    const op: unknown = entry[0];
    if (typeof op !== 'number' || !allowed.includes(op)) {
      throw badMessage(
        `${what}: operation ${i} is ${typeof op === 'number' ? opName(op) : typeof op}; allowed are ${allowed.map(opName).join(', ')}`,
      );
    }
    return readOperation(op, new Fields(entry, `${what}: operation ${i} (${opName(op)})`, 1));
  });
}

const IN_MULTI = [Op.create, Op.delete, Op.setData, Op.check];
const IN_MULTI_READ = [Op.getData, Op.getChildren];

/**
 * Reads the body of one request whose operation number was taken already.
 * Throws SynodError UNIMPLEMENTED for an unknown operation, MARSHALLING_ERROR for a bad body.
 */
export function readRequest(op: number, fields: Fields): Request {
  if (op === Op.check) {
    throw fault('UNIMPLEMENTED', 'check is allowed inside a multi only');
  }
  return readOperation(op, fields) as Request;
}

function readOperation(op: number, fields: Fields): Request | MultiOperation {
  const request = readBody(op, fields);
  fields.end();
  return request;
}

function readBody(op: number, f: Fields): Request | MultiOperation {
  switch (op) {
    case Op.create: {
      const path = f.path();
      const data = f.bytesOrNull('data');
      return {
        op,
        path,
        data,
        acl: nullableAcl(f),
        mode: f.int('mode', 0, 6) as 0,
        ttl: f.int('ttl', 0, limits.ttlMs),
      };
    }
    case Op.delete:
    case Op.check:
      return { op, path: f.path(), version: f.version() };
    case Op.setData:
      return { op, path: f.path(), data: f.bytesOrNull('data'), version: f.version() };
    case Op.setAcl:
      return { op, path: f.path(), acl: acl(f), version: f.version() };
    case Op.exists:
    case Op.getData:
    case Op.getChildren:
      return { op, path: f.path(), watch: f.bool('watch') };
    case Op.getAcl:
    case Op.sync:
    case Op.getAllChildrenNumber:
      return { op, path: f.path() };
    case Op.multi:
      return { op, operations: operations(f, 'multi', IN_MULTI) as MultiRequest['operations'] };
    case Op.multiRead:
      return { op, operations: operations(f, 'multiRead', IN_MULTI_READ) as MultiReadRequest['operations'] };
    default:
      return readConnectionBody(op, f);
  }
}

function readConnectionBody(op: number, f: Fields): Request {
  switch (op) {
    case Op.getEphemerals:
      return { op, prefix: f.string('prefix', limits.pathLength) };
    case Op.checkWatches:
    case Op.removeWatches:
      return { op, path: f.path(), type: f.int('type', 1, 5) as 1 };
    case Op.addWatch:
      return { op, path: f.path(), mode: f.int('mode', 0, 1) as 0 };
    case Op.addAuth:
      return { op, scheme: f.string('scheme', limits.idLength), credentials: f.bytes('credentials', limits.idLength) };
    case Op.setWatches:
      return {
        op,
        since: f.zxid('since'),
        data: paths(f, 'data'),
        exists: paths(f, 'exists'),
        children: paths(f, 'children'),
        persistent: paths(f, 'persistent'),
        recursive: paths(f, 'recursive'),
      };
    case Op.ping:
    case Op.whoAmI:
    case Op.closeSession:
      return { op };
    default:
      throw fault('UNIMPLEMENTED', `there is no operation with the number ${op}`);
  }
}

/** nil stands for the open ACL, which nearly every create wants. */
function nullableAcl(f: Fields): Acl {
  return f.skipNull() ? OPEN_ACL : acl(f);
}
