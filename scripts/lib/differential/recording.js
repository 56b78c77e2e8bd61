/** Transcripts in a file: what a ZooKeeper has answered, to compare with where there is none. Gzipped JSON. */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

/** @typedef {import('./program.js').Program} Program */
/** @typedef {import('./player.js').Entry} Entry */
/** @typedef {{ program: Program; entries: readonly Entry[] }} Recorded */

/** @param {string} file @param {readonly Recorded[]} recorded */
export function writeRecording(file, recorded) {
  const text = JSON.stringify(recorded, (_key, /** @type {unknown} */ value) => {
    if (typeof value === 'bigint') return { bigint: String(value) };
    // A Buffer says itself how it is to be written, before this is asked.
    if (isWritten(value)) return { base64: Buffer.from(value.data).toString('base64') };
    return value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value;
  });
  writeFileSync(file, gzipSync(text, { level: 9 }));
}

/** @param {string} file @returns {Recorded[]} */
export function readRecording(file) {
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  return /** @type {Recorded[]} */ (
    JSON.parse(text, (_key, /** @type {unknown} */ value) => {
      if (typeof value !== 'object' || value === null) return value;
      if ('bigint' in value) return BigInt(String(value.bigint));
      return 'base64' in value ? Buffer.from(String(value.base64), 'base64') : value;
    })
  );
}

/** @param {unknown} value @returns {value is { data: number[] }} */
function isWritten(value) {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
}
