/**
 * One process that uses a data directory, without threads: the storage's own work of the log and of the state, asked
 * request by request.
 */
import { unpackRecords, unpackRows, type Block } from '@synod/storage/blocks';
import type { Disk } from '@synod/storage/disk';
import { LogWork } from '@synod/storage/log-work';
import type { Loaded, LogOpened, LogRequest, Pruned, StateRequest } from '@synod/storage/messages';
import { NO_ROWS, type StateRow } from '@synod/storage/state-file';
import { StateWork } from '@synod/storage/state-work';
import { Refusal, type Reply } from '@synod/storage/work';
import type { Found } from './power-world.js';

/** Records that the log keeps besides those not folded yet. */
export const RETAINED = 2;

/** A running server's storage. */
export class PowerServer {
  readonly found: Found;
  readonly #log: LogWork;
  readonly #state: StateWork;
  #number: number;

  /** Opens the directory and reads everything in it; throws what the storage throws. */
  constructor(disk: Disk) {
    const owner = { cluster: 'power', server: 1, repairable: true };
    this.#log = new LogWork(disk, { owner, retention: { records: RETAINED, bytes: Infinity } });
    const { proof, tail, identity, stateNumber } = answerOf(this.#log, () => this.#log.start()) as LogOpened;
    this.#number = stateNumber;
    this.#state = new StateWork(disk, { identity, number: stateNumber });
    answerOf(this.#state, () => this.#state.start());
    const block = this.log({ type: 'read', after: proof.base.zxid, bytes: Infinity }) as Block | null;
    const log = block === null ? null : unpackRecords(block);
    this.found = { proof, tail: tail.flatMap(unpackRecords), log, rows: this.#rows() };
  }

  /** Number of the state file that an adoption brings into use. */
  get staged(): number {
    return this.#number + 1;
  }

  log(request: LogRequest): unknown {
    return answerOf(this.#log, () => this.#log.handle(request));
  }

  state(request: StateRequest): unknown {
    const value = answerOf(this.#state, () => this.#state.handle(request));
    if (request.type === 'switch') this.#number++;
    return value;
  }

  prune(upTo: number): Pruned {
    return this.log({ type: 'prune', upTo }) as Pruned;
  }

  close(): void {
    this.state({ type: 'close' });
    this.log({ type: 'close' });
  }

  #rows(): StateRow[] {
    const rows: StateRow[] = [];
    let after: string | null = '';
    let before = NO_ROWS;
    while (after !== null) {
      const { block, totals, next } = this.state({ type: 'load', after, before }) as Loaded;
      rows.push(...(unpackRows(block) as StateRow[]));
      after = next;
      before = totals;
    }
    return rows;
  }
}

/** As the threads answer: what is found damaged is noted for the next start. */
function answerOf(work: LogWork | StateWork, body: () => Reply): unknown {
  try {
    return body().value;
  } catch (error) {
    throw error instanceof Refusal ? error.error : work.explain(error);
  }
}
