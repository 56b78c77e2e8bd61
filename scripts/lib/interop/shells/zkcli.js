/**
 * The shell that comes with ZooKeeper, `zkCli.sh`: single commands, and one session that is led through nearly all of its
 * commands and over the death of the leader. `node zkcli.js SERVERS`, in the words of program.js.
 */
import { check, checkSaid, finish, once, please, Terminal } from './terminal.js';

const shell = '/usr/share/zookeeper/bin/zkCli.sh';
const [servers = ''] = process.argv.slice(2);
const marker = { command: 'printwatches', answer: /printwatches is on\n/ };
const top = '/interop-zkcli';

/** Whoever prints a Stat prints this. */
const stat =
  /cZxid = 0x[0-9a-f]+\nctime = .*\nmZxid = .*\nmtime = .*\npZxid = .*\ncversion = -?\d+\ndataVersion = \d+\n/;

/**
 * A row is a command and what must be said to it; a third column is a watch event that it has to bring.
 *
 * @typedef {readonly [command: string, answer: RegExp, event?: RegExp]} Row
 */

/** @type {readonly Row[]} */
const creating = [
  [`create ${top}`, /Created \/interop-zkcli\n/],
  [`create ${top}`, /Node already exists: \/interop-zkcli/],
  [`create ${top}/missing/child`, /Node does not exist: \/interop-zkcli\/missing\/child/],
  [`create -e ${top}/e mine`, /Created .*\/e\n/],
  [`create -s ${top}/s- one`, /Created .*\/s-0000000001\n/],
  [`create -e -s ${top}/es- two`, /Created .*\/es-0000000002\n/],
  [`create -c ${top}/c`, /Created .*\/c\n/],
  [`create -t 60000 ${top}/t ttl`, /Created .*\/t\n/],
  [`create -s -t 60000 ${top}/st- ttl`, /Created .*\/st-0000000005\n/],
  [`create ${top}/e/child`, /Ephemerals cannot have children: .*\/e\/child/],
  [`create ${top}/bad x nobody:at:all`, /Acl is not valid/],
];

/** @type {readonly Row[]} */
const reading = [
  [`get ${top}`, /^null\n$/],
  [`get ${top}/e`, /^mine\n$/],
  [`get -s ${top}/s-0000000001`, /^one\n(.*\n)*dataLength = 3\nnumChildren = 0\n$/],
  [`get -s ${top}/s-0000000001`, stat],
  [`stat ${top}`, /numChildren = 6\n/],
  [`stat ${top}/e`, /ephemeralOwner = 0x[1-9a-f]/],
  [`stat ${top}/c`, /ephemeralOwner = 0x0\n/],
  [`stat ${top}/t`, /ephemeralOwner = 0x0\n/],
  [`stat ${top}/missing`, /Node does not exist: .*\/missing/],
  [`ls ${top}`, /^\[c, e, es-0000000002, s-0000000001, st-0000000005, t\]\n$/],
  [`ls -s ${top}`, stat],
  [`ls -R ${top}`, /^\/interop-zkcli\n\/interop-zkcli\/c\n\/interop-zkcli\/e\n/],
  [`getAllChildrenNumber ${top}`, /^6\n$/],
  [`getEphemerals ${top}`, /^\[\/interop-zkcli\/e, \/interop-zkcli\/es-0000000002\]|\[.*es-0000000002, .*\/e\]\n$/],
  ['getEphemerals /elsewhere', /^\[\]\n$/],
  [`sync ${top}`, /^Sync is OK\n$/],
  ['version', /ZooKeeper CLI version: 3\./],
];

/** @type {readonly Row[]} */
const writing = [
  [`set ${top} first`, /^$/],
  [`set -s ${top} second`, /dataVersion = 2\n/],
  [`set -v 7 ${top} third`, /version No is not valid : \/interop-zkcli/],
  [`set -v 2 ${top} third`, /^$/],
  [`get ${top}`, /^third\n$/],
  [`delete ${top}`, /Node not empty: \/interop-zkcli/],
  [`delete -v 3 ${top}/c`, /version No is not valid/],
  [`delete ${top}/c`, /^$/],
];

