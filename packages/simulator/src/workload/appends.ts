/**
 * The programs `appends` (lists of unique elements that grow by compare-and-set, so that every read must be a beginning of
 * the last one) and `counters` (each success must count once).
 */
import type { Answer } from '../client-memory.js';
import { wait, type Part, type Program } from '../fibre.js';
import { resultWith, type Load } from './load.js';
import { create, get, set, sync, text } from './requests.js';
import { UNKNOWN_COSTS } from './shared.js';

/** Elements of one list, at most. */
const LONGEST = 60;
/** How often one change is tried. */
const TRIES = 4;

export function* appends(load: Load): Program {
  const keys = load.shared.lists;
  if (!(yield* load.ensure([keys.parent]))) return;
  while (!load.over()) {
    const key = keys.take(load.random);
    if (key) keys.done(key, yield* append(load, key.path));
    yield* load.think();
  }
}

/** Adds an element, or only reads; tells what that costs the list. */
function* append(load: Load, path: string): Part<number> {
  const { random } = load;
  for (let tries = TRIES; tries > 0 && !load.over(); tries--) {
    if (random.chance(0.3)) load.ask(sync(path));
    const answer = yield* wait(load.ask(get(path)));
    const found = resultWith('data', answer);
    const element = load.unique();
    if (found === null) {
      if (answer.code !== 'NO_NODE') return 0;
      const made = yield* wait(load.ask(create(path, element)));
      if (made.code !== 'NODE_EXISTS') return costs(made);
      continue;
    }
    const list = text(found.data);
    if (list.split(',').length >= LONGEST) return Infinity;
    if (random.chance(0.2)) return 0;
    const added = yield* wait(load.ask(set(path, `${list},${element}`, found.stat.version)));
    if (added.code !== 'BAD_VERSION') return costs(added);
  }
  return 0;
}

function costs({ record }: Answer): number {
  return record.outcome === 'unknown' ? UNKNOWN_COSTS : 0;
}

/** Adds one to a counter, again and again. */
export function* counters(load: Load): Program {
  const { random, shared } = load;
  if (!(yield* load.ensure(['/counter']))) return;
  if (!(yield* load.ensure(shared.counters, '0'))) return;
  while (!load.over()) {
    const path = random.pick(shared.counters);
    for (let tries = TRIES; tries > 0 && !load.over(); tries--) if (yield* increment(load, path)) break;
    yield* load.think();
  }
}

/** False where somebody else was faster. */
function* increment(load: Load, path: string): Part<boolean> {
  const found = resultWith('data', yield* wait(load.ask(get(path))));
  if (found === null) return true;
  const value = Number(text(found.data));
  const { version } = found.stat;
  const first = load.ask(set(path, String(value + 1), version));
  // A second one behind it, without waiting: it is right exactly where it is taken, as the value is the version.
  const second = load.random.chance(0.3) ? load.ask(set(path, String(value + 2), version + 1)) : first;
  const { code } = yield* wait(first);
  yield* wait(second);
  return code !== 'BAD_VERSION';
}
