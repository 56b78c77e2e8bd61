/** The work of the log: opens the directory, then appends, reads and prunes. See messages.ts for what it is asked. */
import { packRecords } from './blocks.js';
import type { Disk } from './disk.js';
import { names } from './files.js';
import { fromWire, type LogOpened, type LogRequest, type LogWorkerData } from './messages.js';
import { writeNote } from './note.js';
import { openDirectory, tailBehind, type Directory } from './recover.js';
import { codeOf, StorageError, toStorageError } from './storage-error.js';
import type { Reply, Work } from './work.js';

/** Bytes of bodies in one block of the tail. */
const TAIL_BYTES = 4 * 1_048_576;

/** Holds the directory, with its lock, from `start` to `close`. */
export class LogWork implements Work<LogRequest> {
  readonly #disk: Disk;
  readonly #data: LogWorkerData;
  #directory: Directory | null = null;

  constructor(disk: Disk, data: LogWorkerData) {
    this.#disk = disk;
    this.#data = data;
  }

  /** Answers {@link LogOpened}. Throws StorageError. */
  start(): Reply {
    const directory = openDirectory({ disk: this.#disk, ...this.#data.owner });
    const { proof, identity, stateNumber, keeper } = directory;
    const tail = [...tailBehind(keeper, proof.state.position.zxid, TAIL_BYTES)].map((records) =>
      packRecords([records]),
    );
    const value: LogOpened = { proof, tail, identity, stateNumber };
    this.#directory = directory;
    return { value, transfer: tail.map(({ buffer }) => buffer) };
  }

  handle(request: LogRequest): Reply {
    if (this.#directory === null) throw new StorageError('INTERNAL', 'the log is asked before it was opened');
    const { keeper, unlock } = this.#directory;
    switch (request.type) {
      case 'batch':
        keeper.apply(fromWire(request.ops));
        return { value: null };
      case 'read': {
        const records = keeper.read(request.after, request.bytes);
        if (records === null) return { value: null };
        const block = packRecords([records]);
        return { value: block, transfer: [block.buffer] };
      }
      case 'prune':
        return { value: keeper.prune(request.upTo, this.#data.retention) };
      case 'close':
        keeper.close();
        unlock();
        return { value: null };
    }
  }

  /** Damage that is found while running is noted for the next start, which can repair it. */
  explain(cause: unknown): StorageError {
    const error = toStorageError(cause, names.log);
    if (this.#directory !== null && codeOf(error) === 'DAMAGED') {
      writeNote(this.#disk, { file: names.log, reason: error.message });
    }
    return error;
  }
}
