/** Counters, which clients raise by compare-and-set: each increment counts exactly once. */
import { formatZxid, Op, toBinaryString, type Request } from '@synod/protocol';
import type { Violation } from '../history.js';
import type { Material } from './material.js';

/**
 * Every change of a counter adds one, and it ends as high as increments were answered, give or take those of unknown
 * outcome. The clients of a counter must all be in the history.
 */
export function checkCounters({ log, history, options }: Material): Violation[] {
  if (options.counters.length === 0) return [];
  const violations: Violation[] = [];
  const counters = new Map(options.counters.map((path) => [path, { value: 0, sure: 0, most: 0 }]));
  for (const { zxid, txn } of log) {
    if (txn.type !== 'setData') continue;
    const counter = counters.get(txn.path);
    if (!counter) continue;
    const next = Number(toBinaryString(txn.data ?? new Uint8Array(0)));
    if (next !== counter.value + 1) {
      const text = `${txn.path} goes from ${counter.value} to ${next} at ${formatZxid(zxid)}`;
      violations.push({ rule: 'counter', text });
    }
    counter.value = next;
  }
  for (const { request, outcome, number } of history.ops) {
    const counter = number > 0 ? counters.get(pathOfSet(request)) : undefined;
    if (!counter || outcome === 'fail') continue;
    counter.most++;
    if (outcome === 'ok') counter.sure++;
  }
  for (const [path, { value, sure, most }] of counters) {
    if (value >= sure && value <= most) continue;
    const text = `${path} is ${value}; ${sure} increments were answered, ${most} were sent`;
    violations.push({ rule: 'counter', text });
  }
  return violations;
}

function pathOfSet(request: Request): string {
  return request.op === Op.setData ? request.path : '';
}
