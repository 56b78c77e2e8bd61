/** `npm run simulate`: what it takes, what it says, and that equal seeds are equal runs. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { help, readArgs } from '../../scripts/lib/simulate/args.js';
import { SeedLane } from '../../scripts/lib/simulate/seeds-lane.js';
import { runJob } from '../../scripts/lib/simulate/seeds-run.js';

const folder = mkdtempSync(join(tmpdir(), 'synod-simulate-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command in a folder of its own. */
function simulate(args: readonly string[], patch = ''): { status: number | null; out: string; words: string } {
  const env = { ...process.env, INIT_CWD: folder, SYNOD_PATCH: patch };
  const options = { env, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/simulate.js', ...args], options);
  return { status, out: stdout, words: stderr };
}

describe('the command line', () => {
  test.each([
    [[], { kind: 'seeds', seeds: 100, minutes: null, twice: 0.01, marks: false, shrink: 120, config: {} }],
    [['--minutes', '3', '--tier', 'B'], { kind: 'seeds', seeds: null, minutes: 3, config: { tier: 'B' } }],
    [['--seeds', '5', '--from', '0xAB', '--twice', '100%'], { kind: 'seeds', seeds: 5, from: '0xab', twice: 1 }],
    [['--seed', '17', '--trace'], { kind: 'seed', seed: '17', trace: '', diagram: null, shrink: 0 }],
    [['--seed', '0x17', '--trace', 'file', '--last', '9'], { kind: 'seed', seed: '0x17', trace: 'file', last: 9 }],
    [['--trace', '--scenario', 'a', '--scenario', 'b'], { kind: 'scenario', files: ['a', 'b'], trace: '' }],
    [['--power-cuts', '9', '--seed', '4', '--tier', 'A'], { kind: 'power-cuts', count: 9, seed: 4, tier: 'A' }],
    [['--mutants'], { kind: 'mutants', only: [], seeds: 2000 }],
    [['--mutants', 'S01,M02', '--seeds', '3'], { kind: 'mutants', only: ['S01', 'M02'], seeds: 3 }],
    [['--help', '--seeds', '3'], { kind: 'help' }],
  ])('%j', (args, plan) => {
    expect(readArgs(args)).toMatchObject(plan);
  });

  test('draws a seed of 64 bits where none is given', () => {
    const [one, other] = [readArgs([]), readArgs([])];
    expect(one).toMatchObject({ from: expect.stringMatching(/^0x[0-9a-f]{16}$/) });
    expect(one).not.toEqual(other);
  });

  test.each([
    [['--sed', '1'], "Unknown option '--sed'"],
    [['1'], 'Unexpected argument'],
    [['--seeds', '0'], '--seeds must be a whole number from 1 on, not "0"'],
    [['--seeds', '1.5'], '--seeds must be a whole number'],
    [['--from', 'abc'], '--from must be a seed'],
    [['--seed', '0x12345678901234567'], '--seed must be a seed'],
    [['--seed', '1', '--minutes', '3'], '--seed does not go with --minutes; it takes --trace'],
    [['--trace'], '--seeds does not go with --trace'],
    [['--minutes', '0'], '--minutes must be a number above 0'],
    [['--twice', '200%'], '--twice must be a share'],
    [['--shrink', 'x'], '--shrink must be a number of seconds'],
    [['--config', '{'], '--config is no JSON'],
    [['--config', '3'], '--config must be an object'],
    [['--tier', 'C'], '--tier must be A (disks of records) or B'],
    [['--power-cuts', '3', '--seed', 'x'], '--seed must be a whole number'],
  ])('is refused with words: %j', (args, words) => {
    expect(() => readArgs(args)).toThrow(words);
  });

  test('has help for every option', () => {
    const { status, out } = simulate(['--help']);
    expect([status, out.trimEnd()]).toEqual([0, help]);
  });
});

describe('equal seeds are equal runs', () => {
  const config = {
    voters: 3,
    faultMs: 6_000,
    faults: { kill: 2_000, powerInWrite: 2_000, split: 3_000, pause: 3_000 },
  };

  test.each(['A', 'B'])('in one process and in another, traced or not, tier %s', async (tier) => {
    const lane = new SeedLane('');
    try {
      for (const seed of ['0xd1', '0xd2']) {
        const job = { seed, config: { ...config, tier } };
        const first = await runJob(job);
        const traced = await runJob({ ...job, trace: 100 });
        const elsewhere = await lane.run(job);
        expect([traced.hash, traced.events]).toEqual([first.hash, first.events]);
        expect([elsewhere?.hash, elsewhere?.events]).toEqual([first.hash, first.events]);
        expect(elsewhere?.figures).toEqual(first.figures);
      }
    } finally {
      lane.end();
    }
  });

  test('different seeds are different runs', async () => {
    const [one, other] = [await runJob({ seed: '1', config }), await runJob({ seed: '0x1', config })];
    expect(one.hash).not.toBe(other.hash);
  });
});

describe('a process that runs seeds', () => {
  test('tells of one that does not come to its end, and goes on', async () => {
    const lane = new SeedLane('');
    const stuck = await lane.run({ seed: '0x1', config: { faultMs: 3_600_000 } }, 300);
    expect(stuck).toMatchObject({ seed: '0x1', hash: null, violations: [{ rule: 'hang' }] });
    const next = await lane.run({ seed: '0x2', config: { voters: 1, faultMs: 100, faults: {} } });
    expect(next?.hash).toEqual(expect.any(Number));
    lane.end();
    expect(await lane.run({ seed: '0x3' })).toBeNull();
  });
});

describe('a run', () => {
  const config = JSON.stringify({ voters: 3, tier: 'A', faultMs: 3_000 });

  test('of several seeds says what they came to', () => {
    const { status, out } = simulate([
      '--seeds',
      '2',
      '--from',
      '0x1',
      '--jobs',
      '1',
      '--twice',
      '100%',
      '--config',
      config,
    ]);
    expect(out).toMatch(/2 seeds in \d+ s: [\d.]+ simulated hours, \d+ events/);
    expect(out).toContain('run twice: 2 seeds, 0 with another outcome');
    expect(out).toContain('0 seeds with violations');
    expect(status).toBe(0);
  });

  // The mutant shows what is not on its disk yet: every seed of it fails soon.
  test('that breaks a promise leaves a small scenario, a trace and a diagram', () => {
    const broken = simulate(['--seeds', '1', '--from', '0x1a2b', '--shrink', '4', '--config', config], 'M10');
    expect(broken.out).toMatch(/seed 0x1a2b violates Z10 at event \d+, after [\d.]+ virtual seconds/);
    expect(broken.out).toContain(`SYNOD_PATCH=M10 npm run simulate -- --seed 0x1a2b --config '${config}'`);
    expect(broken.status).toBe(1);
    expect(readdirSync(folder)).toEqual(['simulated-0x1a2b.json']);

    const again = ['--scenario', 'simulated-0x1a2b.json', '--trace', '--diagram', 'picture.html'];
    const [one, other] = [simulate(again, 'M10'), simulate(again, 'M10')];
    expect(one.out).toMatch(/^ +[\d.]+ #\d+ +· +VIOLATION +Z10: /m);
    expect(other).toEqual(one);
    expect(one.status).toBe(1);
    expect(readFileSync(join(folder, 'picture.html'), 'utf8')).toContain('class="broken">Z10: ');

    const mended = simulate(['--scenario', 'simulated-0x1a2b.json']);
    expect(mended.out).toContain('no promise was broken');
    expect(mended.status).toBe(0);
  });

  test.each([
    [['--seed', '0x1', '--config', '{"voter":3}'], '--config: there is no "voter" in a configuration'],
    [['--seeds', '1', '--config', '{"voters":-3}'], '--config: voters must be a whole number above 0, not -3'],
    [['--scenario', 'nowhere.json'], 'nowhere.json: ENOENT'],
  ])('that cannot be is refused with words: %j', (args, words) => {
    const { status, words: said } = simulate(args);
    expect(said).toContain(words);
    expect(status).toBe(1);
  });
});
