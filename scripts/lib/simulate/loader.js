/**
 * `node --import ./scripts/lib/simulate/loader.js …` with SYNOD_PATCH="S01", "marks", "S01,marks" or "S20:setting": runs a
 * program with patched modules of the product. Ends the process with code 2 and words where a patch does not fit.
 */
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { insertionsOf } from './marks.js';
import { patchesOf } from './mutants.js';
import { Misfit, patchedModules } from './patch.js';

const names = (process.env['SYNOD_PATCH'] ?? '').split(',').filter((name) => name !== '');

try {
  const patches = names.filter((name) => name !== 'marks').flatMap(patchesOf);
  const modules = patchedModules(patches, names.includes('marks') ? insertionsOf() : []);
  const sources = [...modules].map(([path, code]) => [pathToFileURL(path).href, code]);
  register('./loader-hooks.js', import.meta.url, { data: sources });
} catch (error) {
  if (!(error instanceof Misfit)) throw error;
  console.error(`SYNOD_PATCH=${names.join(',')}: ${error.message}`);
  process.exit(2);
}
