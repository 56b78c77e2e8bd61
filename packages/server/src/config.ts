/**
 * The configuration of one server: a file in the syntax of ZooKeeper's zoo.cfg, with its keys where Synod has the thing,
 * and a few of our own. `conf/example.cfg` explains every key. Unknown keys are errors, keys of ZooKeeper that Synod does
 * not have are warnings, and everything wrong with a file is told at once, with line numbers.
 *
 * Differences from ZooKeeper that matter: clients are served on 127.0.0.1 unless `clientPortAddress` says otherwise; an
 * ensemble needs `peerSecretFile`; relative paths start at the folder of the file. Nothing here opens a port, and nothing
 * is written.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { limits } from '@synod/protocol';
import type { FourLetterWord } from '@synod/zookeeper';
import { codeOf, readMyId, readSecret, secretAdvice } from './config/files.js';
import { foreignKeyNames, reportForeignKey } from './config/foreign-keys.js';
import { nearest } from './config/nearest.js';
import { ConfigError, Findings, formatProblem, type Problem } from './config/problems.js';
import { parseProperties, type Entry } from './config/properties.js';
import {
  checkEnsemble,
  collide,
  isServerKey,
  MAX_SERVER_ID,
  readServers,
  type ServerEntry,
  type ServerLine,
} from './config/servers.js';
import { isLoopback, MAX_MS, Settings, type Address } from './config/settings.js';
import { readWhitelist } from './config/whitelist.js';

export { ConfigError, formatProblem, type Problem } from './config/problems.js';
export type { ServerEntry, ServerRole } from './config/servers.js';
export type { Address } from './config/settings.js';

/** How much a server writes into its log. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** When empty containers and outlived TTL znodes are removed. */
export interface ContainerRules {
  /** Milliseconds between two sweeps. */
  readonly checkIntervalMs: number;
  /** Most znodes removed in a minute. */
  readonly maxPerMinute: number;
  /** A container that never had a child is removed after so many milliseconds; 0: never. */
  readonly maxNeverUsedMs: number;
}

/** What stays in the log for servers that are behind, besides what is not yet in the state at rest: whichever is less. */
export interface LogRetention {
  readonly records: number;
  readonly bytes: number;
}

/** Everything a server is told before it starts. Paths are absolute, times in milliseconds unless a key counts ticks. */
export interface Config {
  /** As it was given, for messages. */
  readonly file: string;
  readonly serverId: number;
  readonly clusterName: string;
  readonly dataDir: string;
  /** Where clients are served. Port 0: any free port. */
  readonly clientAddress: Address;
  readonly tickTime: number;
  /** Ticks a server may take to catch up with a new leader. */
  readonly initLimit: number;
  /** Ticks a server may be silent before the others give it up. */
  readonly syncLimit: number;
  readonly minSessionTimeout: number;
  readonly maxSessionTimeout: number;
  /** All servers by id, this one included; fewer than two: it stands alone. */
  readonly servers: readonly ServerEntry[];
  /** Where the other servers reach this one; null where it stands alone. */
  readonly peerListen: Address | null;
  /** By which the servers know each other; null where this one stands alone. */
  readonly peerSecret: string | null;
  /** Origins of web pages whose scripts may connect. */
  readonly allowedOrigins: readonly string[];
  /** Connections from one address; 0: any number. */
  readonly maxClientCnxns: number;
  /** Connections altogether; 0: any number. */
  readonly maxCnxns: number;
  readonly skipAcl: boolean;
  /** `name:digest` of the identity that may do everything; null: nobody may. */
  readonly superDigest: string | null;
  /** Whether TTL znodes may be created. */
  readonly extendedTypes: boolean;
  /** Whether writes beyond a quota are refused; usage is counted in any case. */
  readonly enforceQuota: boolean;
  /** Most bytes of one frame of a client that speaks ZooKeeper's protocol. */
  readonly juteMaxBuffer: number;
  /** ZooKeeper's four-letter words that are answered. */
  readonly fourLetterWords: readonly FourLetterWord[];
  readonly container: ContainerRules;
  /** Requests of all clients of this server that may be under way before it stops to read. */
  readonly globalOutstandingLimit: number;
  readonly logRetention: LogRetention;
  readonly logLevel: LogLevel;
}

