/**
 * The replicated state machine: every server applies the same transactions in the same order to its own {@link Tree} and
 * so has the same znodes and sessions. This file is the door; the rooms are apply.ts, read.ts, state.ts, fold.ts and
 * loader.ts.
 */
import type { Acl, ReadRequest, Refusal, Reply, Result, Usage } from '@synod/protocol';
import { apply, resultOf, type Applied } from './apply.js';
import { newState } from './builtin.js';
import type { Fold } from './fold.js';
import { StateLoader } from './loader.js';
import { read, type Reader } from './read.js';
import { reapable, type ReapRules } from './reapable.js';
import type { StateRow } from './rows.js';
import type { Session } from './session.js';
import type { State } from './state.js';
import type { Txn } from './txn.js';
import type { ZnodeView } from './znode.js';

/** Builds a tree from the state at rest. */
export interface Loader {
  /**
   * Adds rows in the order of their keys (a parent before its children). Throws SynodError DATA_INCONSISTENCY for a row
   * that cannot be part of a state.
   */
  add(rows: readonly StateRow[]): void;
  /**
   * The tree at the zxid of the rows. Throws SynodError DATA_INCONSISTENCY where the rows have another digest. No rows
   * at zxid 0 make a new tree, whatever the digest.
   */
  finish(zxid: number, digest: number): Tree;
}

/** Znodes and sessions of one server. */
export class Tree {
  readonly #state: State;

  /** A new tree, as a new ensemble has it; others come from {@link Tree.load}. */
  constructor(state: State = newState()) {
    this.#state = state;
  }

  /** A way back from rows. */
  static load(): Loader {
    const loader = new StateLoader();
    return {
      add: (rows) => {
        loader.add(rows);
      },
      finish: (zxid, digest) => new Tree(loader.finish(zxid, digest)),
    };
  }

  /** The last transaction applied. */
  get zxid(): number {
    return this.#state.zxid;
  }

  /** A hash of all state, equal on all servers at the same zxid. */
  get digest(): number {
    return this.#state.digest;
  }

  /** All znodes, the root and the other built-in ones included. */
  get nodeCount(): number {
    return this.#state.nodeCount;
  }

  get ephemeralCount(): number {
    return this.#state.ephemeralCount;
  }

  /** Bytes of data of all znodes. */
  get dataBytes(): number {
    return this.#state.dataBytes;
  }

  /** Characters of the paths of all znodes. */
  get pathLength(): number {
    return this.#state.pathLength;
  }

  /** The sessions that live. */
  get sessions(): ReadonlyMap<number, Session> {
    return this.#state.sessions;
  }

  /** The znode at a path, as decisions need it; the empty path names the root. */
  find(path: string): ZnodeView | undefined {
    return this.#state.find(path);
  }

  /** The znode at a path, or the deepest one that exists above it. */
  nearest(path: string): ZnodeView {
    return this.#state.nearest(path);
  }

  /** Counts what a subtree holds, its root included; nothing where there is none. */
  measure(path: string): Usage {
    return this.#state.measure(path);
  }

  /** The ACL that a {@link NodeChange} names; undefined where more than JOURNAL_CHANGES changes have come since. */
  acl(id: number): Acl | undefined {
    return this.#state.acls.get(id);
  }

  /**
   * Applies the next transaction of the log. Deterministic and total for whatever a {@link Preparer} has made; throws an
   * Error only where the log and this tree do not belong together.
   */
  apply(zxid: number, txn: Txn): Applied {
    return apply(this.#state, zxid, txn);
  }

  /** Answers a read, see {@link read}. */
  read(request: ReadRequest, reader: Reader): Result | Refusal {
    return read(this.#state, request, reader);
  }

  /** The answer that a session's write got; undefined where it was not applied yet or is not kept any more. */
  resultOf(session: number, number: number): Reply | undefined {
    return resultOf(this.#state, session, number);
  }

  /** Paths of containers and TTL znodes whose time has come at `now` (milliseconds since 1970). */
  reapable(now: number, rules: ReapRules): string[] {
    return reapable(this.#state, now, rules);
  }

  /**
   * Takes all rows that changed since the last fold, as they are now; the first fold of a new tree takes everything. One
   * fold at a time: throws where the last one still has rows.
   */
  beginFold(): Fold {
    return this.#state.beginFold();
  }
}
