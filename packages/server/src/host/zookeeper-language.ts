/**
 * ZooKeeper's protocol over TCP: the pure Conversation of @synod/zookeeper on a link, which is read no further while the
 * conversation is held up. An error in a conversation would be a bug of ours that a client has found: it costs the
 * connection, not the server.
 */
import type { ClientMessage } from '@synod/protocol';
import { Conversation, type ConnectionStats } from '@synod/zookeeper';
import type { ClientLanguage, Hearer } from './client-language.js';
import type { ClientLink } from './client-link.js';
import type { Logger } from './logger.js';

/** What all conversations of a server share. */
export interface ZooKeeperSettings {
  /** Bytes of one frame of a client. */
  readonly maxFrameBytes: number;
  readonly log: Logger;
  /** A clock that nobody sets, in milliseconds. */
  now(): number;
}

export class ZooKeeperLanguage implements ClientLanguage {
  readonly conversation: Conversation;
  readonly #link: ClientLink;
  readonly #hearer: Hearer;
  readonly #settings: ZooKeeperSettings;
  #held = false;

  constructor(link: ClientLink, hearer: Hearer, stats: ConnectionStats, settings: ZooKeeperSettings) {
    this.conversation = new Conversation(settings.maxFrameBytes, stats);
    this.#link = link;
    this.#hearer = hearer;
    this.#settings = settings;
  }

  receive(bytes: Uint8Array): void {
    this.#hear(() => this.conversation.receive(bytes, this.#settings.now()));
  }

  send(messages: readonly (readonly unknown[])[]): void {
    const bytes = this.#try(() => this.conversation.answer(messages, this.#settings.now()));
    if (bytes !== null && bytes.length > 0) this.#link.send(bytes);
    this.#goOn();
  }

  pause(): void {
    this.conversation.pause();
    this.#pace();
  }

  resume(): void {
    this.conversation.resume();
    this.#goOn();
  }

  #goOn(): void {
    this.#hear(() => this.conversation.proceed(this.#settings.now()));
  }

  #hear(listen: () => readonly ClientMessage[]): void {
    for (const message of this.#try(listen) ?? []) this.#hearer.message(message);
    this.#pace();
  }

  #try<T>(work: () => T): T | null {
    try {
      return work();
    } catch (cause) {
      this.#settings.log.error('conversation-failed', { link: this.#link.id, cause });
      this.#link.terminate();
      return null;
    }
  }

  /** Reads no further while the conversation is held up, and not at all once it has ended. */
  #pace(): void {
    const { ended, held } = this.conversation;
    if (ended !== null) this.#link.close(ended);
    else if (held !== this.#held) {
      this.#held = held;
      if (held) this.#link.pause();
      else this.#link.resume();
    }
  }
}
