/** Many znodes: memory of each server, time to start again, filling a wiped server, and pauses of the event loop. */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from '@synod/client';
import { Ensemble } from '../ensemble.js';
import { shippedSettings } from './figures.js';

const perParent = 1000;
const setsPerSecond = 5000;
const lag = fileURLToPath(new URL('lag.js', import.meta.url));

/**
 * @param {string} dir
 * @param {{ znodes: number; bytes: number }} options
 */
export async function znodes(dir, { znodes: count, bytes }) {
  const ensemble = await Ensemble.create(dir, { settings: shippedSettings, nodeOptions: ['--import', lag] });
  try {
    await ensemble.startAll();
    const client = await connect(ensemble.connectString);
    const data = Buffer.alloc(bytes, 'x');
    await phase(ensemble, `${count} znodes created`, () => createAll(client, count, data));
    await phase(ensemble, 'all of it folded into the state at rest', () => folded(ensemble));
    await phase(ensemble, `sets at ${setsPerSecond} a second, folded as they come`, () =>
      steadySets(client, count, data),
    );
    for (const id of ensemble.ids) {
      const status = await ensemble.status(id);
      console.log(`  server ${id} (${status?.role}): ${Math.round((status?.memoryBytes ?? 0) / 1e6)} MB resident`);
    }
    const leader = await ensemble.leader();
    const follower = ensemble.ids.find((id) => id !== leader) ?? 0;
    await ensemble.kill(follower, 'SIGTERM');
    await phase(ensemble, 'a follower stopped and started again serves', () => startOne(ensemble, follower));
    await ensemble.kill(follower);
    rmSync(ensemble.member(follower).dataDir, { recursive: true });
    await phase(ensemble, 'a wiped follower is filled and serves', () => startOne(ensemble, follower));
    await ensemble.level();
    await client.close();
    await ensemble.stopAll();
    await phase(ensemble, 'all three stopped and started again serve', () => ensemble.startAll());
  } finally {
    await ensemble.stopAll();
  }
}

/**
 * Runs one part and prints how long it took and the longest pause of each server meanwhile.
 *
 * @param {Ensemble} ensemble
 * @param {string} what
 * @param {() => Promise<unknown>} work
 */
async function phase(ensemble, what, work) {
  // The servers print once a second: what was before must be out, and what was meanwhile.
  await delay(1_100);
  const from = Date.now();
  await work();
  const elapsed = Date.now() - from;
  await delay(1_100);
  const pauses = ensemble.ids.map((id) => longestPause(ensemble.log(id), from, Date.now()));
  console.log(`  ${what}: ${elapsed} ms; longest pause ${pauses.map((pause) => `${pause} ms`).join(', ')}`);
}

/**
 * @param {string} log
 * @param {number} from
 * @param {number} to
 */
function longestPause(log, from, to) {
  let longest = 0;
  for (const [, at, pause] of log.matchAll(/event-loop-held-up at=(\d+) ms=([\d.]+)/g)) {
    if (Number(at) >= from && Number(at) <= to) longest = Math.max(longest, Number(pause));
  }
  return longest;
}

/**
 * @param {import('@synod/client').Client} client
 * @param {number} count
 * @param {Buffer} data
 */
async function createAll(client, count, data) {
  for (let done = 0; done < count; done += perParent) {
    const parent = `/parent-${done / perParent}`;
    await client.create(parent, null);
    const size = Math.min(perParent, count - done);
    await Promise.all(Array.from({ length: size }, (_, i) => client.create(`${parent}/znode-${i}`, data)));
  }
}

/**
 * Sets znodes here and there at a steady rate for ten seconds.
 *
 * @param {import('@synod/client').Client} client
 * @param {number} count
 * @param {Buffer} data
 */
async function steadySets(client, count, data) {
  const sets = [];
  for (let sent = 0, at = 0; sent < setsPerSecond * 10; sent++) {
    at = (at + 7919) % count;
    sets.push(client.set(`/parent-${Math.floor(at / perParent)}/znode-${at % perParent}`, data));
    if (sent % (setsPerSecond / 100) === 0) await delay(10);
  }
  await Promise.all(sets);
}

/** @param {Ensemble} ensemble */
async function folded(ensemble) {
  const isFolded = async (/** @type {number} */ id) => {
    const status = await ensemble.status(id);
    return status !== null && status.folded === status.zxid;
  };
  await ensemble.until(async () => (await Promise.all(ensemble.ids.map(isFolded))).every(Boolean), 'folded', 120_000);
}

/**
 * @param {Ensemble} ensemble
 * @param {number} id
 */
async function startOne(ensemble, id) {
  ensemble.start(id);
  await ensemble.serving([id], 120_000);
}
