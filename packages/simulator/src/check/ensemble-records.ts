/**
 * Every record that was ever proposed, as a tree: what follows what. Logs are paths in it, and the one canonical
 * sequence (everything that any server ever applied) is a path too, so that "does this log hold that record" is one
 * comparison.
 *
 * Old records are forgotten from the beginning of the canonical sequence on, up to a place that the caller names.
 */
import type { LogRecord, Position } from '@synod/zab';

/** A record in its place. */
export interface Entry {
  readonly zxid: number;
  readonly chain: number;
  /** Number of records from the very first to this one. */
  readonly index: number;
  /** null: before the first, or forgotten. */
  parent: Entry | null;
  readonly body: Uint8Array | null;
  /** Applied by some server. */
  canonical: boolean;
  /** Digest of the state that shows it, where a server has told it. */
  digest: number | null;
  /** Another record with the same zxid: only where something is wrong, or where a leader's tail was cut off. */
  sibling: Entry | null;
}

/** A log: the records from a base on, by their index. */
export class EntryLog {
  #base: Entry;
  #entries: Entry[] = [];
  /** Entries before it are gone. */
  #head = 0;

  constructor(base: Entry) {
    this.#base = base;
  }

  get base(): Entry {
    return this.#base;
  }

  get last(): Entry {
    return this.#entries.length > this.#head ? this.#entries.at(-1)! : this.#base;
  }

  /** The last canonical record of the log, its base included; null where there is none. */
  get agreed(): Entry | null {
    for (let i = this.#entries.length - 1; i >= this.#head; i--) {
      if (this.#entries[i]!.canonical) return this.#entries[i]!;
    }
    return this.#base.canonical ? this.#base : null;
  }

  /** True where the record is in the log, or in the state below it. */
  holds(entry: Entry): boolean {
    return entry.index < this.#base.index ? entry.canonical : this.at(entry.index) === entry;
  }

  /** The entry with this index; null outside of the log. */
  at(index: number): Entry | null {
    const place = index - this.#base.index;
    if (place <= 0) return place === 0 ? this.#base : null;
    return this.#entries[this.#head + place - 1] ?? null;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Removes what lies behind an entry of the log, and returns it. */
  truncate(after: Entry): Entry[] {
    return this.#entries.splice(this.#head + Math.max(after.index - this.#base.index, 0));
  }

  /** Starts anew behind a base. */
  reset(base: Entry): void {
    this.#base = base;
    this.#entries = [];
    this.#head = 0;
  }

  /** Forgets what lies up to an entry that the log holds. */
  moveBase(base: Entry): void {
    if (base.index <= this.#base.index) return;
    this.#head += base.index - this.#base.index;
    this.#base = base;
    if (this.#head < 1024 || this.#head * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#head);
    this.#head = 0;
  }

  copy(): EntryLog {
    const copy = new EntryLog(this.#base);
    copy.#entries = this.#entries.slice(this.#head);
    return copy;
  }
}

export class Records {
  /** The place before the first record. */
  readonly origin: Entry = {
    zxid: 0,
    chain: 0,
    index: 0,
    parent: null,
    body: null,
    canonical: true,
    digest: null,
    sibling: null,
  };
  /** The canonical sequence, as far as it is remembered. */
  readonly canonical = new EntryLog(this.origin);
  readonly #byZxid = new Map<number, Entry>([[0, this.origin]]);
  /** In the order in which they were proposed. */
  #born: Entry[] = [];
  #bornHead = 0;

  /** The last record that any server has applied. */
  get end(): Entry {
    return this.canonical.last;
  }

  /** Number of records that are remembered. */
  get size(): number {
    return this.#byZxid.size;
  }

  /** True for a place before everything that is remembered. */
  isForgotten(zxid: number): boolean {
    return zxid < this.canonical.base.zxid;
  }

  find(place: Position): Entry | null {
    let entry = this.#byZxid.get(place.zxid) ?? null;
    while (entry !== null && entry.chain !== place.chain) entry = entry.sibling;
    return entry;
  }

  /** The first record with this zxid for which a condition holds. */
  findAt(zxid: number, condition: (entry: Entry) => boolean): Entry | null {
    let entry = this.#byZxid.get(zxid) ?? null;
    while (entry !== null && !condition(entry)) entry = entry.sibling;
    return entry;
  }

  /** Adds a record behind its predecessor. `body` null: only its chain is known. */
  add(parent: Entry, place: Position, body: LogRecord['body'] | null): Entry {
    const entry: Entry = {
      zxid: place.zxid,
      chain: place.chain,
      index: parent.index + 1,
      parent,
      body,
      canonical: false,
      digest: null,
      sibling: this.#byZxid.get(place.zxid) ?? null,
    };
    this.#byZxid.set(entry.zxid, entry);
    this.#born.push(entry);
    return entry;
  }

  /** A place of which nothing is known but its name; in no log, and before everything. */
  stranger(place: Position): Entry {
    return { ...place, index: -1, parent: null, body: null, canonical: false, digest: null, sibling: null };
  }

  /** Makes a record the end of the canonical sequence; false where it does not continue the sequence. */
  extend(entry: Entry): boolean {
    const { end } = this;
    const path: Entry[] = [];
    let at: Entry | null = entry;
    while (at !== null && at.index > end.index) {
      path.push(at);
      at = at.parent;
    }
    if (at !== end) return false;
    for (const each of path.reverse()) {
      each.canonical = true;
      this.canonical.push(each);
    }
    return true;
  }

  /** Forgets all records before the canonical one with this index. */
  forget(index: number): void {
    const base = this.canonical.at(index);
    if (base === null) return;
    this.canonical.moveBase(base);
    while (this.#bornHead < this.#born.length && this.#born[this.#bornHead]!.index < base.index) {
      const gone = this.#born[this.#bornHead++]!;
      gone.parent = null;
      this.#drop(gone);
    }
    base.parent = null;
    if (this.#bornHead > 1024) this.#born = this.#born.slice(this.#bornHead);
    this.#bornHead = this.#bornHead > 1024 ? 0 : this.#bornHead;
  }

  #drop(gone: Entry): void {
    const first = this.#byZxid.get(gone.zxid);
    if (first === gone) {
      if (gone.sibling === null) this.#byZxid.delete(gone.zxid);
      else this.#byZxid.set(gone.zxid, gone.sibling);
      return;
    }
    let at = first ?? null;
    while (at !== null && at.sibling !== gone) at = at.sibling;
    if (at !== null) at.sibling = gone.sibling;
  }
}
