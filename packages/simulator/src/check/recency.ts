/** What is up to date: C7 (sync) and C8 (linearizable reads). */
import { formatZxid, Op } from '@synod/protocol';
import type { OpRecord, Violation } from '../history.js';
import { describe } from './describe.js';
import type { Material } from './material.js';

/**
 * C7: a sync shows every write that was answered before it was sent; what its session reads behind it does so too (C6).
 * C8: so it also shows whatever any read had shown by then, and a write is behind every state that was shown before it was
 * sent.
 */
export function checkRecency(material: Material): Violation[] {
  const violations: Violation[] = [];
  const done = material.history.ops
    .flatMap((op) => {
      const zxid = op.write ? material.entryOf(op)?.zxid : op.zxid;
      return op.zxid > 0 && zxid !== undefined && op.request.op !== Op.addAuth ? [{ op, zxid }] : [];
    })
    .sort((a, b) => a.op.end - b.op.end);
  const highest: { write: (typeof done)[number] | null; read: (typeof done)[number] | null } = {
    write: null,
    read: null,
  };
  const starts = material.history.ops.filter((op) => isSync(op) || op.number > 0).sort((a, b) => a.sent - b.sent);
  let next = 0;
  for (const op of starts) {
    for (let ended = done[next]; ended && ended.op.end < op.sent; ended = done[++next]) {
      const kind = ended.op.write ? 'write' : 'read';
      if (highest[kind] === null || ended.zxid > highest[kind].zxid) highest[kind] = ended;
    }
    const { write, read } = highest;
    if (isSync(op)) {
      if (write && op.zxid < write.zxid) violations.push(stale('C7', op, op.zxid, write));
      else if (read && op.zxid < read.zxid) violations.push(stale('C8', op, op.zxid, read));
      continue;
    }
    const zxid = material.entryOf(op)?.zxid;
    if (read && zxid !== undefined && zxid <= read.zxid) violations.push(stale('C8', op, zxid, read));
  }
  return violations;
}

function isSync({ request, outcome, zxid }: OpRecord): boolean {
  return request.op === Op.sync && outcome === 'ok' && zxid > 0;
}

function stale(rule: string, op: OpRecord, zxid: number, before: { op: OpRecord; zxid: number }): Violation {
  const place = `${describe(op)} at ${formatZxid(zxid)}`;
  return { rule, text: `${place} was sent after ${describe(before.op)} had shown ${formatZxid(before.zxid)}` };
}
