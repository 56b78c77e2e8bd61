/**
 * Whose a data directory is, and whether it may be opened at all. The file `identity.json` is written last when a
 * directory is laid out: where it stands, everything else must stand too.
 */
import type { Disk } from './disk.js';
import { names, pathOf, stateNumbers } from './files.js';
import { FORMAT, type Identity } from './log-file.js';
import { seal } from './sql.js';
import { StorageError } from './storage-error.js';

/** What the directory says about its owner. */
export type IdentityFound = 'ours' | 'absent' | 'unreadable';

/** Reads `identity.json`. Throws StorageError where it is readable and speaks of another server or a later version. */
export function readIdentity(disk: Disk, own: Identity): IdentityFound {
  const text = disk.readText(names.identity);
  if (text === null) return 'absent';
  const found = parseIdentity(text);
  if (found === null) return 'unreadable';
  checkIdentity(disk, names.identity, found, own);
  return 'ours';
}

/** Throws StorageError FOREIGN or NEWER_FORMAT unless the file `name` is of the server that is to run. */
export function checkIdentity(disk: Disk, name: string, found: Identity, own: Identity): void {
  if (found.format > own.format) {
    throw new StorageError(
      'NEWER_FORMAT',
      `${pathOf(disk, name)} was written by a later version of Synod (data format ${found.format}; this version knows ${own.format})`,
    );
  }
  if (found.cluster === own.cluster && found.server === own.server) return;
  throw new StorageError(
    'FOREIGN',
    `${pathOf(disk, name)} belongs to server ${found.server} of cluster "${found.cluster}", not to server ${own.server} of ` +
      `cluster "${own.cluster}": check the data directory and the server's id, or start with an empty directory`,
  );
}

/** Writes `identity.json`, durably. */
export function writeIdentity(disk: Disk, own: Identity): void {
  const { format, cluster, server } = own;
  disk.replaceText(
    names.identity,
    `${JSON.stringify({ format, cluster, server, sum: seal(format, cluster, server) })}\n`,
  );
}

/** True where a directory without identity holds nothing of ours either. Throws StorageError ZOOKEEPER_DATA. */
export function isVacant(disk: Disk): boolean {
  const ours = [names.log, names.watermark, names.note].some((name) => disk.exists(name));
  if (ours || stateNumbers(disk).length > 0) return false;
  if (disk.exists('version-2')) {
    throw new StorageError(
      'ZOOKEEPER_DATA',
      `${disk.dir} holds ZooKeeper's data (version-2), which Synod neither reads nor may be mixed with: use another directory`,
    );
  }
  return true;
}

/** Whose data this server writes. */
export function identityOf(cluster: string, server: number): Identity {
  return { format: FORMAT, cluster, server };
}

function parseIdentity(text: string): Identity | null {
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    const format = value?.['format'];
    const cluster = value?.['cluster'];
    const server = value?.['server'];
    if (typeof format !== 'number' || typeof cluster !== 'string' || typeof server !== 'number') return null;
    return value?.['sum'] === seal(format, cluster, server) ? { format, cluster, server } : null;
  } catch {
    return null;
  }
}
