/** A whole state on its way into memory: chunks become a tree, which waits until storage has adopted what they came from. */
import { limits, unpackForeign } from '@synod/protocol';
import { Tree, type Loader } from '@synod/tree';
import type { StateChunk } from '@synod/zab';

export class IncomingState {
  #loader: Loader | null = null;
  #tree: Tree | null = null;

  /** Adds a chunk; `first` begins anew. The answer is words where the state is of no use. */
  add(first: boolean, chunk: StateChunk): string | null {
    if (first) {
      this.#loader = Tree.load();
      this.#tree = null;
    }
    if (!this.#loader) return 'its beginning is missing';
    try {
      const rows = unpackForeign(chunk.rows, limits.peerFrameBytes) as [string, Uint8Array][];
      // A row without a key is storage's own: the end of the state and what it must add up to.
      this.#loader.add(rows.filter(([key]) => key !== '').map(([key, value]) => ({ key, value })));
      if (chunk.cursor !== null) return null;
      this.#tree = this.#loader.finish(chunk.position.zxid, chunk.digest);
      this.#loader = null;
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Hands over the tree. Throws where the last chunk has not come. */
  take(): Tree {
    const tree = this.#tree;
    if (!tree) throw new Error('a state is adopted that was not loaded');
    this.#tree = null;
    return tree;
  }
}
