/**
 * `npm start [-- --port 2281] [--data DIR]`: an ensemble of three servers on this machine, in the foreground. Ctrl-C stops
 * it in good order; data stays, and the next start goes on with it.
 *
 * A server that dies is not started again: whoever looks on wants to see what the others do. The script says how.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isAbsolute, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { configFiles, provideSecret } from './lib/local-ensemble.js';
import { prepare } from './lib/prepare.js';
import { Complaint, main, root } from './lib/project.js';
import { ServerProcess } from './lib/server-process.js';

/** @typedef {import('@synod/server/config').Config} Config */

/** How long the servers may take until they serve, in milliseconds. */
const serveMs = 60_000;

const usage = `Usage: npm start [-- OPTIONS]
  --port PORT  client port of the first server (2181); the others follow, peer ports are 700 higher
  --data DIR   folder for data (data, or data/port-PORT with --port)`;

await main(async () => {
  const options = readOptions();
  if (options === null) {
    console.log(usage);
    return 0;
  }
  prepare(['packages/cli']);
  const { folder, files } = configFiles(options);
  provideSecret(folder);
  const configs = await readConfigs(files);
  await checkPorts(configs);
  return supervise(configs);
});

/** @returns {{ port: number | null; data: string | null } | null} null where help is asked for */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: { port: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return null;
    // npm runs scripts in the root; a relative path is meant from where npm was called.
    const data = values.data === undefined ? null : resolve(process.env['INIT_CWD'] ?? process.cwd(), values.data);
    return { port: values.port === undefined ? null : Number(values.port), data };
  } catch (error) {
    throw new Complaint(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

/** @returns {Promise<readonly Config[]>} */
async function readConfigs(/** @type {readonly string[]} */ files) {
  const { ConfigError, loadConfig } = await import('@synod/server/config');
  try {
    // Warnings are left to the servers, which read the files again.
    return files.map((file) => loadConfig(file, () => undefined));
  } catch (error) {
    if (error instanceof ConfigError) throw new Complaint(error.message);
    throw error;
  }
}

/** A port that is taken would only show in the log of one server, much later. */
async function checkPorts(/** @type {readonly Config[]} */ configs) {
  for (const { serverId, clientAddress, peerListen } of configs) {
    const uses = /** @type {const} */ ([
      ['clients', clientAddress],
      ['servers', peerListen],
    ]);
    for (const [use, address] of uses) {
      const problem = address === null ? null : await listenProblem(address);
      if (address === null || problem === null) continue;
      throw new Complaint(
        problem === 'EADDRINUSE'
          ? `Port ${address.port} (server ${serverId}, for ${use}) is taken by another program, perhaps by an ensemble\n` +
              'that runs already. Stop that program, or choose other ports: npm start -- --port 2281'
          : `Server ${serverId} cannot listen on ${address.host}:${address.port}, for ${use}: ${problem}`,
      );
    }
  }
}

/** @returns {Promise<string | null>} the error's code; null where the address can be listened on */
async function listenProblem(/** @type {import('@synod/server/config').Address} */ { host, port }) {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return null;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code ?? String(error);
  }
}

/** Runs the servers until they are told to stop or have all died. */
async function supervise(/** @type {readonly Config[]} */ configs) {
  const servers = configs.map((config) => new ServerProcess(config, reportDeath));
  const ended = Promise.all(servers.map((server) => server.ended)).then(() => null);
  const told = new AbortController();
  const stop = () => {
    if (told.signal.aborted) return;
    told.abort();
    console.log('Stopping the servers …');
    for (const server of servers) void server.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  // Whoever read the output has gone, as in `npm start | head`.
  process.stdout.on('error', stop);
  const serving = await Promise.race([Promise.all(servers.map((server) => server.serves(serveMs))), ended]);
  if (serving !== null && !told.signal.aborted) await introduce(servers, serving);
  await ended;
  if (told.signal.aborted) return 0;
  console.error('All servers have ended.');
  return 1;
}

function reportDeath(/** @type {ServerProcess} */ { config }, /** @type {string} */ how) {
  const file = fromRoot(config.file);
  console.log(`Server ${config.serverId} has ended (${how}); the last lines marked [${config.serverId}] say why.`);
  console.log(`Start it again from another terminal: npx synod server --config ${file}`);
}

/** What to do with the ensemble now that it is there. */
async function introduce(/** @type {ServerProcess[]} */ servers, /** @type {readonly boolean[]} */ serving) {
  const rows = await Promise.all(
    servers.map(async (server, index) => {
      const health = server.isRunning ? await server.health() : null;
      const state = health === null ? 'no answer' : serving[index] ? health.role : `not serving: ${health.detail}`;
      const { serverId, dataDir } = server.config;
      return [String(serverId), server.isRunning ? state : 'ended', server.address, fromRoot(dataDir)];
    }),
  );
  const connect = servers.map(({ address }) => address).join(',');
  const lines = [
    serving.every(Boolean) ? 'Synod serves.' : 'Not all servers serve; their lines above say why.',
    '',
    ...table([['server', 'role', 'clients', 'data'], ...rows]),
    '',
    `  connect   ${connect}`,
    `  shell     npx synod shell --server ${connect}`,
    '  stop      Ctrl-C',
    '',
  ];
  console.log(`\n${lines.join('\n')}`);
}

function table(/** @type {readonly (readonly string[])[]} */ rows) {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

/** As short as it can be typed in the root. */
function fromRoot(/** @type {string} */ path) {
  const short = relative(root, path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}
