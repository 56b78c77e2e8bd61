/** The worker's side of the wire: one answer for each request, in order, and silence after a failure. */
import { parentPort } from 'node:worker_threads';
import type { Answer } from './messages.js';
import { StorageError } from './storage-error.js';

/** What a handler answers, with the buffers that go along by transfer. */
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

/**
 * Answers for the start, then for each request. What `start` or the handler throws is passed through `explain` (which
 * may note it on disk) and sent; after that nothing is done any more, unless it was a {@link Refusal}.
 */
export function serve(
  start: () => { reply: Reply; handle: (request: unknown) => Reply },
  explain: (error: unknown) => StorageError,
): void {
  const port = parentPort;
  if (port === null) throw new StorageError('INTERNAL', 'this file runs as a worker thread');
  const send = ({ value, transfer }: Reply): void => {
    port.postMessage({ ok: true, value } satisfies Answer, transfer ?? []);
  };
  const sendError = (error: unknown): void => {
    const refusal = error instanceof Refusal ? error.error : null;
    const { code, message } = refusal ?? explain(error);
    port.postMessage({ ok: false, code, message, fatal: refusal === null } satisfies Answer);
    if (refusal === null) port.removeAllListeners('message');
  };
  try {
    const { reply, handle } = start();
    port.on('message', (request: unknown) => {
      try {
        send(handle(request));
      } catch (error) {
        sendError(error);
      }
    });
    send(reply);
  } catch (error) {
    sendError(error);
  }
}
