/** The program `random`: all operations over the whole key space, several under way at once. */
import { Op, WatchMode, type Request } from '@synod/protocol';
import type { Answer } from '../client-memory.js';
import { wait, type Latch, type Program } from '../fibre.js';
import { resultWith, type Load } from './load.js';
import { RandomRequests, watching } from './random-requests.js';
import { create } from './requests.js';
import type { Shared } from './shared.js';

export function* randomProgram(load: Load): Program {
  const { random, settings, shared } = load;
  const requests = new RandomRequests(load);
  const inTurn = random.chance(0.5);
  const underWay: Latch<Answer>[] = [];
  const ask = (request: Request): void => {
    const watch = random.chance(settings.watched) ? watching(request) : null;
    const latch = watch ? load.watch(watch, kindOf(watch.op), () => undefined) : load.ask(request);
    latch.then((answer) => learn(load, requests, request, answer));
    underWay.push(latch);
  };
  if (random.chance(0.5)) for (const path of shared.paths) ask(create(path, ''));
  // Also of znodes that not everybody may read.
  if (settings.watched > 0 && random.chance(0.4)) underWay.push(watchFromNowOn(load));
  while (!load.over()) {
    // In turn: a call for each that is answered; otherwise one heap after another.
    const room = settings.depth - underWay.length;
    for (let more = inTurn ? 1 : random.int(1, settings.depth); more > 0 && room > 0; more--) ask(requests.next());
    const most = inTurn ? settings.depth - 1 : 0;
    while (underWay.length > most) yield* wait(underWay.shift()!);
    yield* load.think();
  }
  for (const latch of underWay) yield* wait(latch);
}

/** Watches a znode, or a whole tree, whoever may read what is in it. */
function watchFromNowOn(load: Load): Latch<Answer> {
  const { random, shared } = load;
  const path = random.chance(0.3) ? '/' : random.pick(shared.paths);
  const recursive = random.chance(0.7);
  const mode = recursive ? WatchMode.persistentRecursive : WatchMode.persistent;
  return load.watch({ op: Op.addWatch, path, mode }, recursive ? 'recursive' : 'persistent', () => undefined);
}

function kindOf(op: number): 'data' | 'exists' | 'child' {
  if (op === Op.getData) return 'data';
  return op === Op.exists ? 'exists' : 'child';
}

function learn({ shared }: Load, requests: RandomRequests, request: Request, answer: Answer): void {
  switch (request.op) {
    case Op.create: {
      const created = resultWith('path', answer);
      if (created === null) return;
      requests.saw(created.path, 0);
      made(shared, created.path);
      return;
    }
    case Op.setData:
    case Op.getData:
    case Op.exists: {
      const found = resultWith('stat', answer);
      if (found) requests.saw(request.path, found.stat.version);
      return;
    }
    case Op.multi: {
      for (const result of resultWith('results', answer)?.results ?? [])
        if ('path' in result) made(shared, result.path);
      return;
    }
    case Op.delete:
      if (answer.code === 'NOT_EMPTY') made(shared, request.path);
      return;
    default:
  }
}

/** What lies beside the key space is to be deleted some time. */
function made({ paths, made: list }: Shared, path: string): void {
  if (!paths.includes(path)) list.push(path);
}
