/**
 * Persistent and recursive watches: told of every change, in order, before any answer that shows it. Between the last
 * answer and a reconnect events may come again; where a resync follows on the same connection there may be gaps before it.
 */
import { EventType, formatZxid } from '@synod/protocol';
import type { EventRecord, OpRecord } from '../history.js';
import { describeChange } from './describe.js';
import type { Due } from './watch-changes.js';
import { firstBehind, isSame, type Watch, type Wrong } from './watch.js';

export function checkLasting(watch: Watch): Wrong | null {
  const { op, events, around, removal } = watch;
  const progress = new Progress(watch);
  const { answers } = around;
  const until = removal ? removal.called : Infinity;
  let next = answers.findIndex(({ seq }) => seq > op.seq);
  const answered = (before: number): Wrong | null => {
    for (let answer = answers[next]; next >= 0 && answer && answer.seq < before; answer = answers[++next]) {
      const missing = answer.end < until ? progress.answered(answer) : undefined;
      if (missing) return untold(missing, answer, events);
    }
    return null;
  };
  for (const event of events) {
    const wrong = answered(event.seq) ?? progress.told(event);
    if (wrong) return wrong;
  }
  return answered(Infinity);
}

function untold(missing: Due, answer: OpRecord, events: readonly EventRecord[]): Wrong {
  const comes = events.some((event) => event.seq > answer.seq && isSame(missing, event));
  const text = `an answer at ${formatZxid(answer.zxid)} came before ${describeChange(missing)}`;
  return { rule: comes ? 'C9' : 'C10', text };
}

/** How far a watch has told of what it is due. */
class Progress {
  readonly #watch: Watch;
  readonly #due: readonly Due[];
  readonly #resyncs: ReadonlyMap<number, number>;
  /** The first change that was not told yet. */
  #next: number;
  /** The first change behind the last answer: what lies before was certainly told and comes no more. */
  #sure: number;
  #conn: number;

  constructor(watch: Watch) {
    const { due, op, events } = watch;
    this.#watch = watch;
    this.#due = due;
    this.#resyncs = new Map(
      events.filter(({ type }) => type === EventType.resync).map(({ conn, zxid }) => [conn, zxid]),
    );
    this.#next = this.#sure = firstBehind(due, op.zxid);
    this.#conn = op.conn;
  }

  /** An answer came: the first change that should have been told before it. */
  answered(answer: OpRecord): Due | undefined {
    this.#sure = Math.max(this.#sure, firstBehind(this.#due, answer.zxid));
    for (; this.#next < this.#sure; this.#next++) {
      const due = this.#due[this.#next]!;
      if (this.#watch.sight(due) === 'yes') return due;
    }
    return undefined;
  }

  told(event: EventRecord): Wrong | null {
    const due = this.#due;
    const reconnected = event.conn !== this.#conn;
    this.#conn = event.conn;
    if (event.type === EventType.resync) {
      this.#next = Math.max(this.#next, firstBehind(due, event.zxid));
      return null;
    }
    let at = this.#next;
    while (at < due.length && !isSame(due[at], event) && this.#watch.sight(due[at]!) !== 'yes') at++;
    if (isSame(due[at], event)) {
      if (this.#watch.sight(due[at]!) === 'no')
        return { rule: 'C10', text: `told ${describeChange(event)}, which its client may not read` };
      this.#next = at + 1;
      return null;
    }
    // What other watches of the client are told approximately behind a resync concerns this one, too.
    if (event.zxid <= (this.#resyncs.get(event.conn) ?? 0)) return null;
    if (event.conn !== this.#watch.op.conn && this.#watch.unheard.has(event.path)) return null;
    const again = reconnected ? this.#again(event) : -1;
    if (again < 0) {
      const late = firstBehind(due, event.zxid) <= this.#sure && due.some((one) => isSame(one, event));
      const text = `told ${describeChange(event)} instead of ${describeChange(due[this.#next])}`;
      return { rule: late && !this.#wasTold(event) ? 'C9' : 'C10', text };
    }
    this.#next = again + 1;
    return null;
  }

  #wasTold(event: EventRecord): boolean {
    return this.#watch.events.some(
      (other) => other.seq < event.seq && other.zxid === event.zxid && isSameEvent(other, event),
    );
  }

  /** The change that an event tells again, where it may. */
  #again(event: EventRecord): number {
    for (let at = this.#sure; at < this.#next; at++) if (isSame(this.#due[at], event)) return at;
    return -1;
  }
}

function isSameEvent(a: EventRecord, b: EventRecord): boolean {
  return a.type === b.type && a.path === b.path;
}
