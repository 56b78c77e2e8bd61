/**
 * The list of servers: `server.N=host:peerPort[:electionPort][:participant|observer][;[clientHost:]clientPort]`, as in
 * ZooKeeper's static and dynamic configuration files. The election port is accepted and only shown to clients: one port
 * serves all that servers say to each other. Left out: several addresses for one server, and TLS ports.
 */
import type { Findings } from './problems.js';
import type { Entry } from './properties.js';
import { bareHost, isHost, type Address } from './settings.js';

/** participant: votes and may lead. observer: learns and serves only. */
export type ServerRole = 'participant' | 'observer';

/** One server of the ensemble, as the others reach it. */
export interface ServerEntry {
  /** 1 to 255. */
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly role: ServerRole;
  /** The three that follow are null where the line does not say them. */
  readonly electionPort: number | null;
  /** Where clients find the server; port 0: any free port. */
  readonly clientHost: string | null;
  readonly clientPort: number | null;
}

/** A server line: the entry, and where it stands. */
export interface ServerLine extends ServerEntry {
  readonly line: number;
}

/** Most participants: each one more makes every write dearer, and 7 survive three failures. */
export const MAX_VOTERS = 7;

/** Largest server id, as ZooKeeper's. */
export const MAX_SERVER_ID = 255;

const form = 'host:peerPort[:electionPort][:participant|observer][;[clientHost:]clientPort]';
const serverKey = /^server\.(.*)$/;
const server = /^(\[[^\]]+\]|[^:[\]]+):(\d+)(?::(\d+))?(?::(participant|observer))?$/i;
const client = /^(?:(\[[^\]]+\]|[^:[\]]+):)?(\d+)$/;

/** True for the keys that this file reads. */
export function isServerKey(key: string): boolean {
  return serverKey.test(key);
}

/** All server lines that can be read, by id. */
export function readServers(entries: Iterable<Entry>, findings: Findings): readonly ServerLine[] {
  const lines = new Map<number, ServerLine>();
  for (const entry of entries) {
    const id = serverKey.exec(entry.key)?.[1];
    if (id === undefined) continue;
    const read = readServer(id, entry, findings);
    if (read === null) continue;
    const first = lines.get(read.id);
    if (first) findings.error(read.line, `server ${read.id} is given twice; the first time in line ${first.line}`);
    else lines.set(read.id, read);
  }
  return [...lines.values()].sort((a, b) => a.id - b.id);
}

function readServer(idText: string, { key, value, line }: Entry, findings: Findings): ServerLine | null {
  const id = /^\d+$/.test(idText) ? Number(idText) : NaN;
  if (!(id >= 1 && id <= MAX_SERVER_ID)) {
    findings.error(line, `${key}: a server id is a whole number from 1 to ${MAX_SERVER_ID}`);
    return null;
  }
  const problem = unsupported(value);
  if (problem !== null) {
    findings.error(line, `${key}: ${problem}`);
    return null;
  }
  const [peerText = '', clientText] = value.split(';').map((part) => part.trim());
  const peer = server.exec(peerText);
  const door = clientText === undefined ? undefined : client.exec(clientText);
  if (peer === null || door === null) {
    findings.error(line, `${key} must be ${form}, not "${value}"`);
    return null;
  }
  const [, host = '', port, electionPort, role] = peer;
  const checked = [
    checkHost(host),
    checkPort(port),
    checkPort(electionPort),
    checkHost(door?.[1]),
    checkPort(door?.[2], 0),
  ];
  for (const text of checked) if (text !== null) findings.error(line, `${key}: ${text}`);
  return {
    id,
    host: bareHost(host),
    port: Number(port),
    role: role?.toLowerCase() === 'observer' ? 'observer' : 'participant',
    line,
    electionPort: electionPort === undefined ? null : Number(electionPort),
    clientHost: door?.[1] === undefined ? null : bareHost(door[1]),
    clientPort: door?.[2] === undefined ? null : Number(door[2]),
  };
}

function unsupported(value: string): string | null {
  if (value.includes('|')) return 'several addresses for one server are not supported yet';
  if (value.split(';').length > 2)
    return 'a TLS port for clients is not supported yet; refusing rather than serving without it';
  return null;
}

function checkHost(host: string | undefined): string | null {
  return host === undefined || isHost(host) ? null : `"${host}" is not a host name or an IP address`;
}

function checkPort(port: string | undefined, least = 1): string | null {
  const fine = port === undefined || (Number(port) >= least && Number(port) <= 65_535);
  return fine ? null : `a port is a number from ${least} to 65535, not ${port}`;
}

/** What the servers are together: at least one voter, at most seven, each at an address of its own. */
export function checkEnsemble(servers: readonly ServerLine[], findings: Findings): void {
  const voters = servers.filter(({ role }) => role === 'participant');
  const [first] = servers;
  const extra = [...voters].sort((a, b) => a.line - b.line)[MAX_VOTERS];
  if (first && voters.length === 0) {
    findings.error(first.line, 'all servers are observers; at least one must be a participant');
  }
  if (extra) {
    const advice = 'make the others observers, which serve clients as well';
    findings.error(extra.line, `${voters.length} participants; at most ${MAX_VOTERS} may vote: ${advice}`);
  } else if (voters.length > 0 && voters.length % 2 === 0) {
    const advice = `${voters.length} survive no more failures than ${voters.length - 1}; take an odd number`;
    findings.warn(null, `an even number of participants: ${advice}`);
  }
  checkAddresses(servers, findings);
}

function checkAddresses(servers: readonly ServerLine[], findings: Findings): void {
  const taken = new Map<string, { id: number; use: string }>();
  const claim = (entry: ServerLine, port: number | null, use: string): void => {
    if (port === null || port === 0) return;
    const place = `${canonicalHost(entry.host)}:${port}`;
    const other = taken.get(place);
    if (other)
      findings.error(entry.line, `${use} ${port} of server ${entry.id} is also ${other.use} of server ${other.id}`);
    else taken.set(place, { id: entry.id, use });
  };
  for (const entry of [...servers].sort((a, b) => a.line - b.line)) {
    claim(entry, entry.port, 'the peer port');
    claim(entry, entry.clientPort, 'the client port');
  }
}

/** One name for the names of one host, as far as that can be told without asking a name server. */
function canonicalHost(host: string): string {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name === 'localhost' || name === '::1' ? '127.0.0.1' : name;
}

/** True where a listener at `a` would be in the way of one at `b`. */
export function collide(a: Address, b: Address): boolean {
  const everywhere = (host: string): boolean => host === '0.0.0.0' || /^[0:]+$/.test(host);
  const meet = everywhere(a.host) || everywhere(b.host) || canonicalHost(a.host) === canonicalHost(b.host);
  return a.port !== 0 && a.port === b.port && meet;
}
