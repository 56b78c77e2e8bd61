/** The worker's side of the wire, without the wire: one answer for each request, in order, and silence after a failure. */
import type { Answer } from './messages.js';
import type { StorageError } from './storage-error.js';

/** What is answered, with the buffers that may go along by transfer: whoever answers does not look at them again. */
export interface Reply {
  readonly value: unknown;
  readonly transfer?: readonly ArrayBuffer[];
}

/** An error that spoils this one request, not the storage. */
export class Refusal extends Error {
  readonly error: StorageError;

  constructor(error: StorageError) {
    super(error.message);
    this.error = error;
  }
}

/** What a worker does; synchronous. */
export interface Work<Request> {
  /** Opens its files. To be called once, before the first request. */
  start(): Reply;
  handle(request: Request): Reply;
  /** Says in words what `start` or `handle` threw, and may note it on the disk. */
  explain(error: unknown): StorageError;
}

/** An answer on its way to the loop. */
export interface Answered {
  readonly answer: Answer;
  readonly transfer: readonly ArrayBuffer[];
}

/** Turns work into answers. After a failure that was no {@link Refusal} nothing is done any more. */
export class Answering<Request> {
  readonly #work: Work<Request>;
  #failed = false;

  constructor(work: Work<Request>) {
    this.#work = work;
  }

  /** True after a failure that was no refusal. */
  get failed(): boolean {
    return this.#failed;
  }

  /** The answer to the start. */
  start(): Answered {
    return this.#run(() => this.#work.start());
  }

  /** The answer to a request; null after a failure. */
  handle(request: Request): Answered | null {
    return this.#failed ? null : this.#run(() => this.#work.handle(request));
  }

  #run(step: () => Reply): Answered {
    try {
      const { value, transfer } = step();
      return { answer: { ok: true, value }, transfer: transfer ?? [] };
    } catch (error) {
      const refusal = error instanceof Refusal ? error.error : null;
      this.#failed = refusal === null;
      const { code, message } = refusal ?? this.#work.explain(error);
      return { answer: { ok: false, code, message, fatal: this.#failed }, transfer: [] };
    }
  }
}
