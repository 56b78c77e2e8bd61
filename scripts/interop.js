/**
 * `npm run test:interop [-- CLIENT …] [--against zookeeper] [--missing]`: programs of ZooKeeper's own clients against three
 * real server processes, with the leader killed in the middle of each. `--against zookeeper` runs the same programs against
 * real ZooKeeper servers: that proves the programs. `--missing` only names the Debian packages that are not installed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clients, missing, serverNeeds } from './lib/interop/clients.js';
import { interop } from './lib/interop/run.js';
import { prepare } from './lib/prepare.js';
import { Complaint, main } from './lib/project.js';

/** @returns {{ against: 'synod' | 'zookeeper'; chosen: typeof clients; onlyMissing: boolean }} */
function readOptions() {
  const options = /** @type {const} */ ({
    against: { type: 'string', default: 'synod' },
    missing: { type: 'boolean', default: false },
  });
  const { values, positionals } = parsed(() => parseArgs({ options, allowPositionals: true }));
  const { against } = values;
  if (against !== 'synod' && against !== 'zookeeper') throw new Complaint('--against must be synod or zookeeper.');
  const strange = positionals.find((name) => !clients.some((client) => client.name === name));
  if (strange !== undefined) {
    throw new Complaint(`There is no client ${strange}; there are ${clients.map(({ name }) => name).join(', ')}.`);
  }
  const chosen = clients.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  return { against, chosen, onlyMissing: values.missing };
}

/** What the command line says; what it must not say, in words. @template T @param {() => T} read */
function parsed(read) {
  try {
    return read();
  } catch (error) {
    throw new Complaint(error instanceof Error ? error.message : String(error));
  }
}

await main(async () => {
  const { against, chosen, onlyMissing } = readOptions();
  const needs = [...chosen.flatMap((client) => client.needs), ...(against === 'zookeeper' ? serverNeeds : [])];
  const absent = missing(needs);
  const packages = [...new Set(absent.map(({ from }) => from))].join(' ');
  if (onlyMissing) {
    console.log(packages);
    return 0;
  }
  if (packages !== '') {
    const what = [...new Set(absent.map((need) => need.what))].join(', ');
    throw new Complaint(`Not on this machine: ${what}.\nOn Debian and Ubuntu: apt-get install ${packages}`);
  }
  prepare(['packages/cli']);
  const dir = mkdtempSync(join(tmpdir(), 'synod-interop-'));
  const fine = await interop(dir, against, chosen);
  if (fine) rmSync(dir, { recursive: true });
  else console.log(`\nkept: ${dir}`);
  return fine ? 0 : 1;
});
