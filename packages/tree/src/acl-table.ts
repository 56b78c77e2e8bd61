/**
 * ACLs shared by the znodes that have an equal one, each with a number.
 *
 * Most znodes have one of a handful of ACLs, so a znode holds a reference. Changes name ACLs by their number, and a
 * server looks the number up when it decides who may see an event. Numbers are local to a server, never reused, and
 * stay known for {@link JOURNAL_CHANGES} changes after the last one that names them, so that the journal can always be
 * replayed; then an ACL that no znode has any more is forgotten.
 */
import { Hasher, OPEN_ACL, type Acl } from '@synod/protocol';
import { Fifo } from './fifo.js';

/** So many changes a server remembers for clients that come back (journal.ts). */
export const JOURNAL_CHANGES = 65_536;

/** One ACL and how many znodes have it. */
export interface SharedAcl {
  readonly id: number;
  readonly acl: Acl;
  /** Hash of the content, for the digest. */
  readonly hash: number;
}

interface Entry extends SharedAcl {
  readonly key: string;
  refs: number;
  /** The number of the last change that named it; far below zero where none did. */
  namedBy: number;
  /** True while it waits to be forgotten. */
  queued: boolean;
}

/** The table. */
export class AclTable {
  readonly #byKey = new Map<string, Entry>();
  readonly #byId = new Map<number, Entry>();
  readonly #open: Entry;
  /** Entries without znodes that a change may still name, oldest first. */
  readonly #unused = new Fifo<Entry>();
  #nextId = 0;
  #changes = 0;

  constructor() {
    this.#open = this.#make(keyOf(OPEN_ACL), OPEN_ACL);
    this.#open.refs = 1;
  }

  /** ACLs known. */
  get size(): number {
    return this.#byId.size;
  }

  /** The shared form of an ACL for one more znode; the znode gives it back by {@link release}. */
  acquire(acl: Acl): SharedAcl {
    if (acl === OPEN_ACL) return this.#open;
    const key = keyOf(acl);
    const entry = this.#byKey.get(key) ?? this.#make(key, acl);
    if (entry !== this.#open) entry.refs++;
    return entry;
  }

  /** One znode less has it. */
  release(acl: SharedAcl): void {
    const entry = acl as Entry;
    if (entry === this.#open || --entry.refs > 0) return;
    if (this.#mayBeNamed(entry)) {
      if (!entry.queued) this.#unused.push(entry);
      entry.queued = true;
      this.#forgetUnused();
    } else if (!entry.queued) {
      this.#forget(entry);
    }
  }

  /** A change names these two. */
  name(acl: SharedAcl, parentAcl: SharedAcl): void {
    this.#changes++;
    (acl as Entry).namedBy = this.#changes;
    (parentAcl as Entry).namedBy = this.#changes;
  }

  /** The ACL of a number; undefined where it is long forgotten. */
  get(id: number): Acl | undefined {
    return this.#byId.get(id)?.acl;
  }

  #make(key: string, acl: Acl): Entry {
    const id = this.#nextId++;
    const entry: Entry = { id, acl, hash: hashOf(acl), key, refs: 0, namedBy: -JOURNAL_CHANGES, queued: false };
    this.#byKey.set(key, entry);
    this.#byId.set(id, entry);
    return entry;
  }

  #mayBeNamed(entry: Entry): boolean {
    return this.#changes - entry.namedBy < JOURNAL_CHANGES;
  }

  #forgetUnused(): void {
    for (let entry = this.#unused.peek(); entry !== undefined; entry = this.#unused.peek()) {
      if (entry.refs === 0) {
        if (this.#mayBeNamed(entry)) return;
        this.#forget(entry);
      }
      entry.queued = false;
      this.#unused.drop();
    }
  }

  #forget(entry: Entry): void {
    this.#byKey.delete(entry.key);
    this.#byId.delete(entry.id);
  }
}

/** Equal for equal ACLs only: lengths stand before the texts. */
function keyOf(acl: Acl): string {
  let key = '';
  for (const { permissions, scheme, id } of acl) {
    key += `${permissions} ${scheme.length} ${scheme} ${id.length} ${id} `;
  }
  return key;
}

function hashOf(acl: Acl): number {
  const hasher = new Hasher(acl.length);
  for (const { permissions, scheme, id } of acl) hasher.number(permissions).string(scheme).string(id);
  return hasher.value();
}
