/**
 * Events that come while watches are armed in several batches. The server tells for each batch what its watches have
 * missed, a `resync` first, the rest in the order of its zxids; watches of several batches may have missed the same. So
 * events wait here until all batches are answered, and come out as one batch would have told them.
 *
 * Each batch tells part of what happened, in its order. An event is the same as one of another batch, never as one of its
 * own: a transaction may do the same to a znode twice.
 */
import { EventType, type WatchEvent } from '@synod/protocol';

export class HeldEvents {
  readonly #resyncs = new Map<string, WatchEvent>();
  /** What came, cut where the zxids step back: there a batch begins. */
  readonly #runs: WatchEvent[][] = [[]];

  add(event: WatchEvent): void {
    if (event.type === EventType.resync) {
      this.#resyncs.set(event.path, event);
      return;
    }
    const last = this.#runs.at(-1)!.at(-1);
    if (last !== undefined && event.zxid < last.zxid) this.#runs.push([]);
    this.#runs.at(-1)!.push(event);
  }

  /** A batch is answered. */
  answered(): void {
    this.#runs.push([]);
  }

  /** All of them, each once, in the order in which they happened, but that gaps are told first. */
  take(): WatchEvent[] {
    return [...this.#resyncs.values(), ...this.#runs.reduce(merge)];
  }
}

/** Two lists in the order of zxids as one, which keeps the order of both; what stands in both stands there once. */
function merge(a: readonly WatchEvent[], b: readonly WatchEvent[]): WatchEvent[] {
  const merged: WatchEvent[] = [];
  let at = 0;
  for (const event of b) {
    while (at < a.length && a[at]!.zxid < event.zxid) merged.push(a[at++]!);
    let same = at;
    while (same < a.length && a[same]!.zxid === event.zxid && !isSame(a[same]!, event)) same++;
    if (same < a.length && isSame(a[same]!, event)) while (at <= same) merged.push(a[at++]!);
    else merged.push(event);
  }
  return [...merged, ...a.slice(at)];
}

function isSame(a: WatchEvent, b: WatchEvent): boolean {
  return a.zxid === b.zxid && a.type === b.type && a.path === b.path;
}
