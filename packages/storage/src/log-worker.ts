/** The thread of the log: opens the directory, then appends, reads and prunes. See messages.ts for what it is asked. */
import { workerData } from 'node:worker_threads';
import { packRecords } from './blocks.js';
import { names } from './files.js';
import { fromWire, type LogOpened, type LogRequest, type LogWorkerData } from './messages.js';
import { writeNote } from './note.js';
import { openDirectory, tailBehind, type Directory } from './recover.js';
import { codeOf, toStorageError, type StorageError } from './storage-error.js';
import { serve, type Reply } from './worker-answers.js';

/** Bytes of bodies in one block of the tail. */
const TAIL_BYTES = 4 * 1_048_576;

const { options, retention } = workerData as LogWorkerData;
let running = false;

function start(): { reply: Reply; handle: (request: unknown) => Reply } {
  const directory = openDirectory(options);
  const { proof, identity, stateNumber, keeper } = directory;
  const tail = [...tailBehind(keeper, proof.state.position.zxid, TAIL_BYTES)].map((records) => packRecords([records]));
  const value: LogOpened = { proof, tail, identity, stateNumber };
  running = true;
  return {
    reply: { value, transfer: tail.map(({ buffer }) => buffer) },
    handle: (request) => handle(directory, request as LogRequest),
  };
}

function handle({ keeper, unlock }: Directory, request: LogRequest): Reply {
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
      return { value: keeper.prune(request.upTo, retention) };
    case 'close':
      keeper.close();
      unlock();
      return { value: null };
  }
}

/** Damage that is found while running is noted for the next start, which can repair it. */
function explain(cause: unknown): StorageError {
  const error = toStorageError(cause, names.log);
  if (running && codeOf(error) === 'DAMAGED') writeNote(options.dir, { file: names.log, reason: error.message });
  return error;
}

serve(start, explain);
