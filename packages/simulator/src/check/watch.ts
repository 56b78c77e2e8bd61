/**
 * One watch with all that its client saw around it: what the checkers of watches share.
 */
import { EventType, Op, WatcherType } from '@synod/protocol';
import type { EventRecord, OpRecord, WatchKind } from '../history.js';
import { firstIndex, type Seen } from './material.js';
import type { Due, Watched } from './watch-changes.js';

/** What is wrong with a watch. */
export interface Wrong {
  readonly rule: 'C9' | 'C10';
  readonly text: string;
}

/** May somebody be told of this? Where identities were added meanwhile, perhaps. */
export type Sight = 'yes' | 'no' | 'perhaps';

/** One watch with all that happened around it. */
export interface Watch {
  readonly op: OpRecord;
  readonly due: readonly Due[];
  readonly events: readonly EventRecord[];
  readonly around: Around;
  /** The request that took the watch away. */
  readonly removal: OpRecord | null;
  readonly sight: (due: Due) => Sight;
  /**
   * Paths at which a one-shot watch of this client was used up without a word, as it may not read the znode. The client
   * arms such a watch again when it reconnects, and may then be told that a znode is gone whose ACL nobody knows any more;
   * all its watches at that path hear it.
   */
  readonly unheard: ReadonlySet<string>;
}

/** What a call watches where it succeeds. */
export function watchedBy({ request, watch }: OpRecord): Watched | null {
  return watch && 'path' in request ? { path: request.path, kind: watch.kind } : null;
}

/** exists arms a watch also where there is no znode. */
export function isArmed(op: OpRecord): boolean {
  return op.watch !== null && (op.outcome === 'ok' || (op.request.op === Op.exists && op.code === 'NO_NODE'));
}

const removedKinds: Readonly<Record<WatcherType, readonly WatchKind[]>> = {
  [WatcherType.children]: ['child'],
  [WatcherType.data]: ['data', 'exists'],
  [WatcherType.any]: ['data', 'exists', 'child', 'persistent', 'recursive'],
  [WatcherType.persistent]: ['persistent'],
  [WatcherType.persistentRecursive]: ['recursive'],
};

/** What else a client saw that decides what its watches must tell. */
export class Around {
  readonly answers: readonly OpRecord[];
  readonly resyncs: readonly EventRecord[];
  /** The highest zxid of the answers up to each. */
  readonly #highest: number[] = [];
  readonly #removals = new Map<string, OpRecord[]>();
  /** The connection on which the client first had a recursive watch. */
  readonly #recursiveFrom: number;

  constructor({ answers, events, ops }: Seen) {
    this.answers = answers;
    this.resyncs = events.filter(({ type }) => type === EventType.resync);
    let highest = 0;
    for (const { zxid } of answers) this.#highest.push((highest = Math.max(highest, zxid)));
    for (const op of ops) if (op.request.op === Op.removeWatches && op.outcome === 'ok') this.#removed(op);
    const recursive = ops.find((op) => op.watch?.kind === 'recursive' && isArmed(op));
    const removed = [...this.#removals.keys()].some((key) => key.startsWith('recursive '));
    this.#recursiveFrom = recursive && !removed ? recursive.conn : Infinity;
  }

  #removed(op: OpRecord): void {
    if (op.request.op !== Op.removeWatches) return;
    for (const kind of removedKinds[op.request.type]) {
      const key = `${kind} ${op.request.path}`;
      const list = this.#removals.get(key);
      if (list) list.push(op);
      else this.#removals.set(key, [op]);
    }
  }

  removalOf({ path, kind }: Watched, op: OpRecord): OpRecord | null {
    return this.#removals.get(`${kind} ${path}`)?.find(({ seq }) => seq > op.seq) ?? null;
  }

  /** The first answer behind a call that shows a state from `zxid` on. */
  firstShowing(zxid: number, behind: OpRecord): OpRecord | undefined {
    let index = firstIndex(this.#highest, (highest) => highest >= zxid);
    while (index < this.answers.length && !(this.answers[index]!.seq > behind.seq && this.answers[index]!.zxid >= zxid))
      index++;
    return this.answers[index];
  }

  /**
   * True where a one-shot watch may have been armed again by a server that did not know what had happened meanwhile, so
   * that what it tells is approximate. A client with a recursive watch is told when that is the case.
   */
  isUnsure(op: OpRecord, event: EventRecord | undefined, late: OpRecord | undefined): boolean {
    const end = event ?? late;
    if (end === undefined || end.conn === op.conn) return false;
    if (this.#recursiveFrom > op.conn) return true;
    return this.resyncs.some(({ seq, conn }) => seq > op.seq && (seq < end.seq || conn === event?.conn));
  }
}

/** True where a change and an event are the same. */
export function isSame(due: Due | undefined, { zxid, type, path }: EventRecord): boolean {
  return due?.zxid === zxid && due.type === type && due.path === path;
}

/** Index of the first change behind a zxid. */
export function firstBehind(due: readonly Due[], zxid: number): number {
  return firstIndex(due, (one) => one.zxid > zxid);
}
