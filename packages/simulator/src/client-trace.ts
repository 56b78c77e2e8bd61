/** What a client does, as lines of the trace: from the records that it keeps anyway. */
import { eventName, formatZxid, type EventType } from '@synod/protocol';
import { describeRequest } from './check/describe.js';
import type { EventRecord, OpRecord, StateRecord } from './history.js';

/** Adds a line to the trace; `to`: of a message. */
type Add = (node: string, kind: string, text: string, to?: string) => void;

export class ClientTrace {
  readonly #add: Add;

  constructor(add: Add) {
    this.#add = add;
  }

  /** A request leaves for the server to which the client is connected. */
  sent({ client, request, number, resent }: OpRecord, server: string | undefined): void {
    const what = `${describeRequest(request)}${number > 0 ? ` (write ${number})` : ''}${resent > 0 ? ' again' : ''}`;
    this.#add(client, 'request', what, server);
  }

  /** The answer to a request has arrived, or is given by the client itself (zxid 0). */
  answered({ client, request, number, outcome, code, zxid }: OpRecord, server: string | undefined): void {
    const what = `${describeRequest(request)}${number > 0 ? ` (write ${number})` : ''}`;
    const text = `${what}: ${outcome}${code === '' ? '' : ` ${code}`}`;
    if (zxid === 0 || server === undefined) this.#add(client, 'given-up', text);
    else this.#add(server, 'answer', `${text} at ${formatZxid(zxid)}`, client);
  }

  /** A watch has fired. */
  event({ client, type, path, zxid }: EventRecord, server: string | undefined): void {
    this.#add(server ?? client, 'watch', `${eventName(type as EventType)} ${path} at ${formatZxid(zxid)}`, client);
  }

  /** The session's state has changed. */
  state({ client, state, cause, session }: StateRecord): void {
    this.#add(client, state, `session ${formatZxid(session)}${cause === '' ? '' : `: ${cause}`}`);
  }
}
