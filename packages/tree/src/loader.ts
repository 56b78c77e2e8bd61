/** The way back from rows to a state, with the digest as proof that nothing is missing, changed or too much. */
import { baseName, formatHash, parentPath, SynodError } from '@synod/protocol';
import { AclTable } from './acl-table.js';
import { newState } from './builtin.js';
import { ownString } from './own-string.js';
import { readSessionRow, readZnodeRow, type StateRow } from './rows.js';
import { State } from './state.js';
import { Znode } from './znode.js';

/** Collects rows; a row of a parent must come before the rows of its children, as the order of keys has it. */
export class StateLoader {
  readonly #acls = new AclTable();
  #state: State | null = null;
  /** Ephemeral znodes by owner: sessions come after znodes. */
  readonly #ephemerals = new Map<number, string[]>();

  /** Adds rows. Throws SynodError DATA_INCONSISTENCY for a row that cannot be part of a state. */
  add(rows: readonly StateRow[]): void {
    for (const { key, value } of rows) {
      if (value === null) throw damaged(key, 'it says that it does not exist');
      if (key.startsWith('n/')) this.#addZnode(key, value);
      else if (key.startsWith('s')) this.#addSession(key, value);
      else throw damaged(key, 'unknown kind');
    }
  }

  #addZnode(key: string, value: Uint8Array): void {
    const path = key.slice(1);
    const fields = readable(key, () => readZnodeRow(value));
    const withAcl = { ...fields, acl: this.#acls.acquire(fields.acl) };
    if (path === '/') {
      if (this.#state !== null) throw damaged(key, 'it comes twice');
      this.#state = new State(new Znode('', null, path, withAcl), this.#acls);
      return;
    }
    const name = baseName(path);
    const parent = this.#state?.find(parentPath(path));
    if (this.#state === null || parent === undefined) throw damaged(key, 'there is no parent');
    if (parent.children?.has(name)) throw damaged(key, 'it comes twice');
    const node = new Znode(ownString(name), parent, path, withAcl);
    this.#state.attach(path, node);
    if (node.owner === 0) return;
    const owned = this.#ephemerals.get(node.owner);
    if (owned) owned.push(path);
    else this.#ephemerals.set(node.owner, [path]);
  }

  #addSession(key: string, value: Uint8Array): void {
    const session = readable(key, () => readSessionRow(key, value));
    if (this.#state === null) throw damaged(key, 'there is no root');
    if (this.#state.sessions.has(session.id)) throw damaged(key, 'it comes twice');
    this.#state.admit(session);
  }

  /**
   * The state of all rows, at a zxid. No rows at zxid 0 make the state of a new ensemble. Throws SynodError
   * DATA_INCONSISTENCY where the rows do not fit together or have another digest.
   */
  finish(zxid: number, digest: number): State {
    const state = this.#state;
    if (state === null) {
      if (zxid === 0) return newState();
      throw damaged('n/', 'it is missing');
    }
    for (const [owner, paths] of this.#ephemerals) {
      const session = state.sessions.get(owner);
      if (session === undefined) throw damaged(`n${paths[0]!}`, `its session ${owner} is missing`);
      for (const path of paths) session.ephemerals.add(path);
    }
    if (state.digest !== digest) {
      const reason = `the rows have the digest ${formatHash(state.digest)}, not ${formatHash(digest)}`;
      throw new SynodError({ code: 'DATA_INCONSISTENCY', reason });
    }
    state.zxid = zxid;
    return state;
  }
}

function readable<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw damaged(key, `it cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function damaged(key: string, reason: string): SynodError {
  return new SynodError({ code: 'DATA_INCONSISTENCY', reason: `row ${key.slice(0, 200)}: ${reason}` });
}
