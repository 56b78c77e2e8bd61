/** What an import has seen and done: counts, and the znodes that somebody must hear of. */
import type { SynodError } from '@synod/protocol';

/**
 * What can become of a znode; `gone` while the source was read, `narrowed` where entries of its access list were left out,
 * `extra` where only the target has it.
 */
export type Kind =
  'copied' | 'updated' | 'equal' | 'ephemeral' | 'gone' | 'narrowed' | 'extra' | 'counter' | 'lowCounter';

/** A znode that was not copied though it should have been. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
  /** Znodes below it, which were not copied either. */
  below: number;
}

export interface Note {
  readonly path: string;
  /** Empty where the kind says it all. */
  readonly detail: string;
}

/** Hears of everything but what is equal, as it happens. */
export type Listener = (kind: Kind, note: Note) => void;

export class Tally {
  readonly counts: Record<Kind, number> = {
    copied: 0,
    updated: 0,
    equal: 0,
    ephemeral: 0,
    gone: 0,
    narrowed: 0,
    extra: 0,
    counter: 0,
    lowCounter: 0,
  };
  readonly notes = new Map<Kind, Note[]>();
  readonly skipped: Skipped[] = [];
  /** Znodes read at the source. */
  seen = 0;
  /** Bytes of data that were copied. */
  bytes = 0;
  /** Creates that are still missing in the target, while counters are raised. */
  toRaise = 0;
  readonly #kept: number;
  readonly #listener: Listener;

  /** Keeps the first `kept` notes of each kind, but none of copied znodes. */
  constructor(kept: number, listener: Listener) {
    this.#kept = kept;
    this.#listener = listener;
  }

  note(kind: Kind, path: string, detail = ''): void {
    this.counts[kind]++;
    if (kind === 'equal') return;
    const note = { path, detail };
    this.#listener(kind, note);
    if (kind === 'copied') return;
    const notes = this.notes.get(kind);
    if (notes === undefined) this.notes.set(kind, [note]);
    else if (notes.length < this.#kept) notes.push(note);
  }

  skip(path: string, reason: string): Skipped {
    const skipped = { path, reason, below: 0 };
    this.skipped.push(skipped);
    return skipped;
  }
}

/** A refusal of the target in words, with what helps. */
export function refusalText(error: SynodError): string {
  const advice = error.code === 'NO_AUTH' ? ' (--auth of an owner, or of the superuser)' : '';
  return `the target refuses: ${error.code}, ${error.reason}${advice}`;
}
