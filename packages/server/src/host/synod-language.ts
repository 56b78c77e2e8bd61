/** Synod's own protocol: frames of messages in MessagePack, each frame one of WebSocket. */
import { frameMessages, readClientMessage, readXid, unpackForeign } from '@synod/protocol';
import type { ClientLanguage, Hearer } from './client-language.js';
import type { ClientLink } from './client-link.js';
import { frames } from './outbox.js';
import type { SynodTally } from './synod-tally.js';

export class SynodLanguage implements ClientLanguage {
  readonly #link: ClientLink;
  readonly #hearer: Hearer;
  readonly #tally: SynodTally;

  constructor(link: ClientLink, hearer: Hearer, tally: SynodTally) {
    this.#link = link;
    this.#hearer = hearer;
    this.#tally = tally;
  }

  receive(bytes: Uint8Array): void {
    const hearer = this.#hearer;
    let messages: readonly (readonly unknown[])[];
    try {
      messages = frameMessages(unpackForeign(bytes));
    } catch (error) {
      hearer.fault(0, error);
      return;
    }
    for (const message of messages) {
      // What follows the message that cost the connection is not looked at.
      if (!hearer.listens) return;
      try {
        const read = readClientMessage(message);
        this.#tally.heard(read);
        hearer.message(read);
      } catch (error) {
        const xid = readXid(message);
        this.#tally.misheard(xid);
        hearer.fault(xid, error);
      }
    }
  }

  send(messages: readonly (readonly unknown[])[]): void {
    this.#tally.said(messages);
    for (const frame of frames(messages)) this.#link.send(frame);
  }

  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
  }
}