/** A configuration, and what its author should know all the same. */
export interface ParsedConfig {
  readonly config: Config;
  readonly warnings: readonly Problem[];
}

const keys = [
  ...['tickTime', 'initLimit', 'syncLimit', 'dataDir', 'clientPort', 'clientPortAddress', 'minSessionTimeout'],
  ...['maxSessionTimeout', 'maxClientCnxns', 'maxCnxns', 'peerType', 'skipACL', 'extendedTypesEnabled'],
  ...['DigestAuthenticationProvider.superDigest', 'znode.container.checkIntervalMs', 'znode.container.maxPerMinute'],
  ...['znode.container.maxNeverUsedIntervalMs', 'globalOutstandingLimit', 'serverId', 'clusterName', 'peerSecretFile'],
  ...['peerPortAddress', 'allowedOrigins', 'logRetainRecords', 'logRetainBytes', 'logLevel'],
  ...['enforceQuota', 'jute.maxbuffer', '4lw.commands.whitelist'],
];

/**
 * Reads the configuration of a server. Warnings go to `warn`, one line each; by default to standard error.
 *
 * @throws ConfigError with everything that is wrong with the file
 */
export function loadConfig(file: string, warn: (line: string) => void = printWarning): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    const reason = code === 'ENOENT' ? 'there is no such file' : `cannot be read: ${code}`;
    throw new ConfigError(file, [{ line: null, text: reason }]);
  }
  const { config, warnings } = parseConfig(text, file);
  for (const warning of warnings) warn(formatProblem(file, warning));
  return config;
}

