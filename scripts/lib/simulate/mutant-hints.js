/** What makes a mutant's moment likely (Hints of mutants.js), as a change of what a seed draws. */
import { drawConfig, steady } from '@synod/simulator';

/** @typedef {import('./mutants.js').Fault} Fault */
/** @typedef {import('@synod/simulator').SwarmConfig} SwarmConfig */
/** @typedef {keyof SwarmConfig['faults']} FaultKind */

/** The kinds of faults that a class stands for. @type {Readonly<Record<Fault, readonly FaultKind[]>>} */
const classes = {
  power: ['power', 'powerInWrite', 'powerAll'],
  crash: ['kill', 'killLeader'],
  partition: ['split', 'isolate'],
  oneWay: ['oneWay'],
  delay: ['storm'],
  clients: ['clientCut'],
  pause: ['pause', 'pauseLeader'],
  clock: ['clockStep'],
  sync: ['failSync'],
  full: ['diskFull'],
  slow: ['diskStall'],
  rot: ['damage'],
  wipe: ['wipe'],
};

/** Mean milliseconds between two faults of a kind that a seed has not drawn by itself. */
const meanMs = 15_000;

/** A moment that a mutant needs comes soon or not at all: short runs with many seeds find more than long ones. */
const mostFaultMs = 150_000;

/** Sizes by which caches, logs and folds come to their ends all the time. */
const tiny = { foldMs: 200, foldRows: 3, cacheRecords: 4, cacheBytes: 2_000, retainRecords: 4 };

/** Clients that watch, and znodes that not everybody may read. */
const guarded = { guarded: 0.4, watched: 0.3 };

/**
 * The configuration of a seed under these hints.
 *
 * @param {number} seed
 * @param {import('./mutants.js').Hints} hints
 * @returns {SwarmConfig}
 */
export function hintedConfig(seed, hints) {
  const { servers, observers, tier, faults = {} } = hints;
  const drawn = drawConfig(seed, {
    ...(servers === undefined ? {} : { voters: servers }),
    ...(observers === undefined ? {} : { observers }),
    ...(tier === undefined ? {} : { tier }),
  });
  /** @type {Record<FaultKind, number>} */
  const rates = { ...drawn.faults };
  for (const [name, on] of Object.entries(faults)) {
    for (const kind of classes[/** @type {Fault} */ (name)]) rates[kind] = on ? rates[kind] || meanMs : 0;
  }
  // A server that stands alone has nobody to give it back what it lost.
  if (drawn.voters === 1) rates.damage = rates.wipe = 0;
  const faultMs = Math.min(drawn.faultMs, mostFaultMs);
  const tuning = hints.tiny === true ? { ...drawn.tuning, ...tiny } : drawn.tuning;
  const programs = { ...drawn.workload.programs, ...hints.programs };
  const workload = { ...drawn.workload, ...(hints.guarded === true ? guarded : {}), programs };
  const hinted = { ...drawn, faultMs, faults: rates, tuning, workload };
  return hints.steady === true ? steady(hinted) : hinted;
}
