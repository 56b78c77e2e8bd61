/**
 * What a seed draws before anything happens: how large the ensemble is, how bad the world, how tiny the limits. Plain
 * data, so that it can be printed, changed (by hand, by the shrinker) and run again.
 *
 * Each class of faults is on or off by itself and has a rate of its own (swarm testing, Groce et al. 2012): a run with
 * everything on finds less than many runs with different halves.
 */
import { limits } from '@synod/protocol';
import type { NetworkSettings } from './network.js';
import { Random } from './random.js';
import type { DiskSpeed } from './workers.js';
import { drawWorkload, type WorkloadSettings } from './workload/settings.js';

/** Kinds of faults; the mean of the milliseconds between two of a kind, 0: never. */
export type Faults = { readonly [kind in FaultKind]: number };

export const faultKinds = [
  ...(['kill', 'killLeader', 'killAll', 'power', 'powerInWrite', 'powerAll', 'stop', 'pause', 'pauseLeader'] as const),
  ...(['split', 'isolate', 'oneWay', 'bridge', 'flap', 'clientCut', 'storm'] as const),
  ...(['clockStep', 'clockDrift', 'failSync', 'diskFull', 'diskStall', 'damage', 'wipe'] as const),
  ...(['isolateLeader', 'pauseInRead', 'halfOpen', 'slowState', 'hearsay', 'giant'] as const),
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Faults that part no server from its leader. */
const harmless: readonly FaultKind[] = ['clientCut', 'clockStep', 'clockDrift'];

/** Sizes and times that make rare things frequent. */
export interface Tuning {
  readonly foldMs: number;
  readonly foldRows: number;
  readonly cacheRecords: number;
  readonly cacheBytes: number;
  readonly retainRecords: number;
  readonly outstandingWrites: number;
  readonly reapMs: number;
  readonly finalizeMs: number;
  /** Writes that servers let a client have under way, and bytes of a frame that they say they take. */
  readonly windowWrites: number;
  readonly windowBytes: number;
}

/** Everything that a run depends on besides its seed. Times in milliseconds. */
export interface SwarmConfig {
  readonly voters: number;
  readonly observers: number;
  /** A: disks of records; B: SQLite over sectors. */
  readonly tier: 'A' | 'B';
  readonly tickTime: number;
  readonly initLimit: number;
  readonly syncLimit: number;
  readonly tuning: Tuning;
  readonly network: NetworkSettings;
  readonly disk: DiskSpeed;
  /** Clocks run up to so much too fast or too slow. */
  readonly clockError: number;
  readonly turnMs: number;
  readonly coarse: number;
  readonly faults: Faults;
  /** The faults to carry out, by name (`kill 3`); null: all. */
  readonly only: readonly string[] | null;
  /** How long faults go on. */
  readonly faultMs: number;
  /** How long a server that is down stays so, on average. */
  readonly downMs: number;
  /** Servers that stay cut off or down while the others have to get on. */
  readonly outside: number;
  /** Clients no longer want the answers of some calls after so long, on average; 0: they always do. */
  readonly patience: number;
  readonly workload: WorkloadSettings;
}

/** True where nothing parts a server from its leader, and every word that it has for the leader comes soon. */
export function isSteady({ faults, network, outside }: SwarmConfig): boolean {
  const parted = faultKinds.some((kind) => faults[kind] > 0 && !harmless.includes(kind));
  return !parted && network.loss === 0 && network.tail === 0 && outside === 0;
}

/** The same configuration, made steady. */
export function steady(config: SwarmConfig): SwarmConfig {
  const faults: Record<FaultKind, number> = { ...config.faults };
  for (const kind of faultKinds) if (!harmless.includes(kind)) faults[kind] = 0;
  return { ...config, faults, network: { ...config.network, loss: 0, tail: 0 }, outside: 0 };
}

/** Least and greatest mean interval of each kind, in milliseconds, at a chance of one half. */
const rates: Readonly<Record<FaultKind, readonly [least: number, most: number]>> = {
  kill: [3_000, 120_000],
  killLeader: [5_000, 120_000],
  killAll: [20_000, 300_000],
  power: [3_000, 120_000],
  powerInWrite: [2_000, 60_000],
  powerAll: [10_000, 200_000],
  stop: [5_000, 200_000],
  pause: [3_000, 100_000],
  pauseLeader: [3_000, 100_000],
  split: [5_000, 120_000],
  isolate: [5_000, 120_000],
  oneWay: [5_000, 120_000],
  bridge: [10_000, 200_000],
  flap: [10_000, 200_000],
  clientCut: [3_000, 60_000],
  storm: [10_000, 200_000],
  clockStep: [5_000, 100_000],
  clockDrift: [10_000, 200_000],
  failSync: [10_000, 200_000],
  diskFull: [20_000, 300_000],
  diskStall: [5_000, 100_000],
  damage: [15_000, 300_000],
  wipe: [30_000, 400_000],
  isolateLeader: [5_000, 120_000],
  pauseInRead: [10_000, 150_000],
  halfOpen: [5_000, 100_000],
  slowState: [5_000, 100_000],
  hearsay: [60_000, 600_000],
  giant: [300_000, 3_000_000],
};

/** Calls that the clients of one run make, more or less, while faults go on; and where znodes hold much, calls and bursts. */
const MOST_CALLS = 50_000;
const MOST_HEAVY_CALLS = 10_000;
const MOST_HEAVY_BURSTS = 3_000;

/** Draws the configuration of a seed. `hints` take the place of what was drawn. */
export function drawConfig(seed: number | string, hints: Partial<SwarmConfig> = {}): SwarmConfig {
  const random = new Random(seed, 'config');
  const voters =
    hints.voters ??
    random.weighted([
      [1, 1],
      [10, 3],
      [6, 5],
      [1, 7],
    ]);
  const tickTime = Math.round(random.logUniform(200, 2_000));
  const [initLimit, syncLimit] = [random.int(4, 10), random.int(2, 5)];
  const bounds = { minTimeout: 2 * tickTime, maxTimeout: 20 * tickTime };
  const light = drawWorkload(random.fork('workload'), bounds);
  const heavy = random.fork('heavy');
  const workload = heavy.chance(0.05) ? makeHeavy(light, heavy) : light;
  const impatience = random.fork('patience');
  const drawn: SwarmConfig = {
    voters,
    observers: voters > 1 && random.chance(0.25) ? random.int(1, 2) : 0,
    tier: random.chance(0.03) ? 'B' : 'A',
    tickTime,
    initLimit,
    syncLimit,
    tuning: drawTuning(random.fork('tuning'), tickTime),
    network: drawNetwork(random.fork('network')),
    disk: drawDisk(random.fork('disk')),
    clockError: random.chance(0.5) ? 0 : random.logUniform(0.0001, 0.05),
    turnMs: random.logUniform(0.05, 3),
    coarse: random.pick([1, 3, 6, 10]),
    faults: drawFaults(random.fork('faults'), voters),
    only: null,
    faultMs: Math.min(Math.round(random.logUniform(60_000, 900_000)), mostFaultMs(workload)),
    downMs: random.logUniform(200, 20_000),
    outside: random.chance(0.5) ? random.int(0, Math.floor((voters - 1) / 2)) : 0,
    patience: impatience.chance(0.2) ? impatience.logUniform(20, 5_000) : 0,
    workload,
  };
  return { ...(random.fork('behind').chance(0.06) ? makeBehind(drawn) : drawn), ...hints };
}

/** Milliseconds of faults; folds that come to no end meanwhile must do so in the time that a run waits behind them. */
const MOST_BEHIND_MS = 150_000;

/** Where folds never come to an end and nothing else is kept: whoever was away for a while needs the whole state. */
function makeBehind(drawn: SwarmConfig): SwarmConfig {
  const { tuning, faults } = drawn;
  return {
    ...drawn,
    faultMs: Math.min(drawn.faultMs, MOST_BEHIND_MS),
    tuning: { ...tuning, foldMs: 50, foldRows: 1, retainRecords: 0 },
    coarse: 10,
    faults: { ...faults, pauseInRead: faults.pauseInRead || 20_000 },
  };
}

/** Busy clients are worth a shorter run: a seed is to take seconds, and what is there to be found comes soon. */
function mostFaultMs({ clients, think, bytes, depth }: WorkloadSettings): number {
  const most = bytes >= LEAST_HEAVY ? Math.min(MOST_HEAVY_BURSTS, MOST_HEAVY_CALLS / depth) : MOST_CALLS;
  return Math.max(30_000, Math.round((most * think) / clients));
}

/** Bytes of a znode, at most, from which on a state takes several chunks to send, and answers fill what a client is sent. */
const LEAST_HEAVY = 10_000;

/** Many znodes with much in them, which are read by heaps. */
function makeHeavy(workload: WorkloadSettings, random: Random): WorkloadSettings {
  const { programs, requests, modes } = workload;
  return {
    ...workload,
    programs: { ...programs, random: Math.max(programs.random, 3) },
    requests: { ...requests, create: Math.max(requests.create, 5), multiRead: Math.max(requests.multiRead, 4) },
    modes: { ...modes, persistent: Math.max(modes.persistent, 6) },
    think: Math.max(workload.think, 100 * workload.clients),
    depth: random.int(20, 60),
    paths: random.int(30, 60),
    bytes: Math.round(random.logUniform(LEAST_HEAVY, 6 * LEAST_HEAVY)),
  };
}

function drawTuning(random: Random, tickTime: number): Tuning {
  const tiny = random.chance(0.7);
  return {
    foldMs: Math.round(tiny ? random.logUniform(50, 3_000) : 1_000),
    foldRows: tiny ? random.int(1, 20) : 1_000,
    cacheRecords: tiny ? random.int(1, 40) : 20_000,
    cacheBytes: tiny ? random.int(200, 20_000) : 32 * 1_048_576,
    retainRecords: tiny ? random.int(0, 60) : 1_000,
    outstandingWrites: tiny ? random.int(2, 50) : 1_000,
    reapMs: Math.round(random.logUniform(500, 20_000)),
    finalizeMs: Math.min(100, Math.round(tickTime / 4)),
    windowWrites: tiny && random.chance(0.2) ? random.int(1, 20) : limits.outstandingWrites,
    windowBytes: tiny && random.chance(0.15) ? Math.round(random.logUniform(150, 2_000)) : limits.frameBytes,
  };
}

function drawNetwork(random: Random): NetworkSettings {
  return {
    delayMean: random.logUniform(0.1, 20),
    delayLeast: random.logUniform(0.05, 5),
    tail: random.chance(0.5) ? random.logUniform(0.0005, 0.02) : 0,
    tailMs: random.logUniform(50, 3_000),
    loss: random.chance(0.5) ? random.logUniform(0.0005, 0.1) : 0,
    resendMs: 200,
    breaks: random.chance(0.5) ? random.float() * 0.1 : 0,
  };
}

function drawDisk(random: Random): DiskSpeed {
  return {
    mean: random.logUniform(0.1, 20),
    tail: random.chance(0.5) ? random.logUniform(0.0005, 0.02) : 0,
    tailMs: random.logUniform(50, 2_000),
  };
}

function drawFaults(random: Random, voters: number): Faults {
  const quiet = random.chance(0.05);
  const faults: Partial<Record<FaultKind, number>> = {};
  for (const kind of faultKinds) {
    const [least, most] = rates[kind];
    const mean = Math.round(random.logUniform(least, most));
    const on = random.chance(0.4) && !quiet;
    // A server that stands alone has nobody to give it back what it lost.
    faults[kind] = on && !(voters === 1 && (kind === 'damage' || kind === 'wipe')) ? mean : 0;
  }
  return faults as Faults;
}
