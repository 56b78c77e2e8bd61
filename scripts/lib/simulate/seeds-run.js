/** Runs one seed in this process: gives the simulator its disks, and collects the marks that the product passes. */
import { runSeed } from '@synod/simulator';
import { RecordDisk } from '@synod/simulator/disk/record-disk';
import { SectorDisk } from '@synod/simulator/disk/sector-disk';
import { loadSqlite } from '@synod/simulator/disk/sqlite-module';
import { Random } from '@synod/simulator/random';
import { completeConfig, ScenarioError } from '@synod/simulator/scenario';
import { Complaint } from '../project.js';

/** @typedef {import('@synod/simulator').RunResult} RunResult */
/** @typedef {import('@synod/simulator').SwarmConfig} SwarmConfig */

/**
 * What to run. `config`: what takes the place of what the seed draws, in part or as a whole. `trace`: newest events to
 * keep.
 *
 * @typedef {{ seed: string; config?: object; trace?: number }} SeedJob
 */

/** How often each mark was passed since somebody looked. @type {Map<string, number>} */
const passed = new Map();

/** Counts marks from now on; only patched modules (loader.js) have any. */
export function countMarks() {
  const shared = /** @type {{ __synodMark?: (name: string) => void }} */ (globalThis);
  shared.__synodMark = (name) => passed.set(name, (passed.get(name) ?? 0) + 1);
}

/** The marks that were passed since the last call. */
export function takeMarks() {
  const marks = Object.fromEntries(passed);
  passed.clear();
  return marks;
}

/** @returns {Promise<void>} */
function drain() {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * The whole configuration of a seed; a Complaint where what is given cannot be.
 *
 * @param {string} seed
 * @param {object} given
 */
export function configOf(seed, given) {
  try {
    return completeConfig(seed, given);
  } catch (error) {
    throw error instanceof ScenarioError ? new Complaint(`--config: ${error.message}.`) : error;
  }
}

/**
 * Runs a seed to its end.
 *
 * @param {SeedJob} job
 * @returns {Promise<RunResult>}
 */
export async function runJob({ seed, config: given = {}, trace }) {
  const config = configOf(seed, given);
  const sqlite = config.tier === 'B' ? await loadSqlite() : null;
  sqlite?.reseed(new Random(seed, 'sqlite').uint32());
  /** @type {SectorDisk[]} */
  const disks = [];
  const makeDisk = () => (/** @type {number} */ server) => {
    if (sqlite === null) return new RecordDisk(`/s${server}`);
    const disk = new SectorDisk(`/s${server}`, sqlite);
    disks.push(disk);
    return disk;
  };
  try {
    return await runSeed(seed, { config, drain, makeDisk, ...(trace === undefined ? {} : { trace }) });
  } finally {
    for (const disk of disks) disk.discard();
  }
}
