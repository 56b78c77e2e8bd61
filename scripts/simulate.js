/**
 * `npm run simulate`: whole ensembles with their clients under virtual time, each drawn from one seed, with everything
 * going wrong; every promise is checked. `--help` says what it takes.
 */
import { help, readArgs } from './lib/simulate/args.js';
import { prepare } from './lib/prepare.js';
import { main } from './lib/project.js';

await main(async () => {
  const plan = readArgs(process.argv.slice(2));
  if (plan.kind === 'help') {
    console.log(help);
    return 0;
  }
  prepare(['packages/simulator']);
  if (process.env['SYNOD_PATCH']) await import('./lib/simulate/loader.js');
  switch (plan.kind) {
    case 'power-cuts': {
      const { runPowerCuts } = await import('./lib/simulate/power-cuts.js');
      const { violations } = await runPowerCuts(plan);
      return violations.length === 0 ? 0 : 1;
    }
    case 'mutants': {
      const { runMutants } = await import('./lib/simulate/mutant-run.js');
      const results = await runMutants(plan);
      return results.every(({ killed }) => killed !== null) ? 0 : 1;
    }
    case 'scenario': {
      const { runScenarios } = await import('./lib/simulate/seeds-one.js');
      return (await runScenarios(plan)) ? 0 : 1;
    }
    case 'seed': {
      const { runOneSeed } = await import('./lib/simulate/seeds-one.js');
      return (await runOneSeed(plan)) ? 0 : 1;
    }
    case 'seeds': {
      const { SeedsRun } = await import('./lib/simulate/seeds.js');
      const run = new SeedsRun(plan, (line) => console.log(line));
      process.once('SIGINT', () => run.stop());
      return (await run.run()) ? 0 : 1;
    }
  }
});