/**
 * ZooKeeper 3.8.0 forgets that there are recursive watches when any persistent one is removed: hence the order.
 *
 * @type {readonly Row[]}
 */
const watching = [
  [`get -w ${top}`, /^third\n$/],
  [`set ${top} fourth`, /^/, /WatchedEvent state:SyncConnected type:NodeDataChanged path:\/interop-zkcli\b.*\n/],
  [`ls -w ${top}/t`, /^\[\]\n$/],
  [`create ${top}/t/u x`, /Created/, /type:NodeChildrenChanged path:\/interop-zkcli\/t\b.*\n/],
  [`stat -w ${top}/t/u`, stat],
  [`delete ${top}/t/u`, /^/, /type:NodeDeleted path:\/interop-zkcli\/t\/u\b.*\n/],
  [`create ${top}/t/v x`, /Created/],
  [`addWatch ${top}/t`, /^$/],
  [`set ${top}/t/v y`, /^/, /type:NodeDataChanged path:\/interop-zkcli\/t\/v\b.*\n/],
  [`create ${top}/t/v/w z`, /Created/, /type:NodeCreated path:\/interop-zkcli\/t\/v\/w\b.*\n/],
  [`removewatches ${top}/t -a`, /^/, /type:PersistentWatchRemoved path:\/interop-zkcli\/t\b.*\n/],
  [`addWatch -m PERSISTENT ${top}/t`, /^$/],
  [`create ${top}/t/x x`, /Created/, /type:NodeChildrenChanged path:\/interop-zkcli\/t\b.*\n/],
  [`set ${top}/t again`, /^/, /type:NodeDataChanged path:\/interop-zkcli\/t\b.*\n/],
  [`removewatches ${top}/t`, /^/, /type:PersistentWatchRemoved path:\/interop-zkcli\/t\b.*\n/],
  [`removewatches ${top}/t`, /No such watcher for .*\/t/],
];

/** @type {readonly Row[]} */
const permitting = [
  [`getAcl ${top}`, /^'world,'anyone\n: cdrwa\n$/],
  [`getAcl -s ${top}`, stat],
  [`setAcl ${top}/t auth:u:cdrwa`, /Acl is not valid/],
  ['addauth digest u:p', /^$/],
  ['whoami', /Auth scheme: User\n(.*\n)*digest: u\n/],
  [`setAcl -s ${top}/t auth:u:cdrwa`, /aclVersion = 1\n/],
  [`getAcl ${top}/t`, /^'digest,'u:Jq7wMyA\/w2Vd5WIDAKdu4OIIFEQ=\n: cdrwa\n$/],
  [`setAcl -v 9 ${top}/t world:anyone:r`, /version No is not valid/],
  [`setAcl -R ${top}/st-0000000005 world:anyone:rw,digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=:cdrwa`, /^$/],
  [`getAcl ${top}/st-0000000005`, /^'world,'anyone\n: rw\n'digest,'u:Jq7w.*\n: cdrwa\n$/],
];

/** @type {readonly Row[]} */
const administering = [
  [`setquota -n 10 ${top}/t`, /^$/],
  [`listquota ${top}/t`, /Output quota for .*\/t count=10,bytes=-1.*\nOutput stat for .*\/t count=4,bytes=8\n/],
  [`setquota -b 4096 ${top}/t`, /^(.*\n)?$/],
  [`listquota ${top}/t`, /Output quota for .*\/t count=10,bytes=4096.*\n/],
  [`setquota -N 20 ${top}/t`, /^(.*\n)?$/],
  [`listquota ${top}/t`, /countHardLimit=20\b.*\n/],
  [`delquota -n ${top}/t`, /^$/],
  [`listquota ${top}/t`, /Output quota for .*\/t count=-1,bytes=4096.*\n/],
  [`delquota ${top}/t`, /^$/],
  [`listquota ${top}/t`, /quota for \/interop-zkcli\/t does not exist/],
  ['config', /server\.1=127\.0\.0\.1:\d+:\d+:participant.*\nserver\.2=.*\nserver\.3=.*\nversion=[0-9a-f]+\n/],
  ['config -s', /dataVersion = -1\n/],
  ['config -c', /^[0-9a-f]+ .*\n$/],
  ['reconfig -remove 3', /Reconfig is disabled/],
];

