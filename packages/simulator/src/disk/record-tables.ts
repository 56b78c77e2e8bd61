/**
 * The two large tables of our databases in memory: records of the log, which come at the end and go at either end, and
 * entries of the state in bytewise order of keys. Rows are never changed in place, so that copies share them.
 */
import type { SqlValue } from '@synod/storage/sql';

/** A row as a statement answers it. */
export type Row = readonly SqlValue[];

/** zxid, chain, body. The place of a row is its own; that the zxids ascend holds as long as nothing is damaged. */
export type RecordRow = readonly [zxid: number, chain: SqlValue, body: SqlValue];

/** key, value, sum. */
export type EntryRow = readonly [key: string, value: SqlValue, sum: SqlValue];

/** A list that is cheap to shorten at its front. */
export class RecordList {
  #items: RecordRow[];
  #head = 0;

  constructor(items: RecordRow[] = []) {
    this.#items = items;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  at(index: number): RecordRow {
    return this.#items[this.#head + index]!;
  }

  /** Index of the first record above `zxid`, by bisection as SQLite would: a row in the wrong place leads astray. */
  above(zxid: number): number {
    let low = 0;
    let high = this.length;
    if (high === 0 || this.at(high - 1)[0] <= zxid) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle)[0] <= zxid) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the record with that zxid, -1 where there is none. */
  find(zxid: number): number {
    const index = this.above(zxid) - 1;
    return index >= 0 && this.at(index)[0] === zxid ? index : -1;
  }

  push(row: RecordRow): void {
    this.#items.push(row);
  }

  pop(): RecordRow {
    return this.#items.pop()!;
  }

  /** Takes `count` records out of the front. */
  shift(count: number): RecordRow[] {
    const taken = this.#items.slice(this.#head, this.#head + count);
    this.#head += count;
    if (this.#head > 64 && this.#head > this.#items.length / 2) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  unshift(rows: readonly RecordRow[]): void {
    this.#items = [...rows, ...this.toArray()];
    this.#head = 0;
  }

  toArray(): RecordRow[] {
    return this.#items.slice(this.#head);
  }
}

/** Entries by the key of their place; a damaged one may say another key about itself. */
export class EntryTable {
  #rows: Map<string, EntryRow>;
  /** Keys in order; `#fresh` are not among them yet, and some of them may be gone. */
  #order: string[] = [];
  #fresh: string[];
  #stale = false;
  /** No key so far has a unit that UTF-16 orders differently from UTF-8. */
  #plain = true;

  constructor(rows: ReadonlyMap<string, EntryRow> = new Map()) {
    this.#rows = new Map(rows);
    this.#fresh = [...rows.keys()];
    this.#plain = this.#fresh.every(isPlain);
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): EntryRow | undefined {
    return this.#rows.get(key);
  }

  /** Sets or removes the row at a place; answers what stood there. */
  set(key: string, row: EntryRow | undefined): EntryRow | undefined {
    const old = this.#rows.get(key);
    if (row === undefined) {
      if (old !== undefined) {
        this.#rows.delete(key);
        this.#stale = true;
      }
      return old;
    }
    if (old === undefined) {
      this.#fresh.push(key);
      if (this.#plain && !isPlain(key)) this.#plain = false;
    }
    this.#rows.set(key, row);
    return old;
  }

  /** Places in bytewise order. */
  keys(): readonly string[] {
    if (this.#stale || this.#fresh.length > 0) this.#sort();
    return this.#order;
  }

  /** Index among {@link keys} of the first place behind `key`. */
  above(key: string): number {
    const keys = this.keys();
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(keys[middle]!, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  clone(): EntryTable {
    this.keys();
    const copy = new EntryTable();
    copy.#rows = new Map(this.#rows);
    copy.#order = this.#order.slice();
    copy.#plain = this.#plain;
    return copy;
  }

  #sort(): void {
    const compare = (a: string, b: string): number => this.#compare(a, b);
    // A key may have gone and come back, or have gone before it was ever sorted.
    const fresh = new Set(this.#fresh);
    const old = this.#stale ? this.#order.filter((key) => this.#rows.has(key) && !fresh.has(key)) : this.#order;
    const added = [...fresh].filter((key) => this.#rows.has(key)).sort(compare);
    this.#fresh = [];
    this.#stale = false;
    this.#order = merge(old, added, compare);
  }

  #compare(a: string, b: string): number {
    if (this.#plain) return a < b ? -1 : a > b ? 1 : 0;
    return compareBytewise(a, b);
  }
}

/** Order of the UTF-8 forms of two strings. */
export function compareBytewise(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    // Surrogates stand for code points above all others, but lie below U+E000 as units.
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function isPlain(key: string): boolean {
  return !/[\ud800-\uffff]/.test(key);
}

function merge(a: string[], b: string[], compare: (a: string, b: string) => number): string[] {
  if (b.length === 0) return a;
  if (a.length === 0 || compare(a.at(-1)!, b[0]!) < 0) return a.concat(b);
  const merged: string[] = [];
  let i = 0;
  for (const key of b) {
    while (i < a.length && compare(a[i]!, key) < 0) merged.push(a[i++]!);
    merged.push(key);
  }
  while (i < a.length) merged.push(a[i++]!);
  return merged;
}
