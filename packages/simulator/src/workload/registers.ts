/**
 * The program `registers`: its keys are checked for linearizability without a look at zxids. Creates, sets, deletes, and
 * reads; a read counts only directly behind its sync, so both are asked in one go.
 */
import { Op, type MultiOperation, type Request } from '@synod/protocol';
import type { Answer } from '../client-memory.js';
import { wait, type Latch, type Program } from '../fibre.js';
import { resultWith, type Load } from './load.js';
import { create, exists, get, remove, set, sync } from './requests.js';
import { UNKNOWN_COSTS } from './shared.js';

export function* registers(load: Load): Program {
  const { random, shared, settings } = load;
  const keys = shared.registers;
  if (!(yield* load.ensure([keys.parent]))) return;
  const versions = new Map<string, number>();
  const most = Math.min(settings.depth, 3);
  while (!load.over()) {
    const latches: Latch<Answer>[] = [];
    for (let count = random.int(1, most); count > 0; count--) {
      const key = keys.take(random);
      if (!key) continue;
      const { path } = key;
      const request = draw(load, path, versions.get(path) ?? 0);
      if (request.op === Op.exists || request.op === Op.getData) latches.push(load.ask(sync(path)));
      const latch = load.ask(request);
      latch.then((answer) => {
        keys.done(key, answer.record.outcome === 'unknown' ? UNKNOWN_COSTS : 0);
        const stat = resultWith('stat', answer)?.stat;
        if (stat) versions.set(path, stat.version);
      });
      latches.push(latch);
    }
    for (const latch of latches) yield* wait(latch);
    yield* load.think();
  }
}

function draw(load: Load, path: string, version: number): Request {
  const { random } = load;
  const expected = random.chance(0.4) ? version : -1;
  switch (
    random.weighted([
      [3, 'create'],
      [6, 'set'],
      [2, 'delete'],
      [6, 'get'],
      [2, 'exists'],
      [1, 'multi'],
    ])
  ) {
    case 'create':
      return create(path, load.unique());
    case 'set':
      return set(path, load.unique(), expected);
    case 'delete':
      return remove(path, expected);
    case 'get':
      return get(path);
    case 'exists':
      return exists(path);
    default:
      return { op: Op.multi, operations: both(load, path, version) };
  }
}

/** Several changes of one key that count as one. */
function both(load: Load, path: string, version: number): MultiOperation[] {
  const check: MultiOperation = { op: Op.check, path, version };
  return load.random.chance(0.5)
    ? [check, set(path, load.unique())]
    : [set(path, load.unique(), version), set(path, load.unique(), version + 1)];
}
