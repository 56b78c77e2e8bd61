/**
 * An ensemble of real server processes on free loopback ports, for tests, the chaos run and the benchmark: they are
 * started, killed, stopped for a while and asked how they are. Everything lives below one folder, which the caller owns.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root } from './project.js';

/** The command line that the processes run. */
const command = join(root, 'packages', 'cli', 'dist', 'main.js');

/** Asks again this often, in milliseconds, for what cannot be awaited otherwise. */
const askMs = 10;

/**
 * @typedef {object} Member
 * @property {number} id
 * @property {number} clientPort
 * @property {number} peerPort
 * @property {boolean} observer
 * @property {string} dataDir
 * @property {string} configFile
 * @property {string} logFile
 * @property {import('node:child_process').ChildProcess | null} process
 */

/**
 * @typedef {object} Shape
 * @property {number} [voters] default 3
 * @property {number} [observers] default 0
 * @property {Readonly<Record<string, string | number>>} [settings] lines of the configuration files, over the defaults
 * @property {Readonly<Record<string, string>>} [env] added to the environment of the processes
 * @property {readonly string[]} [nodeOptions] put before the command, as `--cpu-prof`
 * @property {boolean} [listed] the server lines tell where each server serves clients, default false
 * @property {boolean} [routed] each server looks for each other one at a port of its own, default false: see `routes`
 *
 * @typedef {object} Route server `from` looks for server `to` at the port `port`, and that one listens at `target`
 * @property {number} from
 * @property {number} to
 * @property {number} port
 * @property {number} target
 */

/** Settings under which faults are noticed fast; sessions live for 4 s at least. */
const defaults = { tickTime: 200, initLimit: 25, syncLimit: 5, minSessionTimeout: 1000, maxSessionTimeout: 60000 };

export class Ensemble {
  /** @type {Map<number, Member>} */
  members = new Map();
  /** Where the caller must listen and hand on what arrives; none where servers reach each other without it. @type {Route[]} */
  routes = [];

