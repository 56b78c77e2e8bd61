/** The port through which a client reaches servers: frames out, frames in. What they mean is the session's business. */
import type { ServerAddress } from './session/servers.js';

/** What a connection reports, never from within `dial`. After `closed` nothing more comes. */
export interface LinkEvents {
  opened(): void;
  frame(bytes: Uint8Array): void;
  /** The connection ended or could not be opened; `cause` in words. */
  closed(cause: string): void;
}

/** One connection. */
export interface Link {
  /** Sends one frame; `bytes` may be reused by the caller afterwards. Of no effect once the connection has ended. */
  send(bytes: Uint8Array): void;
  /** Ends the connection at once; nothing more is reported. */
  hangUp(): void;
}

export interface Transport {
  /** Begins to open a connection. */
  dial(server: ServerAddress, events: LinkEvents): Link;
}
