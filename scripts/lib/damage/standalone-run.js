/**
 * A server that stands alone has nobody to repair it: a damage must be harmless, everything readable as before, or the
 * server must refuse in words and leave the data as it found it, every time it is started.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@synod/client';
import { Random } from '../chaos/random.js';
import { Ensemble } from '../ensemble.js';
import { Content } from './content.js';
import { differing, fingerprint } from './fingerprint.js';
import { damage } from './kinds.js';
import { outcomeOf } from './report.js';
import { startMs, startOf } from './start.js';

/** @typedef {import('./report.js').Report} Report */

/** How a directory looks when its server was stopped in good order, and when it was killed. */
const endings = /** @type {const} */ (['SIGTERM', 'SIGKILL']);

/**
 * @param {string} dir
 * @param {string} seed
 * @param {number} count
 * @param {Report} report
 */
export async function runStandalone(dir, seed, count, report) {
  const ensemble = await Ensemble.create(join(dir, 'alone'), {
    voters: 1,
    settings: { tickTime: 200, logRetainRecords: 400 },
  });
  const content = new Content(seed, (words) => report.violation(words));
  const random = new Random(seed, 'standalone');
  const pristine = (/** @type {string} */ name) => join(dir, 'pristine', name);
  const { dataDir } = ensemble.member(1);
  try {
    await ensemble.startAll();
    await content.fill(ensemble.connectString);
    await content.write(ensemble.connectString);
    await content.progress(300);
    await content.pause();
    cpSync(dataDir, pristine('early'), { recursive: true });
    content.resume();
    await content.progress(600);
    await content.pause();
    for (const ending of endings) {
      await ensemble.kill(1, ending);
      cpSync(dataDir, pristine(ending), { recursive: true });
      const end = await startOf(ensemble, 1);
      if (end !== null) throw new Error(`after ${ending} it does not serve: ${end.log}`);
    }
    await ensemble.kill(1);
    for (let i = 0; i < count; i++) {
      rmSync(dataDir, { recursive: true, force: true });
      cpSync(pristine(random.pick(endings)), dataDir, { recursive: true });
      const done = damage(random, dataDir, pristine('early'));
      report.begin(`alone: ${done.kind} ${done.file}: ${done.detail}`, dataDir);
      report.outcome(done, await judge(ensemble, content, report));
    }
  } catch (error) {
    report.violation(`the run broke off: ${String(error)}`);
  } finally {
    content.kill();
    await ensemble.stopAll('SIGKILL');
  }
}

/** @param {Ensemble} ensemble @param {Content} content @param {Report} report */
async function judge(ensemble, content, report) {
  const { dataDir } = ensemble.member(1);
  const before = fingerprint(dataDir);
  const logged = ensemble.log(1).length;
  const refusal = await startOf(ensemble, 1);
  if (refusal === null) {
    const client = await connect(ensemble.address(1), { sessionTimeout: 20_000, connectTimeout: startMs });
    await content.readAll(client, true, 'the server alone');
    await client.close();
    await ensemble.kill(1);
    return outcomeOf(ensemble.log(1).slice(logged));
  }
  report.note(`refused: ${report.refusal(refusal.code, refusal.log)}`);
  compare(before, fingerprint(dataDir), report);
  const again = await startOf(ensemble, 1);
  if (again === null) {
    report.violation('it refused, and then served');
    await ensemble.kill(1);
  } else compare(before, fingerprint(dataDir), report);
  return 'refused';
}

/** @param {Map<string, string>} before @param {Map<string, string>} after @param {Report} report */
function compare(before, after, report) {
  const changed = differing(before, after);
  if (changed.length > 0) report.violation(`it refused, but changed ${changed.join(', ')}`);
}
