/** `srvr` and `stat`: how the server is doing, at a glance; `stat` with its clients. */
import { connectionLine } from './cons.js';
import type { WordFacts } from './facts.js';
import { decimal, hex } from './numbers.js';
import { versionText } from './version.js';

export function srvr(facts: WordFacts): string {
  return versionLine(facts) + serverLines(facts);
}

export function stat(facts: WordFacts): string {
  let clients = '';
  for (const connection of facts.connections) clients += `${connectionLine(connection, 'brief')}\n`;
  return `${versionLine(facts)}Clients:\n${clients}\n${serverLines(facts)}`;
}

function versionLine({ version }: WordFacts): string {
  return `Zookeeper version: ${versionText(version)}\n`;
}

function serverLines({ server }: WordFacts): string {
  const { latencies, leading } = server;
  const lines = [
    `Latency min/avg/max: ${latencies.min}/${decimal(latencies.average)}/${latencies.max}`,
    `Received: ${server.packetsReceived}`,
    `Sent: ${server.packetsSent}`,
    `Connections: ${server.connections}`,
    `Outstanding: ${server.outstanding}`,
    `Zxid: ${hex(server.zxid)}`,
    `Mode: ${server.mode}`,
    `Node count: ${nodeCount(server.znodes)}`,
  ];
  if (leading !== null) {
    const { last, min, max } = leading.proposals;
    lines.push(`Proposal sizes last/min/max: ${last}/${min}/${max}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** ZooKeeper keeps its root under two names and counts both. */
export function nodeCount(znodes: number): number {
  return znodes + 1;
}
