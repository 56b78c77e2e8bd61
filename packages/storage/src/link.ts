/** The loop's side of a worker, whatever it runs in: requests out, answers in, in order. */
import type { Answer } from './messages.js';
import { StorageError, type StorageErrorCode } from './storage-error.js';

/** One worker. After a fatal answer, or its unexpected end, every call rejects. */
export interface Link<Request> {
  /** The answer to the worker's start. To be called once, before any request. */
  started<T>(): Promise<T>;
  /** Sends a request; `transfer` lists the buffers that belong to the worker from now on. Rejects with StorageError. */
  call<T>(request: Request, transfer?: readonly ArrayBuffer[]): Promise<T>;
  /** Makes every call fail from now on. */
  fail(error: StorageError): void;
  /** Ends the worker, whatever it does; resolves when it is gone, with its handles and locks. Not reported as a failure. */
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StorageError) => void;
}

/** The calls of one link that wait for their answers. */
export class Calls {
  readonly #onFatal: (error: StorageError) => void;
  readonly #waiting: Waiting[] = [];
  #failure: StorageError | null = null;

  /** `onFatal` is called at most once, before the calls that wait are rejected. */
  constructor(onFatal: (error: StorageError) => void) {
    this.#onFatal = onFatal;
  }

  /** Why nothing is to be sent any more; null while all is well. */
  get failure(): StorageError | null {
    return this.#failure;
  }

  /** The answer that comes behind those that are waited for. */
  expect<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** The next answer has come. */
  answer(answer: Answer): void {
    if (this.#failure !== null) return;
    if (answer.ok) return this.#waiting.shift()?.resolve(answer.value);
    const error = new StorageError(answer.code as StorageErrorCode, answer.message);
    this.#waiting.shift()?.reject(error);
    if (answer.fatal) this.fail(error);
  }

  fail(error: StorageError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#onFatal(error);
    this.#rejectAll(error);
  }

  /** As {@link fail}, but nobody is told: the worker called `name` was stopped on purpose. */
  stop(name: string): void {
    this.#failure ??= new StorageError('CLOSED', `${name} was stopped`);
    this.#rejectAll(this.#failure);
  }

  #rejectAll(error: StorageError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
