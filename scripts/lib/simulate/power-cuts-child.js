/** One process of the power-cut run: runs the seeds it is sent, and answers with what came of them. See power-cuts.js. */
import { powerCut } from '@synod/simulator/disk/power-cuts';
import { recordRig, sqliteRig } from '@synod/simulator/disk/power-rigs';
import { loadSqlite } from '@synod/simulator/disk/sqlite-module';

/** @typedef {import('./power-cuts.js').CutFigures} CutFigures */

const rig = process.argv[2] === 'A' ? recordRig() : sqliteRig(await loadSqlite());

process.on('message', (/** @type {{ first: number; end: number }} */ { first, end }) => {
  const before = process.cpuUsage();
  /** @type {CutFigures} */
  const figures = { seeds: end - first, cuts: {}, steps: 0, damages: 0, violations: [], cpu: 0 };
  for (let seed = first; seed < end; seed++) {
    const { violation, cuts, steps, damages } = powerCut(seed, rig);
    for (const place of cuts) figures.cuts[place] = (figures.cuts[place] ?? 0) + 1;
    figures.steps += steps;
    figures.damages += damages;
    if (violation !== null) figures.violations.push({ seed, words: violation });
  }
  const { user, system } = process.cpuUsage(before);
  figures.cpu = (user + system) / 1e6;
  process.send?.(figures);
});
