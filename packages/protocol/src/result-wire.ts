/**
 * Results to their wire form and back, one row for each operation:
 *
 *     create        path stat            getData       data|nil stat      multi       [[op, …result] …]
 *     exists        stat                 getAcl        acl stat           multiRead   [[op, …result] | […refusal] …]
 *     setData       stat                 getChildren   [names] stat       whoAmI      [[scheme, id] …]
 *     setAcl        stat                 getEphemerals [paths]            getAllChildrenNumber   number
 *     the others    (nothing)
 *
 * Inside a multi 13 stands for every operation without a result, and a refusal begins with its code, which is negative.
 * The same form is kept with the sessions in the log and at rest, where retried writes find their first result.
 */
import { aclToWire, type AclEntry, type Identity } from './acl.js';
import { errorCodes, errorName } from './error-code.js';
import type {
  AclResult,
  ChildrenResult,
  DataResult,
  IdentitiesResult,
  MultiReadResult,
  MultiResult,
  NumberResult,
  PathsResult,
  PathStatResult,
  Refusal,
  Result,
  StatResult,
} from './reply.js';
import { isRefusal } from './reply.js';
import { Op, type OpCode } from './request.js';
import { statFromWire, statToWire, type Stat, type StatWire } from './stat.js';
import { badMessage } from './synod-error.js';

/** A result to the values that stand behind the code 0. `op` must be the operation that gave the result. */
export function resultToWire(op: OpCode, result: Result): unknown[] {
  switch (op) {
    case Op.create: {
      const r = result as PathStatResult;
      return [r.path, statToWire(r.stat)];
    }
    case Op.exists:
    case Op.setData:
    case Op.setAcl:
      return [statToWire((result as StatResult).stat)];
    case Op.getData: {
      const r = result as DataResult;
      return [r.data, statToWire(r.stat)];
    }
    case Op.getAcl: {
      const r = result as AclResult;
      return [aclToWire(r.acl), statToWire(r.stat)];
    }
    case Op.getChildren: {
      const r = result as ChildrenResult;
      return [r.children, statToWire(r.stat)];
    }
    case Op.getEphemerals:
      return [(result as PathsResult).paths];
    case Op.getAllChildrenNumber:
      return [(result as NumberResult).number];
    case Op.whoAmI:
      return [(result as IdentitiesResult).identities.map((identity) => [identity.scheme, identity.id])];
    case Op.multi:
      return [(result as MultiResult).results.map(multiEntry)];
    case Op.multiRead:
      return [(result as MultiReadResult).answers.map(readEntry)];
    default:
      return [];
  }
}

/** Which operation a result of a multi belongs to shows in its shape: create, setData, or one without a result. */
function multiEntry(result: Result): unknown[] {
  if ('path' in result) return [Op.create, ...resultToWire(Op.create, result)];
  if ('stat' in result) return [Op.setData, ...resultToWire(Op.setData, result)];
  return [Op.check];
}

function readEntry(answer: Result | Refusal): unknown[] {
  if (isRefusal(answer)) {
    return [errorCodes[answer.code], answer.reason, answer.path, answer.outcome === 'unknown' ? 1 : 0, answer.index];
  }
  const op = 'data' in answer ? Op.getData : Op.getChildren;
  return [op, ...resultToWire(op, answer)];
}

/** Values behind the code 0 to a result; throws MARSHALLING_ERROR where they do not have the operation's shape. */
export function resultFromWire(op: OpCode, values: readonly unknown[]): Result {
  switch (op) {
    case Op.create:
      return { path: text(values[0]), stat: stat(values[1]) };
    case Op.exists:
    case Op.setData:
    case Op.setAcl:
      return { stat: stat(values[0]) };
    case Op.getData:
      return { data: bytesOrNull(values[0]), stat: stat(values[1]) };
    case Op.getAcl:
      return { acl: array(values[0]).map(aclEntry), stat: stat(values[1]) };
    case Op.getChildren:
      return { children: texts(values[0]), stat: stat(values[1]) };
    case Op.getEphemerals:
      return { paths: texts(values[0]) };
    case Op.getAllChildrenNumber:
      return { number: integer(values[0]) };
    case Op.whoAmI:
      return { identities: array(values[0]).map(identity) };
    case Op.multi:
      return { results: array(values[0]).map(multiEntryFromWire) };
    case Op.multiRead:
      return { answers: array(values[0]).map(readEntryFromWire) };
    default:
      return {};
  }
}

function multiEntryFromWire(entry: unknown): Result {
  const [op, ...rest] = array(entry);
  return resultFromWire(op as OpCode, rest);
}

function readEntryFromWire(entry: unknown): Result | Refusal {
  const [op, ...rest] = array(entry);
  if (typeof op !== 'number') throw badMessage('result: an entry of multiRead must start with a number');
  if (op > 0) return resultFromWire(op as OpCode, rest);
  const outcome = rest[2] === 1 ? 'unknown' : 'not-applied';
  return { code: errorName(op), reason: text(rest[0]), path: text(rest[1]), outcome, index: integer(rest[3]) };
}

function array(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw badMessage('result: an array was expected');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw badMessage('result: a string was expected');
  return value;
}

function texts(value: unknown): readonly string[] {
  const list = array(value);
  for (const one of list) text(one);
  return list as readonly string[];
}

function integer(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw badMessage('result: a whole number was expected');
  return value;
}

function aclEntry(value: unknown): AclEntry {
  const [permissions, scheme, id] = array(value);
  return { permissions: integer(permissions), scheme: text(scheme), id: text(id) };
}

function identity(value: unknown): Identity {
  const [scheme, id] = array(value);
  return { scheme: text(scheme), id: text(id) };
}

function bytesOrNull(value: unknown): Uint8Array | null {
  if (value !== null && !(value instanceof Uint8Array)) throw badMessage('result: binary or nil was expected');
  return value;
}

function stat(value: unknown): Stat {
  const wire = array(value);
  if (wire.length < 11) throw badMessage('result: a stat has eleven numbers');
  for (let i = 0; i < 11; i++) integer(wire[i]);
  return statFromWire(wire as StatWire);
}
