/**
 * `npm run differential -- [--requests N] [--seed S] [--connections N] [--pairs N] [--zookeeper HOST:PORT] [--self]
 * [--record FILE]`: the same random requests, byte for byte, to Synod and to a real ZooKeeper; whatever they answer must
 * be the same, but for what packages/zookeeper/README.md names. Ends with code 1 at the first difference, made small.
 *
 * ZooKeeper is started from Debian's packages (`apt-get install zookeeper`), or one that runs is taken: alone, with the
 * settings of scripts/lib/differential/servers.js. `--pairs` works with several pairs of servers side by side; `--self`
 * compares ZooKeeper with a second one, which tests the comparison; `--record` writes what ZooKeeper answers, for the
 * tests, and compares as well.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepare } from './lib/prepare.js';
import { Complaint, main } from './lib/project.js';

const text = /** @type {const} */ ({ type: 'string' });
const flag = /** @type {const} */ ({ type: 'boolean', default: false });
const options = {
  requests: text,
  seed: text,
  connections: text,
  pairs: text,
  zookeeper: text,
  record: text,
  self: flag,
};

/** @param {string} name @param {string} given */
function count(name, given) {
  const value = Number(given);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Complaint(`--${name} must be a whole number above 0, not "${given}".`);
}

await main(async () => {
  const { values } = parseArgs({ options });
  const plan = {
    requests: count('requests', values.requests ?? '20000'),
    seed: values.seed ?? String(Date.now()),
    connections: values.connections === undefined ? null : count('connections', values.connections),
    record: values.record ?? null,
    log: (/** @type {string} */ line) => console.log(line),
  };
  const pairs = count('pairs', values.pairs ?? '1');
  if (pairs > 1 && values.zookeeper !== undefined) throw new Complaint('--pairs needs servers of its own.');
  prepare(['packages/cli']);
  const { DifferentialRun, summary } = await import('./lib/differential/run.js');
  const { startPairs } = await import('./lib/differential/servers.js');
  // Servers that keep their data in memory answer as those do that do not, only sooner.
  const memory = '/dev/shm';
  const dir = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'synod-differential-'));
  console.log(`seed ${plan.seed}, in ${dir}`);
  const { zookeeper = null, self } = values;
  const started = await startPairs(dir, { pairs, zookeeper, self });
  let found = /** @type {string | null} */ (null);
  try {
    const run = new DifferentialRun(plan);
    found = await run.run(started);
    console.log(`\n${summary(run.tally).join('\n')}`);
  } finally {
    await Promise.all(started.flat().map((server) => server.stop()));
    rmSync(dir, { recursive: true, force: true });
  }
  console.log(found === null ? '\nno difference' : `\n${found}\n\nrepeat: npm run differential -- --seed ${plan.seed}`);
  return found === null ? 0 : 1;
});
