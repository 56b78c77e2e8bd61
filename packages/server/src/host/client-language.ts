/**
 * What clients speak, as the host sees it: between a connection (client-link.ts) and the replica stands a language, which
 * turns what comes over the link into messages for the replica, and what the replica says into what leaves over the link.
 * One object for each connection. synod-language.ts and zookeeper-language.ts are the two there are.
 */
import type { ClientMessage } from '@synod/protocol';

/** The languages of the client port. */
export type LanguageName = 'synod' | 'zookeeper';

/** The replica as one connection sees it. */
export interface Hearer {
  /** False once the replica has dismissed the connection: what it says is not looked at any more. */
  readonly listens: boolean;
  message(message: ClientMessage): void;
  /** Something could not be read; `xid` 0 where there is nothing to answer to. Takes SynodErrors, throws others. */
  fault(xid: number, error: unknown): void;
}

/** One connection's. No method calls back into the host but by the hearer. */
export interface ClientLanguage {
  /** What came over the link, a frame or bytes as they came. */
  receive(bytes: Uint8Array): void;
  /** What the replica says, in its wire form. */
  send(messages: readonly (readonly unknown[])[]): void;
  /** The replica wants to hear no more for the time being; a little may still come. */
  pause(): void;
  resume(): void;
}
