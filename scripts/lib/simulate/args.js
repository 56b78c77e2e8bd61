/** The command line of `npm run simulate`: what it may say, and what it asks for. */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Complaint } from '../project.js';

export const help = `npm run simulate -- [options]: whole ensembles under virtual time, each from one seed.

Many seeds (where nothing else is asked for):
  --seeds N            how many (100; with --minutes: no limit)
  --from SEED          the first, as 0x… or decimal; the others follow it (at random, and told)
  --jobs N             processes (as many as there are cores)
  --minutes M          begin no seed after so long
  --twice SHARE        share of seeds that are run twice and must come out the same, such as 1% (1%)
  --marks              count rare branches of the product; fails where one is never reached
  --shrink SECONDS     make the first seed that breaks a rule smaller, so long at most (120; 0: not)
One seed:
  --seed SEED          runs it here
  --scenario FILE      runs what a scenario file says, which must come out clean; more than one may be given
  --trace [FILE]       prints every event, the same in each run
  --diagram FILE       writes the last events as a sequence diagram, one HTML file
  --last N             how many events the diagram shows (400)
Both:
  --config JSON        in place of what the seed draws, in part: '{"voters":3,"faults":{"kill":5000}}'
  --tier A|B           disks of records, or SQLite over sectors
Other runs:
  --power-cuts N       power cuts at N seeds [--seed NUMBER] [--tier A|B] [--jobs N]
  --mutants [IDS]      wrong implementations that must be found, such as S01,M02 [--seeds N] [--jobs N]`;

const text = /** @type {const} */ ({ type: 'string' });
const flag = /** @type {const} */ ({ type: 'boolean' });
const options = {
  ...{ seeds: text, from: text, jobs: text, minutes: text, twice: text, marks: flag, shrink: text },
  ...{ seed: text, trace: text, diagram: text, last: text, config: text, tier: text },
  ...{ scenario: { ...text, multiple: /** @type {const} */ (true) }, 'power-cuts': text, mutants: text, help: flag },
};

/** Options that may stand alone. */
const optional = ['--trace', '--mutants'];

/** What each kind of run takes; it is the first one whose first option is there. */
const kinds = /** @type {const} */ ([
  ['power-cuts', 'seed', 'tier', 'jobs'],
  ['mutants', 'seeds', 'jobs'],
  ['scenario', 'trace', 'diagram', 'last'],
  ['seed', 'trace', 'diagram', 'last', 'config', 'tier', 'shrink'],
  ['seeds', 'from', 'jobs', 'minutes', 'config', 'tier', 'twice', 'marks', 'shrink'],
]);

/** @typedef {{ trace: string | null; diagram: string | null; last: number }} Looks */

/**
 * What is asked for. `trace`: a file, '' for the terminal, null for none. `seeds` null: without limit. `jobs` null: as many
 * as there are cores.
 *
 * @typedef {{ kind: 'help' }
 *   | { kind: 'power-cuts'; count: number; seed: number; tier: 'A' | 'B'; jobs: number }
 *   | { kind: 'mutants'; only: string[]; seeds: number; jobs: number }
 *   | ({ kind: 'scenario'; files: string[] } & Looks)
 *   | ({ kind: 'seed'; seed: string; config: object; shrink: number } & Looks)
 *   | SeedsPlan} Plan
 */

/**
 * @typedef {{
 *   kind: 'seeds';
 *   seeds: number | null;
 *   from: string;
 *   jobs: number;
 *   minutes: number | null;
 *   config: object;
 *   twice: number;
 *   marks: boolean;
 *   shrink: number;
 * }} SeedsPlan
 */

/**
 * Reads the command line.
 *
 * @param {readonly string[]} args
 * @returns {Plan}
 */