  /**
   * Chooses ports and writes the configuration of every server; starts none.
   *
   * @param {string} dir an empty or new folder
   * @param {Shape} [shape]
   */
  static async create(dir, shape = {}) {
    const {
      voters = 3,
      observers = 0,
      settings = {},
      env = {},
      nodeOptions = [],
      listed = false,
      routed = false,
    } = shape;
    const count = voters + observers;
    const ports = await freePorts(count * 2 + (routed ? count * (count - 1) : 0));
    const ensemble = new Ensemble(dir, env, nodeOptions);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'secret'), 'a secret for tests only', { mode: 0o600 });
    for (let id = 1; id <= count; id++) {
      const home = join(dir, String(id));
      mkdirSync(home, { recursive: true });
      ensemble.members.set(id, {
        id,
        clientPort: at(ports, id - 1),
        peerPort: at(ports, count + id - 1),
        observer: id > voters,
        dataDir: join(home, 'data'),
        configFile: join(home, 'synod.cfg'),
        logFile: join(home, 'log'),
        process: null,
      });
    }
    if (routed) ensemble.#addRoutes(ports.slice(count * 2));
    ensemble.#writeConfigs({ ...defaults, ...settings }, listed);
    return ensemble;
  }

  /**
   * @param {string} dir
   * @param {Readonly<Record<string, string>>} env
   * @param {readonly string[]} nodeOptions
   */
  constructor(dir, env, nodeOptions) {
    this.dir = dir;
    this.env = env;
    this.nodeOptions = nodeOptions;
  }

  /** @param {readonly number[]} ports one for each ordered pair */
  #addRoutes(ports) {
    const members = [...this.members.values()];
    const pairs = members.flatMap((from) => members.filter((to) => to !== from).map((to) => ({ from, to })));
    this.routes = pairs.map(({ from, to }, index) => ({
      from: from.id,
      to: to.id,
      port: at(ports, index),
      target: to.peerPort,
    }));
  }

  /** Where server `from` looks for a server, or listens itself. @param {number} from @param {Member} to */
  #peerPort(from, to) {
    return this.routes.find((route) => route.from === from && route.to === to.id)?.port ?? to.peerPort;
  }

  /** @param {Readonly<Record<string, string | number>>} settings @param {boolean} listed */
  #writeConfigs(settings, listed) {
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    const all = [...this.members.values()];
    for (const { id, clientPort, dataDir, configFile } of all) {
      const servers = all.map((to) => {
        const door = listed ? `;127.0.0.1:${to.clientPort}` : '';
        return `server.${to.id}=127.0.0.1:${this.#peerPort(id, to)}${to.observer ? ':observer' : ''}${door}`;
      });
      const own = [`serverId=${id}`, `clientPort=${clientPort}`, `dataDir=${dataDir}`, 'maxClientCnxns=0'];
      const ensemble = servers.length > 1 ? [...servers, `peerSecretFile=${join(this.dir, 'secret')}`] : [];
      writeFileSync(configFile, `${[...own, ...lines, ...ensemble].join('\n')}\n`);
    }
  }

  /** For clients: all servers. */
  get connectString() {
    return [...this.members.values()].map(({ clientPort }) => `127.0.0.1:${clientPort}`).join(',');
  }

  get ids() {
    return [...this.members.keys()];
  }

  /** @param {number} id */
  member(id) {
    const member = this.members.get(id);
    if (!member) throw new Error(`there is no server ${id}`);
    return member;
  }

  /** @param {number} id */
  address(id) {
    return `127.0.0.1:${this.member(id).clientPort}`;
  }

  /**
   * Starts a server; its log goes behind what an earlier life has left.
   *
   * @param {number} id
   * @param {Readonly<Record<string, string>>} [env] added to the environment of this process
   */
  start(id, env = {}) {
    const member = this.member(id);
    if (member.process) throw new Error(`server ${id} runs already`);
    const log = openSync(member.logFile, 'a');
    const args = [...this.nodeOptions, command, 'server', '--config', member.configFile];
    const child = spawn(process.execPath, args, {
      cwd: join(this.dir, String(id)),
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.env, ...env },
    });
    closeSync(log);
    member.process = child;
    child.once('exit', () => {
      if (member.process === child) member.process = null;
    });
    return child;
  }

  /** Starts all servers and waits until they serve. */
  async startAll() {
    for (const id of this.ids) this.start(id);
    await this.serving(this.ids);
  }

  /**
   * Ends a server's process by a signal and waits for its end.
   *
   * @param {number} id
   * @param {NodeJS.Signals} [signal]
   */
  async kill(id, signal = 'SIGKILL') {
    const child = this.member(id).process;
    if (!child) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGKILL') child.kill('SIGCONT');
    await exit;
  }

  /**
   * Stops a process for a while, or lets it go on.
   *
   * @param {number} id
   * @param {'SIGSTOP' | 'SIGCONT'} signal
   */
  signal(id, signal) {
    this.member(id).process?.kill(signal);
  }

  /** Ends all servers, in good order unless another signal is named. */
  async stopAll(/** @type {NodeJS.Signals} */ signal = 'SIGTERM') {
    await Promise.all(this.ids.map((id) => this.kill(id, signal)));
  }

  /**
   * Waits until these servers serve; throws with the end of their logs where they do not in time, or have ended.
   *
   * @param {readonly number[]} ids
   * @param {number} [ms]
   */
  async serving(ids, ms = 30_000) {
    const serve = async () => {
      const ended = ids.filter((id) => this.member(id).process === null);
      if (ended.length > 0) throw new Error(`ended instead of serving: ${ended.join(', ')}\n${this.logTails()}`);
      return (await Promise.all(ids.map((id) => this.health(id)))).every(Boolean);
    };
    await this.until(serve, 'serving', ms);
  }

  /** @param {number} id */
  async health(id) {
    const { status } = await get(this.member(id).clientPort, '/health');
    return status === 200;
  }

  /**
   * What a server says of itself; null where it does not answer.
   *
   * @param {number} id
   * @returns {Promise<import('@synod/server').ServerStatus | null>}
   */
  async status(id) {
    const { status, body } = await get(this.member(id).clientPort, '/status');
    return status === 200 ? /** @type {import('@synod/server').ServerStatus} */ (JSON.parse(body)) : null;
  }

  /** The id of the server that leads, as soon as one does. */
  async leader(ms = 30_000) {
    let found = 0;
    await this.until(
      async () => {
        for (const id of this.ids) {
          const status = this.member(id).process ? await this.status(id) : null;
          if (status?.role === 'leading' || status?.role === 'standalone') found = id;
        }
        return found !== 0;
      },
      'a leader',
      ms,
    );
    return found;
  }

  /** Waits until all running servers show the same zxid and digest, and tells both. */
  async level(ms = 30_000) {
    /** @type {{ zxid: string; digest: string } | null} */
    let common = null;
    await this.until(
      async () => {
        const running = this.ids.filter((id) => this.member(id).process);
        const all = await Promise.all(running.map((id) => this.status(id)));
        const [first] = all;
        const same =
          first && all.every((one) => one && one.serving && one.zxid === first.zxid && one.digest === first.digest);
        common = same ? { zxid: first.zxid, digest: first.digest } : null;
        return common !== null;
      },
      'all servers at one zxid with one digest',
      ms,
    );
    return /** @type {{ zxid: string; digest: string }} */ (/** @type {unknown} */ (common));
  }

  /**
   * @param {() => Promise<boolean>} condition
   * @param {string} what for the complaint
   * @param {number} ms
   */
  async until(condition, what, ms) {
    const deadline = performance.now() + ms;
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}\n${this.logTails()}`);
      await new Promise((resolve) => setTimeout(resolve, askMs));
    }
  }

  /** The last lines of all logs. */
  logTails(lines = 15) {
    return this.ids.map((id) => `--- server ${id}\n${this.log(id).split('\n').slice(-lines).join('\n')}`).join('\n');
  }

  /** @param {number} id */
  log(id) {
    try {
      return readFileSync(this.member(id).logFile, 'utf8');
    } catch {
      return '';
    }
  }
}

/** @template T @param {readonly T[]} list @param {number} index @returns {T} */
function at(list, index) {
  const value = list[index];
  if (value === undefined) throw new Error(`no entry ${index}`);
  return value;
}

/**
 * Ports that were free a moment ago.
 *
 * @param {number} count
 */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * @param {number} port
 * @param {string} path
 * @returns {Promise<{ status: number; body: string }>} status 0 where nobody answers
 */
async function get(port, path) {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) });
    return { status: answer.status, body: await answer.text() };
  } catch {
    return { status: 0, body: '' };
  }
}
