/** What a run leaves in its folder, and the check of it: also later, on a folder that was kept. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAvailability } from './availability.js';
import { checkAll } from './check-all.js';
import { readHistory } from './history.js';
import { readLog } from './logs.js';

/**
 * @typedef {object} End where all servers are, and what was done to them
 * @property {number} zxid
 * @property {number} digest
 * @property {number} since when the first fault could come
 * @property {readonly import('./leadership.js').Span[]} leaderless when no server led
 * @property {number} until when the clients were told to stop
 * @property {readonly string[]} counters
 * @property {readonly number[]} servers
 * @property {readonly string[]} clients names of the client processes
 * @property {readonly import('./faults.js').Fault[]} faults
 */

/** The history that a client process writes. @param {string} dir @param {string} client */
export function historyFile(dir, client) {
  return join(dir, `${client}.ndjson`);
}

/** @param {string} dir @param {End} end */
export function writeEnd(dir, end) {
  writeFileSync(join(dir, 'end.json'), JSON.stringify(end));
}

/** @param {string} dir the folder of a run whose servers are stopped */
export async function checkFolder(dir) {
  const end = /** @type {End} */ (JSON.parse(readFileSync(join(dir, 'end.json'), 'utf8')));
  const logs = end.servers.map((id) => readLog(id, join(dir, String(id), 'data'), end.zxid));
  const history = await readHistory(end.clients.map((client) => historyFile(dir, client)));
  const records = Math.max(...logs.map(({ entries }) => entries.length));
  const violations = [...checkAll(logs, history, end), ...checkAvailability(history, end)];
  return { violations, history, end, records };
}
