/**
 * A counter that any number of processes increment at the same time, without a lock: read the value with its version,
 * write the new value for just that version, and begin anew where somebody else was faster (compare and set).
 *
 *     node packages/examples/dist/shared-counter.js --times 100
 *     node packages/examples/dist/shared-counter.js --times 100 --ephemeral --until 300
 *
 * The first variant, `--ephemeral`, keeps the value in an ephemeral znode: it lives as long as the session of whoever
 * came first, and counts from 0 again afterwards. That fits numbers about processes that run now. The second, a
 * persistent znode, outlives all of them.
 */
import { isSynodError, type Client } from '@synod/client';
import { runProgram } from './program.js';

export type CounterMode = 'ephemeral' | 'persistent';

/**
 * Adds one and gives the new value. However many processes do this, each success counts exactly once: a connection that
 * breaks is no failure (the client sends the write again, and the servers recognise it).
 *
 * Rejects with SESSION_EXPIRED where the servers could not be reached for too long. Its `outcome` then says whether this
 * increment may have been counted; whoever tried again all the same might count twice.
 */
export async function increment(client: Client, path: string, mode: CounterMode = 'persistent'): Promise<number> {
  for (;;) {
    const before = await unless('NO_NODE', client.get(path));
    if (before === null) {
      const first = await unless('NODE_EXISTS', client.create(path, '1', { mode }));
      if (first !== null) return 1;
    } else {
      const next = Number(before.data) + 1;
      const { version } = before.stat;
      const written = await unless('BAD_VERSION', unless('NO_NODE', client.set(path, String(next), { version })));
      if (written !== null) return next;
    }
  }
}

/** True where the counter is ephemeral and would go with this client's session. */
export async function holder(client: Client, path: string): Promise<boolean> {
  return (await client.ephemerals(path)).includes(path);
}

/** The outcome, or null where it was refused with the code that is expected. */
async function unless<T>(code: string, outcome: Promise<T>): Promise<T | null> {
  try {
    return await outcome;
  } catch (error) {
    if (isSynodError(error) && error.code === code) return null;
    throw error;
  }
}

/** Waits until the counter shows a number; each look arms the watch for the change after it. */
async function reached(client: Client, path: string, number: number): Promise<void> {
  for (;;) {
    let tell: () => void;
    const changed = new Promise<void>((resolve) => (tell = resolve));
    const { data } = await client.get(path, { watch: () => tell() });
    if (Number(data) >= number) return;
    await changed;
  }
}

const options = {
  path: { type: 'string', default: '/shared-counter' },
  times: { type: 'string', default: '1' },
  ephemeral: { type: 'boolean', default: false },
  until: { type: 'string', default: '0' },
} as const;

await runProgram(import.meta.url, options, async (client, values) => {
  const path = String(values['path']);
  const mode = values['ephemeral'] === true ? 'ephemeral' : 'persistent';
  let value = 0;
  for (let i = 0; i < Number(values['times']); i++) {
    value = await increment(client, path, mode);
    if (i === 0) console.log(`started at ${value}`);
  }
  console.log(`ended at ${value}`);
  // Whoever made an ephemeral counter takes it along, so it waits for the others.
  if (!(await holder(client, path))) return;
  console.log('holds the counter');
  await reached(client, path, Number(values['until']));
  console.log(`leaves with the counter at ${String((await client.get(path)).data)}`);
});
