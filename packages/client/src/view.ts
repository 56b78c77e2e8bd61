/**
 * The tree as a client sees it: below its chroot, if it has one, with data in memory of its own and refusals as errors.
 * The chroot exists in the client only; servers see whole paths (ZooKeeper programmer's guide, "ZooKeeper Sessions").
 */
import {
  isRefusal,
  pathProblem,
  SynodError,
  type DataResult,
  type Refusal,
  type Result,
  type WatchEvent,
} from '@synod/protocol';
import type { GetResult } from './operations.js';

export class View {
  readonly #chroot: string;

  /** `chroot` is a path, or empty for none. */
  constructor(chroot: string) {
    this.#chroot = chroot;
  }

  /** A user's path as servers see it; throws SynodError BAD_ARGUMENTS for one that cannot be. */
  full(path: string, sequential = false): string {
    if (typeof path !== 'string') throw new SynodError({ code: 'BAD_ARGUMENTS', reason: 'a path must be a string' });
    const problem = pathProblem(path, sequential);
    if (problem !== undefined) throw new SynodError({ code: 'BAD_ARGUMENTS', reason: problem, path });
    if (this.#chroot === '') return path;
    return path === '/' ? this.#chroot : this.#chroot + path;
  }

  /** A user's prefix of paths as servers see it. */
  fullPrefix(prefix: string): string {
    if (prefix.startsWith('/')) return this.#chroot + prefix;
    throw new SynodError({ code: 'BAD_ARGUMENTS', reason: 'a prefix must start with "/"', path: prefix });
  }

  /** A server's path as the user sees it. */
  strip(path: string): string {
    const chroot = this.#chroot;
    if (chroot === '' || !path.startsWith(chroot)) return path;
    if (path.length === chroot.length) return '/';
    return path.charCodeAt(chroot.length) === 47 ? path.slice(chroot.length) : path;
  }

  event(event: WatchEvent): WatchEvent {
    return this.#chroot === '' ? event : { ...event, path: this.strip(event.path) };
  }

  /** Throws a refusal as the error that it is. */
  result(answer: Result | Refusal): Result {
    if (isRefusal(answer)) throw this.error(answer);
    return answer;
  }

  error(refusal: Refusal): SynodError {
    return new SynodError({
      code: refusal.code,
      reason: refusal.reason,
      path: refusal.path === '' ? undefined : this.strip(refusal.path),
      outcome: refusal.outcome,
      index: refusal.index < 0 ? undefined : refusal.index,
    });
  }
}

/** Data and Stat for the user. */
export function toGetResult({ data, stat }: DataResult): GetResult {
  return { data: data === null ? null : toBuffer(data), stat };
}

/** Small values would keep the whole frame they came in alive: they are copied. */
function toBuffer(data: Uint8Array): Buffer {
  if (data.buffer.byteLength > 2 * data.length) return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.length);
}