/** @param {Terminal} terminal @param {readonly Row[]} rows */
async function go(terminal, rows) {
  for (const [command, answer, event] of rows) {
    const said = await terminal.say(command, event);
    checkSaid(command, said, event && answer.test(said) ? event : answer);
  }
}

/** The leader dies while this session holds ephemerals and a watch, and writes go on. @param {Terminal} terminal */
async function failover(terminal) {
  const owner = (/** @type {string} */ said) => /ephemeralOwner = (0x[0-9a-f]+)/.exec(said)?.[1] ?? 'none';
  const before = owner(await terminal.say(`stat ${top}/e`));
  await terminal.say(`get -w ${top}`);
  await please('kill leader');
  const said = await insist(terminal, `set ${top} after`, /type:NodeDataChanged path:\/interop-zkcli\b.*\n/);
  check(true, 'the watch fires after the death of the leader', said);
  check(!/state:Expired/.test(said), 'the session does not expire', said);
  checkSaid('the write after it is there', await terminal.say(`get ${top}`), /^after\n/m);
  const after = owner(await terminal.say(`stat ${top}/e`));
  check(before === after && before !== 'none', 'the ephemeral belongs to the same session', `${before}, then ${after}`);
  await please('start');
}

/**
 * A command that the death of a server interrupts ends in ConnectionLoss and is repeated, as a person would.
 *
 * @param {Terminal} terminal @param {string} command @param {RegExp} event
 */
async function insist(terminal, command, event) {
  let all = '';
  for (let tries = 0; tries < 20; tries++) {
    const said = await terminal.say(command);
    all += said;
    if (!/ConnectionLoss/.test(said)) return event.test(all) ? all : all + (await terminal.hears(event));
  }
  throw new Error(`${command} never succeeds: ${all}`);
}

function single() {
  const version = once(shell, ['-server', servers, 'version']);
  console.log(`version ${/CLI version: ([\d.]+)/.exec(version.said)?.[1] ?? 'unknown'}`);
  const get = once(shell, ['-server', servers, 'get', top]);
  check(get.code === 0 && get.out.endsWith('after\n'), 'a single get', get.said);
  const none = once(shell, ['-server', servers, 'get', `${top}/missing`]);
  check(none.code !== 0, 'a single get of what is not there fails', `code ${none.code}`);
  checkSaid('and says so', none.said, /Node does not exist: .*\/missing/);
  const first = servers.split(',')[0] ?? '';
  const chroot = once(shell, ['-server', `${first}${top}`, 'ls', '/']);
  checkSaid('a single ls below a chroot, ephemerals being gone', chroot.out, /\n\[s-0000000001, st-0000000005, t\]\n$/);
}

async function session() {
  const terminal = new Terminal(shell, ['-server', servers, '-timeout', '15000'], marker);
  await terminal.hears(/WatchedEvent state:SyncConnected type:None path:null.*\n/);
  return terminal;
}

const terminal = await session();
for (const rows of [creating, reading, writing, watching, permitting, administering]) await go(terminal, rows);
await failover(terminal);
await terminal.leave();
single();
const again = await session();
await go(again, [
  [`ls ${top}/t`, /Insufficient permission : .*\/t/],
  ['addauth digest u:p', /^$/],
  [`deleteall ${top}`, /^$/],
  [`ls ${top}`, /Node does not exist: \/interop-zkcli/],
]);
await again.leave();
finish();
