/**
 * multi and multiRead to Synod's. ZooKeeper refuses some multis as a whole (MARSHALLING_ERROR: flags that no create of a
 * multi may have, null paths), others by the operation that fails; a refusal of the second kind says which by its `index`.
 */
import {
  limits,
  Op,
  refuse,
  type MultiOperation,
  type MultiReadRequest,
  type MultiRequest,
  type Refusal,
} from '@synod/protocol';
import { ZooKeeperOp } from '../op.js';
import type { MultiOperationRecord, MultiReadRecord, MultiRecord } from '../record/multi.js';
import { createOf } from './create.js';
import { modeOf } from './mode.js';
import { judgedPathOf, pathOf, readPathOf } from './path.js';

/** A multi, or why not. */
export function multiOf(record: MultiRecord): MultiRequest | Refusal {
  const crowded = tooMany(record.operations.length);
  if (crowded !== undefined) return crowded;
  const operations: MultiOperation[] = [];
  for (const [index, part] of record.operations.entries()) {
    if ('flags' in part && modeOf(part.type, part.flags) === undefined) {
      const reason = `operation ${index} makes no znode with the flags ${part.flags}`;
      return refuse('MARSHALLING_ERROR', '', reason);
    }
    const operation = operationOf(part);
    if ('code' in operation) return operation.code === 'MARSHALLING_ERROR' ? operation : { ...operation, index };
    operations.push(operation);
  }
  return { op: Op.multi, operations };
}

/** A multiRead, or why not; a refusal refuses all of it. */
export function multiReadOf(record: MultiReadRecord): MultiReadRequest | Refusal {
  const crowded = tooMany(record.operations.length);
  if (crowded !== undefined) return crowded;
  const operations: MultiReadRequest['operations'][number][] = [];
  for (const { type, path: given, watch } of record.operations) {
    const path = readPathOf(given);
    if (typeof path !== 'string') return path;
    operations.push({ op: type, path, watch });
  }
  return { op: Op.multiRead, operations };
}

function operationOf(part: MultiOperationRecord): MultiOperation | Refusal {
  switch (part.type) {
    case ZooKeeperOp.delete:
    case ZooKeeperOp.check: {
      const path = part.type === ZooKeeperOp.check ? judgedPathOf(part.path) : pathOf(part.path);
      return typeof path === 'string' ? { op: part.type, path, version: part.version } : path;
    }
    case ZooKeeperOp.setData: {
      const path = judgedPathOf(part.path);
      return typeof path === 'string' ? { op: Op.setData, path, data: part.data, version: part.version } : path;
    }
    default:
      return createOf(part);
  }
}

function tooMany(count: number): Refusal | undefined {
  if (count <= limits.multiOperations) return undefined;
  return refuse('BAD_ARGUMENTS', '', `a multi must not have more than ${limits.multiOperations} operations`);
}
