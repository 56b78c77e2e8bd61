/**
 * How long to wait before the next attempt to reach a server. The first retry goes to the next server at once: one dead
 * server of several must cost nothing. From then on the wait doubles, with jitter, so that clients which lost the same
 * server do not come back in step.
 */

const FIRST_MS = 20;
const LONGEST_MS = 1_000;

/**
 * Milliseconds to wait after `failures` failed attempts in a row (at least 1). `random` is a number from 0 up to, not
 * including, 1; the result lies between the half and the whole of a bound that doubles from 20 ms to 1 s.
 */
export function backoffDelay(failures: number, random: number): number {
  if (failures <= 1) return 0;
  const bound = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 2, 16));
  return (bound * (1 + random)) / 2;
}
