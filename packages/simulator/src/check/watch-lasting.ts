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

/**
 * How far a watch may have told of what it is due. Changes of one transaction can look alike, and some of them may be
 * told or not (what the client may not read, or perhaps not): all places at which it can stand are followed.
 */
class Progress {
  readonly #watch: Watch;
  readonly #due: readonly Due[];
  readonly #resyncs: ReadonlyMap<number, number>;
  /** Indices of changes, each of which may be the first that was not told yet. */
  #places: readonly number[];
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
    this.#sure = firstBehind(due, op.zxid);
    this.#places = [this.#sure];
    this.#conn = op.conn;
  }

  /** An answer came: the first change that should have been told before it. */
  answered(answer: OpRecord): Due | undefined {
    this.#sure = Math.max(this.#sure, firstBehind(this.#due, answer.zxid));
    const missing = this.#places.map((place) => this.#untold(place, this.#sure));
    const left = this.#places.filter((_, index) => missing[index] === undefined);
    if (left.length === 0) return missing.at(-1);
    this.#places = unique(left.map((place) => Math.max(place, this.#sure)));
    return undefined;
  }

  /** The first change in this range that must be told. */
  #untold(from: number, to: number): Due | undefined {
    for (let at = from; at < to; at++) if (this.#watch.sight(this.#due[at]!) === 'yes') return this.#due[at];
    return undefined;
  }

  told(event: EventRecord): Wrong | null {
    const due = this.#due;
    const reconnected = event.conn !== this.#conn;
    this.#conn = event.conn;
    if (event.type === EventType.resync) {
      const behind = firstBehind(due, event.zxid);
      this.#places = unique(this.#places.map((place) => Math.max(place, behind)));
      return null;
    }
    const told = this.#places.flatMap((place) => this.#toldFrom(place, event));
    if (reconnected) told.push(...this.#again(event));
    if (told.length > 0) {
      this.#places = unique(told.map((at) => at + 1));
      return null;
    }
    // What other watches of the client are told approximately behind a resync concerns this one, too.
    if (event.zxid <= (this.#resyncs.get(event.conn) ?? 0)) return null;
    if (event.conn !== this.#watch.op.conn && this.#watch.unheard.has(event.path)) return null;
    return this.#wrong(event);
  }

  /** The changes that an event may tell of, where everything before this place was told. */
  #toldFrom(place: number, event: EventRecord): number[] {
    const found: number[] = [];
    for (let at = place; at < this.#due.length && this.#due[at]!.zxid <= event.zxid; at++) {
      const sight = this.#watch.sight(this.#due[at]!);
      if (sight !== 'no' && isSame(this.#due[at], event)) found.push(at);
      if (sight === 'yes') break;
    }
    return found;
  }

  /** The changes that an event may tell again. */
  #again(event: EventRecord): number[] {
    const found: number[] = [];
    for (let at = this.#sure; at < this.#places.at(-1)!; at++) {
      if (isSame(this.#due[at], event) && this.#watch.sight(this.#due[at]!) !== 'no') found.push(at);
    }
    return found;
  }

  #wrong(event: EventRecord): Wrong {
    const told = describeChange(event);
    const same = this.#due.filter((one) => isSame(one, event));
    if (same.length > 0 && same.every((one) => this.#watch.sight(one) === 'no')) {
      return { rule: 'C10', text: `told ${told}, which its client may not read` };
    }
    const late = firstBehind(this.#due, event.zxid) <= this.#sure && same.length > 0;
    const text = `told ${told} instead of ${describeChange(this.#due[this.#places[0]!])}`;
    return { rule: late && !this.#wasTold(event) ? 'C9' : 'C10', text };
  }

  #wasTold(event: EventRecord): boolean {
    return this.#watch.events.some(
      (other) => other.seq < event.seq && other.zxid === event.zxid && isSameEvent(other, event),
    );
  }
}

/** Each of them once, in order. */
function unique(places: readonly number[]): number[] {
  return [...new Set(places)].sort((a, b) => a - b);
}

function isSameEvent(a: EventRecord, b: EventRecord): boolean {
  return a.type === b.type && a.path === b.path;
}
