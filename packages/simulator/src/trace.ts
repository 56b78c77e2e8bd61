/**
 * What happened in a run, one line each, and in a form that a diagram can be drawn from. Recorded only where somebody
 * wants to look: it costs more than the run itself.
 */

/** One thing that happened. */
export interface TraceEvent {
  /** Virtual milliseconds. */
  readonly at: number;
  /** Number of the event in the timeline. */
  readonly event: number;
  /** Where: a server (`s1`), a client (`c1`), or the world (`·`). */
  readonly node: string;
  /** Of a message: where to. */
  readonly to?: string;
  /** A short name: leader, kill, ack, … */
  readonly kind: string;
  readonly text: string;
}

/** The newest events of a run, up to a number. */
export class Trace {
  readonly #keep: number;
  #events: TraceEvent[] = [];

  /** `keep`: how many of the newest events to keep. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  add(event: TraceEvent): void {
    this.#events.push(event);
    if (this.#events.length > 2 * this.#keep) this.#events = this.#events.slice(-this.#keep);
  }

  get events(): readonly TraceEvent[] {
    return this.#events.slice(-this.#keep);
  }
}

/** One line for one event. */
export function formatEvent({ at, event, node, to, kind, text }: TraceEvent): string {
  const place = to === undefined ? node : `${node} > ${to}`;
  return `${at.toFixed(3).padStart(12)} #${String(event).padEnd(8)} ${place.padEnd(9)} ${kind.padEnd(14)} ${text}`;
}
