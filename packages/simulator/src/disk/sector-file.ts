/**
 * One file of a simulated disk: what its readers see, and which older contents of it the disk itself may still hold.
 *
 * Bytes lie in sectors of 512. What was written since the last sync lies in the system's cache: when power fails each of
 * these sectors has, independently, any content it had since that sync, and the file any of the sizes. A cut of the file
 * happened as a whole or not at all, and what was written behind it afterwards only if it did: file systems keep the two
 * apart. Sectors are atomic unless tearing is asked for. Left out: content of other files (a file system that journals its metadata, as ext4
 * and xfs do, never shows it).
 */
import type { Random } from '../random.js';

/** Bytes that a disk writes as a whole. */
export const SECTOR = 512;

const BLANK = new Uint8Array(SECTOR);
/** Contents of one sector that are remembered between two syncs; later ones take the place of the last but one. */
const MAX_VERSIONS = 4;
/** A version of a whole file is remembered at every so-maniest sync, for {@link SectorFile.older}. */
const KEEP_EVERY = 16;
const KEPT_VERSIONS = 3;
const KEPT_BYTES = 1_048_576;

/** How far power that fails spares what was not synced. */
interface Fate {
  readonly mode: 'all' | 'none' | 'some';
  /** Chance of each sector to be written, with `some`. */
  readonly rate: number;
}

/** What lay behind the place where the file was cut, until the cut is durable. */
interface Lost {
  /** The first sector of it. */
  readonly first: number;
  readonly bytes: Uint8Array;
  readonly unsynced: ReadonlyMap<number, Uint8Array[]>;
  /** Sizes of the file up to the cut, the durable one first. */
  readonly sizes: readonly number[];
}

/** One file; it has no name of its own. */
export class SectorFile {
  #bytes: Uint8Array;
  #size: number;
  /** The bytes belong to an image and must not be written. */
  #shared: boolean;
  /** Of each sector that was written since the last sync: what it held before, oldest first. */
  #unsynced = new Map<number, Uint8Array[]>();
  /** As above for sectors whose sync failed: the system takes them for written, and nobody knows. */
  #uncertain = new Map<number, Uint8Array[]>();
  /** Sizes since the last sync, the durable one first; without the one that is. */
  #sizes: number[] = [];
  /** By the first cut since the last sync. */
  #lost: Lost | null = null;
  #syncs = 0;
  #older: Uint8Array[] = [];

  /** `bytes` are durable and are not written to. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
    this.#size = bytes.length;
    this.#shared = true;
  }

  get size(): number {
    return this.#size;
  }

  /** Complete former contents, durable once. */
  get older(): readonly Uint8Array[] {
    return this.#older;
  }

