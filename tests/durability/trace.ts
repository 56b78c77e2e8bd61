/** Reads what record.c has written down of one server process. */
import { readFileSync } from 'node:fs';

/** In the order in which it happened; `name` is a file of the data directory or a connection ("own port>other port"). */
export interface TraceEvent {
  readonly kind: 'wrote' | 'sync-begins' | 'synced' | 'truncated' | 'sends' | 'sent' | 'failed';
  /** CLOCK_MONOTONIC, the same for all processes of the machine, in nanoseconds. */
  readonly ns: bigint;
  readonly name: string;
  /** Bytes done, or −1 for an error; for `failed` the error's number. */
  readonly result: number;
  /** For `wrote` where in the file, for `truncated` the length that is left. */
  readonly offset: number;
  readonly data: Buffer;
}

const KINDS: readonly TraceEvent['kind'][] = ['wrote', 'sync-begins', 'synced', 'truncated', 'sends', 'sent', 'failed'];
const HEAD_BYTES = 32;

/** All events of a trace. One that the end of the process has cut off is left out. */
export function readTrace(file: string): TraceEvent[] {
  const bytes = readFileSync(file);
  const events: TraceEvent[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const kind = KINDS[bytes.readUInt32LE(at + 8) - 1];
    if (kind === undefined) throw new Error(`${file} is no trace: unknown event at byte ${at}`);
    const nameEnd = at + HEAD_BYTES + bytes.readUInt32LE(at + 24);
    const end = nameEnd + bytes.readUInt32LE(at + 28);
    if (end > bytes.length) break;
    events.push({
      kind,
      ns: bytes.readBigUInt64LE(at),
      name: bytes.toString('utf8', at + HEAD_BYTES, nameEnd),
      result: bytes.readInt32LE(at + 12),
      offset: Number(bytes.readBigInt64LE(at + 16)),
      data: bytes.subarray(nameEnd, end),
    });
    at = end;
  }
  return events;
}
