/**
 * The servers of an ensemble as the lines that ZooKeeper's clients read in `/zookeeper/config`:
 *
 *     server.1=host:peerPort:electionPort:participant;clientHost:clientPort
 *
 * As in ZooKeeper, where clients find a server is told only where the server lines of the file tell it: it is the same on
 * all servers then. Clients refuse a line without an election port of its own, which Synod does not have: where the file
 * names none a port is made up, far enough from the peer port not to be another server's.
 */
import type { ServerEntry } from './servers.js';

/** What is added to a peer port where a line names no election port, as between ZooKeeper's usual 2888 and 3888. */
const ELECTION_PORT_DISTANCE = 1_000;

/** The lines, in the order of ids; empty for a server that stands alone. */
export function serverLines(servers: readonly ServerEntry[]): string {
  return servers.length < 2 ? '' : servers.map(lineOf).join('\n');
}

function lineOf(server: ServerEntry): string {
  const { id, host, port, role, clientHost, clientPort } = server;
  const peers = `server.${id}=${bracketed(host)}:${port}:${shownElectionPort(server)}:${role}`;
  return clientPort === null || clientPort === 0
    ? peers
    : `${peers};${bracketed(clientHost ?? '0.0.0.0')}:${clientPort}`;
}

/** What a server shows as its election port. */
export function shownElectionPort({ port, electionPort }: ServerEntry): number {
  if (electionPort !== null && electionPort !== port) return electionPort;
  return port + ELECTION_PORT_DISTANCE <= 65_535 ? port + ELECTION_PORT_DISTANCE : port - ELECTION_PORT_DISTANCE;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
