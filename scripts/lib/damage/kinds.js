/**
 * Ways in which a data directory comes to harm while its server is down: bits flip, files end early, ranges become zero,
 * blocks change places, a file is gone or is an older copy of itself. Any file may be hit, also those that only help.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {import('../chaos/random.js').Random} Random */

/**
 * @typedef {object} Damage
 * @property {Kind} kind
 * @property {string} file
 * @property {string} detail in words, for a report
 */

/** @typedef {'flip bits' | 'truncate' | 'zero a range' | 'swap blocks' | 'delete' | 'older copy'} Kind */

/** @type {readonly Kind[]} */
export const kinds = ['flip bits', 'truncate', 'zero a range', 'swap blocks', 'delete', 'older copy'];

/** Files are hit as often as these say; what fits none counts 1. */
const weights = /** @type {const} */ ([
  [/^log\.db-wal$/, 6],
  [/^log\.db$/, 5],
  [/^state-\d+\.db$/, 5],
  [/^state-\d+\.db-wal$/, 4],
  [/^watermark$/, 3],
  [/^identity\.json$/, 2],
]);

/** Bits that one damage flips at most. */
const mostFlips = 100;

/** The sizes of blocks that change places: a sector, a page. */
const blockSizes = [512, 4096];

/**
 * Damages one file of a directory, so that its bytes differ from before.
 *
 * @param {Random} random
 * @param {string} dir the data directory of a server that does not run
 * @param {string} olderDir files of the same names from an earlier time; may be missing
 * @returns {Damage}
 */
export function damage(random, dir, olderDir) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const file = pickFile(random, readdirSync(dir));
    const kind = random.pick(kinds);
    const path = join(dir, file);
    const detail =
      kind === 'delete'
        ? remove(path)
        : kind === 'older copy'
          ? putBack(path, join(olderDir, file))
          : change(random, path, kind);
    if (detail !== null) return { kind, file, detail };
  }
  throw new Error(`nothing in ${dir} can be damaged`);
}

/**
 * @param {Random} random
 * @param {readonly string[]} files
 */
function pickFile(random, files) {
  const drawn = files.flatMap((file) => {
    const [, weight = 1] = weights.find(([pattern]) => pattern.test(file)) ?? [];
    return Array.from({ length: weight }, () => file);
  });
  return random.pick(drawn);
}

function remove(/** @type {string} */ path) {
  rmSync(path);
  return 'gone';
}

/**
 * @param {string} path
 * @param {string} older
 */
function putBack(path, older) {
  if (!existsSync(older) || readFileSync(path).equals(readFileSync(older))) return null;
  const [before, after] = [statSync(path).size, statSync(older).size];
  copyFileSync(older, path);
  return `${before} bytes become ${after} older ones`;
}

/**
 * @param {Random} random
 * @param {string} path
 * @param {Kind} kind
 * @returns {string | null} null where the file would be the same as before
 */
function change(random, path, kind) {
  const before = readFileSync(path);
  const end = contentEnd(before);
  if (end === 0) return null;
  if (kind === 'truncate') {
    const length = random.below(end);
    writeFileSync(path, before.subarray(0, length));
    return `${before.length} bytes become ${length}`;
  }
  const after = Buffer.from(before);
  const content = after.subarray(0, end);
  const detail =
    kind === 'flip bits'
      ? flip(random, content)
      : kind === 'zero a range'
        ? zero(random, content)
        : swap(random, content);
  if (before.equals(after)) return null;
  writeFileSync(path, after);
  return detail;
}

/** Where the zeros begin with which a file ends: the room of a write-ahead log that was never used. @param {Buffer} bytes */
function contentEnd(bytes) {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/**
 * @param {Random} random
 * @param {Buffer} bytes
 */
function flip(random, bytes) {
  const count = Math.floor(random.spread(1, mostFlips + 1));
  const places = Array.from({ length: count }, () => random.below(bytes.length * 8));
  for (const place of places) bytes[place >>> 3] = (bytes[place >>> 3] ?? 0) ^ (1 << (place & 7));
  return `${count} bits of ${bytes.length} bytes: ${places.slice(0, 8).join(' ')}`;
}

/**
 * @param {Random} random
 * @param {Buffer} bytes
 */
function zero(random, bytes) {
  const start = random.below(bytes.length);
  const length = Math.floor(random.spread(1, Math.max(2, Math.min(65_536, bytes.length))));
  bytes.fill(0, start, Math.min(start + length, bytes.length));
  return `${length} bytes at ${start} of ${bytes.length}`;
}

/**
 * @param {Random} random
 * @param {Buffer} bytes
 */
function swap(random, bytes) {
  const size = random.pick(blockSizes);
  const count = Math.floor(bytes.length / size);
  if (count < 2) return '';
  const [a, b] = [random.below(count) * size, random.below(count) * size];
  const kept = Buffer.from(bytes.subarray(a, a + size));
  bytes.copyWithin(a, b, b + size);
  kept.copy(bytes, b);
  return `blocks of ${size} bytes at ${a} and ${b} of ${bytes.length}`;
}
