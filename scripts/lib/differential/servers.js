/** The servers that are compared, each alone in a process of its own: Synod, and a real ZooKeeper from Debian's packages. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Ensemble, freePorts } from '../ensemble.js';
import { Complaint } from '../project.js';

/** @typedef {{ readonly host: string; readonly port: number }} Address */

/**
 * `renew` starts it anew, with nothing in it; `log` is what it has written.
 *
 * @typedef {object} Server
 * @property {string} name
 * @property {Address} address
 * @property {() => Promise<void>} renew
 * @property {() => Promise<void>} stop
 * @property {() => string} log
 */

/** Who may do everything on the servers that are started here. */
export const superUser = 'super:differential';

const jar = '/usr/share/java/zookeeper.jar';
const startMs = 60_000;
const pollMs = 50;
const answerMs = 1000;

/** Lines of the configuration that both kinds of server take. Nothing happens by itself while they are compared. */
const settings = {
  minSessionTimeout: 60_000,
  maxSessionTimeout: 600_000,
  extendedTypesEnabled: 'true',
  'DigestAuthenticationProvider.superDigest': `super:${createHash('sha1').update(superUser).digest('base64')}`,
};

/** One day: containers and TTL znodes stay. */
const reapMs = 86_400_000;

/**
 * Pairs of servers to compare, ZooKeeper first. `self`: with another ZooKeeper.
 *
 * @param {string} dir
 * @param {{ pairs: number; zookeeper: string | null; self: boolean }} how
 * @returns {Promise<(readonly [Server, Server])[]>}
 */
export function startPairs(dir, { pairs, zookeeper, self }) {
  return Promise.all(
    Array.from({ length: pairs }, async (_, index) => {
      const [left, right] = [join(dir, `${index}-left`), join(dir, `${index}-right`)];
      return /** @type {const} */ ([
        zookeeper === null ? await startZooKeeper(left) : foreignServer(zookeeper),
        await (self ? startZooKeeper(right) : startSynod(right)),
      ]);
    }),
  );
}

/** @param {string} dir @returns {Promise<Server>} */
export async function startSynod(dir) {
  const extra = { 'znode.container.checkIntervalMs': reapMs, tickTime: 100, initLimit: 100, syncLimit: 50 };
  const ensemble = await Ensemble.create(dir, { voters: 1, settings: { ...settings, ...extra } });
  await ensemble.startAll();
  const address = { host: '127.0.0.1', port: ensemble.member(1).clientPort };
  const renew = async () => {
    await ensemble.stopAll('SIGKILL');
    rmSync(ensemble.member(1).dataDir, { recursive: true, force: true });
    await ensemble.startAll();
  };
  const stop = () => ensemble.stopAll('SIGKILL');
  return { name: 'Synod', address, renew, stop, log: () => ensemble.log(1) };
}

/** @param {string} dir @returns {Promise<Server>} */
async function startZooKeeper(dir) {
  if (!existsSync(jar)) throw new Complaint(`There is no ${jar}: apt-get install zookeeper default-jre-headless`);
  const [port = 0] = await freePorts(1);
  const address = { host: '127.0.0.1', port };
  let child = await launch(dir, port);
  const stop = () => end(child);
  const renew = async () => {
    await end(child);
    rmSync(join(dir, 'data'), { recursive: true, force: true });
    child = await launch(dir, port);
  };
  return { name: 'ZooKeeper', address, renew, stop, log: () => logOf(dir) };
}

/** @param {string} dir @param {number} port */
async function launch(dir, port) {
  mkdirSync(dir, { recursive: true });
  const lines = {
    ...{
      ...settings,
      tickTime: 2000,
      maxClientCnxns: 0,
      dataDir: join(dir, 'data'),
      clientPort: port,
      clientPortAddress: '127.0.0.1',
    },
    ...{ 'admin.enableServer': false, '4lw.commands.whitelist': '*', forceSync: 'no', preAllocSize: 4096 },
    ...{ 'autopurge.purgeInterval': 1, 'autopurge.snapRetainCount': 3 },
  };
  const config = join(dir, 'zoo.cfg');
  writeFileSync(
    config,
    `${Object.entries(lines)
      .map((line) => line.join('='))
      .join('\n')}\n`,
  );
  const logging = ['log4j.rootLogger=ERROR, A', 'log4j.appender.A=org.apache.log4j.ConsoleAppender'];
  writeFileSync(
    join(dir, 'log4j.properties'),
    `${[...logging, 'log4j.appender.A.layout=org.apache.log4j.PatternLayout'].join('\n')}\n`,
  );
  const log = openSync(join(dir, 'log'), 'a');
  const properties = [`-Dznode.container.checkIntervalMs=${reapMs}`, '-Xmx256m', '-XX:+UseSerialGC'];
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const child = spawn('java', [...properties, '-cp', `${dir}:${jar}`, main, config], { stdio: ['ignore', log, log] });
  closeSync(log);
  child.once('error', () => undefined);
  const deadline = performance.now() + startMs;
  while (!(await serves(port))) {
    const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    if (ended || performance.now() > deadline) {
      await end(child);
      throw new Complaint(`ZooKeeper does not start; ${join(dir, 'log')} says why.`);
    }
    await delay(pollMs);
  }
  return child;
}

/** What a server has written, without what its logging library says of itself. @param {string} dir */
function logOf(dir) {
  const lines = readFileSync(join(dir, 'log'), 'utf8').split('\n');
  return lines.filter((line) => !line.startsWith('SLF4J:')).join('\n');
}

/** @param {import('node:child_process').ChildProcess} child */
async function end(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** Whether a ZooKeeper serves at this port. @param {number} port @returns {Promise<boolean>} */
function serves(port) {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('srvr'));
    // A server that is asked while it starts may never answer.
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(text.includes('Mode:')));
  });
}

/** A server that somebody else runs; it cannot be renewed. @param {string} text HOST:PORT @returns {Server} */
function foreignServer(text) {
  const [, host, port] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (host === undefined) throw new Complaint(`"${text}" is not HOST:PORT`);
  const address = { host, port: Number(port) };
  return { name: text, address, renew: () => Promise.resolve(), stop: () => Promise.resolve(), log: () => '' };
}
