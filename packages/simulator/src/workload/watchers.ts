/**
 * The program `watchers`: one-shot watches that are armed again by each event, and persistent ones that come and go, on
 * znodes that the same program of other clients (and its own) creates, changes and deletes.
 */
import { CreateMode, EventType, Op, WatcherType, WatchMode, type MultiOperation, type Request } from '@synod/protocol';
import { wait, type Part, type Program } from '../fibre.js';
import type { Load } from './load.js';
import { children, create, exists, get, remove, set, sync } from './requests.js';

/** Persistent watches that one program sets in its life: each event is told to all of them. */
const MOST_LASTING = 12;

export function* watchers(load: Load): Program {
  const { random, shared } = load;
  if (!(yield* load.ensure(['/watched']))) return;
  const armed = new Armed(load);
  for (const path of shared.watched) if (random.chance(0.5)) armed.arm(path);
  while (!load.over()) {
    yield* step(load, armed);
    yield* armed.again();
    yield* load.think();
  }
  // What has happened so far is due before this is answered.
  if (!load.client.over) yield* wait(load.client.ask(sync('/watched')));
}

function* step(load: Load, armed: Armed): Part<void> {
  const { random, shared } = load;
  const path = random.pick(shared.watched);
  switch (
    random.weighted([
      [12, 'touch'],
      [3, 'read'],
      [1.5, 'arm'],
      [0.7, 'lasting'],
      [0.3, 'remove'],
      [0.3, 'check'],
    ])
  ) {
    case 'touch':
      yield* wait(load.ask(touch(load, path)));
      return;
    case 'read':
      yield* wait(load.ask(exists(path)));
      return;
    case 'arm':
      armed.arm(path);
      return;
    case 'lasting':
      yield* armed.lasting(random.chance(0.3) ? '/watched' : path);
      return;
    case 'remove':
      yield* wait(load.ask({ op: Op.removeWatches, path, type: anyType(load) }));
      armed.forget(path);
      return;
    case 'check':
      yield* wait(load.ask({ op: Op.checkWatches, path, type: anyType(load) }));
  }
}

function anyType({ random }: Load): WatcherType {
  const { children: child, data, any, persistent, persistentRecursive } = WatcherType;
  return random.pick([child, data, any, persistent, persistentRecursive]);
}

/** A change of a watched znode, or a level below it. */
function touch(load: Load, path: string): Request {
  const { random } = load;
  const below = `${path}/b`;
  const mode = random.chance(0.2) ? CreateMode.ephemeral : CreateMode.persistent;
  switch (
    random.weighted([
      [5, 'create'],
      [5, 'set'],
      [3, 'delete'],
      [2, 'below'],
      [2, 'deleteBelow'],
      [1, 'multi'],
    ])
  ) {
    case 'create':
      return create(path, load.unique(), mode);
    case 'set':
      return set(path, load.unique());
    case 'delete':
      return remove(path);
    case 'below':
      return create(below, load.unique(), mode);
    case 'deleteBelow':
      return remove(below);
    default:
      return { op: Op.multi, operations: several(load, path, below) };
  }
}

function several(load: Load, path: string, below: string): MultiOperation[] {
  return load.random.chance(0.5)
    ? [set(path, load.unique()), create(below, load.unique()), set(path, load.unique())]
    : [create(path, load.unique()), create(below, ''), remove(below), remove(path), create(path, '')];
}

type OneShot = 'data' | 'exists' | 'child';

/** The one-shot watches of a client: at most one of each kind on a path. */
class Armed {
  readonly #load: Load;
  readonly #kinds = new Map<string, OneShot>();
  #fired: string[] = [];
  #lasting = 0;

  constructor(load: Load) {
    this.#load = load;
  }

  /** Watches a path in one of the ways, unless it is watched in that way. */
  arm(path: string, kind: OneShot = this.#load.random.pick(['data', 'exists', 'child'])): void {
    const key = `${kind} ${path}`;
    if (this.#kinds.has(key)) return;
    this.#kinds.set(key, kind);
    const again = (): void => {
      if (this.#kinds.delete(key)) this.#fired.push(path);
    };
    const request = kind === 'data' ? get(path, true) : kind === 'exists' ? exists(path, true) : children(path, true);
    this.#load.watch(request, kind, again).then(({ ok, code }) => {
      // What is missing can be waited for by exists only.
      if (ok || (kind === 'exists' && code === 'NO_NODE')) return;
      this.#kinds.delete(key);
      if (code === 'NO_NODE' && !this.#load.over()) this.arm(path, 'exists');
    });
  }

  /** Arms again what has fired. */
  *again(): Part<void> {
    const fired = this.#fired;
    if (fired.length === 0) return;
    this.#fired = [];
    if (this.#load.random.chance(0.3)) yield* this.#load.pause(this.#load.random.exponential(50));
    if (this.#load.over()) return;
    for (const path of fired) this.arm(path);
  }

  /** The watches of a path may be gone. */
  forget(path: string): void {
    for (const kind of ['data', 'exists', 'child']) this.#kinds.delete(`${kind} ${path}`);
  }

  /** Watches a path, or a whole tree, from now on. */
  *lasting(path: string): Part<void> {
    if (this.#lasting >= MOST_LASTING) return;
    this.#lasting++;
    const recursive = this.#load.random.chance(0.5);
    const mode = recursive ? WatchMode.persistentRecursive : WatchMode.persistent;
    const told = ({ type }: { readonly type: EventType }): void => {
      if (type === EventType.resync) this.#fired.push(path);
    };
    yield* wait(this.#load.watch({ op: Op.addWatch, path, mode }, recursive ? 'recursive' : 'persistent', told));
  }
}
