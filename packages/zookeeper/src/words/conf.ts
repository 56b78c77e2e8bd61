/** `conf` and `dirs`: the configuration in force, and how much stands on the disk. */
import type { WordFacts } from './facts.js';

/** What Synod does not have, TLS and a length of the listening queue of its own, reads as not set (−1). */
export function conf({ configuration, folders }: WordFacts): string {
  const { dataDir, ensemble } = configuration;
  const lines: (readonly [string, string | number])[] = [
    ['clientPort', configuration.clientPort],
    ['secureClientPort', -1],
    ['dataDir', dataDir],
    ['dataDirSize', folders.dataBytes],
    ['dataLogDir', dataDir],
    ['dataLogSize', folders.logBytes],
    ['tickTime', configuration.tickTime],
    ['maxClientCnxns', configuration.maxClientCnxns],
    ['minSessionTimeout', configuration.minSessionTimeout],
    ['maxSessionTimeout', configuration.maxSessionTimeout],
    ['clientPortListenBacklog', -1],
    ['serverId', configuration.serverId],
  ];
  if (ensemble === null) return joined(lines);
  lines.push(
    ['initLimit', ensemble.initLimit],
    ['syncLimit', ensemble.syncLimit],
    ['electionAlg', 3],
    ['electionPort', ensemble.electionPort],
    ['quorumPort', ensemble.peerPort],
    ['peerType', ensemble.observer ? 1 : 0],
  );
  return `${joined(lines)}membership: \n${ensemble.membership}`;
}

export function dirs({ folders }: WordFacts): string {
  return `datadir_size: ${folders.dataBytes}\nlogdir_size: ${folders.logBytes}\n`;
}

function joined(lines: readonly (readonly [string, string | number])[]): string {
  return lines.map(([key, value]) => `${key}=${value}\n`).join('');
}
