/**
 * How long ZooKeeper's own client in C waits for Synod and for a real ZooKeeper: to connect, for its first write, to
 * connect again when its connection breaks, and when the leader is killed. Both ensembles run at the same time with the
 * same settings on the same disk, and take turns in small portions, so that whatever else the machine does meets both.
 */
import { join } from 'node:path';
import { ms, quantile, shippedSettings } from '../bench/figures.js';
import { Ensemble } from '../ensemble.js';
import { Complaint } from '../project.js';
import { cNeeds, compileC, missing, serverNeeds } from './clients.js';
import { runProgram } from './program.js';
import { faults } from './run.js';
import { table } from './table.js';
import { ZooKeeperEnsemble } from '../zookeeper-ensemble.js';

/** Samples of one portion; the first portion of each kind warms up and does not count. */
const portion = 25;

const limitMs = 120_000;

/** What the program calls a sample, and what that means. */
const rows = {
  connect: 'connect, until the session is there',
  write: 'first write of a session',
  both: 'connect and first write',
  reconnect: 'connection broken: until the next one',
  rewrite: 'connection broken: until the next write',
  elsewhere: 'leader killed, client of another server',
  there: "leader killed, the leader's own client",
};

/**
 * @param {string} dir
 * @param {{ connects: number; kills: number }} options
 */
export async function connectTimes(dir, { connects, kills }) {
  const absent = missing([...cNeeds, ...serverNeeds]);
  if (absent.length > 0) throw new Complaint(`On Debian: apt-get install ${absent.map(({ from }) => from).join(' ')}`);
  const program = compileC(dir, 'times', ['times', 'checks']);
  const sides = [
    { servers: await Ensemble.create(join(dir, 'synod'), { settings: shippedSettings }), samples: new Samples() },
    { servers: await ZooKeeperEnsemble.create(join(dir, 'zookeeper'), shippedSettings), samples: new Samples() },
  ];
  try {
    await Promise.all(sides.map(({ servers }) => servers.startAll()));
    const portions = Math.ceil(connects / portion) + 1;
    for (const [what, times, count] of /** @type {const} */ ([
      ['connect', portions, portion],
      ['drop', portions, portion],
      ['kill', kills, 1],
    ])) {
      for (let i = 0; i < times; i++) {
        for (const { servers, samples } of sides) {
          const args = [what, servers.connectString, String(count)];
          const { failures, lines } = await runProgram({ program, args }, faults(servers), limitMs);
          if (failures.length > 0) throw new Error(`${failures.join(', ')}\n${lines.join('\n')}`);
          if (i > 0 || what === 'kill') samples.add(lines);
        }
      }
    }
  } finally {
    await Promise.all(sides.map(({ servers }) => servers.stopAll()));
  }
  const [synod, zookeeper] = sides.map(({ samples }) => samples);
  if (synod && zookeeper) print(synod, zookeeper);
}

/** The samples of one ensemble in milliseconds, by kind. */
class Samples {
  /** @type {Map<string, number[]>} */
  byKind = new Map();

  /** Takes the samples out of what the program said. @param {readonly string[]} lines */
  add(lines) {
    for (const line of lines) {
      const [, kind = '', microseconds] = /^(\w+) (\d+)$/.exec(line) ?? [];
      if (!(kind in rows)) continue;
      this.byKind.set(kind, [...(this.byKind.get(kind) ?? []), Number(microseconds) / 1000]);
    }
  }

  /** @param {string} kind */
  of(kind) {
    return this.byKind.get(kind) ?? [];
  }
}

/** @param {Samples} synod @param {Samples} zookeeper */
function print(synod, zookeeper) {
  const head = ['milliseconds', 'samples', 'Synod p50', 'p99', 'ZooKeeper p50', 'p99', 'ratio p50', 'p99'];
  const lines = Object.entries(rows).map(([kind, title]) => {
    const [ours, theirs] = [synod.of(kind), zookeeper.of(kind)];
    const at = (/** @type {number} */ share) => [quantile(ours, share), quantile(theirs, share)];
    const [[a = NaN, b = NaN], [c = NaN, d = NaN]] = [at(0.5), at(0.99)];
    const cells = [ms(a), ms(c), ms(b), ms(d), (a / b).toFixed(2), (c / d).toFixed(2)];
    return [title, `${ours.length}/${theirs.length}`, ...cells.map((cell) => cell.replace(/^NaN.*/, '–'))];
  });
  console.log(
    table(head, lines)
      .map((line) => `  ${line}`)
      .join('\n'),
  );
}
