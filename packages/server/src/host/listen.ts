/** Opening a port, with failures in words, and the address of a socket as people write it. */
import type { Server } from 'node:net';
import { SynodError } from '@synod/protocol';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there already',
  EACCES: 'the system does not permit it',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'the name has no address',
};

/**
 * Resolves once the server listens. `setting` names the line of the configuration that chose the port. Rejects with
 * SynodError SYSTEM_ERROR, its cause the system's error.
 */
export function listen(server: Server, at: { host: string; port: number }, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      const why = REASONS[cause.code ?? ''] ?? cause.message;
      const reason = `cannot listen on ${formatAddress(at.host, at.port)} (${setting}): ${why}`;
      reject(new SynodError({ code: 'SYSTEM_ERROR', reason, cause }));
    };
    server.once('error', failed);
    server.listen({ host: at.host, port: at.port }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

/** The port a listening server got. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a TCP port');
  return address.port;
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IPv4 address that came through an IPv6 socket (`::ffff:1.2.3.4`) as the IPv4 address it is. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
