/** Starts a server whose data may be damaged, and waits for what becomes of it. */
import { setTimeout as delay } from 'node:timers/promises';

/** How long a server may take to serve, or to refuse, in milliseconds. */
export const startMs = 60_000;

/** Asks again this often, in milliseconds. */
const askMs = 10;

/**
 * @param {import('../ensemble.js').Ensemble} ensemble
 * @param {number} id
 * @returns {Promise<{ code: number | null; log: string } | null>} null: it serves; otherwise how it has ended and what it
 *   has logged; code null where it did neither, or a signal has ended it
 */
export async function startOf(ensemble, id) {
  const before = ensemble.log(id).length;
  const child = ensemble.start(id);
  const deadline = performance.now() + startMs;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    if (await ensemble.health(id)) return null;
    await delay(askMs);
  }
  // Where it still runs it is of no more use; otherwise this waits until the ensemble has noticed the end.
  await ensemble.kill(id);
  return { code: child.signalCode === null ? child.exitCode : null, log: ensemble.log(id).slice(before) };
}
