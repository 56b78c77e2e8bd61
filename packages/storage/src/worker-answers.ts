/** Connects work to the port of the thread it runs in. */
import { parentPort } from 'node:worker_threads';
import { StorageError } from './storage-error.js';
import { Answering, type Answered, type Work } from './work.js';

/** Answers for the start, then for each request. */
export function serve<Request>(work: Work<Request>): void {
  const port = parentPort;
  if (port === null) throw new StorageError('INTERNAL', 'this file runs as a worker thread');
  const answering = new Answering(work);
  const send = ({ answer, transfer }: Answered): void => {
    port.postMessage(answer, transfer);
  };
  const started = answering.start();
  if (started.answer.ok) {
    port.on('message', (request: Request) => {
      const answered = answering.handle(request);
      if (answered !== null) send(answered);
      // Nobody listens: the thread ends.
      if (answering.failed) port.removeAllListeners('message');
    });
  }
  send(started);
}
