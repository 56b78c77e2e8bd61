/**
 * All mutants: wrong implementations, one at a time, that the simulator must find. S01 to S56 are the scenarios by which
 * coordination services have lost data, order or their lives (a letter tells variants apart); M01 and on break the rules of
 * this implementation's own that are easy to lose.
 *
 * A scenario that cannot be had here, because what it needs does not exist, says so and names the test that holds the
 * ground instead.
 */
import { agreementMutants } from './mutants/agreement.js';
import { electionMutants } from './mutants/election.js';
import { historyMutants } from './mutants/history.js';
import { modelMutants } from './mutants/model.js';
import { serviceMutants } from './mutants/service.js';
import { sessionMutants } from './mutants/sessions.js';
import { storageMutants } from './mutants/storage.js';
import { syncMutants } from './mutants/sync.js';
import { watchMutants } from './mutants/watches.js';
import { Misfit } from './patch.js';

/** @typedef {import('./patch.js').Patch} Patch */

/**
 * What makes a mutant's moment likely; the rest of a seed's configuration is drawn as ever. `faults`: classes that shall
 * be on (or off). `steady`: nothing parts a server from its leader. `programs`: weights of what
 * clients do. `guarded`: they watch, and not everybody may read everything.
 *
 * @typedef {{
 *   servers?: number;
 *   observers?: number;
 *   tier?: 'A' | 'B';
 *   tiny?: boolean;
 *   steady?: boolean;
 *   guarded?: boolean;
 *   programs?: Partial<import('@synod/simulator').SwarmConfig['workload']['programs']>;
 *   faults?: Partial<Record<Fault, boolean>>;
 * }} Hints
 */

/**
 * power: all that was not synced is lost. crash: processes die. partition, oneWay, delay: the network between servers.
 * clients: their connections break. pause: processes stand still. clock: the wall clock jumps. sync: one sync fails. full:
 * no space. slow: the disk takes its time. rot: what lies on a disk is damaged. wipe: a disk is empty.
 *
 * @typedef {'power' | 'crash' | 'partition' | 'oneWay' | 'delay' | 'clients' | 'pause' | 'clock' | 'sync' | 'full' |
 *   'slow' | 'rot' | 'wipe'} Fault
 */

/**
 * A wrong implementation. `setting`: a change of scale that makes the moment reachable at all; with it alone the product
 * must be as right as ever. `expect`: rules that may find it, as the checkers name them; 'assertion' stands for the end of
 * a process by a check of its own, 'hang' for a run that does not end, 'cut' for the
 * power-cut run. `cuts`: found there, on disks of this tier, where the moment between two writes of storage comes often
 * enough; a hundred cuts count as one seed. `rare`: why the usual number of seeds does not find it.
 *
 * @typedef {{
 *   id: string;
 *   title: string;
 *   patches: readonly Patch[];
 *   setting?: readonly Patch[];
 *   swarm?: Hints;
 *   cuts?: 'A' | 'B';
 *   rare?: string;
 *   expect: readonly string[];
 * }} Mutant
 */

/**
 * A scenario without a mutant.
 *
 * @typedef {{ id: string; title: string; cannot: string; heldBy: { file: string; test: string } }} Absent
 */

/** @type {readonly (Mutant | Absent)[]} */
export const scenarios = [
  ...historyMutants,
  ...syncMutants,
  ...electionMutants,
  ...storageMutants,
  ...sessionMutants,
  ...watchMutants,
  ...modelMutants,
  ...agreementMutants,
  ...serviceMutants,
];

/** @type {readonly Mutant[]} */
export const mutants = scenarios.filter((one) => 'patches' in one);

/** @type {readonly Absent[]} */
export const absent = scenarios.filter((one) => 'cannot' in one);

/**
 * The patches of a mutant; `S20:setting` names its setting alone.
 *
 * @param {string} name
 * @returns {readonly Patch[]}
 */
export function patchesOf(name) {
  const [id = '', part] = name.split(':');
  const mutant = mutants.find((one) => one.id === id);
  if (mutant === undefined) throw new Misfit(`there is no mutant ${id}`);
  if (part !== undefined && part !== 'setting') throw new Misfit(`a mutant has no part ${part}`);
  const setting = mutant.setting ?? [];
  return part === 'setting' ? setting : [...setting, ...mutant.patches];
}
