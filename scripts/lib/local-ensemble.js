/**
 * The configuration files of the ensemble that `npm start` runs: those in conf/ as they are, or copies with other ports
 * or another folder. Copies are derived anew at each start, so that a change in conf/ reaches them.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Complaint, inRoot } from './project.js';

/** The servers of conf/local-N.cfg. */
export const ids = /** @type {const} */ ([1, 2, 3]);

const firstPort = 2181;

/** Between a server's client port and its peer port, in conf/local-N.cfg. */
const peerOffset = 700;

/** Highest first port for which all ports of the ensemble exist. */
const lastPort = 65_535 - peerOffset - ids.length + 1;

/**
 * Where the files are, written first where they are copies.
 *
 * @param {{ port: number | null; data: string | null }} options the first server's client port, and the folder for all
 *   data; null: as in conf/
 * @returns {{ folder: string; files: readonly string[] }}
 */
export function configFiles({ port, data }) {
  if (port !== null && !(Number.isInteger(port) && port >= 1 && port <= lastPort)) {
    throw new Complaint(`--port must be a whole number from 1 to ${lastPort}: the other ports follow from it.`);
  }
  const originals = ids.map((id) => inRoot('conf', `local-${id}.cfg`));
  if (port === null && data === null) return { folder: inRoot('data'), files: originals };
  const folder = data ?? inRoot('data', `port-${port}`);
  mkdirSync(folder, { recursive: true });
  const files = originals.map((original, index) => {
    const copy = join(folder, `local-${ids[index]}.cfg`);
    writeFileSync(copy, derive(readFileSync(original, 'utf8'), (port ?? firstPort) - firstPort));
    return copy;
  });
  return { folder, files };
}

/** A file of conf/ for a folder of its own: data and the secret beside it, all ports moved by as much. */
export function derive(/** @type {string} */ text, /** @type {number} */ move) {
  const moved = (/** @type {string} */ _, /** @type {string} */ key, /** @type {string} */ port) =>
    `${key}${Number(port) + move}`;
  const notice = '# Derived from conf/ by `npm start`, anew at each start: changes here are lost.\n';
  return (
    notice +
    text
      .replace(/^(clientPort=)(\d+)$/gm, moved)
      .replace(/^(server\.\d+=[^:\n]+:)(\d+)$/gm, moved)
      .replace(/^(dataDir|peerSecretFile)=\.\.\/data\//gm, '$1=')
  );
}

/** Makes the secret of the ensemble where there is none. A file that is there is never touched. */
export function provideSecret(/** @type {string} */ folder) {
  const file = join(folder, 'peer.secret');
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
}
