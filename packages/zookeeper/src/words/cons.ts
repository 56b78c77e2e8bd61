/** `cons`: one line for each connection, with all that is known of it. */
import type { ConnectionFacts, WordFacts } from './facts.js';
import { hex, socketAddress } from './numbers.js';
import { operationCode } from './operations.js';

export function cons({ connections }: WordFacts): string {
  let lines = '';
  for (const connection of connections) lines += `${connectionLine(connection, 'full')}\n`;
  return `${lines}\n`;
}

/** ` /127.0.0.1:40000[1](queued=0,…)`; the number in brackets says that the server reads. */
export function connectionLine(connection: ConnectionFacts, detail: 'brief' | 'full'): string {
  const { address, port, outstanding, packetsReceived, packetsSent, session } = connection;
  const counts = `queued=${outstanding},recved=${packetsReceived},sent=${packetsSent}`;
  const more = detail === 'full' && session !== 0 ? sessionDetails(connection) : '';
  return ` ${socketAddress(address, port)}[1](${counts}${more})`;
}

function sessionDetails({ session, timeout, establishedAt, latencies, last }: ConnectionFacts): string {
  const fields: (readonly [string, string | number])[] = [
    ['sid', hex(session)],
    ['lop', operationCode(last?.op)],
    ['est', establishedAt],
    ['to', timeout],
  ];
  if (last !== null && last.xid >= 0) fields.push(['lcxid', hex(last.xid)]);
  fields.push(
    ['lzxid', hex(last?.zxid ?? -1)],
    ['lresp', Math.round(last?.at ?? 0)],
    ['llat', Math.round(last?.latency ?? 0)],
    ['minlat', latencies.min],
    ['avglat', Math.round(latencies.average)],
    ['maxlat', latencies.max],
  );
  return fields.map(([name, value]) => `,${name}=${value}`).join('');
}
