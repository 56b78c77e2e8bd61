/**
 * An independent look at the clients' history: are writes, and reads behind a `sync` of their own session, linearizable?
 * It trusts no zxid, only who saw what when. Each znode is a register of its own; znodes that one multi touches are one
 * partition.
 *
 * Only what is claimed is looked at. A read counts where the call before it in its session is a `sync` that was answered:
 * it shows a state of some moment from the sending of that sync to its own answer. Left out: other reads, lists of
 * children, multi reads; znodes that can vanish by themselves (ephemeral, container, TTL), whose name a server chooses
 * (sequential) or whose data servers write (usages of quotas), with everything that touches only them. All writers of a
 * znode must be in the history, and it must not exist before.
 */
import { CreateMode, Op, type MultiOperation, type Request } from '@synod/protocol';
import type { History, OpRecord, Violation } from '../history.js';
import { describe } from './describe.js';
import { actionOf, isTelling, partsOf } from './linear-model.js';
import { search, type Interval } from './linear-search.js';

/** Bounds of the work. */
export interface LinearOptions {
  /** Larger partitions are skipped; default 600 operations. */
  readonly maxOperations?: number;
  /** Operations that are tried in one partition until the verdict is unknown; default 300,000. */
  readonly maxSteps?: number;
}

/** What was looked at, and what was found. */
export interface LinearVerdict {
  /** Partitions with a verdict. */
  readonly partitions: number;
  /** Operations in them. */
  readonly operations: number;
  /** Partitions that are too large. */
  readonly skipped: number;
  /** Partitions for which the step limit was reached. */
  readonly unknown: number;
  readonly violations: Violation[];
}

/** An operation that counts, and from when on it may have taken effect. */
interface Counted {
  readonly op: OpRecord;
  readonly start: number;
  readonly keys: readonly string[];
}

export function checkLinear(history: History, options: LinearOptions = {}): LinearVerdict {
  const { maxOperations = 600, maxSteps = 300_000 } = options;
  const verdict = { partitions: 0, operations: 0, skipped: 0, unknown: 0, violations: [] as Violation[] };
  for (const { keys, counted } of partition(countedOps(history)).values()) {
    if (counted.length > maxOperations) {
      verdict.skipped++;
      continue;
    }
    const found = search(intervalsOf(counted, keys), Array<null>(keys.size).fill(null), maxSteps);
    if (found.verdict === 'unknown') {
      verdict.unknown++;
      continue;
    }
    verdict.partitions++;
    verdict.operations += counted.length;
    if (found.verdict === 'explained') continue;
    const { op } = counted[found.stuck]!;
    const told = op.outcome === 'ok' ? (op.result ?? '') : op.code;
    const text =
      `${[...keys.keys()].join(', ')}: no order of its ${counted.length} operations explains the answers; ` +
      `at best ${found.explained} are explained, and not ${describe(op)}, answered ${told}`;
    verdict.violations.push({ rule: 'linear', text });
  }
  return verdict;
}

function intervalsOf(counted: readonly Counted[], keys: ReadonlyMap<string, number>): Interval[] {
  return counted.map(({ op, start }) => {
    const open = op.outcome === 'unknown';
    const action = actionOf(
      op.request,
      open ? null : op.code,
      open ? null : op.result,
      (path) => keys.get(path) ?? null,
    );
    return { start, end: open ? Infinity : op.end, action };
  });
}

function countedOps(history: History): Counted[] {
  const counted: Counted[] = [];
  const excluded = new Excluded(history);
  for (const ops of sessions(history).values()) {
    let before: OpRecord | null = null;
    for (const op of ops) {
      const start = op.write ? op.sent : before !== null && isSync(before) ? before.sent : null;
      before = op;
      const one = start === null ? null : count(op, start, excluded);
      if (one !== null) counted.push(one);
    }
  }
  return counted.sort((a, b) => a.start - b.start || a.op.end - b.op.end);
}

function sessions(history: History): Map<string, OpRecord[]> {
  const sessions = new Map<string, OpRecord[]>();
  for (const op of history.ops) {
    const name = `${op.client} ${op.session}`;
    const ops = sessions.get(name);
    if (ops === undefined) sessions.set(name, [op]);
    else ops.push(op);
  }
  for (const ops of sessions.values()) ops.sort((a, b) => a.seq - b.seq);
  return sessions;
}

function isSync({ request, outcome, zxid }: OpRecord): boolean {
  return request.op === Op.sync && outcome === 'ok' && zxid > 0;
}

function count(op: OpRecord, start: number, excluded: Excluded): Counted | null {
  const paths = partsOf(op.request)?.flatMap((part) => ('path' in part ? [part.path] : [])) ?? [];
  const keys = [...new Set(paths)].filter((path) => !excluded.has(path));
  if (keys.length === 0) return null;
  if (op.outcome === 'unknown') return op.write ? { op, start, keys } : null;
  // Refused by the client itself, or for reasons that say nothing of the znodes.
  if (op.zxid === 0 || !isTelling(op.code)) return null;
  // Which part of a multi was refused is not known: it may be one that is left out.
  if (op.outcome === 'fail' && paths.some((path) => excluded.has(path))) return null;
  return { op, start, keys };
}

/** Znodes that no register can stand for. */
class Excluded {
  /** At first those that exist from the start. */
  readonly #paths = new Set(['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']);
  readonly #prefixes = new Set<string>();

  constructor(history: History) {
    for (const { request } of history.ops) for (const part of partsOf(request) ?? []) this.#look(part);
  }

  #look(part: MultiOperation | Request): void {
    if (part.op !== Op.create) return;
    switch (part.mode) {
      case CreateMode.persistent:
        return;
      case CreateMode.persistentSequential:
      case CreateMode.ephemeralSequential:
      case CreateMode.ttlSequential:
        this.#prefixes.add(part.path);
        this.#paths.add(part.path);
        return;
      default:
        this.#paths.add(part.path);
    }
  }

  has(path: string): boolean {
    return this.#paths.has(path) || isUsage(path) || (/\d{10}$/.test(path) && this.#prefixes.has(path.slice(0, -10)));
  }
}

/** True for the znode in which servers count what a subtree with a quota holds. */
function isUsage(path: string): boolean {
  return path.startsWith('/zookeeper/quota/') && path.endsWith('/zookeeper_stats');
}

interface Partition {
  /** The znodes, each with its place. */
  readonly keys: Map<string, number>;
  readonly counted: Counted[];
}

/** Znodes that some operation touches together, and everything that touches them. */
function partition(counted: readonly Counted[]): Map<string, Partition> {
  const parents = new Map<string, string>();
  const root = (key: string): string => {
    let at = key;
    for (let up = parents.get(at); up !== undefined && up !== at; up = parents.get(at)) {
      parents.set(at, parents.get(up) ?? up);
      at = up;
    }
    return at;
  };
  for (const { keys } of counted) for (const key of keys) parents.set(root(key), root(keys[0]!));
  const partitions = new Map<string, Partition>();
  for (const one of counted) {
    const name = root(one.keys[0]!);
    let found = partitions.get(name);
    if (found === undefined) partitions.set(name, (found = { keys: new Map(), counted: [] }));
    for (const key of one.keys) if (!found.keys.has(key)) found.keys.set(key, found.keys.size);
    found.counted.push(one);
  }
  return partitions;
}
