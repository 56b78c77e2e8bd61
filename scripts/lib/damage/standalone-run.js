/**
 * A server that stands alone has nobody to repair it: a damage must be harmless, everything readable as before, or the
 * server must refuse in words and leave the data as it found it, every time it is started.
 */
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@synod/client';
import { Random } from '../chaos/random.js';
import { Ensemble } from '../ensemble.js';
import { Content } from './content.js';
import { differing, fingerprint } from './fingerprint.js';
import { damage } from './kinds.js';

/** @typedef {import('./report.js').Report} Report */

const startMs = 30_000;

/** How a directory looks when its server was stopped in good order, and when it was killed. */
const endings = /** @type {const} */ (['SIGTERM', 'SIGKILL']);

/**
 * @param {string} dir
 * @param {string} seed
 * @param {number} count
 * @param {Report} report
 */
export async function runStandalone(dir, seed, count, report) {
  const ensemble = await Ensemble.create(join(dir, 'alone'), { voters: 1, settings: { tickTime: 200, logRetainRecords: 400 } });
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
      await startOf(ensemble);
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
  const refusal = await startOf(ensemble);
  if (refusal === null) {
    const client = await connect(ensemble.address(1), { sessionTimeout: 20_000, connectTimeout: startMs });
    await content.readAll(client, true, 'the server alone');
    await client.close();
    await ensemble.kill(1);
    return 'harmless';
  }
  report.note(`refused: ${report.refusal(refusal.code, refusal.log)}`);
  compare(before, fingerprint(dataDir), report);
  const again = await startOf(ensemble);
  if (again === null) {
    report.violation('it refused, and then served');
    await ensemble.kill(1);
  } else compare(before, fingerprint(dataDir), report);
  return 'refused';
}

/** Starts the server; null when it serves. @param {Ensemble} ensemble */
async function startOf(ensemble) {
  const before = ensemble.log(1).length;
  const [ended, stop] = [once(ensemble.start(1), 'exit'), performance.now() + startMs];
  /** @type {number | null} */
  let code = null;
  void ended.then(([exit]) => (code = Number(exit ?? -1)));
  while (code === null) {
    if (await ensemble.health(1)) return null;
    if (performance.now() > stop) throw new Error(`neither serves nor ends\n${ensemble.logTails()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { code, log: ensemble.log(1).slice(before) };
}

/** @param {Map<string, string>} before @param {Map<string, string>} after @param {Report} report */
function compare(before, after, report) {
  const changed = differing(before, after);
  if (changed.length > 0) report.violation(`it refused, but changed ${changed.join(', ')}`);
}
