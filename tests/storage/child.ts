import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * The process that gets killed: an ES module for `node -e`, run from the root of the repository. Its arguments are a mode
 * and a data directory; it prints the token of each durable persist.
 *
 * append   records whose bodies follow from their zxid, one persist each; the state is one row named after its place
 * turmoil  appends, truncations and adoptions at random; the token is the accepted epoch
 * leave    writes a fixed content, prints `done` and hangs with its databases open
 */
const CHILD = `
import { writeSync } from 'node:fs';
import { makeZxid, counterOf } from '@synod/protocol';
import { openStorage, NO_ROWS } from '@synod/storage';
import { packChunk } from '@synod/storage/state-chunk';
import { nextRecord } from '@synod/zab';

const [mode, dir] = process.argv.slice(1);
const print = (line) => writeSync(1, line + '\\n');
const body = (length, salt) => Uint8Array.from({ length }, (_, i) => (i * 31 + salt * 17) & 0xff);
let durable = 0;
let folding = false;
let wake = () => undefined;
const storage = await openStorage({
  dir, cluster: 'test', server: 1, retainRecords: 50,
  onDurable: (token) => { durable = token; if (mode !== 'leave') print(token); wake(); },
  onFolded: () => { folding = false; wake(); },
  onPruned: () => wake(),
  onFailure: (error) => { print('failed: ' + error.message); process.exit(1); },
});
const { recovered } = storage;
if (recovered.damage !== null) { print('damage: ' + recovered.damage); process.exit(1); }
const until = async (condition) => { while (!condition()) await new Promise((resolve) => { wake = resolve; }); };
const place = ({ zxid, chain }) => ({ zxid, chain });
let last = recovered.last;

if (mode === 'append') {
  let row = recovered.state.position.zxid === 0 ? null : 'n' + counterOf(recovered.state.position.zxid);
  for (let n = counterOf(last.zxid) + 1; ; n++) {
    const record = nextRecord(last, makeZxid(1, n), body(3 + ((n - 1) % 7), n));
    last = place(record);
    storage.persist(n, [{ type: 'append', records: [record] }, { type: 'committed', zxid: Math.max(0, record.zxid - 1) }]);
    if (n % 16 === 0) await until(() => durable >= n);
    if (n % 16 === 0 && !folding) {
      folding = true;
      const rows = row === null ? [] : [{ key: row, value: null }];
      row = 'n' + n;
      rows.push({ key: row, value: body(5, n) });
      storage.fold({ position: last, digest: n, rows, last: true });
    }
    if (n % 3 === 0) await new Promise(setImmediate);
  }
}
if (mode === 'turmoil') {
  let base = recovered.base;
  let held = [...recovered.tail].map(place);
  for (let token = recovered.acceptedEpoch + 1; ; token++) {
    const kind = Math.random();
    const ops = [{ type: 'accepted-epoch', epoch: token }];
    if (kind < 0.2) {
      const zxid = Math.random() < 0.5 ? makeZxid(token, 1) : Math.max(1, base.zxid - 1);
      base = { zxid, chain: token };
      const chunk = { position: base, rows: packChunk([], NO_ROWS), cursor: null, digest: token };
      const problem = await storage.stage(true, chunk);
      if (problem !== null) throw new Error(problem);
      ops.push({ type: 'adopt', base });
      held = [];
    } else if (kind < 0.4 && held.length > 0) {
      held = held.slice(0, Math.floor(Math.random() * held.length));
      ops.push({ type: 'truncate', after: held.at(-1) ?? base });
    }
    last = held.at(-1) ?? base;
    const records = [];
    for (let i = 0; i < kind * 6; i++) {
      records.push(nextRecord(last, makeZxid(token, 10 + i), body(20, token + i)));
      last = place(records.at(-1));
    }
    held.push(...records.map(place));
    if (records.length > 0) ops.push({ type: 'append', records });
    storage.persist(token, ops);
    if (Math.random() < 0.5) await until(() => durable >= token);
    else await new Promise(setImmediate);
  }
}
if (mode === 'leave') {
  for (let n = 1; n <= 120; n++) {
    const epoch = n <= 40 ? 1 : n <= 90 ? 2 : 4;
    const record = nextRecord(last, makeZxid(epoch, n), body(20 + (n % 7), n));
    last = place(record);
    storage.persist(n, [{ type: 'append', records: [record] }, { type: 'accepted-epoch', epoch }, { type: 'current-epoch', epoch }]);
    await until(() => durable >= n);
    if (n % 20 !== 0 || n > 100) continue;
    folding = true;
    const rows = Array.from({ length: 60 }, (_, i) => ({ key: 'n/' + String(i).padStart(3, '0'), value: body(15 + (i % 5), n + i) }));
    storage.fold({ position: last, digest: n, rows, last: true });
    await until(() => !folding);
  }
  if (process.argv[3] === 'closed') await storage.close();
  print('done');
  setInterval(() => undefined, 1000);
}
`;

/**
 * Starts the process; `onLine` gets each line it prints. Resolves with the signal or the code that ended it. With
 * `fileBytes` no file it writes can grow beyond that.
 */
export async function runChild(
  args: readonly string[],
  onLine: (line: string, child: ChildProcess) => void | Promise<void>,
  fileBytes?: number,
): Promise<NodeJS.Signals | number | null> {
  const limit = fileBytes === undefined ? '' : `ulimit -f ${fileBytes / 512}; `;
  const command = [process.execPath, '--input-type=module', '-e', CHILD, ...args];
  const child = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) await onLine(line, child);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}
