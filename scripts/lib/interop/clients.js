/** The foreign clients of the interop run: what each needs on this machine, and how its program is made and started. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { capture, inRoot } from '../project.js';

/** @typedef {import('./program.js').Command} Command */

/**
 * @typedef {object} Need something that a client needs
 * @property {string} what a file that must be there, or the name of a program
 * @property {string} from the Debian package that has it
 *
 * @typedef {object} Client
 * @property {string} name as the command line and the table say it
 * @property {string} title
 * @property {readonly Need[]} needs
 * @property {(folder: string, against: 'synod' | 'zookeeper') => Command} make builds the program into a folder of its own;
 *   throws with what the compiler said
 */

const java = { what: 'java', from: 'default-jre-headless' };
const javac = { what: 'javac', from: 'default-jdk-headless' };
const cc = { what: 'cc', from: 'gcc' };
const libc = { what: '/usr/include/stdlib.h', from: 'libc6-dev' };

/** @param {string} name @param {string} from */
const jar = (name, from) => ({ what: `/usr/share/java/${name}.jar`, from });

/** What a real server of ZooKeeper needs. */
export const serverNeeds = [java, jar('zookeeper', 'libzookeeper-java')];

/** What a program in C needs. */
export const cNeeds = [cc, libc, { what: '/usr/include/zookeeper/zookeeper.h', from: 'libzookeeper-mt-dev' }];

const python = '/usr/bin/python3';
const kazoo = { what: '/usr/lib/python3/dist-packages/kazoo/client.py', from: 'python3-kazoo' };

/** Programs of ours that drive what is no program of ours. */
const drivers = {
  zkcli: fileURLToPath(new URL('./shells/zkcli.js', import.meta.url)),
  cli: fileURLToPath(new URL('./shells/cli-mt.js', import.meta.url)),
  import: fileURLToPath(new URL('./shells/import.js', import.meta.url)),
  jest: fileURLToPath(new URL('./shells/jest.js', import.meta.url)),
};

/** @type {readonly Client[]} */
export const clients = [
  {
    name: 'cli-mt',
    title: 'cli_mt (C)',
    needs: [{ what: '/usr/lib/zookeeper/bin/cli_mt', from: 'zookeeper-bin' }],
    make: () => ({ program: process.execPath, args: [drivers.cli] }),
  },
  {
    name: 'c',
    title: 'libzookeeper_mt (C)',
    needs: cNeeds,
    make: (folder) => ({ program: compileC(folder, 'client', ['client', 'watching', 'failover', 'checks']), args: [] }),
  },
  {
    name: 'kazoo',
    title: 'kazoo (Python)',
    needs: [{ what: python, from: 'python3' }, kazoo],
    make: () => ({ program: python, args: ['-B', '-u', inRoot('tests', 'interop', 'kazoo', 'program.py')] }),
  },
  {
    name: 'curator',
    title: 'Curator (Java)',
    needs: [java, javac, jar('curator-recipes', 'libcurator-recipes-java'), jar('slf4j-nop', 'libslf4j-java')],
    make: (folder) => ({ program: 'java', args: ['-cp', compileJava(folder), 'Program'] }),
  },
  {
    name: 'zkcli',
    title: 'zkCli.sh (Java)',
    needs: [java, { what: '/usr/share/zookeeper/bin/zkCli.sh', from: 'zookeeper' }],
    make: () => ({ program: process.execPath, args: [drivers.zkcli] }),
  },
  {
    name: 'node',
    title: 'node-zookeeper-client (Node)',
    needs: [],
    make: (_, against) => ({ program: process.execPath, args: [drivers.jest, against] }),
  },
  {
    name: 'import',
    title: 'synod import, from ZooKeeper',
    needs: serverNeeds,
    make: (_, against) => ({ program: process.execPath, args: [drivers.import, against] }),
  },
];

/** Those of `needs` that this machine does not have. @param {readonly Need[]} needs */
export function missing(needs) {
  return needs.filter(({ what }) => (what.startsWith('/') ? !existsSync(what) : !isProgram(what)));
}

/** @param {string} name */
function isProgram(name) {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, name)));
}

/**
 * Compiles programs in C, of tests/interop/c, with the library that ZooKeeper brings.
 *
 * @param {string} folder
 * @param {string} name
 * @param {readonly string[]} sources
 */
export function compileC(folder, name, sources) {
  mkdirSync(folder, { recursive: true });
  const output = join(folder, name);
  const files = sources.map((source) => inRoot('tests', 'interop', 'c', `${source}.c`));
  const options = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-DTHREADED', '-o', output];
  compile('cc', [...options, ...files, '-lzookeeper_mt', '-lpthread']);
  return output;
}

/** The class path with which the program of Curator runs. @param {string} folder */
function compileJava(folder) {
  mkdirSync(folder, { recursive: true });
  const jars = ['curator-recipes', 'slf4j-nop'].map((name) => `/usr/share/java/${name}.jar`);
  const sources = inRoot('tests', 'interop', 'curator');
  const files = readdirSync(sources).map((name) => join(sources, name));
  const classPath = [folder, ...jars].join(':');
  compile('javac', ['-d', folder, '-cp', classPath, ...files]);
  return classPath;
}

/** @param {string} compiler @param {readonly string[]} args */
function compile(compiler, args) {
  const { code, output } = capture(compiler, args);
  if (code !== 0) throw new Error(`${compiler} refuses the program:\n${output}`);
}
