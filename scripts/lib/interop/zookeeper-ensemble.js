/**
 * Three servers of the real ZooKeeper, from the Debian package `libzookeeper-java`, with the calls of an Ensemble of
 * Synod that the interop run and the benchmark of connections need. Programs that pass against these are right about
 * ZooKeeper; only then does it say something that they pass against Synod.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../ensemble.js';

/** ZooKeeper's jar; its manifest names the others. */
export const zookeeperJar = '/usr/share/java/zookeeper.jar';

/** Asked again this often, in milliseconds, how it is. */
const askMs = 50;

const logging = `log4j.rootLogger=WARN, A
log4j.appender.A=org.apache.log4j.ConsoleAppender
log4j.appender.A.layout=org.apache.log4j.PatternLayout
`;

/** What no caller wants otherwise. */
const fixed = { 'admin.enableServer': 'false', maxClientCnxns: 0 };

/**
 * @typedef {object} Member
 * @property {number} id
 * @property {number} clientPort
 * @property {string} dir
 * @property {import('node:child_process').ChildProcess | null} process
 */

export class ZooKeeperEnsemble {
  /** @type {Map<number, Member>} */
  members = new Map();

  /**
   * Chooses ports and writes the configuration of three servers; starts none.
   *
   * @param {string} dir an empty or new folder
   * @param {Readonly<Record<string, string | number>>} settings lines of the configuration files
   */
  static async create(dir, settings) {
    const ensemble = new ZooKeeperEnsemble();
    const ports = await freePorts(9);
    const port = (/** @type {number} */ kind, /** @type {number} */ id) => ports[kind * 3 + id - 1] ?? 0;
    const servers = [1, 2, 3].map((id) => {
      const peers = `127.0.0.1:${port(1, id)}:${port(2, id)}:participant`;
      return `server.${id}=${peers};127.0.0.1:${port(0, id)}`;
    });
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'log4j.properties'), logging);
    for (const id of [1, 2, 3]) {
      const home = join(dir, String(id));
      mkdirSync(home, { recursive: true });
      const own = { dataDir: home, ...fixed, ...settings };
      const lines = Object.entries(own).map(([key, value]) => `${key}=${value}`);
      writeFileSync(join(home, 'zoo.cfg'), `${[...lines, ...servers].join('\n')}\n`);
      writeFileSync(join(home, 'myid'), String(id));
      ensemble.members.set(id, { id, clientPort: port(0, id), dir: home, process: null });
    }
    return ensemble;
  }

  get ids() {
    return [...this.members.keys()];
  }

  /** For clients: all servers. */
  get connectString() {
    return [...this.members.values()].map(({ clientPort }) => `127.0.0.1:${clientPort}`).join(',');
  }

  /** @param {number} id */
  member(id) {
    const member = this.members.get(id);
    if (!member) throw new Error(`there is no server ${id}`);
    return member;
  }

  /** @param {number} id */
  start(id) {
    const member = this.member(id);
    if (member.process) throw new Error(`server ${id} runs already`);
    const classPath = `${join(member.dir, '..')}:${zookeeperJar}`;
    const program = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
    const log = openSync(join(member.dir, 'log'), 'a');
    const args = ['-Xmx512m', '-cp', classPath, program, join(member.dir, 'zoo.cfg')];
    const child = spawn('java', args, { stdio: ['ignore', log, log] });
    closeSync(log);
    member.process = child;
    child.once('exit', () => {
      if (member.process === child) member.process = null;
    });
  }

  async startAll() {
    for (const id of this.ids) this.start(id);
    await this.serving(this.ids);
  }

  /** Ends a server's process by a signal and waits for its end. @param {number} id @param {NodeJS.Signals} [signal] */
  async kill(id, signal = 'SIGKILL') {
    const child = this.member(id).process;
    if (!child) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  async stopAll() {
    await Promise.all(this.ids.map((id) => this.kill(id)));
  }

  /** Waits until these servers serve. @param {readonly number[]} ids */
  async serving(ids) {
    const deadline = performance.now() + 60_000;
    while (!(await Promise.all(ids.map((id) => this.#mode(id)))).every((mode) => mode !== null)) {
      if (performance.now() > deadline) throw new Error(`ZooKeeper does not serve\n${this.logTails()}`);
      await delay(askMs);
    }
  }

  /** The id of the server that leads, as soon as one does. */
  async leader() {
    for (;;) {
      for (const id of this.ids) if ((await this.#mode(id)) === 'leader') return id;
      await delay(askMs);
    }
  }

  /** What a server says of its mode; null where it does not serve. @param {number} id */
  async #mode(id) {
    const socket = connect(this.member(id).clientPort, '127.0.0.1');
    socket.end('srvr');
    let text = '';
    socket.setEncoding('latin1').on('data', (/** @type {string} */ chunk) => (text += chunk));
    await once(socket, 'close').catch(() => {});
    return /^Mode: (\w+)$/m.exec(text)?.[1] ?? null;
  }

  /** The last lines of all logs. */
  logTails(lines = 15) {
    const tail = (/** @type {Member} */ { dir }) =>
      readFileSync(join(dir, 'log'), 'utf8').split('\n').slice(-lines).join('\n');
    return [...this.members.values()].map((member) => `--- ZooKeeper ${member.id}\n${tail(member)}`).join('\n');
  }
}
