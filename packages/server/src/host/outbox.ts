/**
 * What waits to go to one other server: messages in order, some of which must not leave before a persist is durable.
 */
import { pack } from '@synod/protocol';

/** Bytes of one frame that are aimed at; a single larger message still goes. */
const FRAME_BYTES = 4 * 1_048_576;

export class Outbox {
  #waiting: { readonly message: readonly unknown[]; readonly after: number }[] = [];
  #ready: (readonly unknown[])[] = [];

  /** `durable`: every persist up to this token is durable. */
  add(message: readonly unknown[], after: number, durable: number): void {
    if (this.#waiting.length === 0 && after <= durable) this.#ready.push(message);
    else this.#waiting.push({ message, after });
  }

  /** More is durable: what waited for it, and what stands behind that, may leave. */
  release(durable: number): void {
    let count = 0;
    while (count < this.#waiting.length && this.#waiting[count]!.after <= durable) count++;
    for (const { message } of this.#waiting.splice(0, count)) this.#ready.push(message);
  }

  /** The frames that may leave now. */
  takeFrames(): Uint8Array[] {
    if (this.#ready.length === 0) return [];
    const messages = this.#ready;
    this.#ready = [];
    return frames(messages);
  }

  /** The link is gone, and what was meant for it. */
  clear(): void {
    this.#waiting = [];
    this.#ready = [];
  }
}

/** Packs messages into as few frames as the size allows. */
export function frames(messages: readonly (readonly unknown[])[], most: number = FRAME_BYTES): Uint8Array[] {
  const bytes = pack(messages);
  if (bytes.length <= most || messages.length === 1) return [bytes];
  const half = messages.length >>> 1;
  return [...frames(messages.slice(0, half), most), ...frames(messages.slice(half), most)];
}
