/**
 * The handshake, without headers in front. The byte `readOnly` came late: the oldest clients do not send it, and then must
 * not get it either; null stands for its absence.
 */
import type { Codec } from '../codec.js';
import type { JuteReader } from '../jute-reader.js';
import type { JuteWriter } from '../jute-writer.js';
import type { Long } from '../long.js';

/** First frame of a connection, from the client. */
export interface ConnectRequest {
  /** 0 from all clients; ZooKeeper ignores it. */
  readonly protocolVersion: number;
  readonly lastZxidSeen: Long;
  /** Wanted session timeout in milliseconds. */
  readonly timeOut: number;
  /** 0 for a new session. */
  readonly sessionId: Long;
  readonly passwd: Uint8Array | null;
  readonly readOnly: boolean | null;
}

/** First frame from the server. */
export interface ConnectResponse {
  readonly protocolVersion: number;
  /** Negotiated session timeout in milliseconds; 0 where there is no such session (any more). */
  readonly timeOut: number;
  readonly sessionId: Long;
  /** Always 16 bytes: the client in C has room for no other number. */
  readonly passwd: Uint8Array | null;
  readonly readOnly: boolean | null;
}

function readOnlyOf(input: JuteReader): boolean | null {
  return input.left === 0 ? null : input.bool('readOnly');
}

function writeReadOnly(output: JuteWriter, readOnly: boolean | null): void {
  if (readOnly !== null) output.bool(readOnly);
}

export const connectRequest: Codec<ConnectRequest> = {
  read: (input) => ({
    protocolVersion: input.int('protocolVersion'),
    lastZxidSeen: input.long('lastZxidSeen'),
    timeOut: input.int('timeOut'),
    sessionId: input.long('sessionId'),
    passwd: input.buffer('passwd'),
    readOnly: readOnlyOf(input),
  }),
  write(output, value) {
    output.int(value.protocolVersion);
    output.long(value.lastZxidSeen);
    output.int(value.timeOut);
    output.long(value.sessionId);
    output.buffer(value.passwd);
    writeReadOnly(output, value.readOnly);
  },
};

export const connectResponse: Codec<ConnectResponse> = {
  read: (input) => ({
    protocolVersion: input.int('protocolVersion'),
    timeOut: input.int('timeOut'),
    sessionId: input.long('sessionId'),
    passwd: input.buffer('passwd'),
    readOnly: readOnlyOf(input),
  }),
  write(output, value) {
    output.int(value.protocolVersion);
    output.int(value.timeOut);
    output.long(value.sessionId);
    output.buffer(value.passwd);
    writeReadOnly(output, value.readOnly);
  },
};
