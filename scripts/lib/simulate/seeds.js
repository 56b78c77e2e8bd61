/**
 * Many seeds, one process per core: hands them out, repeats some and all that fail, and makes failures smaller.
 */
import { plannedFaults } from '@synod/simulator/faults';
import { Figures } from './figures.js';
import { marks as allMarks } from './marks.js';
import { fromHere, writeScenario } from './scenario-file.js';
import { shrinkFailure } from './scenario-shrink.js';
import { SeedLane } from './seeds-lane.js';
import { configOf } from './seeds-run.js';

/** @typedef {import('./args.js').SeedsPlan} SeedsPlan */
/** @typedef {import('./seed-child.js').SeedReport} SeedReport */

/** Milliseconds between two lines of progress. */
const progressEvery = 5_000;

/** Violations of one seed that are printed where its rule was not broken before; otherwise one. */
const shown = 3;

/** A command with the patches that this process runs with. @param {string} args */
function command(args) {
  const patch = process.env['SYNOD_PATCH'] ?? '';
  return `${patch === '' ? '' : `SYNOD_PATCH=${patch} `}npm run simulate -- ${args}`;
}

/** @param {object} config what takes the place of what a seed draws */
function configArgument(config) {
  return Object.keys(config).length > 0 ? ` --config '${JSON.stringify(config)}'` : '';
}

/** The seeds from one on: `17`, `18`, … or `0x11`, `0x12`, … @param {string} from @returns {Generator<string, never>} */
function* seedsFrom(from) {
  for (let seed = BigInt(from); ; seed++) {
    yield from.startsWith('0x') ? `0x${BigInt.asUintN(64, seed).toString(16)}` : seed.toString();
  }
}

export class SeedsRun {
  figures = new Figures();
  #plan;
  #say;
  #seeds;
  #lanes;
  #given = 0;
  #over = false;
  /** Rules that were broken. @type {Set<string>} */
  #broken = new Set();
  /** Rules of which a violation was made smaller. @type {Set<string>} */
  #shrunk = new Set();

  /** @param {SeedsPlan} plan @param {(line: string) => void} say */
  constructor(plan, say) {
    this.#plan = plan;
    this.#say = say;
    this.#seeds = seedsFrom(plan.from);
    const patch = [process.env['SYNOD_PATCH'] ?? '', plan.marks ? 'marks' : ''].filter((name) => name !== '').join(',');
    this.#lanes = Array.from({ length: plan.jobs }, () => new SeedLane(patch));
  }

