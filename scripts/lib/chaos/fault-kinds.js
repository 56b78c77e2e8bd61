/** The kinds of faults, how often each comes, and which of them a run is to have. */
import { unrecordable } from '../recorder.js';
import { Complaint } from '../project.js';

/** How often which fault. */
export const processWeights = {
  'kill-leader': 30,
  'kill-random': 15,
  'kill-all': 8,
  'pause-leader': 22,
  'pause-random': 13,
  'stop-random': 12,
};

/** A leader is cut off, can only hear (mute), or only speak (deaf); see links-plan.js for each. */
export const linkWeights = {
  'cut-leader': 16,
  'cut-random': 10,
  split: 10,
  'mute-leader': 10,
  'deaf-leader': 10,
  'one-way': 8,
  flap: 10,
  bridge: 8,
  delay: 8,
  trickle: 5,
  reset: 5,
};

export const diskWeights = { 'disk-full': 8, 'sync-fails': 8 };

/**
 * @typedef {keyof typeof processWeights} ProcessFault
 * @typedef {keyof typeof linkWeights} LinkFault
 * @typedef {keyof typeof diskWeights} DiskFault
 * @typedef {ProcessFault | LinkFault | DiskFault} FaultKind
 * @typedef {Partial<Record<FaultKind, number>>} Weights
 */

/** @type {Readonly<Record<string, Weights>>} */
const groups = { processes: processWeights, links: linkWeights, disks: diskWeights };

/** @type {Readonly<Weights>} */
const all = { ...processWeights, ...linkWeights, ...diskWeights };

/** @param {string} kind @returns {kind is LinkFault} */
export function isLinkFault(kind) {
  return kind in linkWeights;
}

/** @param {string} kind @returns {kind is DiskFault} */
export function isDiskFault(kind) {
  return kind in diskWeights;
}

/**
 * The kinds that a run has, with their weights.
 *
 * @param {string | undefined} text names of kinds and groups with commas between; all that this system can do by default
 * @returns {Weights}
 * @throws {Complaint} for a name that there is not, and for a fault that is not possible here
 */
export function chooseKinds(text) {
  if (text === undefined) return unrecordable === null ? all : { ...processWeights, ...linkWeights };
  /** @type {Weights} */
  const chosen = {};
  for (const name of text.split(',').map((part) => part.trim())) {
    const group = groups[name] ?? (name in all ? { [name]: all[/** @type {FaultKind} */ (name)] } : undefined);
    if (!group) {
      throw new Complaint(
        `--kinds: there is no fault "${name}". There are the groups ${Object.keys(groups).join(', ')}, and ${Object.keys(all).join(', ')}.`,
      );
    }
    Object.assign(chosen, group);
  }
  const failing = Object.keys(chosen).filter(isDiskFault);
  if (unrecordable !== null && failing.length > 0) {
    throw new Complaint(`--kinds: ${failing.join(', ')} cannot be had here: ${unrecordable}.`);
  }
  return chosen;
}
