/**
 * Makes the configuration of a run that breaks a promise smaller, as long as it breaks the same one: less time, fewer kinds
 * of faults, clients, servers, requests, everyday sizes and a plain network, and in the end fewer single faults (delta
 * debugging, Zeller 2002). Streams are independent, so most of what is taken away leaves the rest as it was.
 *
 * Only the search is here: whoever drives it runs the candidates, and stops whenever there is no more time; the last
 * candidate that still failed is the result so far.
 */
import { limits } from '@synod/protocol';
import { plannedFaults } from './faults.js';
import type { SwarmConfig } from './swarm.js';
import type { WorkloadSettings } from './workload/settings.js';

/** A smaller configuration to be tried. */
export interface Candidate {
  /** What is less, in words. */
  readonly what: string;
  readonly config: SwarmConfig;
}

/** A run that breaks the promise. */
export interface FailingRun {
  readonly seed: number | string;
  readonly config: SwarmConfig;
  /** When the promise was broken, in virtual milliseconds. */
  readonly at: number;
}

/**
 * Candidates, one after the other; each is answered with the time at which it broke the same promise, null where it did
 * not. Ends when nothing helps any more, with the smallest configuration that failed.
 */
export function shrinking(run: FailingRun): Generator<Candidate, SwarmConfig, number | null> {
  return new Shrinker(run).all();
}

/** One question, or several in a row. */
type Asking<T> = Generator<Candidate, T, number | null>;

/** What a simple reduction changes; null: nothing is left to change. */
type Reduction = readonly [what: string, change: (config: SwarmConfig) => Partial<SwarmConfig> | null];

/** Parts of the time in which faults happen. */
const spans = [0, 1 / 8, 1 / 2, 3 / 4, 7 / 8] as const;

const everyday = {
  ...{ foldMs: 1_000, foldRows: 1_000, cacheRecords: 20_000, cacheBytes: 32 * 1_048_576 },
  ...{ retainRecords: 100_000, outstandingWrites: 1_000, reapMs: 60_000 },
  ...{ windowWrites: limits.outstandingWrites, windowBytes: limits.frameBytes },
};

const reductions: readonly Reduction[] = [
  ['nobody stays outside', ({ outside }) => (outside > 0 ? { outside: 0 } : null)],
  ['one client', (config) => clients(config, 1)],
  ['half of the clients', (config) => clients(config, Math.floor(config.workload.clients / 2))],
  ['one client less', (config) => clients(config, config.workload.clients - 1)],
  ['one program each', ({ workload }) => work(workload, { programsEach: 1 })],
  ['no observers', ({ observers }) => (observers > 0 ? { observers: 0 } : null)],
  ['one voter', (config) => voters(config, 1)],
  ['three voters', (config) => voters(config, 3)],
  ['five voters', (config) => voters(config, 5)],
  ['a plain network', ({ network }) => part('network', network, { tail: 0, loss: 0, breaks: 0 })],
  ['an even network', ({ network }) => part('network', network, { delayMean: 0.1, delayLeast: 0.1 })],
  ['an even disk', ({ disk }) => part('disk', disk, { tail: 0 })],
  ['everyday sizes', ({ tuning }) => part('tuning', tuning, everyday)],
  ...Object.entries(everyday).map(([name, value]): Reduction => [
    `an everyday ${name}`,
    ({ tuning }) => part('tuning', tuning, { [name]: value }),
  ]),
  ['patient clients', ({ patience }) => (patience > 0 ? { patience: 0 } : null)],
  ['clocks that agree', ({ clockError }) => (clockError > 0 ? { clockError: 0 } : null)],
  ['quick turns', ({ turnMs, coarse }) => (turnMs !== 0.05 || coarse !== 1 ? { turnMs: 0.05, coarse: 1 } : null)],
  ['one call at a time', ({ workload }) => work(workload, { depth: 1 })],
  ['no bursts', ({ workload }) => work(workload, { burst: 1 })],
  ['no watches', ({ workload }) => work(workload, { watched: 0 })],
  ['no access lists', ({ workload }) => work(workload, { guarded: 0, users: 1 })],
  ['little data', ({ workload }) => work(workload, { bytes: 0, large: 0 })],
  ['no heartbeats', ({ workload }) => work(workload, { heartbeats: 0 })],
  ['clients know all servers', ({ workload }) => work(workload, { settled: 0 })],
  ['one key', ({ workload }) => work(workload, { keys: 1 })],
  ['one level', ({ workload }) => work(workload, { levels: 1 })],
  ['fewer paths', ({ workload }) => work(workload, { paths: Math.min(workload.paths, 3) })],
];

/** The part with changes; null where they change nothing. */
function part<K extends 'network' | 'disk' | 'tuning' | 'workload'>(
  name: K,
  before: SwarmConfig[K],
  changes: Partial<SwarmConfig[K]>,
): Partial<SwarmConfig> | null {
  const after = { ...before, ...changes };
  return JSON.stringify(after) === JSON.stringify(before) ? null : { [name]: after };
}

