/**
 * Servers of the real ZooKeeper, from the Debian package `libzookeeper-java`, with the calls of an Ensemble of Synod that
 * the interop run, the differential test and the benchmark of connections need. Programs that pass against these are
 * right about ZooKeeper; only then does it say something that they pass against Synod.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from './ensemble.js';
import { Complaint } from './project.js';

/** ZooKeeper's jar; its manifest names the others. */
const jar = '/usr/share/java/zookeeper.jar';

/** Asked again this often, in milliseconds, how it is; one that is asked while it starts may never answer. */
const askMs = 50;
const answerMs = 1_000;

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
 * @property {string} dataDir
 * @property {import('node:child_process').ChildProcess | null} process
 */

export class ZooKeeperEnsemble {
  /** @type {Map<number, Member>} */
  members = new Map();

  /** @param {readonly string[]} javaOptions */
  constructor(javaOptions) {
    this.javaOptions = javaOptions;
  }

  /**
   * Chooses ports and writes the configuration of each server; starts none.
   *
   * @param {string} dir an empty or new folder
   * @param {Readonly<Record<string, string | number | boolean>>} settings lines of the configuration files
   * @param {{ alone?: boolean; javaOptions?: readonly string[] }} [options] `alone`: one server, not three
   */
  static async create(dir, settings, { alone = false, javaOptions = ['-Xmx512m'] } = {}) {
    if (!existsSync(jar)) throw new Complaint(`There is no ${jar}. On Debian: apt-get install libzookeeper-java`);
    const ensemble = new ZooKeeperEnsemble(javaOptions);
    const ids = alone ? [1] : [1, 2, 3];
    const ports = await freePorts(3 * ids.length);
    const port = (/** @type {number} */ kind, /** @type {number} */ id) => ports[kind * ids.length + id - 1] ?? 0;
    const servers = ids.map((id) => {
      const peers = `127.0.0.1:${port(1, id)}:${port(2, id)}:participant`;
      return `server.${id}=${peers};127.0.0.1:${port(0, id)}`;
    });
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'log4j.properties'), logging);
    for (const id of ids) {
      const home = join(dir, String(id));
      const dataDir = join(home, 'data');
      const clientPort = port(0, id);
      mkdirSync(dataDir, { recursive: true });
      writeFileSync(join(dataDir, 'myid'), String(id));
      const door = { clientPort, clientPortAddress: '127.0.0.1' };
      const own = { dataDir, ...fixed, ...settings, ...(alone ? door : {}) };
      const lines = Object.entries(own).map(([key, value]) => `${key}=${value}`);
      writeFileSync(join(home, 'zoo.cfg'), `${[...lines, ...(alone ? [] : servers)].join('\n')}\n`);
      ensemble.members.set(id, { id, clientPort, dir: home, dataDir, process: null });
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
    const classPath = `${join(member.dir, '..')}:${jar}`;
    const program = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
    const log = openSync(join(member.dir, 'log'), 'a');
    const args = [...this.javaOptions, '-cp', classPath, program, join(member.dir, 'zoo.cfg')];
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

  async stopAll(/** @type {NodeJS.Signals} */ signal = 'SIGKILL') {
    await Promise.all(this.ids.map((id) => this.kill(id, signal)));
  }

  /** Waits until these servers serve. @param {readonly number[]} ids */
  async serving(ids) {
    const deadline = performance.now() + 60_000;
    while (!(await Promise.all(ids.map((id) => this.#mode(id)))).every((mode) => mode !== null)) {
      const ended = ids.some((id) => this.member(id).process === null);
      if (ended || performance.now() > deadline) throw new Error(`ZooKeeper does not serve\n${this.logTails()}`);
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
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.write('srvr');
    let text = '';
    socket.setEncoding('latin1').on('data', (/** @type {string} */ chunk) => (text += chunk));
    await once(socket, 'close').catch(() => {});
    return /^Mode: (\w+)$/m.exec(text)?.[1] ?? null;
  }

  /** What a server has written, without what its logging library says of itself. @param {number} id */
  log(id) {
    const lines = readFileSync(join(this.member(id).dir, 'log'), 'utf8').split('\n');
    return lines.filter((line) => !line.startsWith('SLF4J:')).join('\n');
  }

  /** The last lines of all logs. */
  logTails(lines = 15) {
    const tail = (/** @type {number} */ id) => this.log(id).split('\n').slice(-lines).join('\n');
    return this.ids.map((id) => `--- ZooKeeper ${id}\n${tail(id)}`).join('\n');
  }
}