export function readArgs(args) {
  const values = parsed(args.map((arg, at) => (optional.includes(arg) && isOption(args[at + 1]) ? `${arg}=` : arg)));
  if (values.help === true) return { kind: 'help' };
  const [kind, ...more] = kinds.find(([first]) => values[first] !== undefined) ?? kinds[4];
  const allowed = [kind, ...more];
  const foreign = Object.keys(values).filter((name) => !allowed.some((other) => other === name));
  if (foreign.length > 0) {
    throw new Complaint(`--${kind} does not go with --${foreign.join(', --')}; it takes ${list(more)}.`);
  }
  const looks = {
    trace: values.trace ?? null,
    diagram: values.diagram ?? null,
    last: whole('last', values.last ?? '400', 1),
  };
  const jobs = whole('jobs', values.jobs ?? String(availableParallelism()), 1);
  switch (kind) {
    case 'power-cuts': {
      const seed = whole('seed', values.seed ?? String(randomBytes(4).readUInt32LE()), 0);
      return { kind, count: whole(kind, values[kind] ?? '', 1), seed, tier: tierOf(values.tier ?? 'B'), jobs };
    }
    case 'mutants': {
      const only = (values.mutants ?? '').split(',').filter((id) => id !== '');
      return { kind, only, seeds: whole('seeds', values.seeds ?? '2000', 1), jobs };
    }
    case 'scenario':
      return { kind, files: values.scenario ?? [], ...looks };
    case 'seed':
      return {
        kind,
        seed: seedOf(kind, values.seed ?? ''),
        config: configOf(values),
        ...looks,
        shrink: shrinkOf(values.shrink ?? '0'),
      };
    case 'seeds':
      return seedsPlan(values, jobs);
  }
}

/** @param {ReturnType<typeof parsed>} values @param {number} jobs @returns {SeedsPlan} */
function seedsPlan(values, jobs) {
  const minutes = values.minutes === undefined ? null : positive('minutes', values.minutes);
  const seeds = values.seeds === undefined && minutes !== null ? null : whole('seeds', values.seeds ?? '100', 1);
  const from = seedOf('from', values.from ?? `0x${randomBytes(8).toString('hex')}`);
  const { twice = '1%', marks = false, shrink = '120' } = values;
  const config = configOf(values);
  return { kind: 'seeds', seeds, from, jobs, minutes, config, twice: shareOf(twice), marks, shrink: shrinkOf(shrink) };
}

/** What the command line does not know, it says. @param {string[]} args */
function parsed(args) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Complaint(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
  }
}

/** @param {string | undefined} arg */
function isOption(arg) {
  return arg === undefined || arg.startsWith('--');
}

/** @param {readonly string[]} names */
function list(names) {
  return names.map((name) => `--${name}`).join(', ');
}

/** @param {string} name @param {string} value @param {number} least */
function whole(name, value, least) {
  const number = Number(value);
  if (value !== '' && Number.isSafeInteger(number) && number >= least) return number;
  throw new Complaint(`--${name} must be a whole number from ${least} on, not "${value}".`);
}

/** @param {string} name @param {string} value */
function positive(name, value) {
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new Complaint(`--${name} must be a number above 0, not "${value}".`);
}

/** Seeds are texts: `17` and `0x11` are two different ones. @param {string} name @param {string} value */
function seedOf(name, value) {
  const seed = value.toLowerCase();
  if (/^(0x[0-9a-f]{1,16}|\d{1,15})$/.test(seed)) return seed;
  throw new Complaint(
    `--${name} must be a seed, 0x and up to 16 hexadecimal digits or a decimal number, not "${value}".`,
  );
}

/** @param {string} value */
function shareOf(value) {
  const number = value.endsWith('%') ? Number(value.slice(0, -1)) / 100 : Number(value);
  if (value !== '' && value !== '%' && number >= 0 && number <= 1) return number;
  throw new Complaint(`--twice must be a share, such as 1% or 0.01, not "${value}".`);
}

/** @param {string} value */
function shrinkOf(value) {
  const seconds = Number(value);
  if (value !== '' && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new Complaint(`--shrink must be a number of seconds from 0 on, not "${value}".`);
}

/** @param {string} value @returns {'A' | 'B'} */
function tierOf(value) {
  if (value === 'A' || value === 'B') return value;
  throw new Complaint(`--tier must be A (disks of records) or B (SQLite over sectors), not "${value}".`);
}

/** @param {{ config?: string | undefined; tier?: string | undefined }} values @returns {object} */
function configOf({ config = '{}', tier }) {
  /** @type {unknown} */
  let given;
  try {
    given = JSON.parse(config);
  } catch (error) {
    throw new Complaint(`--config is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof given !== 'object' || given === null)
    throw new Complaint('--config must be an object, such as {"voters":3}.');
  return { ...given, ...(tier === undefined ? {} : { tier: tierOf(tier) }) };
}
