/**
 * Lists that grow by compare-and-set (a znode's data is `a,b,c`; elements are unique): a second opinion that needs no
 * search. If all is well there is one list for each znode, and everything that anybody saw is a beginning of it.
 *
 * For each list: what was seen or written are beginnings of each other, so no append is lost; no element twice, from
 * nowhere, from a write that was refused, or before it was sent; the version counts the elements; a write, and a read
 * behind a `sync`, shows everything that was answered before it was sent; a session never sees a list shrink. Lists that
 * were deleted, or written in another way, are left out.
 */
import { CreateMode, fromBinaryString, Op, toBinaryString, type Request } from '@synod/protocol';
import type { History, OpRecord, Violation } from '../history.js';
import { describe } from './describe.js';
import { partsOf } from './linear-model.js';

/** A beginning of a list that somebody saw, or made. */
interface Sight {
  readonly op: OpRecord;
  readonly elements: readonly string[];
  readonly version: number | null;
  readonly made: boolean;
  /** Everything answered before this moment is to be seen; null: nothing is claimed. */
  readonly since: number | null;
}

/** The write that would add an element. */
interface Source {
  readonly op: OpRecord;
  readonly element: string;
}

interface List {
  readonly path: string;
  readonly sights: Sight[];
  readonly sources: Source[];
  sound: boolean;
}

/** Checks all lists whose path begins with `prefix`. The number of lists is told so that a run can see it did something. */
export function checkAppends(
  history: History,
  prefix: string,
): { readonly lists: number; readonly violations: Violation[] } {
  const lists = new Map<string, List>();
  const synced = syncedReads(history);
  for (const op of history.ops) for (const path of pathsOf(op.request, prefix)) note(listOf(lists, path), op, synced);
  const violations: Violation[] = [];
  let looked = 0;
  for (const list of lists.values()) {
    if (!list.sound) continue;
    looked++;
    for (const text of judge(list)) violations.push({ rule: 'append', text: `${list.path}: ${text}` });
  }
  return { lists: looked, violations };
}

function pathsOf(request: Request, prefix: string): string[] {
  const paths = (partsOf(request) ?? []).flatMap((part) => ('path' in part ? [part.path] : []));
  return paths.filter((path) => path.startsWith(prefix));
}

function listOf(lists: Map<string, List>, path: string): List {
  let list = lists.get(path);
  if (list === undefined) lists.set(path, (list = { path, sights: [], sources: [], sound: true }));
  return list;
}

/** Reads directly behind a sync of their session, each with the moment when the sync was sent. */
function syncedReads(history: History): Map<OpRecord, number> {
  const reads = new Map<OpRecord, number>();
  const before = new Map<string, OpRecord>();
  for (const op of [...history.ops].sort((a, b) => a.seq - b.seq)) {
    const name = `${op.client} ${op.session}`;
    const last = before.get(name);
    if (!op.write && last?.request.op === Op.sync && last.outcome === 'ok' && last.zxid > 0) reads.set(op, last.sent);
    before.set(name, op);
  }
  return reads;
}

/** Puts an operation on a list where it belongs. */
function note(list: List, op: OpRecord, synced: ReadonlyMap<OpRecord, number>): void {
  const { request } = op;
  const answer = op.outcome === 'ok' ? op.result : null;
  switch (request.op) {
    case Op.exists:
      return;
    case Op.getData: {
      if (answer === null) return;
      const { data, stat } = JSON.parse(answer) as { data: string | null; stat: { version: number } };
      const elements = split(data === null ? null : fromBinaryString(data.slice('bytes:'.length)));
      list.sights.push({ op, elements, version: stat.version, made: false, since: synced.get(op) ?? null });
      return;
    }
    case Op.create:
    case Op.setData: {
      const plain = request.op === Op.create ? request.mode === CreateMode.persistent : request.version >= 0;
      const elements = split(request.data);
      if (!plain || elements.length === 0) {
        list.sound = false;
        return;
      }
      list.sources.push({ op, element: elements.at(-1)! });
      if (answer !== null) list.sights.push({ op, elements, version: null, made: true, since: op.sent });
      return;
    }
    default:
      list.sound = false;
  }
}