  /** What a reader sees; must not be written to, and is valid until the next write. */
  content(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  /** Copies bytes from `offset` on into `target`; the answer is how many there were. */
  read(offset: number, target: Uint8Array): number {
    const count = Math.max(0, Math.min(target.length, this.#size - offset));
    if (count > 0) target.set(this.#bytes.subarray(offset, offset + count));
    return count;
  }

  /** Writes to the cache. */
  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    this.#reserve(end);
    const last = Math.ceil(end / SECTOR);
    for (let sector = Math.floor(offset / SECTOR); sector < last; sector++) {
      const start = sector * SECTOR;
      this.#remember(sector, start >= this.#size ? BLANK : this.#bytes.slice(start, start + SECTOR));
    }
    this.#bytes.set(bytes, offset);
    if (end > this.#size) this.#resize(end);
  }

  /** Cuts the file, or lengthens it by zeros, in the cache. */
  truncate(size: number): void {
    if (size === this.#size) return;
    this.#reserve(size);
    if (size < this.#size) this.#shrink(size);
    else this.#resize(size);
  }

  /** Everything written is on the disk. */
  sync(): void {
    this.#unsynced.clear();
    this.#sizes = [];
    this.#lost = null;
    this.#syncs++;
    if (this.#syncs % KEEP_EVERY !== 0 || this.#size > KEPT_BYTES) return;
    this.#older.push(this.content().slice());
    if (this.#older.length > KEPT_VERSIONS) this.#older.shift();
  }

  /**
   * A sync that failed: the system marks the pages clean (`drop` false), so that a later sync will not write them either,
   * or forgets them and shows what the disk holds (`drop` true).
   */
  failSync(drop: boolean): void {
    for (const [sector, versions] of this.#unsynced) {
      if (drop) this.#bytes.set(versions[0]!, sector * SECTOR);
      else this.#uncertain.set(sector, versions);
    }
    this.#unsynced.clear();
    this.#lost = null;
  }

  /** What is durable for certain, with the older content wherever something newer is not. */
  durable(): Uint8Array {
    const size = (this.#lost ?? { sizes: this.#sizes }).sizes[0] ?? this.#size;
    const bytes = new Uint8Array(Math.max(size, this.#size));
    bytes.set(this.content());
    if (this.#lost !== null) putAt(bytes, this.#lost.first, this.#lost.bytes);
    for (const stale of [this.#uncertain, this.#unsynced, this.#lost?.unsynced ?? []]) {
      for (const [sector, [oldest]] of stale) {
        if (this.#lost === null || stale === this.#lost.unsynced || sector < this.#lost.first)
          putAt(bytes, sector, oldest!);
      }
    }
    return bytes.slice(0, size);
  }

  /** Power has failed: from here on the file is what was left of it. */
  settle(random: Random, tearing: number): void {
    if (this.#unsynced.size === 0 && this.#uncertain.size === 0 && this.#sizes.length === 0) return;
    const fate = drawFate(random);
    if (this.#lost !== null && (fate.mode === 'none' || (fate.mode === 'some' && random.chance(0.5)))) this.#undoCut();
    for (const [sector, versions] of this.#uncertain) {
      if (!this.#unsynced.has(sector)) this.#unsynced.set(sector, versions);
    }
    const size = this.#drawSize(random, fate);
    for (const [sector, versions] of this.#unsynced) {
      const chosen = drawVersion(random, fate, versions);
      if (chosen === null) continue;
      const whole = tearing > 0 && random.chance(tearing) ? random.int(1, SECTOR - 1) : 0;
      this.#bytes.set(chosen.subarray(whole), sector * SECTOR + whole);
    }
    this.#unsynced.clear();
    this.#uncertain.clear();
    this.#sizes = [];
    this.#lost = null;
    this.#reserve(size);
    this.#bytes.fill(0, size);
    this.#size = size;
  }

  /** The cut did not reach the disk, nor did anything behind it. */
  #undoCut(): void {
    const { first, bytes, unsynced, sizes } = this.#lost!;
    this.#forget(first);
    for (const [sector, versions] of unsynced) this.#unsynced.set(sector, versions);
    this.#sizes = sizes.slice(0, -1);
    this.#size = sizes.at(-1)!;
    this.#reserve(this.#size);
    this.#bytes.fill(0, first * SECTOR);
    this.#bytes.set(bytes, first * SECTOR);
  }

  #shrink(size: number): void {
    const first = Math.ceil(size / SECTOR);
    const last = Math.ceil(this.#size / SECTOR);
    const end = first * SECTOR;
    if (end > size) this.#remember(first - 1, this.#bytes.slice(end - SECTOR, end));
    const unsynced = this.#forget(first);
    this.#lost ??= {
      first,
      bytes: this.#bytes.slice(end, last * SECTOR),
      unsynced,
      sizes: [...this.#sizes, this.#size],
    };
    this.#bytes.fill(0, size, this.#size);
    this.#size = size;
    this.#sizes = [size];
  }

  /** What the disk may hold of the sectors from `first` on is of no interest any more. */
  #forget(first: number): Map<number, Uint8Array[]> {
    const forgotten = new Map<number, Uint8Array[]>();
    for (const known of [this.#uncertain, this.#unsynced]) {
      for (const [sector, versions] of known) {
        if (sector < first) continue;
        forgotten.set(sector, versions);
        known.delete(sector);
      }
    }
    return forgotten;
  }

  #drawSize(random: Random, { mode }: Fate): number {
    const all = [...this.#sizes, this.#size];
    if (mode === 'all') return this.#size;
    if (mode === 'none') return all[0]!;
    const index = random.int(0, all.length - 1);
    const size = all[index]!;
    const next = all[index + 1] ?? size;
    return next > size && random.chance(0.5) ? random.int(size, next) : size;
  }

  /** Keeps what the sector has held up to now as something that the disk may hold. */
  #remember(sector: number, content: Uint8Array): void {
    const versions = this.#unsynced.get(sector);
    if (versions === undefined) {
      const uncertain = this.#uncertain.get(sector);
      this.#uncertain.delete(sector);
      this.#unsynced.set(sector, uncertain === undefined ? [content] : [...uncertain, content]);
    } else if (versions.length < MAX_VERSIONS) versions.push(content);
    else versions[versions.length - 1] = content;
  }

  #resize(size: number): void {
    if (this.#sizes.length < MAX_VERSIONS) this.#sizes.push(this.#size);
    this.#size = size;
  }

  /** Room for whole sectors up to `size`, of our own; what lies behind the end is zero. */
  #reserve(size: number): void {
    const room = this.#bytes.length;
    const needed = Math.ceil(Math.max(size, this.#size) / SECTOR) * SECTOR;
    if (!this.#shared && needed <= room) return;
    const bytes = new Uint8Array(needed <= room ? room : Math.max(needed, Math.min(2 * room, room + 4_194_304), 8192));
    bytes.set(this.content());
    this.#bytes = bytes;
    this.#shared = false;
  }
}

function drawFate(random: Random): Fate {
  const mode = random.pick(['all', 'none', 'some', 'some', 'some'] as const);
  return { mode, rate: random.pick([0.1, 0.5, 0.5, 0.9]) };
}

/** One of the former contents; null: the newest. */
function drawVersion(random: Random, { mode, rate }: Fate, versions: readonly Uint8Array[]): Uint8Array | null {
  if (mode === 'all') return null;
  if (mode === 'none') return versions[0]!;
  return random.chance(rate) ? null : random.pick(versions);
}

/** Sets a sector, or several, as far as there is room. */
function putAt(bytes: Uint8Array, sector: number, content: Uint8Array): void {
  const start = sector * SECTOR;
  if (start < bytes.length) bytes.set(content.subarray(0, bytes.length - start), start);
}