  /** Runs all, and says what came of them. @returns {Promise<boolean>} whether all was well */
  async run() {
    const { seeds, from, minutes, jobs, config, marks } = this.#plan;
    // What cannot be is refused before anything runs.
    configOf(from, config);
    const began = performance.now();
    const many = [seeds === null ? '' : `--seeds ${seeds} `, minutes === null ? '' : `--minutes ${minutes} `].join('');
    const repeat = command(`${many}--from ${from}${configArgument(config)}`);
    this.#say(`${repeat}   (${jobs} processes, Node ${process.versions.node})`);
    const progress = setInterval(() => this.#say(this.figures.progress(seeds)), progressEvery);
    const deadline = minutes === null ? undefined : setTimeout(() => (this.#over = true), minutes * 60_000);
    try {
      await Promise.all(this.#lanes.map((lane) => this.#work(lane)));
    } finally {
      clearInterval(progress);
      clearTimeout(deadline);
      this.stop();
    }
    for (const line of this.figures.lines((performance.now() - began) / 1000)) this.#say(line);
    const missed = marks ? this.#tellMarks() : [];
    return this.figures.failed === 0 && this.figures.different === 0 && missed.length === 0;
  }

  /** Begins no seed any more, and gives up those that are under way. */
  stop() {
    this.#over = true;
    for (const lane of this.#lanes) lane.end();
  }

  #next() {
    const { seeds } = this.#plan;
    if (this.#over || (seeds !== null && this.#given >= seeds)) return null;
    this.#given++;
    return this.#seeds.next().value;
  }

  /** @param {SeedLane} lane */
  async #work(lane) {
    const { config, twice } = this.#plan;
    for (let seed = this.#next(); seed !== null; seed = this.#next()) {
      // With a share of 1 %: the 1st, the 101st, … so that short runs have one as well.
      const again = Math.ceil(this.#given * twice) > Math.ceil((this.#given - 1) * twice);
      const report = await lane.run({ seed, config });
      if (report === null) return;
      this.figures.add(report);
      if (report.violations.length > 0) this.#tell(report);
      const same = again || report.violations.length > 0 ? await this.#repeat(lane, report) : true;
      if (same) await this.#shrink(lane, report);
    }
  }

  /** @param {SeedReport} report */
  #tell({ seed, events, hours, violations }) {
    const place = events > 0 ? ` at event ${events}, after ${(hours * 3600).toFixed(3)} virtual seconds` : '';
    const rule = violations[0]?.rule ?? '';
    const most = this.#broken.has(rule) ? 1 : shown;
    this.#broken.add(rule);
    const lines = violations.slice(0, most).map((one) => `  ${one.rule}: ${one.text}`);
    if (violations.length > most) lines.push(`  and ${violations.length - most} more`);
    this.#say(`seed ${seed} violates ${rule}${place}\n${lines.join('\n')}\n  ${this.#command(seed)}`);
  }

  /** @param {string} seed */
  #command(seed) {
    return command(`--seed ${seed}${configArgument(this.#plan.config)}`);
  }

  /**
   * Runs a seed again, in a process that has run nothing else.
   *
   * @param {SeedLane} lane
   * @param {SeedReport} first
   * @returns {Promise<boolean>} whether it came out the same
   */
  async #repeat(lane, { seed, hash }) {
    if (hash === null) return false;
    lane.renew();
    const second = await lane.run({ seed, config: this.#plan.config });
    if (second === null) return false;
    this.figures.twice++;
    if (second.hash === hash) return true;
    this.figures.different++;
    this.#say(
      `seed ${seed} violates determinism: hash ${hex(hash)}, then ${hex(second.hash)}\n  ${this.#command(seed)}`,
    );
    return false;
  }

  /**
   * The first failure of each rule is made smaller at once; the others can be asked for.
   *
   * @param {SeedLane} lane
   * @param {SeedReport} report
   */
  async #shrink(lane, { seed, config, hours, violations: [violation] }) {
    const { shrink } = this.#plan;
    if (violation === undefined || config === null || shrink === 0 || this.#shrunk.has(violation.rule)) return;
    this.#shrunk.add(violation.rule);
    const failure = { seed, config, at: hours * 3_600_000, violation };
    const smallest = await shrinkFailure(failure, lane, shrink);
    this.#say(shrunkLines(smallest, writeScenario(fromHere('.'), smallest)));
  }

  #tellMarks() {
    const names = allMarks.map(({ name }) => name);
    const missed = this.figures.missed(names);
    this.#say(`marks reached: ${names.length - missed.length} of ${names.length}`);
    for (const name of names) {
      const count = this.figures.marks.get(name);
      if (count !== undefined) this.#say(`  ${name} ${count}`);
    }
    if (missed.length > 0) this.#say(`marks never reached: ${missed.join(', ')}`);
    return missed;
  }
}

/**
 * What became of a failure that was made smaller.
 *
 * @param {Awaited<ReturnType<typeof shrinkFailure>>} smallest
 * @param {string} file
 */
export function shrunkLines({ seed, config, at, violation, runs, ended }, file) {
  const { voters, observers, workload } = config;
  const faults = `${plannedFaults(seed, config).length} faults`;
  return (
    `seed ${seed} made smaller in ${runs} runs${ended ? '' : ' (there was no time for more)'}: ${voters} voters, ` +
    `${observers} observers, ${workload.clients} clients, ${faults}, ${(at / 1000).toFixed(3)} virtual seconds\n` +
    `  ${violation.rule}: ${violation.text}\n  ${file}\n  ${command(`--scenario ${file}`)}`
  );
}

/** @param {number | null} hash */
function hex(hash) {
  return hash === null ? 'none' : hash.toString(16).padStart(8, '0');
}
