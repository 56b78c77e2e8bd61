/**
 * What clients were told of their writes, against the log: C1, C3, and the promise that an answered write stays.
 */
import { formatZxid } from '@synod/protocol';
import type { LogEntry, OpRecord, Violation } from '../history.js';
import { describe } from './describe.js';
import type { Material } from './material.js';

/** Refusals that tell a client nothing about its write: its session remembers results so that none is needed. */
const lost: ReadonlySet<string> = new Set([
  'RUNTIME_INCONSISTENCY',
  'DATA_INCONSISTENCY',
  'SYSTEM_ERROR',
  'MARSHALLING_ERROR',
]);

/**
 * Every answered write stands in the log at the zxid of its answer; one of unknown outcome stands there once or not at
 * all (never twice: see checkNumbers), and not before what had ended when it was sent (C3; C1 for answered ones).
 */
export function checkWrites(material: Material): Violation[] {
  const violations: Violation[] = [];
  for (const op of material.history.ops) {
    if (!op.write) continue;
    const violation = told(op, material.entryOf(op));
    if (violation) violations.push(violation);
  }
  return [...violations, ...checkRealTime(material)];
}

function told(op: OpRecord, entry: LogEntry | undefined): Violation | null {
  const carriedOut = entry !== undefined && entry.txn.type !== 'error';
  if (op.outcome === 'fail' && carriedOut) {
    const text = `${describe(op)} counts as not carried out, but stands at ${formatZxid(entry.zxid)}`;
    return { rule: 'C3', text };
  }
  if (op.zxid === 0 || op.code === 'SESSION_EXPIRED') return null;
  if (op.outcome === 'unknown' || lost.has(op.code))
    return { rule: 'C3', text: `${describe(op)}: its result was lost` };
  if (entry === undefined) {
    // Refused before it got a zxid: what no server could take.
    if (op.number === 0) return null;
    return { rule: 'durability', text: `${describe(op)} was answered and is not in the log` };
  }
  if (entry.zxid === op.zxid) return null;
  const text = `${describe(op)} was answered with ${formatZxid(op.zxid)}, but stands at ${formatZxid(entry.zxid)}`;
  return { rule: 'durability', text };
}

/** A write that ended before another was sent has a lower zxid. */
function checkRealTime(material: Material): Violation[] {
  const violations: Violation[] = [];
  const writes = material.history.ops.flatMap((op) => {
    const zxid = op.write ? material.entryOf(op)?.zxid : undefined;
    return zxid === undefined ? [] : [{ op, zxid }];
  });
  const ends = writes.filter(({ op }) => op.zxid > 0).sort((a, b) => a.op.end - b.op.end);
  let highest: (typeof ends)[number] | null = null;
  let next = 0;
  for (const { op, zxid } of writes.sort((a, b) => a.op.sent - b.op.sent)) {
    for (let ended = ends[next]; ended && ended.op.end < op.sent; ended = ends[++next]) {
      if (highest === null || ended.zxid > highest.zxid) highest = ended;
    }
    if (highest === null || zxid > highest.zxid) continue;
    const before = `${describe(highest.op)} at ${formatZxid(highest.zxid)}`;
    const text = `${describe(op)} at ${formatZxid(zxid)} was sent after the end of ${before}`;
    violations.push({ rule: op.zxid > 0 ? 'C1' : 'C3', text });
  }
  return violations;
}
