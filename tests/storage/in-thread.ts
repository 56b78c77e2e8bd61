/** The two workers of a storage in this thread: each request is done, and answered, in a turn of its own. */
import type { Disk, StorageError } from '@synod/storage';
import { Calls, type Link } from '@synod/storage/link';
import { LogWork } from '@synod/storage/log-work';
import { StateWork } from '@synod/storage/state-work';
import { Answering, type Answered, type Work } from '@synod/storage/work';
import type { Workers } from '@synod/storage/workers';

/** Workers in the directory of `disk`. */
export function inThread(disk: Disk): Workers {
  return {
    disk,
    log: (data, onFatal) => new InThreadLink('log', new LogWork(disk, data), onFatal),
    state: (data, onFatal) => new InThreadLink('state', new StateWork(disk, data), onFatal),
  };
}

class InThreadLink<Request> implements Link<Request> {
  readonly #name: string;
  readonly #answering: Answering<Request>;
  readonly #calls: Calls;
  #stopped = false;

  constructor(name: string, work: Work<Request>, onFatal: (error: StorageError) => void) {
    this.#name = name;
    this.#answering = new Answering(work);
    this.#calls = new Calls(onFatal);
  }

  started<T>(): Promise<T> {
    return this.#later(() => this.#answering.start());
  }

  call<T>(request: Request): Promise<T> {
    const { failure } = this.#calls;
    return failure === null ? this.#later(() => this.#answering.handle(request)) : Promise.reject(failure);
  }

  fail(error: StorageError): void {
    this.#calls.fail(error);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#calls.stop(this.#name);
    return Promise.resolve();
  }

  #later<T>(step: () => Answered | null): Promise<T> {
    setImmediate(() => {
      const answered = this.#stopped ? null : step();
      if (answered !== null) this.#calls.answer(answered.answer);
    });
    return this.#calls.expect<T>();
  }
}
