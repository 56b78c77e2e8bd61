/** How a client comes into being: connect string, options, the first connection. */
import { SynodError } from '@synod/protocol';
import { Client } from './client.js';
import { parseConnectString } from './connect-string.js';
import { resolveOptions, type ConnectOptions, type ResolvedOptions } from './options.js';
import { View } from './view.js';
import { wsTransport } from './ws-transport.js';

/**
 * Connects to an ensemble and opens a session (or goes on with `options.session`).
 *
 *     const client = await connect('10.0.0.1:2181,10.0.0.2:2181/app');
 *
 * Rejects with SynodError: BAD_ARGUMENTS for a bad connect string or option, CONNECTION_LOSS where no server took the
 * session within `connectTimeout`, SESSION_EXPIRED where the session to go on with is over, AUTH_FAILED where an identity
 * is not accepted; or with the reason of `options.signal`. A client whose connect was rejected is gone.
 */
export async function connect(servers: string, options: ConnectOptions = {}): Promise<Client> {
  const resolved = resolveOptions(options);
  const list = parseConnectString(servers);
  options.signal?.throwIfAborted();
  const session = {
    servers: list.servers,
    timeout: resolved.sessionTimeout,
    expireAfter: resolved.expireAfter,
    maxQueue: resolved.maxQueue,
    resume: resolved.session,
  };
  const client = new Client(session, new View(list.chroot), wsTransport);
  try {
    await Promise.all([
      untilConnected(client, servers, resolved, options.signal),
      ...authenticate(client, resolved, options.signal),
    ]);
    return client;
  } catch (error) {
    client.kill('connect failed');
    throw error;
  }
}

/** The identities go first, so that nothing is asked for without them. */
function authenticate(client: Client, options: ResolvedOptions, signal: AbortSignal | undefined): Promise<void>[] {
  const limits = { timeout: options.connectTimeout, signal };
  return options.auth.map(({ scheme, credentials }) => client.addAuth(scheme, credentials, limits));
}

function untilConnected(
  client: Client,
  servers: string,
  { connectTimeout }: ResolvedOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      client.off('state', onState);
      act();
    };
    const onAbort = (): void => {
      settle(() => {
        reject(signal?.reason as Error);
      });
    };
    const onState = (state: Client['state'], cause: string): void => {
      if (state === 'connected') settle(resolve);
      else if (state === 'expired') {
        settle(() => {
          reject(new SynodError({ code: 'SESSION_EXPIRED', reason: cause }));
        });
      }
    };
    const timer = setTimeout(() => {
      const last = client.cause === '' ? '' : `; last: ${client.cause}`;
      const reason = `no server of ${servers} took the session within ${connectTimeout} ms${last}`;
      settle(() => {
        reject(new SynodError({ code: 'CONNECTION_LOSS', reason }));
      });
    }, connectTimeout);
    signal?.addEventListener('abort', onAbort, { once: true });
    client.on('state', onState);
  });
}
