/**
 * `npm run damage -- --count 300 [--alone 100] [--seed X]`: damages the data directories of real servers, one after the
 * other, and holds them to it: a damage is harmless, or repaired, or refused in words; nothing that was acknowledged is
 * lost, and nothing that was never written is read. Ends with code 1 where one of these was broken; then the damaged
 * directories and the logs are left for inspection.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepare } from './lib/prepare.js';
import { Complaint, main } from './lib/project.js';

await main(async () => {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '300' },
      alone: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Date.now()) },
    },
  });
  const [count, alone] = [values.count, values.alone].map(Number);
  if (!Number.isInteger(count) || !Number.isInteger(alone)) throw new Complaint('--count and --alone take a number');
  prepare();
  const { runDamage } = await import('./lib/damage/run.js');
  const dir = mkdtempSync(join(tmpdir(), 'synod-damage-'));
  console.log(`seed ${values.seed}, in ${dir}`);
  const { ensemble, standalone } = await runDamage(dir, values.seed, Number(count), Number(alone), console.log);
  console.log(`\nAn ensemble of three, ${ensemble.count} damages, seed ${values.seed}\n\n${ensemble.table()}`);
  console.log(`\nA server alone, ${standalone.count} damages\n\n${standalone.table()}\n`);
  const violations = [...ensemble.violations, ...standalone.violations];
  for (const violation of violations) console.log(violation);
  console.log(violations.length === 0 ? 'no violation' : `${violations.length} violations; see ${dir}`);
  if (violations.length > 0) return 1;
  rmSync(dir, { recursive: true, force: true });
  return 0;
});
