/**
 * Runs that once broke a promise, made small (`npm run simulate` writes them): each of them has to be clean now. To add
 * one, put its file into the folder and say in `found` what it was.
 */
import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseScenario, UNEXPLAINED } from '@synod/simulator/scenario';
import { readScenario } from '../../scripts/lib/simulate/scenario-file.js';
import { runJob } from '../../scripts/lib/simulate/seeds-run.js';

const folder = join('tests', 'simulator', 'scenarios');
const files = readdirSync(folder).sort();

describe('a scenario file', () => {
  const config = { voters: 3, faults: { kill: 500 } };
  const scenario = { seed: '0x1', rule: 'Z7', text: 'words', found: 'more words', expect: 'clean', config };

  test('may name a part of the configuration only', () => {
    const parsed = parseScenario(scenario);
    expect(parsed.config).toMatchObject({ voters: 3, faults: { kill: 500, power: 0 }, only: null });
    expect(parseScenario(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  test.each([
    [[], 'a scenario is an object'],
    [{ ...scenario, seed: 1 }, 'a scenario needs "seed"'],
    [{ ...scenario, found: '' }, 'a scenario needs "found"'],
    [{ ...scenario, expect: 'broken' }, '"expect": "clean"'],
    [{ ...scenario, config: { voter: 3 } }, 'there is no "voter" in a configuration; there is voters, observers'],
    [{ ...scenario, config: { faults: { kil: 3 } } }, 'there is no "kil" in faults; there is kill, killLeader'],
    [{ ...scenario, config: { workload: { clients: '3' } } }, 'workload.clients must be a number from 0 on, not "3"'],
    [{ ...scenario, config: { voters: 0 } }, 'voters must be a whole number above 0'],
    [{ ...scenario, config: { tier: 'C' } }, 'tier must be "A" or "B"'],
    [{ ...scenario, config: { only: ['kil 3'] } }, 'only must be null or a list such as ["kill 3"]'],
    [{ ...scenario, config: { network: 3 } }, 'network must be an object'],
  ])('is refused where it cannot be: %j', (value, words) => {
    expect(() => parseScenario(value)).toThrow(words);
  });
});

describe('what was found once stays mended', () => {
  test.each(files)('%s', async (file) => {
    const { seed, config, found } = readScenario(join(folder, file));
    expect(found).not.toBe(UNEXPLAINED);
    const { violations } = await runJob({ seed, config });
    expect(violations).toEqual([]);
  });
});
