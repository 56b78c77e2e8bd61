/**
 * The start of a server: opens its data directory and reads the state at rest into a tree.
 *
 * Rows prove themselves only when they are read, which is after the directory was opened as sound. Where one does not, the
 * directory is opened once more: storage has noted the damage, and now repairs it from the log, brings up a server that
 * knows of it, or refuses in words.
 */
import { formatZxid } from '@synod/protocol';
import type { Storage, StorageError, StorageOptions } from '@synod/storage';
import { Tree } from '@synod/tree';
import type { RecoveredHistory } from '@synod/zab';
import type { Logger } from './logger.js';
import type { HostWorld } from './world.js';

/** What a server starts from. */
export interface Recovery {
  readonly storage: Storage;
  readonly history: RecoveredHistory;
  readonly tree: Tree;
}

/** Throws StorageError, or SynodError DATA_INCONSISTENCY where sound rows do not make a tree. */
export async function recover(options: StorageOptions, log: Logger, world: HostWorld): Promise<Recovery> {
  try {
    return await openAndLoad(options, log, world);
  } catch (error) {
    // By code: the class of another realm would not be recognised.
    const { code, message } = error as Partial<StorageError>;
    if (code !== 'DAMAGED') throw error;
    log.warn('damage-found', { cause: message });
    return openAndLoad(options, log, world);
  }
}

async function openAndLoad(options: StorageOptions, log: Logger, world: HostWorld): Promise<Recovery> {
  const storage = await world.openStorage(options);
  try {
    const { recovered } = storage;
    const history: RecoveredHistory = { ...recovered, state: recovered.state.position };
    const started = world.now();
    const loader = Tree.load();
    // Rows that do not make a tree may be a part of damage, which storage proves at the end: it is told first.
    const problems: unknown[] = [];
    await storage.loadState((rows) => {
      if (problems.length > 0) return;
      try {
        loader.add(rows);
      } catch (problem) {
        problems.push(problem);
      }
    });
    if (problems.length > 0) throw problems[0];
    const tree = loader.finish(recovered.state.position.zxid, recovered.state.digest);
    log.info('recovered', {
      zxid: formatZxid(recovered.last.zxid),
      epoch: recovered.currentEpoch,
      znodes: tree.nodeCount,
      tail: recovered.tail.length,
      ms: Math.round(world.now() - started),
    });
    if (recovered.repaired !== null) log.warn('repaired', { cause: recovered.repaired });
    if (recovered.damage !== null) log.warn('damaged', { cause: recovered.damage });
    return { storage, history, tree };
  } catch (error) {
    await storage.close();
    throw error;
  }
}
