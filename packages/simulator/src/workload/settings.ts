/**
 * What a seed draws for its clients: how many, how busy, doing what, and what happens to them. Plain data. Weights of 0
 * leave an operation or a program out: many runs with different halves find more than one with everything.
 */
import type { Random } from '../random.js';

/** Programs; see programs.ts for what each does. */
export const programNames = [
  ...(['random', 'registers', 'appends', 'counters', 'locks', 'watchers', 'queues', 'slowReader'] as const),
] as const;
export type ProgramName = (typeof programNames)[number];

/** What the program `random` asks. */
export const requestNames = [
  ...(['create', 'delete', 'set', 'setAcl', 'multi', 'wrong'] as const),
  ...([
    'get',
    'exists',
    'children',
    'getAcl',
    'multiRead',
    'ephemerals',
    'count',
    'sync',
    'whoAmI',
    'addAuth',
    'quota',
  ] as const),
] as const;
export type RequestName = (typeof requestNames)[number];

/** Kinds of znodes that the program `random` creates. */
export const modeNames = [
  ...(['persistent', 'ephemeral', 'sequential', 'ephemeralSequential', 'container', 'ttl', 'ttlSequential'] as const),
] as const;
export type ModeName = (typeof modeNames)[number];

/** What happens to clients; see troubles.ts. */
export const troubleNames = ['abandon', 'close', 'disconnect', 'unread', 'stop'] as const;
export type TroubleName = (typeof troubleNames)[number];

/** How likely each of some things is, against the sum of all. */
export type Weights<K extends string> = { readonly [name in K]: number };

/** All that clients depend on besides the seed. Times in milliseconds. */
export interface WorkloadSettings {
  readonly clients: number;
  /** Programs that a client runs at once, at most. */
  readonly programsEach: number;
  readonly programs: Weights<ProgramName>;
  /** Share of clients that make contact at a third of their timeout whatever else they do. */
  readonly heartbeats: number;
  /** Share of clients that know one server only. */
  readonly settled: number;
  readonly minTimeout: number;
  readonly maxTimeout: number;
  /** Mean time between two calls of a client. */
  readonly think: number;
  /** Mean number of calls between two pauses, which are longer in proportion. */
  readonly burst: number;
  /** Calls that a program has under way, at most. */
  readonly depth: number;
  readonly requests: Weights<RequestName>;
  readonly modes: Weights<ModeName>;
  /** Share of reads that arm a watch. */
  readonly watched: number;
  /** Paths that the program `random` uses, and how deep they go. */
  readonly paths: number;
  readonly levels: number;
  /** Bytes of data, at most; and the share of writes with 4 KB. */
  readonly bytes: number;
  readonly large: number;
  /** Share of created znodes that not everybody may use, and how many users there are. */
  readonly guarded: number;
  readonly users: number;
  /** Longest time to live of a TTL znode. */
  readonly ttl: number;
  /** How many at a time of what the other programs share. */
  readonly keys: number;
  /** Per client and minute. */
  readonly troubles: Weights<TroubleName>;
}

/** The bounds that servers set to session timeouts, in milliseconds. */
export interface TimeoutBounds {
  readonly minTimeout: number;
  readonly maxTimeout: number;
}

/** Draws settings. */
export function drawWorkload(random: Random, { minTimeout, maxTimeout }: TimeoutBounds): WorkloadSettings {
  const clients = random.int(1, 10);
  const busy = random.chance(0.03);
  const least = busy ? 5 : 15 * clients;
  return {
    clients,
    programsEach: random.int(1, 3),
    programs: drawWeights(random.fork('programs'), programNames, 0.6, { random: 3, registers: 2 }),
    heartbeats: random.pick([0, 0.3, 1]),
    settled: random.chance(0.3) ? random.float() * 0.7 : 0,
    minTimeout,
    maxTimeout: Math.round(random.logUniform(minTimeout, maxTimeout)),
    think: random.logUniform(least, busy ? 20 : 20_000),
    burst: random.chance(0.4) ? 1 : random.logUniform(1, 50),
    depth: random.chance(0.3) ? 1 : random.int(2, 20),
    requests: drawWeights(random.fork('requests'), requestNames, 0.7, {
      ...{
        create: 5,
        set: 5,
        delete: 4,
        multi: 3,
        get: 4,
        exists: 2,
        children: 2,
        setAcl: 0.7,
        addAuth: 0.4,
        wrong: 0.5,
        quota: 0.7,
      },
    }),
    modes: drawWeights(random.fork('modes'), modeNames, 0.5, { persistent: 6, ephemeral: 3 }),
    watched: random.chance(0.5) ? random.float() * 0.3 : 0,
    paths: Math.round(random.logUniform(3, 60)),
    levels: random.int(1, 4),
    bytes: random.chance(0.2) ? 0 : Math.round(random.logUniform(1, 200)),
    large: random.chance(0.2) ? random.float() * 0.05 : 0,
    guarded: random.chance(0.4) ? random.float() * 0.5 : 0,
    users: random.int(1, 3),
    ttl: Math.round(random.logUniform(100, 60_000)),
    keys: random.int(1, 4),
    troubles: drawTroubles(random.fork('troubles')),
  };
}

/** Each thing is there with chance `there`; where none is, the first is. */
function drawWeights<K extends string>(
  random: Random,
  names: readonly K[],
  there: number,
  usual: Partial<Weights<K>>,
): Weights<K> {
  const weights: Partial<Record<K, number>> = {};
  let sum = 0;
  for (const name of names) {
    const weight = (usual[name] ?? 1) * random.logUniform(0.3, 3);
    const drawn = random.chance(there) ? Math.round(weight * 100) / 100 : 0;
    weights[name] = drawn;
    sum += drawn;
  }
  if (sum === 0) weights[names[0] as K] = 1;
  return weights as Weights<K>;
}

function drawTroubles(random: Random): Weights<TroubleName> {
  const troubles: Partial<Record<TroubleName, number>> = {};
  for (const name of troubleNames) troubles[name] = random.chance(0.5) ? random.logUniform(0.05, 4) : 0;
  return troubles as Weights<TroubleName>;
}

/** The weights in the form that {@link Random.weighted} takes. */
export function choices<K extends string>(names: readonly K[], weights: Weights<K>): (readonly [number, K])[] {
  return names.map((name) => [weights[name], name] as const);
}
