/**
 * Hands what changed in the tree to the disk, in the background: a fold is begun at one zxid and given out in parts, a
 * few rows with each tick, so that neither the loop nor the disk is held up.
 */
import type { Fold, Tree } from '@synod/tree';
import type { Position } from '@synod/zab';
import type { FoldChunk } from './effect.js';

export class Folding {
  readonly #everyMs: number;
  readonly #rows: number;
  /** The fold being given out. */
  #fold: { readonly fold: Fold; readonly position: Position } | null = null;
  /** Given out whole, not durable yet. */
  #awaiting = false;
  #folded: number;
  #startedAt = 0;
  #suspended = false;

  constructor(everyMs: number, rows: number, folded: number) {
    this.#everyMs = everyMs;
    this.#rows = rows;
    this.#folded = folded;
  }

  /** The state at rest shows this zxid. */
  get folded(): number {
    return this.#folded;
  }

  /** The fold with this position is durable. */
  done(position: Position): void {
    this.#awaiting = false;
    this.#folded = Math.max(this.#folded, position.zxid);
  }

  /** Another state is about to take the place of the one being folded: nothing more is given out until it has. */
  suspend(): void {
    this.#suspended = true;
  }

  /** Another state took the place of the one being folded. */
  abandon(position: Position): void {
    this.#suspended = false;
    this.#fold = null;
    this.#awaiting = false;
    this.#folded = position.zxid;
  }

  /** The next part to write, if it is time. `applied` is what the tree shows. */
  tick(clock: number, tree: Tree, applied: Position): FoldChunk | null {
    if (this.#suspended) return null;
    if (!this.#fold) {
      if (this.#awaiting || applied.zxid <= this.#folded || clock - this.#startedAt < this.#everyMs) return null;
      this.#startedAt = clock;
      this.#fold = { fold: tree.beginFold(), position: applied };
    }
    const { fold, position } = this.#fold;
    const rows = fold.next(this.#rows);
    const last = rows === null || rows.length < this.#rows;
    if (last) {
      this.#fold = null;
      this.#awaiting = true;
    }
    return { position, digest: fold.digest, rows: rows ?? [], last };
  }
}