function printWarning(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Reads a configuration from a text. `file` is its name in messages, and its folder is where relative paths start; the
 * files `myid` and `peerSecretFile` are read from there.
 *
 * @throws ConfigError with everything that is wrong with the text
 */
export function parseConfig(text: string, file: string): ParsedConfig {
  const findings = new Findings();
  const entries = parseProperties(text, findings);
  reportUnknownKeys(entries.values(), findings);
  const settings = new Settings(entries, findings);
  const servers = readServers(entries.values(), findings);
  checkEnsemble(servers, findings);
  const dataDir = settings.text('dataDir');
  if (!entries.has('dataDir'))
    findings.error(null, 'dataDir is missing: the folder in which the server keeps its data');
  const folder = dataDir === null ? null : resolve(dirname(file), dataDir);
  const serverId = readServerId(settings, servers, folder, findings);
  const own = servers.find(({ id }) => id === serverId) ?? null;
  checkPeerType(settings, own, findings);
  const config: Config = {
    file,
    serverId,
    clusterName: settings.matching('clusterName', ...clusterNameRule) ?? 'synod',
    dataDir: folder ?? '',
    ...readTimes(settings, findings),
    ...readAddresses(settings, servers, own, findings),
    peerSecret: servers.length > 1 ? readPeerSecret(settings, file, findings) : null,
    allowedOrigins: readOrigins(settings, findings),
    ...readLimits(settings),
    ...readAccess(settings, findings),
    enforceQuota: settings.flag('enforceQuota', false),
    juteMaxBuffer: readJuteMaxBuffer(settings, findings),
    fourLetterWords: readWhitelist(settings, findings),
    logLevel: settings.choice('logLevel', ['error', 'warn', 'info', 'debug']) ?? 'info',
  };
  return { warnings: findings.conclude(file), config };
}

const clusterNameRule = [
  /^[A-Za-z0-9][\w.-]{0,63}$/,
  'up to 64 letters, digits, dots, dashes and underscores',
] as const;

function reportUnknownKeys(entries: Iterable<Entry>, findings: Findings): void {
  for (const entry of entries) {
    if (keys.includes(entry.key) || isServerKey(entry.key) || reportForeignKey(entry, findings)) continue;
    const guess = nearest(entry.key, [...keys, ...foreignKeyNames, 'server.1']);
    const advice = guess === null ? 'conf/example.cfg lists the keys' : `did you mean ${guess}?`;
    findings.error(entry.line, `unknown key ${entry.key}; ${advice}`);
  }
}

/** `serverId`, or else the file `myid`; a server that stands alone may do without. */
function readServerId(
  settings: Settings,
  servers: readonly ServerLine[],
  dataDir: string | null,
  findings: Findings,
): number {
  const given = settings.whole('serverId', 1, MAX_SERVER_ID);
  const line = settings.line('serverId');
  const myid = dataDir === null ? null : readMyId(dataDir, findings);
  const stored = myid ?? null;
  const place = join(dataDir ?? 'dataDir', 'myid');
  if (given !== null && stored !== null && given !== stored) {
    findings.error(line, `serverId=${given}, but ${place} says ${stored}; remove one of them`);
  }
  const id = given ?? stored;
  if (id === null) {
    const unsaid = line === null && myid === undefined;
    if (unsaid && servers.length > 1) {
      findings.error(null, `which server is this? Set serverId=N here or write N into ${place}`);
    }
    return servers[0]?.id ?? 1;
  }
  if (servers.length > 0 && !servers.some((server) => server.id === id)) {
    const list = servers.map((server) => server.id).join(', ');
    findings.error(
      line,
      `this server is ${id}${line === null ? ` (${place})` : ''}, but the server lines name ${list}`,
    );
  }
  return id;
}

/** The server line decides; the key is only compared with it, as in ZooKeeper. */
function checkPeerType(settings: Settings, own: ServerEntry | null, findings: Findings): void {
  const type = settings.choice('peerType', ['participant', 'observer']);
  const role = own?.role ?? 'participant';
  if (type === null || type === role) return;
  findings.warn(settings.line('peerType'), `peerType=${type} has no effect: by its server line this server is ${role}`);
}

function readTimes(
  settings: Settings,
  findings: Findings,
): Pick<Config, 'tickTime' | 'initLimit' | 'syncLimit' | 'minSessionTimeout' | 'maxSessionTimeout'> {
  const tickTime = settings.whole('tickTime', 10, 60_000) ?? 2000;
  const least = readSessionTimeout(settings, 'minSessionTimeout');
  const most = readSessionTimeout(settings, 'maxSessionTimeout');
  const minSessionTimeout = least ?? 2 * tickTime;
  const maxSessionTimeout = most ?? 20 * tickTime;
  if (minSessionTimeout > maxSessionTimeout) {
    const min = `minSessionTimeout=${minSessionTimeout}${least === null ? ' (twice tickTime)' : ''}`;
    const max = `maxSessionTimeout=${maxSessionTimeout}${most === null ? ' (20 times tickTime)' : ''}`;
    findings.error(settings.line(least === null ? 'maxSessionTimeout' : 'minSessionTimeout'), `${min} is above ${max}`);
  }
  return {
    tickTime,
    initLimit: settings.whole('initLimit', 1, 10_000) ?? 10,
    syncLimit: settings.whole('syncLimit', 1, 10_000) ?? 5,
    minSessionTimeout,
    maxSessionTimeout,
  };
}

/** Null, and −1 as in ZooKeeper, stand for the default. */
function readSessionTimeout(settings: Settings, key: string): number | null {
  return settings.is(key, '-1') ? null : settings.whole(key, 1, MAX_MS);
}

function readAddresses(
  settings: Settings,
  servers: readonly ServerLine[],
  own: ServerLine | null,
  findings: Findings,
): Pick<Config, 'clientAddress' | 'servers' | 'peerListen'> {
  const host = settings.host('clientPortAddress');
  const port = settings.whole('clientPort', 0, 65_535);
  agree('clientPortAddress', host, own?.clientHost ?? null);
  agree('clientPort', port, own?.clientPort ?? null);
  const clientAddress = {
    host: host ?? own?.clientHost ?? '127.0.0.1',
    port: port ?? own?.clientPort ?? 2181,
  };
  const peerHost = settings.host('peerPortAddress');
  const peerListen = servers.length > 1 && own ? { host: peerHost ?? own.host, port: own.port } : null;
  if (peerListen && collide(clientAddress, peerListen)) {
    const line = settings.line('clientPort') ?? own?.line ?? null;
    findings.error(line, `port ${peerListen.port} is both the client port and the peer port of this server`);
  }
  const unsaid = host === null && (own?.clientHost ?? null) === null;
  if (unsaid && servers.some((server) => !isLoopback(server.host))) {
    const advice = 'clients on other machines need clientPortAddress=0.0.0.0';
    findings.warn(settings.line('clientPort'), `clients are served on 127.0.0.1 only; ${advice}`);
  }
  return { clientAddress, servers: servers.map(({ line: _, ...server }) => server), peerListen };

  function agree(key: string, given: string | number | null, inLine: string | number | null): void {
    if (given === null || inLine === null || given === inLine) return;
    findings.error(settings.line(key), `${key}=${given}, but line ${own?.line} says ${inLine}; remove one of them`);
  }
}

function readPeerSecret(settings: Settings, file: string, findings: Findings): string | null {
  const path = settings.text('peerSecretFile');
  if (path !== null) return readSecret(resolve(dirname(file), path), settings.line('peerSecretFile'), findings);
  if (settings.line('peerSecretFile') === null) findings.error(null, secretAdvice);
  return null;
}

function readOrigins(settings: Settings, findings: Findings): readonly string[] {
  const list = settings.text('allowedOrigins')?.split(',') ?? [];
  return list.map((text) => {
    const origin = text.trim();
    const url = URL.canParse(origin) ? new URL(origin) : null;
    if (url === null || url.origin === 'null' || !/^https?:\/\/[^/]+\/?$/.test(origin)) {
      const rule = 'must list origins such as https://admin.example.org';
      findings.error(settings.line('allowedOrigins'), `allowedOrigins ${rule}, separated by commas, not "${origin}"`);
    }
    return url?.origin ?? origin;
  });
}

function readLimits(
  settings: Settings,
): Pick<Config, 'maxClientCnxns' | 'maxCnxns' | 'globalOutstandingLimit' | 'logRetention' | 'container'> {
  return {
    maxClientCnxns: settings.whole('maxClientCnxns', 0, 1_000_000) ?? 60,
    maxCnxns: settings.whole('maxCnxns', 0, 1_000_000) ?? 0,
    globalOutstandingLimit: settings.whole('globalOutstandingLimit', 1, 1_000_000) ?? 1000,
    logRetention: {
      records: settings.whole('logRetainRecords', 0, 1_000_000_000) ?? 100_000,
      bytes: settings.whole('logRetainBytes', 0, 2 ** 40) ?? 64 * 1_048_576,
    },
    container: {
      checkIntervalMs: settings.whole('znode.container.checkIntervalMs', 10, MAX_MS) ?? 60_000,
      maxPerMinute: settings.whole('znode.container.maxPerMinute', 1, 10_000_000) ?? 10_000,
      maxNeverUsedMs: settings.whole('znode.container.maxNeverUsedIntervalMs', 0, MAX_MS) ?? 300_000,
    },
  };
}

function readAccess(settings: Settings, findings: Findings): Pick<Config, 'skipAcl' | 'superDigest' | 'extendedTypes'> {
  // In ZooKeeper nothing but yes has an effect.
  const skipAcl = settings.matching('skipACL', /^(yes|no|false)$/, 'yes or no') === 'yes';
  if (skipAcl) findings.warn(settings.line('skipACL'), 'skipACL: every client may do everything');
  const superDigest = settings.text('DigestAuthenticationProvider.superDigest');
  if (superDigest !== null && !/^[^:\s]+:[A-Za-z0-9+/]{27}=$/.test(superDigest)) {
    const line = settings.line('DigestAuthenticationProvider.superDigest');
    const rule = 'name:digest, where the digest is the SHA1 of "name:password" in base64 (28 characters)';
    findings.error(line, `DigestAuthenticationProvider.superDigest must be ${rule}`);
  }
  return { skipAcl, superDigest, extendedTypes: settings.flag('extendedTypesEnabled', true) };
}

/** One frame is one request, and no request is longer than {@link limits.frameBytes}: more could not be honoured. */
function readJuteMaxBuffer(settings: Settings, findings: Findings): number {
  const most = limits.frameBytes;
  const bytes = settings.decoded('jute.maxbuffer', 1024, 2 ** 31 - 1) ?? most;
  if (bytes <= most) return bytes;
  const reason = `no request may be longer than ${most} bytes, whatever protocol it comes by`;
  findings.error(
    settings.line('jute.maxbuffer'),
    `jute.maxbuffer must be from 1024 to ${most}, not ${bytes}: ${reason}`,
  );
  return most;
}
