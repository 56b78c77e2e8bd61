/**
 * `synod import` from a real ZooKeeper, with the leader of the target killed meanwhile (or that of the source, where the run
 * is against ZooKeeper): `node import.js AGAINST SERVERS`, in the words of program.js. The other end is an ensemble of its
 * own. Afterwards both ends are read by ZooKeeper's protocol and have to be equal.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ZooKeeperOp } from '@synod/zookeeper';
import { Ensemble } from '../../ensemble.js';
import { inRoot } from '../../project.js';
import { settings } from '../settings.js';
import { ZooKeeperClient } from '../zookeeper-client.js';
import { ZooKeeperEnsemble } from '../../zookeeper-ensemble.js';
import { check, finish, once, please } from './terminal.js';

const [against = 'synod', servers = ''] = process.argv.slice(2);
const top = '/interop-import';
const superuser = 'super:secret';

const { create, exists, multi, getData, getAcl, getChildren2, delete: remove, create2 } = ZooKeeperOp;
const open = [{ scheme: 'world', id: 'anyone', permissions: 31 }];
const readers = [{ scheme: 'world', id: 'anyone', permissions: 1 }, owner('app:secret', 31)];

/** @param {string} credentials @param {number} permissions */
function owner(credentials, permissions) {
  const hash = createHash('sha1').update(credentials).digest('base64');
  return { scheme: 'digest', id: `${credentials.split(':', 1)[0] ?? ''}:${hash}`, permissions };
}

/** Plain znodes; so many that the leader is killed while they are copied. */
const folders = 10;
const each = 1_000;

/** @param {ZooKeeperClient} source */
async function fill(source) {
  const make = (/** @type {string} */ path, /** @type {Uint8Array | null} */ data = null, acl = open, flags = 0) =>
    source.ask({ type: create, path: top + path, data, acl, flags });
  await make('');
  await make('/null');
  await make('/empty', Buffer.alloc(0));
  await make(
    '/bytes',
    Uint8Array.from({ length: 256 }, (_, i) => i),
  );
  await make('/large', Buffer.alloc(1_000_000, 'x'));
  await make('/grüße ☃', Buffer.from('ü'));
  await make('/owned', Buffer.from('x'), [owner('app:secret', 31)]);
  await make('/owned/child', Buffer.from('x'), readers);
  await make('/network', null, [{ scheme: 'ip', id: '10.0.0.0/8', permissions: 1 }, owner('app:secret', 31)]);
  await make('/ephemeral', null, open, 1);
  let deep = '/deep';
  for (let i = 0; i < 100; i++) await make((deep += i === 0 ? '' : `/level-${i}`));
  await make('/queue');
  const names = Array.from({ length: 300 }, () => make('/queue/q-', null, open, 2));
  const paths = (await Promise.all(names)).map(({ path }) => path);
  await Promise.all(paths.slice(0, 290).map((path) => source.ask({ type: remove, path, version: -1 })));
  const quota = `/zookeeper/quota${top}`;
  await source.ask({ type: create, path: quota, data: null, acl: open, flags: 0 });
  const limits = Buffer.from('count=100000,bytes=-1');
  await source.ask({ type: create, path: `${quota}/zookeeper_limits`, data: limits, acl: open, flags: 0 });
  const stats = Buffer.from('count=0,bytes=0');
  await source.ask({ type: create, path: `${quota}/zookeeper_stats`, data: stats, acl: open, flags: 0 });
  for (let i = 0; i < folders; i++) {
    await make(`/folder-${i}`);
    const operations = Array.from({ length: each }, (_, j) => ({
      type: create,
      path: `${top}/folder-${i}/znode-${j}`,
      data: Buffer.alloc(200, 'x'),
      acl: open,
      flags: 0,
    }));
    await source.ask({ type: multi, operations });
  }
}

