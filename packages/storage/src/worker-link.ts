/** The loop's side of a worker thread: requests out, answers in, in order. */
import { Worker } from 'node:worker_threads';
import type { Answer } from './messages.js';
import { messageOf, StorageError, type StorageErrorCode } from './storage-error.js';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StorageError) => void;
}

/** One worker thread. After a fatal answer, or its unexpected end, every call rejects. */
export class WorkerLink<Request> {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #onFatal: (error: StorageError) => void;
  readonly #waiting: Waiting[] = [];
  #failure: StorageError | null = null;

  /** Starts `file` (in this directory). `onFatal` is called at most once, before the calls that wait are rejected. */
  constructor(file: string, name: string, data: unknown, onFatal: (error: StorageError) => void) {
    this.#name = name;
    this.#onFatal = onFatal;
    // Flags of the host such as --input-type would keep a worker from starting.
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: data, name, execArgv: [] });
    this.#worker.on('message', (answer: Answer) => {
      this.#answer(answer);
    });
    this.#worker.on('error', (error) => {
      this.fail(new StorageError('INTERNAL', `${name} failed: ${messageOf(error)}`, error));
    });
    this.#worker.on('exit', (code) => {
      this.fail(new StorageError('INTERNAL', `${name} ended with code ${code}`));
    });
  }

  /** The answer to the worker's start. */
  started<T>(): Promise<T> {
    return this.#expect<T>();
  }

  /** Sends a request; `transfer` lists the buffers that move to the worker. Rejects with StorageError. */
  call<T>(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<T> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#worker.postMessage(request, transfer);
    return this.#expect<T>();
  }

  /** Makes every call fail from now on. */
  fail(error: StorageError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#onFatal(error);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** Ends the thread, whatever it does; resolves when it is gone. Not reported as a failure. */
  async stop(): Promise<void> {
    this.#failure ??= new StorageError('CLOSED', `${this.#name} was stopped`);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    await this.#worker.terminate();
  }

  #expect<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (value: unknown) => void, reject });
    });
  }

  #answer(answer: Answer): void {
    if (this.#failure !== null) return;
    if (answer.ok) return this.#waiting.shift()?.resolve(answer.value);
    const error = new StorageError(answer.code as StorageErrorCode, answer.message);
    this.#waiting.shift()?.reject(error);
    if (answer.fatal) this.fail(error);
  }
}