function work(workload: WorkloadSettings, changes: Partial<WorkloadSettings>): Partial<SwarmConfig> | null {
  return part('workload', workload, changes);
}

function clients({ workload }: SwarmConfig, count: number): Partial<SwarmConfig> | null {
  return count > 0 && count < workload.clients ? work(workload, { clients: count }) : null;
}

/** A server that stands alone has nobody to give it back what it lost. */
function voters(config: SwarmConfig, count: number): Partial<SwarmConfig> | null {
  if (count >= config.voters) return null;
  const outside = Math.min(config.outside, Math.floor((count - 1) / 2));
  const faults = count === 1 ? { ...config.faults, damage: 0, wipe: 0 } : config.faults;
  return { voters: count, outside, faults };
}

class Shrinker {
  readonly #seed: number | string;
  #config: SwarmConfig;
  #at: number;
  readonly #tried = new Set<string>();

  constructor({ seed, config, at }: FailingRun) {
    this.#seed = seed;
    this.#config = config;
    this.#at = at;
    this.#tried.add(JSON.stringify(config));
  }

  *all(): Asking<SwarmConfig> {
    for (let before: SwarmConfig | null = null; before !== this.#config;) {
      before = this.#config;
      yield* this.#time();
      yield* this.#kinds();
      for (const [what, change] of reductions) yield* this.#change(what, change);
      yield* this.#weights();
      yield* this.#faults();
    }
    return this.#config;
  }

  /** True where the promise is still broken: then the configuration is taken. */
  *#try(what: string, changes: Partial<SwarmConfig>): Asking<boolean> {
    const config = { ...this.#config, ...changes };
    const text = JSON.stringify(config);
    if (this.#tried.has(text)) return false;
    this.#tried.add(text);
    const at = yield { what, config };
    if (at === null) return false;
    this.#config = config;
    this.#at = at;
    return true;
  }

  *#change(what: string, change: Reduction[1]): Asking<void> {
    for (;;) {
      const changes = change(this.#config);
      if (changes === null || !(yield* this.#try(what, changes))) return;
    }
  }

  /** Faults go on until just behind the violation, or for a part of their time. */
  *#time(): Asking<void> {
    const behind = Math.ceil(this.#at);
    if (behind < this.#config.faultMs) yield* this.#try('faults end at the violation', { faultMs: behind });
    for (let at = 0; at < spans.length; at++) {
      const faultMs = Math.round(this.#config.faultMs * spans[at]!);
      if (faultMs < this.#config.faultMs && (yield* this.#try(`faults for ${faultMs} ms`, { faultMs }))) at = -1;
    }
  }

  /** The names of the faults that are carried out now. */
  get #planned(): { name: string; kind: string }[] {
    return plannedFaults(this.#seed, this.#config).map(({ name, kind }) => ({ name, kind }));
  }

  /** By leaving out all faults of a kind, not by its rate: so the others stay where they were to the last draw. */
  *#kinds(): Asking<void> {
    const kinds = [...new Set(this.#planned.map(({ kind }) => kind))];
    yield* this.#fewer(kinds, (some) => {
      const only = this.#planned.filter(({ kind }) => some.includes(kind)).map(({ name }) => name);
      return [`faults of ${some.length} kinds`, { only }];
    });
  }

  *#faults(): Asking<void> {
    const planned = this.#planned;
    yield* this.#fewer(
      planned.map(({ name }) => name),
      (only) => [`${only.length} faults`, { only }],
    );
    const left = this.#planned;
    const faults = { ...this.#config.faults };
    for (const kind of Object.keys(faults) as (keyof typeof faults)[]) {
      if (!left.some((fault) => fault.kind === kind)) faults[kind] = 0;
    }
    yield* this.#try('kinds without faults have no rate', { faults });
  }

  /** Programs, requests, kinds of znodes, and what happens to clients. */
  *#weights(): Asking<void> {
    for (const table of ['programs', 'requests', 'modes', 'troubles'] as const) {
      const weights: Readonly<Record<string, number>> = this.#config.workload[table];
      const on = Object.keys(weights).filter((name) => weights[name]! > 0);
      yield* this.#fewer(on, (some) => {
        // Something has to be done; nothing has to happen to anybody.
        if (some.length === 0 && table !== 'troubles') return null;
        const kept = Object.fromEntries(
          Object.keys(weights).map((name) => [name, some.includes(name) ? weights[name]! : 0]),
        );
        return [`${some.length} ${table}`, { workload: { ...this.#config.workload, [table]: kept } }];
      });
    }
  }

  /** Delta debugging: takes away pieces of a list, all at first, then halves, quarters, down to single ones. */
  *#fewer(
    items: readonly string[],
    changes: (some: readonly string[]) => readonly [what: string, changes: Partial<SwarmConfig>] | null,
  ): Asking<void> {
    let left = [...items];
    for (let size = left.length; size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < left.length;) {
        const some = [...left.slice(0, from), ...left.slice(from + size)];
        const change = changes(some);
        if (change !== null && (yield* this.#try(...change))) left = some;
        else from += size;
      }
    }
  }
}
