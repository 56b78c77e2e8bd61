/**
 * What a data directory has to prove after a power cut: the model that the power-cut run compares the storage with.
 *
 * The state machine of this model: the first byte of a record's body names one of 24 rows, a second byte below 48 removes
 * it, else the body becomes its value.
 */
import { addHash, epochOf, Hasher, type Zxid } from '@synod/protocol';
import type { Proof } from '@synod/storage/recover';
import type { RowChange, StateRow, Totals } from '@synod/storage/state-file';
import { ORIGIN, type LogRecord, type Position } from '@synod/zab';

/** Everything durable of one server. */
export interface World {
  readonly base: Position;
  /** Behind the base. */
  readonly records: readonly LogRecord[];
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** What the state at rest reflects. */
  readonly state: Position;
}

/** A directory that was just laid out. */
export const EMPTY_WORLD: World = { base: ORIGIN, records: [], acceptedEpoch: 0, currentEpoch: 0, state: ORIGIN };

/** What was read back from an opened directory. */
export interface Found {
  readonly proof: Proof;
  readonly tail: readonly LogRecord[];
  /** Everything behind the base. */
  readonly log: readonly LogRecord[] | null;
  readonly rows: readonly StateRow[];
}

type Rows = ReadonlyMap<string, Uint8Array>;

const ROWS = 24;
const REMOVING = 48;

/** The rows of every place that any history of a run has reached. */
export class States {
  readonly #at = new Map<number, Rows>([[ORIGIN.chain, new Map()]]);

  /** Learns the state behind a record; that before it must be known. */
  add(before: Position, record: LogRecord): void {
    const rows = new Map(this.at(before));
    const key = `n/row-${(record.body[0] ?? 0) % ROWS}`;
    if (record.body.length < 2 || record.body[1]! >= REMOVING) rows.set(key, record.body);
    else rows.delete(key);
    this.#at.set(record.chain, rows);
  }

  /** True for a place of any history. */
  knows({ chain }: Position): boolean {
    return this.#at.has(chain);
  }

  at(position: Position): Rows {
    const rows = this.#at.get(position.chain);
    if (rows === undefined) throw new Error(`the model knows no state at ${position.zxid}`);
    return rows;
  }

  /** What has to change to come from one place to another. */
  changes(from: Position, to: Position): RowChange[] {
    const before = this.at(from);
    const after = this.at(to);
    const changes: RowChange[] = [];
    for (const key of before.keys()) if (!after.has(key)) changes.push({ key, value: null });
    for (const [key, value] of after) if (before.get(key) !== value) changes.push({ key, value });
    return changes;
  }

