/**
 * `npm run bench [-- throughput|failover|znodes|connect]`: figures of a real ensemble of three on this machine, servers and
 * load together; without a name the first three. They say more about ratios within one run than about other machines.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { failover } from './lib/bench/failover.js';
import { throughput } from './lib/bench/throughput.js';
import { znodes } from './lib/bench/znodes.js';
import { connectTimes } from './lib/interop/times.js';
import { prepare } from './lib/prepare.js';
import { Complaint, main } from './lib/project.js';

const benchmarks = { throughput, failover, znodes, connect: connectTimes };

/** Those that need nothing besides Synod. */
const usual = /** @type {const} */ (['throughput', 'failover', 'znodes']);

const usage = `Usage: npm run bench [-- NAME …] [OPTIONS]
  throughput   sets and gets: --sessions 10 --outstanding 100 --bytes 100 --seconds 8
  failover     from the kill of the leader to the next acknowledged write: --kills 30
  znodes       memory, restart, filling a wiped server, pauses: --znodes 500000 --bytes 100
  connect      how long ZooKeeper's client in C waits, for Synod and for a real ZooKeeper: --connects 300 --kills 30`;

const numbers = /** @type {const} */ (['sessions', 'outstanding', 'bytes', 'seconds', 'kills', 'znodes', 'connects']);
const defaults = { sessions: 10, outstanding: 100, bytes: 100, seconds: 8, kills: 30, znodes: 500_000, connects: 300 };

await main(async () => {
  const { names, options } = readArguments();
  prepare(['packages/cli']);
  console.log(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), fsync on, loopback`);
  for (const name of names) {
    const dir = mkdtempSync(join(tmpdir(), 'synod-bench-'));
    try {
      console.log(`\n${name}`);
      await benchmarks[name](dir, options);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  return 0;
});

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: Object.fromEntries(numbers.map((name) => [name, { type: /** @type {const} */ ('string') }])),
    });
    const options = { ...defaults };
    for (const name of numbers) {
      const text = values[name];
      if (text === undefined) continue;
      const value = Number(text);
      if (!Number.isInteger(value) || value < 1)
        throw new Error(`--${name} must be a whole number above 0, not ${text}`);
      options[name] = value;
    }
    const known = /** @type {(keyof typeof benchmarks)[]} */ (Object.keys(benchmarks));
    const names = positionals.length === 0 ? usual : known.filter((name) => positionals.includes(name));
    const strange = positionals.find((name) => !known.some((one) => one === name));
    if (strange !== undefined) throw new Error(`there is no benchmark ${strange}; there are ${known.join(', ')}`);
    return { names, options };
  } catch (error) {
    throw new Complaint(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}
