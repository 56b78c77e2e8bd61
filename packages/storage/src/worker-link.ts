/** Worker threads behind {@link Workers}, as servers have them. */
import { Worker } from 'node:worker_threads';
import { Calls, type Link } from './link.js';
import type { Answer, LogWorkerData, StateWorkerData, ThreadData } from './messages.js';
import { nodeDisk } from './node-disk.js';
import { messageOf, StorageError } from './storage-error.js';
import type { Workers } from './workers.js';

/** Threads that work in the directory `dir`. */
export function threads(dir: string): Workers {
  return {
    disk: nodeDisk(dir),
    log: (data, onFatal) =>
      new WorkerLink('log-worker.js', 'synod log', { dir, data } satisfies ThreadData<LogWorkerData>, onFatal),
    state: (data, onFatal) =>
      new WorkerLink('state-worker.js', 'synod state', { dir, data } satisfies ThreadData<StateWorkerData>, onFatal),
  };
}

/** One worker thread. */
class WorkerLink<Request> implements Link<Request> {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #calls: Calls;

  /** Starts `file` (in this directory). */
  constructor(file: string, name: string, data: unknown, onFatal: (error: StorageError) => void) {
    this.#name = name;
    this.#calls = new Calls(onFatal);
    // Flags of the host such as --input-type would keep a worker from starting.
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: data, name, execArgv: [] });
    this.#worker.on('message', (answer: Answer) => {
      this.#calls.answer(answer);
    });
    this.#worker.on('error', (error) => {
      this.fail(new StorageError('INTERNAL', `${name} failed: ${messageOf(error)}`, error));
    });
    this.#worker.on('exit', (code) => {
      this.fail(new StorageError('INTERNAL', `${name} ended with code ${code}`));
    });
  }

  started<T>(): Promise<T> {
    return this.#calls.expect<T>();
  }

  call<T>(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<T> {
    const { failure } = this.#calls;
    if (failure !== null) return Promise.reject(failure);
    this.#worker.postMessage(request, transfer);
    return this.#calls.expect<T>();
  }

  fail(error: StorageError): void {
    this.#calls.fail(error);
  }

  async stop(): Promise<void> {
    this.#calls.stop(this.#name);
    await this.#worker.terminate();
  }
}
