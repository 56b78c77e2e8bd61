/** Operations in one line, for the texts of violations and for traces. */
import { eventName, formatZxid, opName, type Request } from '@synod/protocol';
import type { EventType } from '@synod/protocol';
import type { OpRecord } from '../history.js';

/** Who asked what: `c3 setData /a (write 7 of session 0x100000002)`. */
export function describe(op: OpRecord): string {
  const session = `session ${formatZxid(op.session)}`;
  const place = op.write ? `write ${op.number} of ${session}` : session;
  return `${op.client} ${describeRequest(op.request)} (${place})`;
}

/** The operation and its paths. */
export function describeRequest(request: Request): string {
  const name = opName(request.op);
  if ('operations' in request) {
    const parts = request.operations.map(({ op, path }) => `${opName(op)} ${path}`);
    return `${name} [${parts.join(', ')}]`;
  }
  if ('path' in request) return `${name} ${request.path}`;
  return 'prefix' in request ? `${name} ${request.prefix}` : name;
}

/** What happened to a znode, or `nothing`. */
export function describeChange(change: { type: number; path: string; zxid: number } | undefined): string {
  if (change === undefined) return 'nothing';
  return `${eventName(change.type as EventType)} ${change.path} at ${formatZxid(change.zxid)}`;
}
