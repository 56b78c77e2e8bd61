/** What watches are due to tell, by the log alone: the changes that concern each watched path, in order. */
import { EventType, type Acl } from '@synod/protocol';
import type { WatchKind } from '../history.js';
import { parentOf, type Change } from './reference/state.js';

/** One event that a watch is due, and the ACL that decides who is told. */
export interface Due {
  readonly zxid: number;
  readonly type: EventType;
  readonly path: string;
  readonly acl: Acl;
}

export interface Watched {
  readonly path: string;
  readonly kind: WatchKind;
}

const nothing: readonly Due[] = [];

/** Holds the changes of those paths only that are watched at some time. */
export class WatchChanges {
  readonly #lists = new Map<string, Due[]>();

  constructor(changes: readonly Change[], watched: Iterable<Watched>) {
    for (const { path, kind } of watched) this.#lists.set(keyOf(kind, path), []);
    for (const change of changes) this.#add(change);
  }

  /** All that a watch of this kind is ever due. */
  of({ path, kind }: Watched): readonly Due[] {
    return this.#lists.get(keyOf(kind, path)) ?? nothing;
  }

  #add(change: Change): void {
    const { zxid, type, path, acl } = change;
    const own: Due = { zxid, type, path, acl };
    this.#put('data', path, own);
    this.#put('persistent', path, own);
    this.#put('recursive', path, own);
    for (let at = path; at !== '/';) {
      at = parentOf(at);
      this.#put('recursive', at, own);
    }
    if (type === EventType.nodeDataChanged) return;
    if (type === EventType.nodeDeleted) this.#put('child', path, own);
    const parent = parentOf(path);
    const ofParent: Due = { zxid, type: EventType.nodeChildrenChanged, path: parent, acl: change.parentAcl };
    this.#put('child', parent, ofParent);
    this.#put('persistent', parent, ofParent);
  }

  #put(kind: WatchKind, path: string, due: Due): void {
    this.#lists.get(keyOf(kind, path))?.push(due);
  }
}

function keyOf(kind: WatchKind, path: string): string {
  return `${kind === 'exists' ? 'data' : kind} ${path}`;
}
