/** The servers that are compared, each alone in a process of its own: Synod, and a real ZooKeeper from Debian's packages. */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Ensemble } from '../ensemble.js';
import { Complaint } from '../project.js';
import { ZooKeeperEnsemble } from '../zookeeper-ensemble.js';

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
  return serverOf('Synod', ensemble);
}

/** @param {string} dir @returns {Promise<Server>} */
async function startZooKeeper(dir) {
  const words = { '4lw.commands.whitelist': '*', forceSync: 'no', preAllocSize: 4096 };
  const purge = { 'autopurge.purgeInterval': 1, 'autopurge.snapRetainCount': 3 };
  const javaOptions = [`-Dznode.container.checkIntervalMs=${reapMs}`, '-Xmx256m', '-XX:+UseSerialGC'];
  const extra = { tickTime: 2000, ...words, ...purge };
  const ensemble = await ZooKeeperEnsemble.create(dir, { ...settings, ...extra }, { alone: true, javaOptions });
  return serverOf('ZooKeeper', ensemble);
}

/** @param {string} name @param {Ensemble | ZooKeeperEnsemble} ensemble of one server, which is started @returns {Promise<Server>} */
async function serverOf(name, ensemble) {
  const { clientPort, dataDir } = ensemble.member(1);
  const stop = () => ensemble.stopAll('SIGKILL');
  const renew = async () => {
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
    await ensemble.startAll();
  };
  await ensemble.startAll();
  return { name, address: { host: '127.0.0.1', port: clientPort }, renew, stop, log: () => ensemble.log(1) };
}

/** A server that somebody else runs; it cannot be renewed. @param {string} text HOST:PORT @returns {Server} */
function foreignServer(text) {
  const [, host, port] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (host === undefined) throw new Complaint(`"${text}" is not HOST:PORT`);
  const address = { host, port: Number(port) };
  return { name: text, address, renew: () => Promise.resolve(), stop: () => Promise.resolve(), log: () => '' };
}
