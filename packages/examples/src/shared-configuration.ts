/**
 * A piece of configuration that one process writes and all others follow.
 *
 *     node packages/examples/dist/shared-configuration.js follow
 *     node packages/examples/dist/shared-configuration.js write '{"colour":"blue"}'
 *
 * A one-shot watch tells of one change and is then used up. No change is lost all the same, because reading and arming
 * the watch are one step on the server: whatever happens after the read fires the watch, and whatever happened before it
 * is in what was read. Values in between may be skipped where they change faster than they are read; the last never is.
 */
import { isSynodError, type Client, type GetResult } from '@synod/client';
import { runProgram } from './program.js';

/** Writes the configuration, whether or not there is one. */
export async function publish(client: Client, path: string, value: string): Promise<void> {
  for (;;) {
    try {
      await client.set(path, value);
      return;
    } catch (error) {
      if (!isSynodError(error) || error.code !== 'NO_NODE') throw error;
    }
    try {
      await client.create(path, value);
      return;
    } catch (error) {
      // Somebody else was faster: then there is something to set.
      if (!isSynodError(error) || error.code !== 'NODE_EXISTS') throw error;
    }
  }
}

/**
 * Calls `onValue` with the configuration as it is now and then with every later one, null where there is none; until
 * `signal` is aborted. A broken connection needs no care: the client arms its watches again and learns what it missed.
 * Rejects with SESSION_EXPIRED where the session is lost, and with whatever else keeps it from reading.
 */
export async function follow(
  client: Client,
  path: string,
  onValue: (value: string | null) => void,
  signal?: AbortSignal,
): Promise<void> {
  let known: string | null | undefined;
  while (signal?.aborted !== true) {
    let wake = (): void => undefined;
    const changed = new Promise<void>((resolve) => (wake = resolve));
    signal?.addEventListener('abort', wake, { once: true });
    // Expiry tells no watch; waking up here makes the next read say so.
    client.on('state', wake);
    try {
      const found = await readAndWatch(client, path, wake);
      const value = found === null ? null : String(found.data ?? '');
      if (value !== known) onValue((known = value));
      await changed;
    } finally {
      client.off('state', wake);
      signal?.removeEventListener('abort', wake);
    }
  }
}

/** The znode, or null where there is none; `onChange` is called at the first change after that, or at its creation. */
async function readAndWatch(client: Client, path: string, onChange: () => void): Promise<GetResult | null> {
  for (;;) {
    try {
      return await client.get(path, { watch: onChange });
    } catch (error) {
      if (!isSynodError(error) || error.code !== 'NO_NODE') throw error;
    }
    // A refused get leaves no watch behind; exists watches what is not there yet. If it is by now: read again.
    if ((await client.exists(path, { watch: onChange })) === null) return null;
  }
}

const options = { path: { type: 'string', default: '/shared-configuration' } } as const;

await runProgram(import.meta.url, options, async (client, values, [verb, value = '']) => {
  const path = String(values['path']);
  if (verb === 'write') {
    await publish(client, path, value);
    console.log(`wrote ${value}`);
  } else if (verb === 'follow') {
    await follow(client, path, (now) => console.log(now === null ? 'there is no configuration' : `now ${now}`));
  } else throw new TypeError('usage: shared-configuration.js follow | write TEXT');
});
