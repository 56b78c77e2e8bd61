/**
 * Damage to the files of a directory that nobody has open: what bad sectors, bad cables, firmware and operators do to
 * bytes at rest. It is durable at once.
 */
import type { Random } from '../random.js';
import { SECTOR, type SectorFile } from './sector-file.js';
import type { SectorFiles } from './sector-files.js';
import type { DamageKind } from './sim-disk.js';

const LOG = 'log.db';
const LOG_WAL = 'log.db-wal';
const WATERMARK = 'watermark';
/** Header of a write-ahead log, and of each of its frames. */
const WAL_HEADER = 32;
const FRAME_HEADER = 24;
const PAGE = 4096;

interface Named {
  readonly name: string;
  readonly file: SectorFile;
}

/** Carries out one damage; the answer says in words what was done, null where there was nothing to damage. */
export function damageFiles(files: SectorFiles, random: Random, kind: DamageKind): string | null {
  switch (kind) {
    case 'flip':
      return on(anyFile(files, random, 1), (target) => flip(target, random, 0));
    case 'zero':
      return on(anyFile(files, random, 1), (target) => zero(target, random));
    case 'swap':
      return on(anyFile(files, random, 2 * SECTOR), (target) => swap(target, random));
    case 'cut-log':
      return on(named(files, LOG, 1), (target) => cut(target, random));
    case 'lose-tail':
      return on(named(files, LOG_WAL, WAL_HEADER + FRAME_HEADER + PAGE), (target) => loseTail(target, random));
    case 'old-copy':
      return oldCopy(files, random);
    case 'watermark':
      return on(named(files, WATERMARK, 1), (target) => spoil(target, random));
  }
}

function on(target: Named | null, body: (target: Named) => string | null): string | null {
  return target === null ? null : body(target);
}

function named(files: SectorFiles, name: string, atLeast: number): Named | null {
  const file = files.find(name);
  return file === null || contentEnd(file) < atLeast ? null : { name, file };
}

/** Where the zeros begin with which a file ends: room that was taken in advance and is not worth damaging. */
function contentEnd(file: SectorFile): number {
  return file.content().findLastIndex((byte) => byte !== 0) + 1;
}

function anyFile(files: SectorFiles, random: Random, atLeast: number): Named | null {
  const candidates: Named[] = [];
  for (const name of files.list().sort()) {
    const target = named(files, name, atLeast);
    if (target !== null) candidates.push(target);
  }
  return candidates.length === 0 ? null : random.pick(candidates);
}

/** Flips one bit at or behind a place. */
function flip({ name, file }: Named, random: Random, from: number): string {
  const at = random.int(from, contentEnd(file) - 1);
  const bit = random.int(0, 7);
  put(file, at, new Uint8Array([file.content()[at]! ^ (1 << bit)]));
  return `${name}: bit ${bit} of byte ${at} of ${file.size} flipped`;
}

function zero({ name, file }: Named, random: Random): string {
  const sector = random.int(0, Math.ceil(contentEnd(file) / SECTOR) - 1);
  const end = Math.min(file.size, (sector + random.pick([1, 1, 8])) * SECTOR);
  put(file, sector * SECTOR, new Uint8Array(end - sector * SECTOR));
  return `${name}: bytes ${sector * SECTOR} to ${end} of ${file.size} zeroed`;
}

function swap({ name, file }: Named, random: Random): string | null {
  const end = contentEnd(file);
  const unit = end >= 2 * PAGE && random.chance(0.5) ? PAGE : SECTOR;
  const count = Math.floor(end / unit);
  const first = random.int(0, count - 2) * unit;
  const second = first + random.int(1, count - 1 - first / unit) * unit;
  const one = file.content().slice(first, first + unit);
  const other = file.content().slice(second, second + unit);
  if (one.every((byte, i) => byte === other[i])) return null;
  put(file, first, other);
  put(file, second, one);
  return `${name}: ${unit} bytes at ${first} and ${second} exchanged`;
}

function cut({ name, file }: Named, random: Random): string {
  const before = file.size;
  const size = random.chance(0.2) ? 0 : random.int(0, Math.max(contentEnd(file) - 1, 0));
  file.truncate(size);
  file.sync();
  return `${name}: cut from ${before} to ${size} bytes`;
}

/** SQLite takes the frame for a torn one and forgets everything from there on. */
function loseTail(target: Named, random: Random): string {
  const frame = FRAME_HEADER + PAGE;
  const frames = Math.floor((contentEnd(target.file) - WAL_HEADER) / frame);
  return flip(target, random, WAL_HEADER + random.int(Math.floor(frames / 2), Math.max(frames - 1, 0)) * frame);
}

function oldCopy(files: SectorFiles, random: Random): string | null {
  const candidates: { target: Named; older: Uint8Array }[] = [];
  for (const name of files.list().sort()) {
    const target = named(files, name, 0);
    for (const older of target?.file.older ?? []) candidates.push({ target: target!, older });
  }
  if (candidates.length === 0) return null;
  const { target, older } = random.pick(candidates);
  target.file.truncate(older.length);
  put(target.file, 0, older);
  return `${target.name}: an older version of it with ${older.length} bytes put back`;
}

function spoil(target: Named, random: Random): string {
  if (random.chance(0.4)) return flip(target, random, 0);
  if (random.chance(0.5)) return cut(target, random);
  put(target.file, 0, random.bytes(target.file.size));
  return `${target.name}: overwritten with noise`;
}

function put(file: SectorFile, offset: number, bytes: Uint8Array): void {
  file.write(offset, bytes);
  file.sync();
}
