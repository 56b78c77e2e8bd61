/**
 * A process of clients: runs workloads until it is told to stop, writes the history into a file and tells the chaos run
 * now and then how much was done. Started with its task as JSON in the first argument.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describeRequest } from '@synod/simulator/check/describe';
import { now, Recorder } from './history.js';
import { Fence, locker, visitor } from './owners.js';
import { Random } from './random.js';
import { reader, watcher } from './readers.js';
import { Workload } from './workload.js';
import { incrementer, toucher, writer } from './writers.js';

/**
 * @typedef {object} Task
 * @property {string} name
 * @property {string} servers
 * @property {string} seed
 * @property {string} history file to write
 *
 * @typedef {{ type: 'progress'; acked: number; answered: number; sessions: number; slowest: number }
 *   | { type: 'done'; stuck: string[] }} News
 */

const reportMs = 100;

/** A process that was away for longer than this did not look at its clocks in time. */
const stallMs = 250;

/** How long the calls that are under way at the end may take. */
const patienceMs = 60_000;

const task = /** @type {Task} */ (JSON.parse(process.argv[2] ?? ''));
const recorder = new Recorder(task.history);
const run = { stopping: false };
let acked = 0;
let answered = 0;

/** @type {import('./recorded-client.js').Surroundings} */
const around = {
  servers: task.servers,
  open: new Set(),
  record: (record) => {
    if (record.t === 'op') {
      if (record.zxid > 0) answered++;
      if (record.write && record.outcome === 'ok') acked++;
    }
    recorder.add(record);
  },
};

function send(/** @type {News} */ news) {
  process.send?.(news);
}

/** @param {string} kind @param {number} index */
function workload(kind, index) {
  const name = `${task.name}-${kind}${index}`;
  return new Workload(around, name, new Random(task.seed, name), run);
}

/** @param {number} count @param {string} kind @param {(load: Workload, index: number) => Promise<void>} body */
function several(count, kind, body) {
  return Array.from({ length: count }, (_, index) => body(workload(kind, index), index));
}

function slowest() {
  const sent = [...around.open].flatMap(({ pending }) => [...pending].map((record) => record.sent));
  return sent.length === 0 ? 0 : now() - Math.min(...sent);
}

function stuckCalls() {
  return [...around.open].flatMap((client) => {
    const { state, server, cause } = client.client;
    const calls = [...client.pending].map(
      ({ request, sent }) => `${describeRequest(request)} for ${Math.round(now() - sent)} ms`,
    );
    return [`${client.name} (session ${client.session}, ${state} at ${server}; ${cause}): ${calls.join(', ')}`];
  });
}

process.on('message', (message) => {
  if (message === 'stop') run.stopping = true;
});
// Without the run that asked for it nobody needs this process.
process.on('disconnect', () => process.exit(1));

let before = now();
const ticker = setInterval(() => {
  const at = now();
  if (at - before > reportMs + stallMs) around.record({ t: 'stall', at, ms: at - before });
  before = at;
  send({ type: 'progress', acked, answered, sessions: around.open.size, slowest: slowest() });
}, reportMs);

const locks = [0, 1].map((index) => ({ path: `/locks/${task.name}-${index}`, fence: new Fence() }));
const work = Promise.all([
  ...several(2, 'writer', writer),
  ...several(2, 'incrementer', incrementer),
  ...several(1, 'toucher', toucher),
  ...several(2, 'reader', reader),
  ...several(2, 'watcher', watcher),
  ...locks.flatMap(({ path, fence }, index) => several(3, `locker${index}-`, (load) => locker(load, path, fence))),
  ...several(3, 'visitor', visitor),
]);

/** Settles when the run is told to stop and its calls have had their time. */
async function untilLate() {
  while (!run.stopping) await delay(reportMs);
  await delay(patienceMs, undefined, { ref: false });
}

await Promise.race([work, untilLate()]);
clearInterval(ticker);
const stuck = stuckCalls();
await recorder.close();
send({ type: 'done', stuck });
process.removeAllListeners('disconnect');
process.disconnect();
process.exit(0);
