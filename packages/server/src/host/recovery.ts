/**
 * The start of a server: opens its data directory and reads the state at rest into a tree.
 *
 * Rows prove themselves only when they are read, which is after the directory was opened as sound. Where one does not, the
 * directory is opened once more: storage has noted the damage, and brings up a server that knows of it.
 */
import { formatZxid } from '@synod/protocol';
import { openStorage, type Storage, type StorageError, type StorageOptions } from '@synod/storage';
import { Tree } from '@synod/tree';
import type { Position, RecoveredHistory } from '@synod/zab';
import type { Logger } from './logger.js';

/** What a server starts from. */
export interface Recovery {
  readonly storage: Storage;
  readonly history: RecoveredHistory;
  readonly tree: Tree;
  /** What the log starts behind by now, where it was pruned meanwhile: `onPruned` is called only from here on. */
  readonly pruned: Position | null;
}

/** Throws StorageError, or SynodError DATA_INCONSISTENCY where sound rows do not make a tree. */
export async function recover(options: StorageOptions, log: Logger): Promise<Recovery> {
  try {
    return await openAndLoad(options, log);
  } catch (error) {
    // By code: the class of another realm would not be recognised.
    const { code, message } = error as Partial<StorageError>;
    if (code !== 'DAMAGED' || options.repairable === false) throw error;
    log.warn('damage-found', { cause: message });
    return openAndLoad(options, log);
  }
}

async function openAndLoad(options: StorageOptions, log: Logger): Promise<Recovery> {
  let ready = false;
  let pruned: Position | null = null;
  const onPruned = (base: Position): void => {
    if (ready) options.onPruned?.(base);
    else pruned = base;
  };
  const storage = await openStorage({ ...options, onPruned });
  try {
    const { recovered } = storage;
    const history: RecoveredHistory = { ...recovered, state: recovered.state.position };
    const started = performance.now();
    const loader = Tree.load();
    await storage.loadState((rows) => loader.add(rows));
    const tree = loader.finish(recovered.state.position.zxid, recovered.state.digest);
    log.info('recovered', {
      zxid: formatZxid(recovered.last.zxid),
      epoch: recovered.currentEpoch,
      znodes: tree.nodeCount,
      tail: recovered.tail.length,
      ms: Math.round(performance.now() - started),
    });
    if (recovered.repaired !== null) log.warn('repaired', { cause: recovered.repaired });
    if (recovered.damage !== null) log.warn('damaged', { cause: recovered.damage });
    ready = true;
    return { storage, history, tree, pruned };
  } catch (error) {
    await storage.close();
    throw error;
  }
}
