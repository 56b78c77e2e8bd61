/** Records of a history as lines of JSON, for those that travel through a file. Bytes become `{"latin1": "…"}`. */
import { fromBinaryString, toBinaryString } from '@synod/protocol';
import type { AnyRecord } from './history.js';

/** A record as one line, without the line's end. */
export function historyLine(record: AnyRecord): string {
  return JSON.stringify(record, tagged);
}

/** The record of a line. Throws a SyntaxError where it is none. */
export function readHistoryLine(line: string): AnyRecord {
  const record = JSON.parse(line, untagged) as AnyRecord;
  // JSON has no Infinity: it comes as null.
  if (record.t === 'op' && typeof record.end !== 'number') record.end = Infinity;
  return record;
}

/** The holder has the bytes themselves; `value` is what Node's Buffer wants to be in JSON. */
function tagged(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const bytes = this[key];
  return bytes instanceof Uint8Array ? { latin1: toBinaryString(bytes) } : value;
}

function untagged(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('latin1' in value)) return value;
  return fromBinaryString(value.latin1 as string);
}
