/** One ensemble for all programs, one after the other; what each of them did to it is mended before the next begins. */
import { join } from 'node:path';
import { Ensemble } from '../ensemble.js';
import { runProgram } from './program.js';
import { settings } from './settings.js';
import { table } from './table.js';
import { ZooKeeperEnsemble } from '../zookeeper-ensemble.js';

/**
 * @typedef {import('./clients.js').Client} Client
 * @typedef {import('./program.js').Outcome} Outcome
 * @typedef {Ensemble | ZooKeeperEnsemble} Servers
 */

/** After so long a program is given up, in milliseconds. */
const limitMs = 120_000;

/** Lines of a failed program that are shown. */
const shown = 40;

/**
 * @param {string} dir an empty folder for everything
 * @param {'synod' | 'zookeeper'} against
 * @param {readonly Client[]} clients
 * @returns {Promise<boolean>} whether every check of every program held
 */
export async function interop(dir, against, clients) {
  const home = join(dir, against);
  const servers =
    against === 'synod'
      ? await Ensemble.create(home, { settings, listed: true })
      : await ZooKeeperEnsemble.create(home, settings);
  console.log(`Three servers of ${against === 'synod' ? 'Synod' : 'ZooKeeper'} in ${home}`);
  /** @type {string[][]} */
  const rows = [];
  let fine = true;
  try {
    await servers.startAll();
    for (const client of clients) {
      const outcome = await one(servers, client, join(dir, client.name), against);
      fine &&= outcome.passed;
      report(client, outcome, servers);
      const { version, checks, seconds, passed } = outcome;
      rows.push([client.title, version, String(checks), seconds.toFixed(1), passed ? 'passed' : 'FAILED']);
      await restart(servers);
    }
    if (servers instanceof Ensemble) await servers.level();
  } finally {
    await servers.stopAll();
  }
  console.log(`\n${table(['client', 'version', 'checks', 'seconds', ''], rows).join('\n')}`);
  return fine;
}

/**
 * @param {Servers} servers @param {Client} client @param {string} folder @param {'synod' | 'zookeeper'} against
 * @returns {Promise<Outcome>}
 */
async function one(servers, client, folder, against) {
  try {
    const { program, args } = client.make(folder, against);
    return await runProgram({ program, args: [...args, servers.connectString] }, faults(servers), limitMs);
  } catch (error) {
    const failures = [error instanceof Error ? error.message : String(error)];
    return { passed: false, version: '', checks: 0, seconds: 0, failures, lines: [] };
  }
}

/** @param {Servers} servers @returns {import('./program.js').Servers} */
export function faults(servers) {
  return {
    async kill(which) {
      const port = Number(which);
      const id =
        which === 'leader'
          ? await servers.leader()
          : servers.ids.find((one) => servers.member(one).clientPort === port);
      if (id === undefined) throw new Error(`no server has the client port ${which}`);
      await servers.kill(id);
      return String(servers.member(id).clientPort);
    },
    async start() {
      await restart(servers);
      return '';
    },
  };
}

/** @param {Servers} servers */
async function restart(servers) {
  for (const id of servers.ids) if (servers.member(id).process === null) servers.start(id);
  await servers.serving(servers.ids);
}

/** @param {Client} client @param {Outcome} outcome @param {Servers} servers */
function report({ title }, { passed, checks, seconds, failures, lines }, servers) {
  console.log(`— ${title}: ${checks} checks in ${seconds.toFixed(1)} s${passed ? '' : ', FAILED'}`);
  if (passed) return;
  for (const failure of failures) console.log(`  ${failure}`);
  console.log(`  Its last lines:\n${lines.slice(-shown).join('\n')}\n${servers.logTails()}`);
}
