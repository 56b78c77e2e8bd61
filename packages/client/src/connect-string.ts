/**
 * The connect string in ZooKeeper's form: `host:port,host:port/chroot`. The port may be left out (2181); an IPv6 address
 * stands in brackets; the chroot, if any, is the same for all servers and comes last.
 */
import { pathProblem, SynodError } from '@synod/protocol';
import type { ServerAddress } from './session/servers.js';

export const DEFAULT_PORT = 2181;

export interface ConnectString {
  readonly servers: readonly ServerAddress[];
  /** A path, or empty for none. */
  readonly chroot: string;
}

/** Reads a connect string; throws SynodError BAD_ARGUMENTS that says what is wrong. */
export function parseConnectString(text: string): ConnectString {
  const slash = text.indexOf('/');
  const list = slash < 0 ? text : text.slice(0, slash);
  const chroot = slash < 0 ? '' : text.slice(slash);
  const problem = chroot === '' ? undefined : pathProblem(chroot);
  if (problem !== undefined) throw bad(`the chroot ${JSON.stringify(chroot)}: ${problem}`);
  return { servers: list.split(',').map(parseAddress), chroot: chroot === '/' ? '' : chroot };
}

function parseAddress(text: string): ServerAddress {
  const trimmed = text.trim();
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(trimmed);
  if (match === null) {
    const hint = 'write host:port, an IPv6 address as [address]:port, and commas between servers';
    throw bad(`${trimmed === '' ? 'a server without a name' : `not a server: ${JSON.stringify(trimmed)}`}; ${hint}`);
  }
  const port = match[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (port < 1 || port > 65_535) throw bad(`port ${port} of ${JSON.stringify(trimmed)} is not from 1 to 65535`);
  return { host: match[1] ?? match[2]!, port };
}

function bad(reason: string): SynodError {
  return new SynodError({ code: 'BAD_ARGUMENTS', reason: `connect string: ${reason}` });
}
