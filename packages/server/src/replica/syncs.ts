/**
 * The syncs that the leader was asked about. Each question has a tag of its own: the answer to one that was asked before,
 * on an earlier link or for another connection of the session, says nothing about a sync that came later.
 */
import type { Connection, Waiting } from './connection.js';

/** A sync, and whose it is. */
export interface Asked {
  readonly connection: Connection;
  readonly waiting: Waiting;
}

export class Syncs {
  readonly #asked = new Map<number, Asked>();
  #tag = 0;

  /** The tag to ask with. */
  ask(connection: Connection, waiting: Waiting): number {
    this.#asked.set(++this.#tag, { connection, waiting });
    return this.#tag;
  }

  /** What the answer with this tag is for; undefined where nobody waits for it any more. */
  answered(tag: number): Asked | undefined {
    const asked = this.#asked.get(tag);
    this.#asked.delete(tag);
    return asked;
  }

  /** The leader is lost, and its answers with it. */
  clear(): void {
    this.#asked.clear();
  }
}
