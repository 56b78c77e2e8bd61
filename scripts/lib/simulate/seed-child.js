/**
 * One process of the simulation: runs the seeds that it is sent, one after the other, and answers each with a report. With
 * SYNOD_PATCH in its environment it runs patched modules of the product (loader.js).
 */

/** @typedef {import('./seeds-run.js').SeedJob} SeedJob */

/**
 * What became of a seed. `config`: the whole one, null where the run did not end by itself, as is `hash`, which is of all
 * that happened. `hours`: virtual ones. `cpu`, `seconds`: what it took in real seconds.
 *
 * @typedef {{
 *   seed: string;
 *   config: import('@synod/simulator').SwarmConfig | null;
 *   hash: number | null;
 *   hours: number;
 *   events: number;
 *   violations: readonly import('@synod/simulator').Violation[];
 *   figures: Readonly<Record<string, number>>;
 *   marks: Readonly<Record<string, number>>;
 *   cpu: number;
 *   seconds: number;
 * }} SeedReport
 */

/** Violations of a seed that are told, besides the first one of each rule. */
const told = 10;

if (process.env['SYNOD_PATCH']) await import('./loader.js');
const { countMarks, runJob, takeMarks } = await import('./seeds-run.js');
countMarks();

let current = '';

// Whoever interrupts the run interrupts the parent, which ends its children.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());

// An exception that nothing in the simulator has caught is a check of the product's own. Nothing can go on behind it.
process.on('uncaughtException', (error) => {
  const violations = [{ rule: 'assertion', text: error.stack ?? error.message }];
  process.send?.(
    {
      ...{ seed: current, config: null, hash: null, hours: 0, events: 0, violations, figures: {} },
      ...{ marks: takeMarks(), cpu: 0, seconds: 0 },
    },
    () => process.exit(1),
  );
});

process.on('message', (/** @type {SeedJob} */ job) => {
  void run(job);
});

/** @param {SeedJob} job */
async function run(job) {
  current = job.seed;
  const [began, before] = [performance.now(), process.cpuUsage()];
  const { seed, config, hash, hours, events, violations: all, figures } = await runJob(job);
  const { user, system } = process.cpuUsage(before);
  const isFirst = (/** @type {string} */ rule, /** @type {number} */ at) =>
    all.findIndex((other) => other.rule === rule) === at;
  const violations = all.filter(({ rule }, at) => at < told || isFirst(rule, at));
  process.send?.({
    ...{ seed, config, hash, hours, events, violations, figures, marks: takeMarks() },
    ...{ cpu: (user + system) / 1e6, seconds: (performance.now() - began) / 1000 },
  });
}

process.send?.('ready');
