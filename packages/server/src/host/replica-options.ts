/** From the words of a configuration file to the numbers of the machines. */
import { ZAB_DEFAULTS, type ZabOptions } from '@synod/zab';
import type { Config } from '../config.js';
import { serverLines } from '../config/server-lines.js';
import type { ReplicaOptions } from '../replica/options.js';

const FOLD_MS = 1_000;
const FOLD_ROWS = 1_000;
const NO_LEADER_TICKS = 2;

export function zabOptions(config: Config): ZabOptions {
  const { serverId, servers, tickTime, initLimit, syncLimit } = config;
  const ids = (role: 'participant' | 'observer'): number[] =>
    servers.filter((one) => one.role === role).map((one) => one.id);
  const alone = servers.length < 2;
  return {
    self: serverId,
    voters: alone ? [serverId] : ids('participant'),
    observers: alone ? [] : ids('observer'),
    tickMs: tickTime,
    initMs: initLimit * tickTime,
    syncMs: syncLimit * tickTime,
    ...ZAB_DEFAULTS,
  };
}

export function replicaOptions(config: Config, zab: ZabOptions): ReplicaOptions {
  const { checkIntervalMs, maxPerMinute, maxNeverUsedMs } = config.container;
  return {
    zab,
    minSessionTimeout: config.minSessionTimeout,
    maxSessionTimeout: config.maxSessionTimeout,
    skipAcl: config.skipAcl,
    authentication: config.superDigest === null ? {} : { superDigest: config.superDigest },
    ttlEnabled: config.extendedTypes,
    enforceQuota: config.enforceQuota,
    serverLines: serverLines(config.servers),
    reapIntervalMs: checkIntervalMs,
    reapMost: Math.max(1, Math.ceil((maxPerMinute * checkIntervalMs) / 60_000)),
    containerUnusedMs: maxNeverUsedMs,
    outstandingWrites: config.globalOutstandingLimit,
    noLeaderMs: NO_LEADER_TICKS * config.tickTime,
    foldMs: FOLD_MS,
    foldRows: FOLD_ROWS,
  };
}
