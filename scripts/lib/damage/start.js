/** Starts a server whose data may be damaged, and waits for what becomes of it. */
import { setTimeout as delay } from 'node:timers/promises';

/** How long a server may take to serve, or to refuse, in milliseconds. */
export const startMs = 60_000;

/** Asks again this often, in milliseconds. */
const askMs = 10;

/**
 * @param {import('../ensemble.js').Ensemble} ensemble
 * @param {number} id
 * @param {number} [patienceMs] how long to wait for it to serve once its ports are open; by default as long as for all
 * @returns {Promise<{ code: number | null; log: string; waits: boolean } | null>} null: it serves; otherwise what it has
 *   logged, and how it has ended (code null where a signal was needed) or that it still waits for others
 */
export async function startOf(ensemble, id, patienceMs = startMs) {
  const before = ensemble.log(id).length;
  const child = ensemble.start(id);
  let deadline = performance.now() + startMs;
  let ready = false;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    if (await ensemble.health(id)) return null;
    if (!ready && / event=ready /.test(ensemble.log(id).slice(before))) {
      ready = true;
      deadline = Math.min(deadline, performance.now() + patienceMs);
    }
    await delay(askMs);
  }
  if (ready && patienceMs < startMs && child.exitCode === null) return { code: null, log: '', waits: true };
  // Where it still runs it is of no more use; otherwise this waits until the ensemble has noticed the end.
  await ensemble.kill(id);
  return { code: child.signalCode === null ? child.exitCode : null, log: ensemble.log(id).slice(before), waits: false };
}
