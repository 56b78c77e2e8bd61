/** From SIGKILL of the leader to the next acknowledged write of a client that keeps trying, with the shipped settings. */
import { connect } from '@synod/client';
import { Ensemble } from '../ensemble.js';
import { ms, quantile, shippedSettings } from './figures.js';

/**
 * @param {string} dir
 * @param {{ kills: number }} options
 */
export async function failover(dir, { kills }) {
  const ensemble = await Ensemble.create(dir, { settings: shippedSettings });
  /** @type {number[]} */
  const times = [];
  try {
    await ensemble.startAll();
    const client = await connect(ensemble.connectString);
    await client.create('/failover', '');
    for (let i = 0; i < kills; i++) {
      const leader = await ensemble.leader();
      const killed = ensemble.kill(leader);
      const started = performance.now();
      await client.set('/failover', String(i));
      times.push(performance.now() - started);
      await killed;
      ensemble.start(leader);
      await ensemble.serving(ensemble.ids);
      await ensemble.level();
    }
    await client.close();
  } finally {
    await ensemble.stopAll();
  }
  const [p50, p99, most] = [quantile(times, 0.5), quantile(times, 0.99), Math.max(...times)];
  console.log(`  ${kills} kills of the leader: p50 ${ms(p50)}, p99 ${ms(p99)}, longest ${ms(most)}`);
}
