/** Both parts of a damage run: servers of an ensemble, then one that stands alone. */
import { join } from 'node:path';
import { EnsembleRun } from './ensemble-run.js';
import { Report } from './report.js';
import { runStandalone } from './standalone-run.js';

/**
 * @param {string} dir an empty folder; holds everything, also what led to violations
 * @param {string} seed
 * @param {number} count damages of servers of an ensemble
 * @param {number} alone damages of a server alone
 * @param {(line: string) => void} say
 */
export async function runDamage(dir, seed, count, alone, say) {
  const ensemble = new Report(join(dir, 'kept'), say);
  if (count > 0) await EnsembleRun.run(dir, seed, count, ensemble);
  const standalone = new Report(join(dir, 'kept-alone'), say);
  if (alone > 0) await runStandalone(dir, seed, alone, standalone);
  return { ensemble, standalone };
}