function split(data: Uint8Array | null): string[] {
  return data === null || data.length === 0 ? [] : toBinaryString(data).split(',');
}

function judge(list: List): string[] {
  const { sights, sources } = list;
  const texts: string[] = [];
  const longest = chain(sights, texts);
  if (longest === null) return texts;
  judgeElements(longest.elements, sources, sights, texts);
  for (const { op, elements, version } of sights) {
    if (version === null || version === elements.length - 1) continue;
    texts.push(`${describe(op)} shows ${elements.length} elements in version ${version}`);
  }
  judgeTimes(sights, texts);
  judgeSessions(sights, texts);
  return texts;
}

/** All beginnings fit into the longest one; two writes never make the same length. */
function chain(sights: readonly Sight[], texts: string[]): Sight | null {
  const byLength = [...sights].sort((a, b) => a.elements.length - b.elements.length);
  let made: Sight | null = null;
  let before: Sight | null = null;
  for (const sight of byLength) {
    if (before !== null && !before.elements.every((element, i) => sight.elements[i] === element)) {
      texts.push(`${describe(before.op)} and ${describe(sight.op)} do not show the same list`);
    }
    if (sight.made && made !== null && made.elements.length === sight.elements.length) {
      texts.push(`${describe(made.op)} and ${describe(sight.op)} both made element ${sight.elements.length}`);
    }
    if (sight.made) made = sight;
    before = sight;
  }
  return before;
}

function judgeElements(
  elements: readonly string[],
  sources: readonly Source[],
  sights: readonly Sight[],
  texts: string[],
): void {
  if (new Set(elements).size < elements.length) texts.push('an element is there twice');
  const writers = new Map<string, OpRecord>();
  for (const { op, element } of sources) {
    const known = writers.get(element);
    if (known === undefined || known.outcome === 'fail') writers.set(element, op);
  }
  /** When the first so many elements can have been there at the earliest. */
  const earliest = [-Infinity];
  for (const element of elements) {
    const writer = writers.get(element);
    if (writer === undefined) texts.push(`${element} was written by nobody`);
    else if (writer.outcome === 'fail')
      texts.push(`${element} is there, and ${describe(writer)} was refused (${writer.code})`);
    earliest.push(Math.max(earliest.at(-1)!, writer?.sent ?? -Infinity));
  }
  for (const { op, elements: seen } of sights) {
    if (op.end < (earliest[seen.length] ?? -Infinity)) texts.push(`${describe(op)} shows what was not yet sent`);
  }
}

/** What claims to be up to date shows everything that was shown, with that claim, before it was sent. */
function judgeTimes(sights: readonly Sight[], texts: string[]): void {
  const claims = sights.filter(({ since }) => since !== null);
  const ended = [...claims].sort((a, b) => a.op.end - b.op.end);
  let next = 0;
  let most: Sight | null = null;
  for (const sight of [...claims].sort((a, b) => a.since! - b.since!)) {
    for (let one = ended[next]; one && one.op.end < sight.since!; one = ended[++next]) {
      if (most === null || one.elements.length > most.elements.length) most = one;
    }
    if (most === null) continue;
    const least = most.elements.length + (sight.made ? 1 : 0);
    if (sight.elements.length >= least) continue;
    texts.push(
      `${describe(sight.op)} began when ${describe(most.op)} had ended, and shows less than follows from that`,
    );
  }
}

function judgeSessions(sights: readonly Sight[], texts: string[]): void {
  const last = new Map<string, Sight>();
  for (const sight of [...sights].sort((a, b) => a.op.seq - b.op.seq)) {
    const name = `${sight.op.client} ${sight.op.session}`;
    const before = last.get(name);
    // A read that was sent again may show later writes of its own session, which are answered behind it.
    if (sight.made || sight.op.resent === 0) last.set(name, sight);
    if (before === undefined || sight.elements.length >= before.elements.length) continue;
    texts.push(`${describe(sight.op)} shows less than ${describe(before.op)} did before`);
  }
}
