/** The program `queues`: sequential znodes, and consumers that delete the first. */
import { CreateMode } from '@synod/protocol';
import { wait, type Part, type Program } from '../fibre.js';
import { resultWith, type Load } from './load.js';
import { children, create, get, remove } from './requests.js';

/** A queue that is longer gets no more. */
const LONGEST = 30;

export function* queues(load: Load): Program {
  const { random, shared, settings } = load;
  if (!(yield* load.ensure(['/queue']))) return;
  if (!(yield* load.ensure(shared.queues))) return;
  const bias = random.float();
  while (!load.over()) {
    const queue = random.pick(shared.queues);
    const found = resultWith('children', yield* wait(load.ask(children(queue))));
    const names = [...(found?.children ?? [])].sort();
    const full = names.length >= LONGEST;
    if (found && !full && (names.length === 0 || random.chance(bias))) {
      const latches = Array.from({ length: random.int(1, Math.min(settings.depth, 5)) }, () =>
        load.ask(create(`${queue}/q-`, load.unique(), CreateMode.persistentSequential)),
      );
      for (const latch of latches) yield* wait(latch);
    } else if (found) {
      yield* consume(load, queue, names);
    }
    yield* load.think();
  }
}

/** Takes the first that nobody else takes. */
function* consume(load: Load, queue: string, names: readonly string[]): Part<void> {
  for (const name of names.slice(0, 3)) {
    if (load.over()) return;
    const path = `${queue}/${name}`;
    const [item, taken] = [load.ask(get(path)), load.ask(remove(path))];
    yield* wait(item);
    if ((yield* wait(taken)).ok) return;
  }
}
