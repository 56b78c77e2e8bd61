/**
 * Znodes as registers: whether one exists, its data and its version. What one operation does to some of them, and whether
 * an answer fits; nothing of zxids, sessions, parents, children or ACLs.
 *
 * What lies outside makes claims weaker, never wrong: a create refused with NO_NODE (its parent is missing) only says that
 * the znode is missing too, a delete refused with NOT_EMPTY only that it is there.
 */
import { Op, toBinaryString, type MultiOperation, type Request } from '@synod/protocol';

/** One znode; data as a binary string. */
export interface Cell {
  readonly version: number;
  readonly data: string | null;
}

/** The znodes of a partition by their place in it; null where there is none. */
export type Cells = readonly (Cell | null)[];

/** What an answer told of a znode; absent fields were not told. */
interface Seen {
  readonly version?: number;
  readonly data?: string | null;
}

type Kind = 'create' | 'delete' | 'set' | 'check' | 'get';

interface Part {
  readonly kind: Kind;
  /** Place of the znode in the partition. */
  readonly place: number;
  readonly data: string | null;
  /** Expected version, −1 for any. */
  readonly version: number;
  readonly seen: Seen;
}

/** What happened: parts that count as one, and how it ended. `code`: of the refusal; null for an open outcome. */
export interface Action {
  readonly parts: readonly Part[];
  readonly code: string | null;
}

/** Refusals that say something about a znode. */
const TELLING: ReadonlySet<string> = new Set(['', 'NO_NODE', 'NODE_EXISTS', 'BAD_VERSION', 'NOT_EMPTY']);

/** True where an answer with this code says something about the znodes that were asked for. */
export function isTelling(code: string): boolean {
  return TELLING.has(code);
}

/** The requests on znodes that one request stands for; null for a request of another kind. */
export function partsOf(request: Request): readonly (MultiOperation | Request)[] | null {
  switch (request.op) {
    case Op.create:
    case Op.delete:
    case Op.setData:
    case Op.exists:
    case Op.getData:
      return [request];
    case Op.multi:
      return request.operations;
    default:
      return null;
  }
}

/**
 * An operation as an action on the partition in which `placeOf` finds its znodes (null: that part is left out). `result`
 * is the canonical form of the answer, null where there is none.
 */
export function actionOf(
  request: Request,
  code: string | null,
  result: string | null,
  placeOf: (path: string) => number | null,
): Action {
  const answer = result === null ? null : (JSON.parse(result) as Answered);
  const parts: Part[] = [];
  for (const [i, one] of (partsOf(request) ?? []).entries()) {
    const place = 'path' in one ? placeOf(one.path) : null;
    if (place === null) continue;
    const own = answer === null ? null : request.op === Op.multi ? (answer.results?.[i] ?? null) : answer;
    parts.push({ ...shapeOf(one), place, seen: own === null ? {} : seenOf(own) });
  }
  return { parts, code };
}

interface Answered {
  readonly results?: readonly Answered[];
  readonly stat?: { readonly version: number };
  readonly data?: string | null;
}

function seenOf({ stat, data }: Answered): Seen {
  return {
    ...(stat === undefined ? {} : { version: stat.version }),
    ...(data === undefined ? {} : { data: data === null ? null : data.slice('bytes:'.length) }),
  };
}

function shapeOf(one: MultiOperation | Request): Omit<Part, 'place' | 'seen'> {
  switch (one.op) {
    case Op.create:
      return { kind: 'create', data: dataOf(one.data), version: -1 };
    case Op.delete:
      return { kind: 'delete', data: null, version: one.version };
    case Op.setData:
      return { kind: 'set', data: dataOf(one.data), version: one.version };
    case Op.check:
      return { kind: 'check', data: null, version: one.version };
    default:
      return { kind: 'get', data: null, version: -1 };
  }
}

function dataOf(data: Uint8Array | null): string | null {
  return data === null ? null : toBinaryString(data);
}

/** The znodes after an action; null where it could not have ended as it did (or, of an open outcome, changes nothing). */
export function act(cells: Cells, { parts, code }: Action): Cells | null {
  const after = [...cells];
  let changed = false;
  for (const part of parts) {
    const cell = after[part.place]!;
    const refusal = refusalOf(cell, part);
    if (refusal !== null) return code === refusal ? cells : null;
    // Refused for what this model does not see.
    if (code === 'NO_NODE' && part.kind === 'create') return cells;
    if (code === 'NOT_EMPTY' && part.kind === 'delete') return cells;
    const next = nextCell(cell, part);
    if (code === '' && !fits(part.kind === 'delete' ? cell : next, part.seen)) return null;
    changed ||= next !== cell;
    after[part.place] = next;
  }
  if (code === '') return changed ? after : cells;
  return code === null && changed ? after : null;
}

function refusalOf(cell: Cell | null, { kind, version }: Part): string | null {
  if (kind === 'create') return cell === null ? null : 'NODE_EXISTS';
  if (cell === null) return 'NO_NODE';
  return version !== -1 && version !== cell.version ? 'BAD_VERSION' : null;
}

function nextCell(cell: Cell | null, { kind, data }: Part): Cell | null {
  if (kind === 'create') return { version: 0, data };
  if (kind === 'delete' || cell === null) return null;
  return kind === 'set' ? { version: cell.version + 1, data } : cell;
}

function fits(cell: Cell | null, { version, data }: Seen): boolean {
  if (cell === null) return version === undefined && data === undefined;
  return (version === undefined || version === cell.version) && (data === undefined || data === cell.data);
}

/** One text for equal znodes. */
export function cellsKey(cells: Cells): string {
  let key = '';
  for (const cell of cells) {
    if (cell === null) key += '-;';
    else if (cell.data === null) key += `${cell.version};`;
    else key += `${cell.version}:${cell.data.length}:${cell.data};`;
  }
  return key;
}