/**
 * All znodes below a path but ephemerals: data, access list and how many children each ever had.
 *
 * @param {ZooKeeperClient} client
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function content(client, path) {
  /** @type {string[]} */
  const found = [];
  for (let level = [path]; level.length > 0;) {
    const below = await ZooKeeperClient.each(level, async (at) => {
      const { data, stat } = await client.ask({ type: getData, path: at, watch: false });
      if (stat.ephemeralOwner !== 0) return [];
      const { acl } = await client.ask({ type: getAcl, path: at });
      const rights = (acl ?? []).map(({ scheme, id, permissions }) => `${scheme}:${id}:${permissions}`).join();
      const hash = data === null ? 'null' : createHash('sha1').update(data).digest('hex');
      found.push(`${at} ${hash} ${rights} ${(stat.cversion + stat.numChildren) / 2}`);
      if (stat.numChildren === 0) return [];
      const { children } = await client.ask({ type: getChildren2, path: at, watch: false });
      return (children ?? []).map((name) => `${at}/${name}`);
    });
    level = below.flat();
  }
  return found.sort();
}

/** Runs `synod import`; its exit code and both outputs. @param {readonly string[]} options */
async function run(options) {
  const args = ['import', '--from', from, '--server', to, '--path', top, '--timeout', '20000', ...options];
  const child = spawn(process.execPath, [inRoot('packages', 'cli', 'dist', 'main.js'), ...args]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => (said += text));
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code: /** @type {number} */ (code), said };
}

/** Waits until a part of the znodes has been copied. */
async function halfway() {
  const target = await ZooKeeperClient.open(to, superuser);
  const path = `${top}/folder-5`;
  while ((await target.ask({ type: exists, path, watch: false }).catch(() => null)) === null) await delay(10);
  await target.close();
}

/** @param {string} text @param {{ code: number; said: string }} outcome @param {number} code @param {readonly RegExp[]} patterns */
function checkRun(text, outcome, code, patterns) {
  const missing = patterns.filter((pattern) => !pattern.test(outcome.said));
  const why = `code ${outcome.code}, without ${missing.map(String).join(', ')}, it said: ${outcome.said}`;
  check(outcome.code === code && missing.length === 0, text, why);
}

const installed = once('dpkg-query', ['-W', '-f', '${Version}', 'libzookeeper-java']);
console.log(`version ${/^[\d.]+/.exec(installed.out)?.[0] ?? 'unknown'}`);
const folder = mkdtempSync(join(tmpdir(), 'synod-import-'));
const own =
  against === 'synod' ? await ZooKeeperEnsemble.create(folder, settings) : await Ensemble.create(folder, { settings });
await own.startAll();
const [from, to] = against === 'synod' ? [own.connectString, servers] : [servers, own.connectString];
try {
  const filler = await ZooKeeperClient.open(from, superuser);
  await fill(filler);
  const rights = ['--from-auth', `digest:${superuser}`, '--auth', `digest:${superuser}`];

  checkRun('a dry run', await run(['--dry-run', ...rights]), 0, [/^Dry run, nothing was written/, /1 ephemeral:/]);
  const copied = run(rights);
  await halfway();
  await please('kill leader');
  checkRun('the leader dies, the import goes on', await copied, 0, [/2 counters of sequential names raised/]);
  await please('start');

  const source = await ZooKeeperClient.open(from, superuser);
  const before = await content(source, top);
  const target = await ZooKeeperClient.open(to, superuser);
  const after = await content(target, top);
  const differing = before.filter((line, i) => line !== after[i]);
  check(before.join('\n') === after.join('\n'), `${before.length} znodes are equal`, differing.slice(0, 5).join('\n'));
  const limits = { type: getData, path: `/zookeeper/quota${top}/zookeeper_limits`, watch: false };
  const quota = (await target.ask(limits)).data;
  check(Buffer.from(quota ?? '').toString() === 'count=100000,bytes=-1', 'the quota came too', String(quota));
  const next = { type: create2, path: `${top}/queue/q-`, data: null, acl: open, flags: 2 };
  const names = await Promise.all([source.ask(next), target.ask(next)]);
  check(names[0].path === names[1].path, 'the next sequential name is the same', JSON.stringify(names));
  checkRun('again, and nothing is left to do', await run(rights), 0, [/ 0 copied/, / equal already/]);
  checkRun('without rights, what may not be read is told', await run([]), 1, [/\/owned: the source does not let it/]);
  await source.close();
  await target.close();
} finally {
  await own.stopAll();
}
rmSync(folder, { recursive: true });
finish();
