/**
 * The durable side of one server at the level of records: a log, the epochs, and a state at rest that is nothing but the
 * list of folded bodies. It refuses what a real log would refuse (a gap, a broken chain, a cut at a place that is not
 * there), and it forgets at a crash whatever was not yet durable.
 */
import { epochOf, shortZxid } from '@synod/protocol';
import {
  chainHash,
  ORIGIN,
  type LogRecord,
  type PersistOp,
  type Position,
  type RecoveredHistory,
  type StateChunk,
} from '@synod/zab';

/** The state at rest: bodies in order, and where they end. */
export interface StateAtRest {
  readonly position: Position;
  readonly items: readonly string[];
}

const EMPTY: StateAtRest = { position: ORIGIN, items: [] };
const CHUNK = 3;
const text = new TextDecoder();
const bytes = new TextEncoder();

export function bodyText(record: LogRecord): string {
  return text.decode(record.body);
}

export class Disk {
  accepted = 0;
  current = 0;
  committed = 0;
  damage: string | null = null;
  base: Position = ORIGIN;
  log: LogRecord[] = [];
  state: StateAtRest = EMPTY;
  pending: { readonly token: number; readonly ops: readonly PersistOp[] }[] = [];
  /** What is being sent to a learner; folding pauses meanwhile. */
  reading: StateAtRest | null = null;
  #staged: string[] = [];
  #stagedPosition: Position | null = null;

  get last(): Position {
    const record = this.log.at(-1);
    return record ? { zxid: record.zxid, chain: record.chain } : this.base;
  }

  /** The oldest persist becomes durable. */
  makeDurable(): { readonly token: number; readonly ops: readonly PersistOp[] } {
    const next = this.pending.shift();
    if (!next) throw new Error('nothing is on its way to the disk');
    for (const op of next.ops) this.#carryOut(op);
    return next;
  }

  /** Power fails: of what was on its way, the first `kept` writes were done. */
  crash(kept: number): void {
    for (let i = 0; i < kept && this.pending.length > 0; i++) this.makeDurable();
    this.pending = [];
    this.reading = null;
    this.#staged = [];
    this.#stagedPosition = null;
  }

  #carryOut(op: PersistOp): void {
    switch (op.type) {
      case 'append':
        for (const record of op.records) this.#append(record);
        return;
      case 'truncate':
        return this.#truncate(op.after);
      case 'adopt':
        if (this.#stagedPosition?.zxid !== op.base.zxid) throw new Error('a state is adopted that is not staged');
        this.state = { position: op.base, items: this.#staged };
        this.#staged = [];
        this.base = op.base;
        this.log = [];
        this.damage = null;
        return;
      case 'accepted-epoch':
        this.accepted = op.epoch;
        return;
      case 'current-epoch':
        this.current = op.epoch;
        return;
      case 'committed':
        this.committed = op.zxid;
    }
  }

  #append(record: LogRecord): void {
    const { last } = this;
    const next = epochOf(record.zxid) === epochOf(last.zxid) ? last.zxid + 1 : epochOf(record.zxid) * 2 ** 32 + 1;
    if (record.zxid !== next || record.zxid <= last.zxid) {
      throw new Error(`a gap in the log: ${shortZxid(record.zxid)} after ${shortZxid(last.zxid)}`);
    }
    if (record.chain !== chainHash(last.chain, record.zxid, record.body)) {
      throw new Error(`the chain breaks at ${shortZxid(record.zxid)}`);
    }
    this.log.push(record);
  }

  #truncate(after: Position): void {
    const place = after.zxid === this.base.zxid ? this.base : this.log.find(({ zxid }) => zxid === after.zxid);
    if (place?.chain !== after.chain)
      throw new Error(`the log is cut at ${shortZxid(after.zxid)}, which it does not hold`);
    this.log = this.log.filter(({ zxid }) => zxid <= after.zxid);
  }

  /** Moves committed records into the state at rest, up to `zxid`, and forgets log records up to `base`. */
  fold(zxid: number, base: number): void {
    const folded = this.log.filter((record) => record.zxid > this.state.position.zxid && record.zxid <= zxid);
    const end = folded.at(-1);
    if (end) this.state = { position: end, items: [...this.state.items, ...folded.map(bodyText)] };
    const place = this.log.findLast((record) => record.zxid <= Math.min(base, this.state.position.zxid));
    if (!place) return;
    this.base = { zxid: place.zxid, chain: place.chain };
    this.log = this.log.filter((record) => record.zxid > place.zxid);
  }

  /** A fault that is noticed at the next start: the log behind a place cannot be proven, promises may be lost too. */
  spoil(keptRecords: number, accepted: number): void {
    this.log = this.log.slice(0, keptRecords);
    if (this.last.zxid < this.state.position.zxid) {
      this.log = [];
      this.base = this.state.position;
    }
    this.accepted = Math.min(this.accepted, accepted);
    this.damage = 'bad checksum';
  }

  recover(): RecoveredHistory {
    const { damage, accepted, current, base, state, last } = this;
    const ends: Position[] = base.zxid > 0 ? [base] : [];
    for (const { zxid, chain } of this.log) {
      if (ends.length > 0 && epochOf(ends.at(-1)!.zxid) === epochOf(zxid)) ends.pop();
      ends.push({ zxid, chain });
    }
    return {
      damage,
      acceptedEpoch: accepted,
      currentEpoch: current,
      committed: Math.min(Math.max(this.committed, state.position.zxid), last.zxid),
      base,
      state: { zxid: state.position.zxid, chain: state.position.chain },
      last,
      ends,
      tail: this.log.filter(({ zxid }) => zxid > state.position.zxid),
    };
  }

  /** Durable records behind a place, null where the log no longer reaches back. */
  readLog(after: number, limit: number): LogRecord[] | null {
    if (after < this.base.zxid) return null;
    const found: LogRecord[] = [];
    let size = 0;
    for (const record of this.log) {
      if (record.zxid <= after) continue;
      found.push(record);
      size += record.body.length + 32;
      if (size >= limit) break;
    }
    return found;
  }

  readState(cursor: string | null): StateChunk {
    if (cursor === null) this.reading = this.state;
    const { reading } = this;
    if (!reading) throw new Error('a state is read on that nobody started to read');
    const from = Number(cursor ?? 0);
    const rows = bytes.encode(JSON.stringify(reading.items.slice(from, from + CHUNK)));
    const next = from + CHUNK < reading.items.length ? String(from + CHUNK) : null;
    const { zxid, chain } = reading.position;
    return { position: { zxid, chain }, rows, cursor: next, digest: reading.items.length };
  }

  /** Writes a chunk beside the state; the answer is what is wrong with the whole. */
  stage(first: boolean, chunk: StateChunk): string | null {
    if (first) this.#staged = [];
    this.#staged.push(...(JSON.parse(text.decode(chunk.rows)) as string[]));
    this.#stagedPosition = chunk.position;
    return chunk.cursor === null && this.#staged.length !== chunk.digest ? 'the digest differs' : null;
  }
}
