/** Workloads about ownership: locks of sequential ephemerals with fencing, and sessions that end in every way. */
import { setTimeout as delay } from 'node:timers/promises';
import { now } from './history.js';

/** @typedef {import('./workload.js').Workload} Workload */
/** @typedef {import('./recorded-client.js').RecordedClient} RecordedClient */

/** Session timeout of those who leave without a word, in milliseconds. */
export const shortTimeout = 1500;

/** What a lock guards: it takes an access only with a token that is not lower than the highest so far. */
export class Fence {
  #highest = 0;

  accepts(/** @type {number} */ token) {
    if (token < this.#highest) return false;
    this.#highest = token;
    return true;
  }
}

/**
 * Takes a lock, uses what it guards, lets go.
 *
 * @param {Workload} load
 * @param {string} lock path of the lock; its fence is used by the clients of one process only
 * @param {Fence} fence
 */
export async function locker(load, lock, fence) {
  const { random, around } = load;
  await load.withClients(async (client) => {
    while (!load.stopping && !client.over) {
      const created = await client.create(`${lock}/lock-`, client.name, { mode: 'ephemeralSequential' });
      if (!created.ok) continue;
      const { path, stat } = created.value;
      /** @param {import('./history.js').LockRecord['what']} what @param {boolean} accepted */
      const note = (what, accepted = true) =>
        around.record({ t: 'lock', client: client.name, lock, what, token: stat.czxid, at: now(), accepted });
      if (!(await untilFirst(client, lock, path))) continue;
      let held = client.connected;
      if (held) note('acquired');
      client.onTrouble = () => {
        if (held) note('lost');
        held = false;
      };
      for (let uses = random.below(5); held && uses > 0; uses--) {
        note('access', fence.accepts(stat.czxid));
        await load.pause(5, 40);
      }
      if (held && random.chance(0.04)) {
        client.abandon();
        return;
      }
      if (held) note('released');
      held = false;
      await client.delete(path);
      await load.pause(0, 50);
    }
  });
}

/**
 * Waits until a node is the first of its lock.
 *
 * @param {RecordedClient} client
 * @param {string} lock
 * @param {string} path
 */
async function untilFirst(client, lock, path) {
  const own = path.slice(lock.length + 1);
  while (!client.over) {
    const { ok, value } = await client.children(lock);
    if (!ok) continue;
    const names = value.children.sort();
    const index = names.indexOf(own);
    if (index < 0) return false;
    if (index === 0) return true;
    /** @type {() => void} */
    let wake = () => undefined;
    const woken = new Promise((resolve) => (wake = () => resolve(undefined)));
    const before = await client.exists(`${lock}/${names[index - 1]}`, wake);
    if (before.ok && before.value !== null) await untilTold(client, woken);
  }
  return false;
}

/** A session that is over is told of nothing. @param {RecordedClient} client @param {Promise<unknown>} woken */
async function untilTold(client, woken) {
  while (!client.over && !(await Promise.race([woken.then(() => true), delay(500, false)]))) continue;
}

/** Sessions that come and go: closed, or abandoned with ephemerals that must vanish by themselves. */
export async function visitor(/** @type {Workload} */ load) {
  const { random } = load;
  while (!load.stopping) {
    const client = await load.client(shortTimeout);
    for (let node = random.below(4); node > 0 && !client.over; node--) {
      await client.create(`/eph/${client.name}-${node}`, client.name, { mode: 'ephemeral' });
    }
    if (!client.over && random.chance(0.3)) await client.ephemerals();
    if (random.chance(0.4)) await load.pause(0, 2 * shortTimeout);
    // What is still under way when the session ends is carried out before, or never.
    if (!client.over && random.chance(0.3)) void client.create(`/eph/${client.name}-late`, '', { mode: 'ephemeral' });
    if (client.over) continue;
    if (random.chance(0.5)) client.abandon();
    else await client.close();
    await load.pause(50, 800);
  }
}