  /** In order of keys. */
  rowsAt(position: Position): StateRow[] {
    const rows = [...this.at(position)].map(([key, value]) => ({ key, value }));
    return rows.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** Stands for the state machine's digest. */
export function digestAt(position: Position): number {
  return position.chain % 1_000_003;
}

/** As the storage totals rows that it sends. */
export function totalsOf(rows: readonly StateRow[]): Totals {
  let sum = 0;
  for (const { key, value } of rows) sum = addHash(sum, new Hasher().string(key).bytes(value).value());
  return { rows: rows.length, sum };
}

export function lastOf(world: World): Position {
  const last = world.records.at(-1);
  return last === undefined ? world.base : { zxid: last.zxid, chain: last.chain };
}

/** The record of that zxid or the base as a place. */
export function placeAt(world: World, zxid: Zxid): Position | null {
  if (zxid === world.base.zxid) return world.base;
  const record = world.records.find((one) => one.zxid === zxid);
  return record === undefined ? null : { zxid, chain: record.chain };
}

/** In words: what differs between what was found and what has to be there; null where nothing does. */
export function difference(world: World, found: Found, states: States): string | null {
  const { proof } = found;
  const last = lastOf(world);
  return (
    positionDifference('base', proof.base, world.base) ??
    positionDifference('last record', proof.last, last) ??
    positionDifference('state', proof.state.position, world.state) ??
    numberDifference('accepted epoch', proof.acceptedEpoch, world.acceptedEpoch) ??
    numberDifference('current epoch', proof.currentEpoch, world.currentEpoch) ??
    endsDifference(proof.ends, world) ??
    recordsDifference('log', found.log, world.records) ??
    recordsDifference('tail', found.tail, behind(world.records, world.state.zxid)) ??
    numberDifference('digest', proof.state.digest, world.state.zxid === 0 ? 0 : digestAt(world.state)) ??
    rowsDifference(found.rows, states.rowsAt(world.state)) ??
    (proof.committed > last.zxid ? `committed ${proof.committed} behind the last record ${last.zxid}` : null)
  );
}

/**
 * In words: what is wrong with what was made of a damaged directory; null where nothing is. Whatever is shown must have
 * been true once. Where no damage is reported the history reaches what was acknowledged; it may show an earlier time
 * besides (a fold, a truncation, an epoch of 0 that is not there), which breaks no promise.
 */
export function damageDifference(world: World, found: Found, states: States): string | null {
  const { proof } = found;
  const foreign = found.log?.find((record) => !states.knows(record));
  if (foreign !== undefined) return `the log has a record ${foreign.zxid} that was never written`;
  if (!states.knows(proof.state.position)) return `the state is that of ${proof.state.position.zxid}, which never was`;
  const wrong = rowsDifference(found.rows, states.rowsAt(proof.state.position));
  if (wrong !== null || proof.damage !== null) return wrong;
  const last = lastOf(world);
  const places = [proof.base, ...(found.log ?? [])];
  if (!places.some(({ chain }) => chain === last.chain)) return `the history does not reach ${last.zxid}`;
  if (proof.acceptedEpoch < world.acceptedEpoch)
    return `accepted epoch ${proof.acceptedEpoch} of ${world.acceptedEpoch}`;
  if (proof.currentEpoch < world.currentEpoch) return `current epoch ${proof.currentEpoch} of ${world.currentEpoch}`;
  return recordsDifference('tail', found.tail, behind(found.log ?? [], proof.state.position.zxid));
}

function behind(records: readonly LogRecord[], zxid: Zxid): LogRecord[] {
  return records.filter((record) => record.zxid > zxid);
}

function positionDifference(what: string, found: Position, due: Position): string | null {
  if (found.zxid === due.zxid && found.chain === due.chain) return null;
  return `${what}: zxid ${found.zxid} chain ${found.chain} instead of zxid ${due.zxid} chain ${due.chain}`;
}

function numberDifference(what: string, found: number, due: number): string | null {
  return found === due ? null : `${what}: ${found} instead of ${due}`;
}

function endsDifference(found: readonly Position[], world: World): string | null {
  const ends = new Map<number, Position>();
  if (world.base.zxid > 0) ends.set(epochOf(world.base.zxid), world.base);
  for (const { zxid, chain } of world.records) ends.set(epochOf(zxid), { zxid, chain });
  const due = [...ends.values()].map(({ zxid }) => zxid).join(' ');
  const are = found.map(({ zxid }) => zxid).join(' ');
  return are === due ? null : `ends of epochs: ${are} instead of ${due}`;
}

function recordsDifference(what: string, found: readonly LogRecord[] | null, due: readonly LogRecord[]): string | null {
  if (found?.length !== due.length) return `${what}: ${found?.length ?? 'no'} records instead of ${due.length}`;
  const index = due.findIndex((record, i) => {
    const other = found[i]!;
    return other.zxid !== record.zxid || other.chain !== record.chain || !sameBytes(other.body, record.body);
  });
  return index < 0 ? null : `${what}: another record than ${due[index]!.zxid}`;
}

function rowsDifference(found: readonly StateRow[], due: readonly StateRow[]): string | null {
  if (found.length !== due.length) return `state: ${found.length} rows instead of ${due.length}`;
  const index = due.findIndex(({ key, value }, i) => found[i]!.key !== key || !sameBytes(found[i]!.value, value));
  return index < 0 ? null : `state: another row than ${due[index]!.key}`;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
