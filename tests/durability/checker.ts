/**
 * Holds what a server claimed against what it had synced by then. A record counts as durable when the commit frame of its
 * transaction lies in the write-ahead log and a sync of that file has begun behind it and ended well, and when a watermark
 * that reaches it was synced after that in the same way.
 */
import { Watermark, type Mark } from '@synod/storage/watermark';
import type { Claim } from './claims.js';
import type { TraceEvent } from './trace.js';
import { readPage } from './wal.js';

/** Of one server, how far everything was durable from that moment on. */
interface Step {
  readonly ns: bigint;
  readonly log: number;
}

export interface Server {
  readonly id: number;
  readonly trace: readonly TraceEvent[];
  readonly claims: readonly Claim[];
}

const WAL = 'log.db-wal';
const MARK = 'watermark';
const PAGE = 4096;
const FRAME_HEAD = 24;

/** What is durable in one data directory, event by event. */
export class Disk {
  /** Every record there is, ascending. */
  readonly #all: readonly number[];
  readonly #durable = new Set<number>();
  #index = 0;
  /** Of the transaction that is being written, of those that are written, and of those that a sync under way covers. */
  #open: number[] = [];
  #written: number[] = [];
  #syncing: number[] = [];
  #epochs = { open: NO_EPOCHS, written: NO_EPOCHS, syncing: NO_EPOCHS, durable: NO_EPOCHS };
  #commits = false;
  readonly #markBytes = Buffer.alloc(1024);
  #markSyncing: Buffer = Buffer.alloc(0);
  mark: Mark | null = null;

  constructor(all: readonly number[]) {
    this.#all = all;
  }

  /** Every record up to here is durable in the log. */
  get log(): number {
    return this.#index === 0 ? 0 : this.#all[this.#index - 1]!;
  }

  get epochs(): { readonly accepted: number; readonly current: number } {
    return this.#epochs.durable;
  }

