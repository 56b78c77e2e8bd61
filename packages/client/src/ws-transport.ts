/**
 * The transport over WebSocket, by `ws`. Frames are binary; compression is off because frames are small and latency
 * counts. A name is resolved at each attempt.
 */
import { WebSocket } from 'ws';
import { formatAddress, type ServerAddress } from './session/servers.js';
import { MAX_REPLY_BYTES } from './session/session.js';
import type { Link, LinkEvents, Transport } from './transport.js';

export const wsTransport: Transport = { dial };

function dial(server: ServerAddress, events: LinkEvents): Link {
  const socket = new WebSocket(`ws://${formatAddress(server)}/`, {
    perMessageDeflate: false,
    maxPayload: MAX_REPLY_BYTES,
    skipUTF8Validation: true,
    followRedirects: false,
  });
  let cause = '';
  socket.binaryType = 'nodebuffer';
  socket.on('open', () => {
    events.opened();
  });
  socket.on('message', (data, isBinary) => {
    if (isBinary) events.frame(data as Buffer);
    else socket.close(1003, 'binary frames only');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    // Where a name has several addresses and none answers, the error carries no message of its own.
    cause = error.message || error.code || error.name;
  });
  socket.on('close', (code, reason) => {
    events.closed(cause || `closed by the server (${code}${reason.length > 0 ? ` ${reason.toString()}` : ''})`);
  });
  return {
    send(bytes) {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
    },
    hangUp() {
      socket.removeAllListeners();
      // Ending an attempt that is still under way makes ws report an error, which nobody wants any more.
      socket.on('error', () => undefined);
      socket.terminate();
    },
  };
}
