/**
 * The shell of ZooKeeper's library in C, `cli_mt` of the package `zookeeper-bin`: a session over the death of the leader.
 * `node cli-mt.js SERVERS`, in the words of program.js. What it says to a command comes whenever the server's answer does.
 */
import { check, checkSaid, finish, once, please, Terminal } from './terminal.js';

const shell = '/usr/lib/zookeeper/bin/cli_mt';
const [servers = ''] = process.argv.slice(2);
const top = '/interop-cli';
const connected = /SESSION_EVENT state = CONNECTED_STATE\n/;

/** @type {readonly (readonly [command: string, answer: RegExp])[]} */
const rows = [
  [`create ${top}`, /rc = 0\n\tname = \/interop-cli\n/],
  [`create ${top}`, /\[\/interop-cli\]: rc = -110\n/],
  [`create ${top}/missing/child`, /rc = -101\n/],
  [`create +e ${top}/e`, /rc = 0\n\tname = .*\/e\n/],
  [`create +s ${top}/s-`, /rc = 0\n\tname = .*\/s-0000000001\n/],
  [`create +es ${top}/es-`, /rc = 0\n\tname = .*\/es-0000000002\n/],
  [`create +c ${top}/c`, /rc = 0\n\tname = .*\/c\n/],
  [`create +t=60000 ${top}/t`, /rc = 0\n\tname = .*\/t\n/],
  [`create2 ${top}/two`, /rc = 0\n\tname = .*\/two\n/],
  [`set ${top} hello`, /\/interop-cli: rc = 0 (.*\n)*.*\tversion=1/],
  [`get ${top}`, /value_len = 5\nhello\nStat:\n/],
  [`get ${top}/e`, /ephemeralOwner = (?!0\n)\w+\n/],
  [`exists ${top}/missing`, /-101/],
  [`ls ${top}`, /rc = 0\n(\t.*\n)*\tes-0000000002\n/],
  [`ls2 ${top}`, /rc = 0\n(\t.*\n)*\tes-0000000002\n(.*\n)*\tephemeralOwner = 0\n/],
  [`wexists ${top}/later`, /-101/],
  [`create ${top}/later`, /CREATED_EVENT state = CONNECTED_STATE for path \/interop-cli\/later\n/],
  [`get ${top}/later`, /ephemeralOwner = 0\n/],
  [`delete ${top}/later`, /DELETED_EVENT state = CONNECTED_STATE for path \/interop-cli\/later\n/],
  [`delete ${top}`, /rc = -111\n/],
  [`sync ${top}`, /\[?\/interop-cli\]?: rc = 0\n/],
  ['config', /server\.1=127\.0\.0\.1:\d+:\d+:participant.*\n/],
];

/** The watch that `exists` sets has to survive the leader, and so does the session. @param {Terminal} terminal */
async function failover(terminal) {
  const owner = /ephemeralOwner = (?!0\n)(\w+)\n/;
  const before = owner.exec(await terminal.ask(`get ${top}/e`, owner))?.[1];
  await please('kill leader');
  const changed = /CHANGED_EVENT state = CONNECTED_STATE for path \/interop-cli\/e\n/;
  for (let tries = 0; ; tries++) {
    const said = await terminal.ask(`set ${top}/e after`, /\/e: rc = -?\d+/);
    if (/rc = 0/.test(said)) {
      if (!changed.test(said)) await terminal.hears(changed);
      break;
    }
    if (tries === 100) throw new Error(`no write succeeds: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  check(true, 'a watch fires after the death of the leader', '');
  checkSaid('what was written is there', await terminal.ask(`get ${top}/e`, /value_len.*\n.*\n/), /after\n/);
  const after = owner.exec(await terminal.hears(owner))?.[1];
  check(before === after, 'the ephemeral belongs to the same session', `${String(before)}, then ${String(after)}`);
  await please('start');
}

const installed = once('dpkg-query', ['-W', '-f', '${Version}', 'zookeeper-bin']);
console.log(`version ${/^[\d.]+/.exec(installed.out)?.[0] ?? 'unknown'}`);
// Written line by line, which it would not do by itself where nobody sits in front of it.
const terminal = new Terminal('stdbuf', ['-oL', shell, servers], { command: '', answer: /$/ });
await terminal.hears(connected);
for (const [command, answer] of rows) {
  await terminal.ask(command, answer);
  check(true, command, '');
}
await failover(terminal);
await terminal.leave();
const single = once(shell, [servers, `cmd:get ${top}`]);
checkSaid('a single get', single.said, /value_len = 5\nhello\n/);
for (const name of ['s-0000000001', 'c', 't', 'two']) once(shell, [servers, `cmd:delete ${top}/${name}`]);
finish();
