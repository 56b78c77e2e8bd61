/**
 * Configurations and scenarios as people and files write them: in part, and perhaps wrong. What is missing is what the
 * seed draws; what is unknown or of the wrong kind is refused, for a fault that is misspelt would silently never happen.
 */
import { drawConfig, faultKinds, type SwarmConfig } from './swarm.js';

/** A configuration or a scenario that cannot be; the message says what is allowed. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** Where what is not named is 0, not what the seed draws: a table that is given is given as a whole. */
const tables: readonly string[] = [
  ...['faults', 'workload.programs', 'workload.requests', 'workload.modes', 'workload.troubles'],
];

/**
 * The whole configuration of a seed: what is given, and for the rest what the seed draws. Tables of rates and weights
 * (`faults`, and those of `workload`) are taken as given: what they do not name is off.
 *
 * @throws ScenarioError where a name is unknown or a value is of the wrong kind
 */
export function completeConfig(seed: number | string, given: unknown): SwarmConfig {
  if (!isTable(given))
    throw new ScenarioError('a configuration is an object, such as {"voters":3,"faults":{"kill":5000}}');
  const { voters } = given;
  if (voters !== undefined && !(Number.isInteger(voters) && Number(voters) > 0)) {
    throw new ScenarioError(`voters must be a whole number above 0, not ${JSON.stringify(voters)}`);
  }
  const drawn = drawConfig(seed, voters === undefined ? {} : { voters: Number(voters) });
  return overlay(drawn, given, '');
}

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function overlay<T extends object>(drawn: T, given: Table, place: string): T {
  const whole: Record<string, unknown> = Object.fromEntries(Object.entries(drawn));
  if (tables.includes(place)) for (const name of Object.keys(whole)) whole[name] = 0;
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(whole, name)) {
      const where = place === '' ? 'a configuration' : place;
      throw new ScenarioError(`there is no "${name}" in ${where}; there is ${Object.keys(whole).join(', ')}`);
    }
    whole[name] = accepted(whole[name], value, place === '' ? name : `${place}.${name}`);
  }
  return { ...drawn, ...whole };
}

function accepted(drawn: unknown, given: unknown, place: string): unknown {
  const refuse = (allowed: string): never => {
    throw new ScenarioError(`${place} must be ${allowed}, not ${JSON.stringify(given)}`);
  };
  if (place === 'only') return given === null || areFaults(given) ? given : refuse('null or a list such as ["kill 3"]');
  if (place === 'tier') return given === 'A' || given === 'B' ? given : refuse('"A" or "B"');
  if (isTable(drawn)) return isTable(given) ? overlay(drawn, given, place) : refuse('an object');
  return typeof given === 'number' && given >= 0 ? given : refuse('a number from 0 on');
}

function areFaults(names: unknown): boolean {
  const kinds: readonly string[] = faultKinds;
  return (
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string' && / [1-9]\d*$/.test(name) && kinds.includes(name.split(' ')[0]!))
  );
}

/** A run that broke a promise once, made small; from then on it has to be clean. */
export interface Scenario {
  readonly seed: string;
  readonly config: SwarmConfig;
  /** The promise that was broken, and how that was told. */
  readonly rule: string;
  readonly text: string;
  /** What it was, in one line. */
  readonly found: string;
  readonly expect: 'clean';
}

/** Stands in the place of the words until somebody has understood it. */
export const UNEXPLAINED = 'not explained yet';

/**
 * A scenario from what its file holds.
 *
 * @throws ScenarioError where it is none
 */
export function parseScenario(value: unknown): Scenario {
  if (!isTable(value))
    throw new ScenarioError('a scenario is an object with seed, config, rule, text, found and expect');
  const { config, expect } = value;
  const word = (name: string): string => {
    const found = value[name];
    if (typeof found !== 'string' || found === '') throw new ScenarioError(`a scenario needs "${name}", a text`);
    return found;
  };
  if (expect !== 'clean') throw new ScenarioError('a scenario needs "expect": "clean"');
  const [seed, rule, text, found] = [word('seed'), word('rule'), word('text'), word('found')];
  return { seed, config: completeConfig(seed, config), rule, text, found, expect };
}
