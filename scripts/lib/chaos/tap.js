/**
 * Listens to what a client and its servers say to each other: the public calls do not show the number of a write nor the
 * zxid of an answer, and both are what the checkers need. Passes everything on unchanged.
 */
import { wsTransport } from '@synod/client/ws-transport';
import { frameMessages, Op, readClientMessage, readServerMessage, unpack } from '@synod/protocol';
import { now } from './history.js';

/**
 * @typedef {object} TapListener
 * @property {(session: number, timeout: number) => void} welcome
 * @property {(attempt: number, number: number) => void} sent the next of the calls without an answer was sent, on this
 *   attempt at a connection; number: of a write within its session, 0 for a read
 * @property {(zxid: number) => void} reply the answer to the oldest call that has none yet
 */

/** Requests of the client itself, which no call stands for. */
const own = new Set(/** @type {readonly number[]} */ ([Op.ping, Op.setWatches]));

/** The client takes these for the end of the connection and asks elsewhere again. */
const noAnswer = new Set(['CONNECTION_LOSS', 'SESSION_MOVED']);

/** A session that is over was not kept alive by what it is told. */
const isOver = 'SESSION_EXPIRED';

export class Tap {
  /** When the latest request that was answered had been sent. */
  contact = 0;
  /** When anything was last received. */
  heard = 0;
  /** Connections that were let in. */
  connection = 0;
  #attempts = 0;
  #listener;

  /** @param {TapListener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** @type {import('@synod/client/transport').Transport['dial']} */
  dial = (server, events) => {
    /** @type {Map<number, { op: import('@synod/protocol').OpCode; sent: number }>} */
    const waiting = new Map();
    const helloAt = now();
    const attempt = ++this.#attempts;
    const link = wsTransport.dial(server, {
      opened: () => events.opened(),
      closed: (cause) => events.closed(cause),
      frame: (bytes) => {
        this.heard = now();
        for (const message of frameMessages(unpack(bytes))) this.#received(message, waiting, helloAt);
        events.frame(bytes);
      },
    });
    return {
      send: (bytes) => {
        for (const message of frameMessages(unpack(bytes))) this.#sent(message, waiting, attempt);
        link.send(bytes);
      },
      hangUp: () => link.hangUp(),
    };
  };

  /**
   * @param {readonly unknown[]} wire
   * @param {Map<number, { op: import('@synod/protocol').OpCode; sent: number }>} waiting
   * @param {number} attempt
   */
  #sent(wire, waiting, attempt) {
    const message = readClientMessage(wire);
    if (message.type !== 'request') return;
    waiting.set(message.xid, { op: message.request.op, sent: now() });
    if (!own.has(message.request.op)) this.#listener.sent(attempt, message.number);
  }

  /**
   * @param {readonly unknown[]} wire
   * @param {Map<number, { op: import('@synod/protocol').OpCode; sent: number }>} waiting
   * @param {number} helloAt
   */
  #received(wire, waiting, helloAt) {
    const message = readServerMessage(wire, (xid) => waiting.get(xid)?.op);
    if (message.type === 'welcome') {
      this.connection++;
      this.contact = Math.max(this.contact, helloAt);
      this.#listener.welcome(message.welcome.session, message.welcome.timeout);
    } else if (message.type === 'reply') {
      const request = waiting.get(message.xid);
      waiting.delete(message.xid);
      const { result, zxid } = message.reply;
      if (!request || ('code' in result && noAnswer.has(result.code))) return;
      if (!('code' in result && result.code === isOver)) this.contact = Math.max(this.contact, request.sent);
      if (!own.has(request.op)) this.#listener.reply(zxid);
    }
  }
}