  take({ kind, name, data, offset, result }: TraceEvent): void {
    if (name === WAL) {
      if (kind === 'wrote') this.#wroteWal(data, offset);
      else if (kind === 'sync-begins') this.#walSyncBegins();
      else if (kind === 'synced' && result === 0) this.#walSynced();
    } else if (name === MARK) {
      if (kind === 'wrote') data.copy(this.#markBytes, offset);
      else if (kind === 'sync-begins') this.#markSyncing = Buffer.from(this.#markBytes);
      else if (kind === 'synced' && result === 0) this.mark = markOf(this.#markSyncing);
    }
  }

  #wroteWal(data: Buffer, offset: number): void {
    if (data.length === FRAME_HEAD && (offset - 32) % (FRAME_HEAD + PAGE) === 0)
      this.#commits = data.readUInt32BE(4) > 0;
    if (data.length !== PAGE) return;
    const { zxids, epochs } = readPage(data);
    this.#open.push(...zxids);
    if (epochs) this.#epochs.open = epochs;
    if (!this.#commits) return;
    this.#written.push(...this.#open.splice(0));
    this.#epochs.written = this.#epochs.open;
  }

  #walSyncBegins(): void {
    this.#syncing = [...this.#written];
    this.#epochs.syncing = this.#epochs.written;
  }

  #walSynced(): void {
    for (const zxid of this.#syncing) this.#durable.add(zxid);
    const covered = new Set(this.#syncing.splice(0));
    this.#written = this.#written.filter((zxid) => !covered.has(zxid));
    this.#epochs.durable = this.#epochs.syncing;
    while (this.#index < this.#all.length && this.#durable.has(this.#all[this.#index]!)) this.#index++;
  }
}

const NO_EPOCHS = { accepted: 0, current: 0 };

function markOf(bytes: Buffer): Mark | null {
  return new Watermark({ read: () => bytes, write: () => undefined, sync: () => undefined, close: () => undefined })
    .mark;
}

/** Everything that a server has written to its log, whether it is synced or not. */
function loggedBy(trace: readonly TraceEvent[]): Set<number> {
  const all = new Set<number>();
  for (const { kind, name, data } of trace) {
    if (kind !== 'wrote' || name !== WAL || data.length !== PAGE) continue;
    for (const zxid of readPage(data).zxids) all.add(zxid);
  }
  return all;
}

/**
 * For each server all records there are up to any place that it may claim, ascending: those that a majority has logged,
 * and those that it names itself. What a leader alone had logged when it ended is no part of the history.
 */
function histories(servers: readonly Server[]): number[][] {
  const counts = new Map<number, number>();
  for (const { trace } of servers) for (const zxid of loggedBy(trace)) counts.set(zxid, (counts.get(zxid) ?? 0) + 1);
  const common = [...counts].filter(([, count]) => count > servers.length / 2).map(([zxid]) => zxid);
  return servers.map(({ claims }) => {
    const own = claims.map(({ zxid }) => zxid).filter((zxid) => zxid > 0);
    return [...new Set([...common, ...own])].sort((a, b) => a - b);
  });
}

/** The broken claims, in words; none is what a correct server shows. */
export function violations(servers: readonly Server[]): string[] {
  const all = histories(servers);
  const steps = servers.map(({ trace }, i) => stepsOf(trace, all[i]!));
  const majority = Math.floor(servers.length / 2) + 1;
  const broken: string[] = [];
  servers.forEach(({ id, trace, claims }, i) => {
    const disk = new Disk(all[i]!);
    let next = 0;
    trace.forEach((event, index) => {
      for (let claim = claims[next]; claim?.event === index; claim = claims[++next]) {
        const missing = missingOf(claim, disk);
        if (missing) broken.push(`server ${id}, event ${index}: ${claim.what} left before ${missing}`);
        const reached = steps.filter((list) => durableAt(list, event.ns) >= claim.committed).length;
        if (reached < majority) {
          const place = claim.committed.toString(16);
          broken.push(
            `server ${id}, event ${index}: ${claim.what} left when ${place} was durable at ${reached} servers`,
          );
        }
      }
      disk.take(event);
    });
  });
  return broken;
}

function missingOf(claim: Claim, disk: Disk): string | null {
  const { zxid, accepted, current } = claim;
  const { mark, epochs } = disk;
  if (disk.log < zxid) return `the log was synced up to ${zxid.toString(16)} (only up to ${disk.log.toString(16)})`;
  if ((mark?.position.zxid ?? 0) < zxid) return `the watermark was synced at ${zxid.toString(16)}`;
  if (epochs.accepted < accepted || (mark?.acceptedEpoch ?? 0) < accepted)
    return `the promise of epoch ${accepted} was synced`;
  if (epochs.current < current || (mark?.currentEpoch ?? 0) < current) return `the current epoch ${current} was synced`;
  return null;
}

const knownSteps = new WeakMap<readonly TraceEvent[], Step[]>();

/** When how much became durable, log and watermark together. The answer for a trace is remembered. */
function stepsOf(trace: readonly TraceEvent[], all: readonly number[]): Step[] {
  const steps = knownSteps.get(trace) ?? findSteps(trace, all);
  knownSteps.set(trace, steps);
  return steps;
}

function findSteps(trace: readonly TraceEvent[], all: readonly number[]): Step[] {
  const disk = new Disk(all);
  const steps: Step[] = [];
  for (const event of trace) {
    disk.take(event);
    const log = Math.min(disk.log, disk.mark?.position.zxid ?? 0);
    if (log > (steps.at(-1)?.log ?? 0)) steps.push({ ns: event.ns, log });
  }
  return steps;
}

function durableAt(steps: readonly Step[], ns: bigint): number {
  let low = 0;
  for (let high = steps.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (steps[middle]!.ns <= ns) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : steps[low - 1]!.log;
}
