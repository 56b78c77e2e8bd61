/** Storage as servers have it: with worker threads, over Node's file system. */
import { openWith, type Storage, type StorageOptions } from './storage.js';
import { threads } from './worker-link.js';

/** Opens the data directory `options.dir`. Throws StorageError with words for the operator. */
export function openStorage(options: StorageOptions): Promise<Storage> {
  return openWith(threads(options.dir), options);
}
