/** Who runs the work of the log and of the state at rest: a port, so that a simulation can do without threads. */
import type { Disk } from './disk.js';
import type { Link } from './link.js';
import type { LogRequest, LogWorkerData, StateRequest, StateWorkerData } from './messages.js';
import type { StorageError } from './storage-error.js';

/** Starts the two workers of one data directory; `onFatal` of each is called at most once. */
export interface Workers {
  /** The directory they work in, as the loop sees it; it is asked for sizes. */
  readonly disk: Pick<Disk, 'size'>;
  log(data: LogWorkerData, onFatal: (error: StorageError) => void): Link<LogRequest>;
  state(data: StateWorkerData, onFatal: (error: StorageError) => void): Link<StateRequest>;
}
