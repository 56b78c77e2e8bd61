/**
 * Whose a data directory is, and whether it may be opened at all. The file `identity.json` is written last when a
 * directory is laid out: where it stands, everything else must stand too.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { names, readText, replaceFile, stateNumbers } from './files.js';
import { FORMAT, type Identity } from './log-file.js';
import { seal } from './sql.js';
import { codeOf, messageOf, StorageError } from './storage-error.js';

/** What the directory says about its owner. */
export type IdentityFound = 'ours' | 'absent' | 'unreadable';

/** Makes the directory where it is missing. Throws StorageError NOT_A_DIRECTORY or NOT_WRITABLE. */
export function prepareDirectory(dir: string): void {
  try {
    makeDirectory(dir);
    if (!fs.statSync(dir).isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    fs.accessSync(dir, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new StorageError('NOT_A_DIRECTORY', `the data directory ${dir} is not a directory (${code})`, error);
    }
    throw new StorageError('NOT_WRITABLE', `the data directory ${dir} cannot be used: ${messageOf(error)}`, error);
  }
}

/** Reads `identity.json`. Throws StorageError where it is readable and speaks of another server or a later version. */
export function readIdentity(dir: string, own: Identity): IdentityFound {
  const text = readText(dir, names.identity);
  if (text === null) return 'absent';
  const found = parseIdentity(text);
  if (found === null) return 'unreadable';
  checkIdentity(dir, names.identity, found, own);
  return 'ours';
}

/** Throws StorageError FOREIGN or NEWER_FORMAT unless the file `name` is of the server that is to run. */
export function checkIdentity(dir: string, name: string, found: Identity, own: Identity): void {
  if (found.format > own.format) {
    throw new StorageError(
      'NEWER_FORMAT',
      `${join(dir, name)} was written by a later version of Synod (data format ${found.format}; this version knows ${own.format})`,
    );
  }
  if (found.cluster === own.cluster && found.server === own.server) return;
  throw new StorageError(
    'FOREIGN',
    `${join(dir, name)} belongs to server ${found.server} of cluster "${found.cluster}", not to server ${own.server} of ` +
      `cluster "${own.cluster}": check the data directory and the server's id, or start with an empty directory`,
  );
}

/** Writes `identity.json`, durably. */
export function writeIdentity(dir: string, own: Identity): void {
  const { format, cluster, server } = own;
  replaceFile(
    dir,
    names.identity,
    `${JSON.stringify({ format, cluster, server, sum: seal(format, cluster, server) })}\n`,
  );
}

/** True where a directory without identity holds nothing of ours either. Throws StorageError ZOOKEEPER_DATA. */
export function isVacant(dir: string): boolean {
  const ours = [names.log, names.watermark, names.note].some((name) => fs.existsSync(join(dir, name)));
  if (ours || stateNumbers(dir).length > 0) return false;
  if (fs.existsSync(join(dir, 'version-2'))) {
    throw new StorageError(
      'ZOOKEEPER_DATA',
      `${dir} holds ZooKeeper's data (version-2), which Synod neither reads nor may be mixed with: use another directory`,
    );
  }
  return true;
}

/** Whose data this server writes. */
export function identityOf(cluster: string, server: number): Identity {
  return { format: FORMAT, cluster, server };
}

/** As mkdir's option `recursive`, which never returns where a file system (/proc) refuses with ENOENT. */
function makeDirectory(dir: string): void {
  if (fs.existsSync(dir)) return;
  const parent = dirname(dir);
  if (parent !== dir) makeDirectory(parent);
  fs.mkdirSync(dir, { mode: 0o700 });
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
