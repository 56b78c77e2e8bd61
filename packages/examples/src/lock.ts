/**
 * A lock: one process at a time, in the order in which they came, and free at once when its holder dies.
 *
 *     node packages/examples/dist/lock.js --hold 5000
 *
 * Everyone who wants it creates an ephemeral znode with a number. The lowest number holds the lock; every other waits for
 * the one just before it and for nobody else, so that a release wakes one process and not all of them. The znode goes
 * with its session, and the lock with the znode.
 *
 * No lock of this kind can stop a holder that has lost it without noticing yet (a long pause, a cut cable). So the holder
 * gets a fencing token, the czxid of its znode: it is higher for every later holder. Whatever the lock protects must be
 * given the token with each request and refuse a lower one than it has seen.
 */
import { isSynodError, type Client } from '@synod/client';
import { runProgram } from './program.js';

/** A lock that is held. */
export interface Held {
  /** Higher than that of every earlier holder. */
  readonly token: number;
  /** This holder's znode. */
  readonly path: string;
  /** Gives the lock to the next one. */
  release(): Promise<void>;
}

/**
 * Waits for the lock at `path`, which is made where it is missing. `onWait` is told whom it waits behind.
 *
 * Rejects with SESSION_EXPIRED where the session is lost: then the place in the queue is lost as well.
 */
export async function acquire(client: Client, path: string, onWait?: (before: string) => void): Promise<Held> {
  await makeParent(client, path);
  // Sent once more over a broken connection, this is still one znode: a write is made once.
  const { path: own, stat } = await client.create(`${path}/lock-`, null, { mode: 'ephemeralSequential' });
  const name = own.slice(path.length + 1);
  for (;;) {
    const { children } = await client.children(path);
    const before = children
      .filter((child) => child < name)
      .sort()
      .at(-1);
    if (before === undefined) return { token: stat.czxid, path: own, release: () => client.delete(own) };
    onWait?.(before);
    await gone(client, `${path}/${before}`);
  }
}

/** A container: the servers remove it some time after the last znode in it. */
async function makeParent(client: Client, path: string): Promise<void> {
  try {
    await client.create(path, null, { mode: 'container' });
  } catch (error) {
    if (!isSynodError(error) || error.code !== 'NODE_EXISTS') throw error;
  }
}

/** Resolves when a znode may be gone: its watch has fired, or it was not there. */
async function gone(client: Client, path: string): Promise<void> {
  let fired = (): void => undefined;
  const changed = new Promise<void>((resolve) => (fired = resolve));
  // Expiry fires no watch; waking up here makes the next read say so.
  client.on('state', fired);
  try {
    if ((await client.exists(path, { watch: fired })) !== null) await changed;
  } finally {
    client.off('state', fired);
  }
}

const options = {
  path: { type: 'string', default: '/lock' },
  hold: { type: 'string', default: '1000' },
} as const;

await runProgram(import.meta.url, options, async (client, values) => {
  const held = acquire(client, String(values['path']), (before) => console.log(`waits behind ${before}`));
  client.on('state', (state, cause) => {
    // Until it is connected again the session, and with it the lock, may be over without its knowing.
    if (state === 'suspended') console.log(`no server (${cause}): may be losing the lock, so it pauses its work`);
    if (state === 'connected') console.log('has a server again: its session is the same, and so is its place');
    if (state !== 'expired') return;
    console.log(`lost its session (${cause}), and the lock or its place in the queue with it`);
    process.exit(1);
  });
  const lock = await held;
  console.log(`holds the lock, fencing token ${lock.token}`);
  await new Promise((resolve) => setTimeout(resolve, Number(values['hold'])));
  await lock.release();
  console.log('released the lock');
});
