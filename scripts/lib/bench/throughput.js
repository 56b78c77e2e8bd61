/** Operations a second with many requests under way, and how long each took. */
import { connect } from '@synod/client';
import { Ensemble } from '../ensemble.js';
import { ms, quantile, shippedSettings } from './figures.js';

/** One in so many operations is timed. */
const timedEvery = 32;

/**
 * @param {string} dir
 * @param {{ sessions: number; outstanding: number; bytes: number; seconds: number }} options
 */
export async function throughput(dir, options) {
  const { sessions, outstanding, bytes, seconds } = options;
  const ensemble = await Ensemble.create(dir, { settings: shippedSettings });
  try {
    await ensemble.startAll();
    const clients = await Promise.all(Array.from({ length: sessions }, () => connect(ensemble.connectString)));
    const data = Buffer.alloc(bytes, 'x');
    await Promise.all(clients.map((client, i) => client.create(`/bench-${i}`, data)));
    console.log(
      `  ${sessions} sessions, ${outstanding} outstanding each, ${bytes} bytes, three servers, ${seconds} s each`,
    );
    /** @type {Record<string, (client: import('@synod/client').Client, i: number) => Promise<unknown>>} */
    const operations = {
      set: (client, i) => client.set(`/bench-${i}`, data),
      get: (client, i) => client.get(`/bench-${i}`),
    };
    for (const [name, operation] of Object.entries(operations)) {
      await load(clients, outstanding, operation, 2);
      const { done, elapsed, times } = await load(clients, outstanding, operation, seconds);
      const rate = Math.round((done / elapsed) * 1000).toLocaleString('en');
      console.log(`  ${name}  ${rate} a second, p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}`);
    }
    await Promise.all(clients.map((client) => client.close()));
  } finally {
    await ensemble.stopAll();
  }
}

/**
 * Keeps `outstanding` operations of each client under way for a time.
 *
 * @param {readonly import('@synod/client').Client[]} clients
 * @param {number} outstanding
 * @param {(client: import('@synod/client').Client, i: number) => Promise<unknown>} operation
 * @param {number} seconds
 */
async function load(clients, outstanding, operation, seconds) {
  let done = 0;
  /** @type {number[]} */
  const times = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  const work = async (/** @type {import('@synod/client').Client} */ client, /** @type {number} */ i) => {
    for (let now = started; now < end;) {
      await operation(client, i);
      done++;
      const then = performance.now();
      if (done % timedEvery === 0) times.push(then - now);
      now = then;
    }
  };
  await Promise.all(clients.flatMap((client, i) => Array.from({ length: outstanding }, () => work(client, i))));
  return { done, elapsed: performance.now() - started, times };
}
