/**
 * The shape of a log, wherever records stand in order: in a log, in what is sent, in what a disk is found to hold.
 * Z4: the counters of an epoch are 1, 2, 3, …; Z5: zxids rise.
 */
import { counterOf, epochOf, shortZxid } from '@synod/protocol';

/** What is wrong with `next` directly behind `previous`; null where nothing is. */
export function succession(
  previous: number,
  next: number,
): { readonly rule: 'Z4' | 'Z5'; readonly text: string } | null {
  if (next <= previous) {
    return { rule: 'Z5', text: `${shortZxid(next)} stands behind ${shortZxid(previous)}` };
  }
  const wanted = epochOf(next) === epochOf(previous) ? counterOf(previous) + 1 : 1;
  if (counterOf(next) === wanted) return null;
  return { rule: 'Z4', text: `${shortZxid(next)} follows ${shortZxid(previous)} with a gap` };
}

/** True for the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
