/**
 * Tier B of the simulated data directory: the real SQLite over simulated sectors. Slow beside the tier of records, but
 * what a power cut leaves of a commit, of a checkpoint, of a repair is what SQLite's own code makes of torn files.
 */
import type { Sql } from '@synod/storage/sql';
import type { SlotFile } from '@synod/storage/watermark';
import { SLOT_BYTES } from '@synod/storage/watermark';
import { StorageError } from '@synod/storage/storage-error';
import type { Random } from '../random.js';
import { damageFiles } from './sector-damage.js';
import { SectorFiles, type SectorOptions } from './sector-files.js';
import { PowerCut, type DamageKind, type DiskFaults, type DiskImage, type SimDisk } from './sim-disk.js';
import type { SqliteModule } from './sqlite-module.js';
import { SectorSql } from './sqlite-sql.js';

const LOCK = 'lock';
/** Room taken in advance ends here, so that what lies in it and what lies behind it are both seen, at little cost. */
const RESERVED_BYTES = 65_536;

/** Properties of the disk, and what is done to the statements on their way to SQLite. */
export interface SectorDiskOptions extends SectorOptions {
  /** Another text for a statement: other settings, or sabotage. */
  readonly rewrite?: (sql: string) => string;
}

interface SectorImage extends DiskImage {
  readonly tier: 'sqlite';
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** One data directory over SQLite. `discard()` it when it is no longer needed. */
export class SectorDisk implements SimDisk {
  readonly dir: string;
  readonly files: SectorFiles;
  readonly #module: SqliteModule;
  readonly #prefix: string;
  readonly #rewrite: (sql: string) => string;
  readonly #connections = new Set<SectorSql>();
  /** Changes with each process that uses the disk: what an earlier one holds is of no use. */
  #process = 0;
  #locked = false;

  constructor(dir: string, module: SqliteModule, options: SectorDiskOptions = {}) {
    this.dir = dir;
    this.files = new SectorFiles(options);
    this.#module = module;
    this.#rewrite = options.rewrite ?? ((sql) => sql);
    this.#prefix = module.mount(this.files);
  }

  get faults(): DiskFaults {
    return this.files.faults;
  }

  get bytes(): number {
    return this.files.bytes;
  }

  prepare(): void {
    if (this.files.dead) throw new PowerCut();
  }

  lock(): () => void {
    if (this.#locked) throw new StorageError('LOCKED', `${this.dir} is in use by another process`);
    this.files.openOrCreate(LOCK);
    this.#locked = true;
    const process = this.#process;
    return () => {
      if (process === this.#process) this.#locked = false;
    };
  }

  list(): string[] {
    return this.files.list();
  }

  exists(name: string): boolean {
    return this.files.find(name) !== null;
  }

  size(name: string): number {
    return this.files.find(name)?.size ?? 0;
  }

  readText(name: string): string | null {
    const file = this.files.find(name);
    return file === null ? null : new TextDecoder().decode(file.content());
  }

  replaceText(name: string, text: string): void {
    const temporary = `${name}.tmp`;
    const file = this.files.openOrCreate(temporary);
    this.files.truncate(file, 0);
    this.files.write(file, 0, new TextEncoder().encode(text));
    this.files.sync(file);
    this.files.rename(temporary, name);
    this.files.syncNames();
  }

  copy(from: string, to: string): void {
    this.files.copy(from, to);
  }

  rename(from: string, to: string): void {
    this.files.rename(from, to);
  }

  link(from: string, to: string): void {
    const file = this.files.find(from);
    // Whoever links something that is missing has a bug; the copy says which file.
    if (file === null) this.files.copy(from, to);
    else this.files.link(to, file);
  }

  remove(name: string): void {
    this.files.remove(name);
  }

  sync(name: string): void {
    const file = this.files.find(name);
    if (file) this.files.sync(file);
  }

  lengthen(name: string, bytes: number): void {
    const file = this.files.find(name);
    if (file === null || this.faults.full) return;
    this.files.truncate(file, Math.max(file.size, Math.min(bytes, RESERVED_BYTES)));
    this.files.sync(file);
  }

  syncNames(): void {
    this.files.syncNames();
  }

  openSlots(name: string): SlotFile {
    const file = this.files.openOrCreate(name);
    const process = this.#process;
    const check = (): void => {
      if (process !== this.#process) throw new PowerCut();
    };
    return {
      read: () => {
        check();
        return file.content().slice(0, 2 * SLOT_BYTES);
      },
      write: (offset, bytes) => {
        check();
        this.files.write(file, offset, bytes);
      },
      sync: () => {
        check();
        this.files.sync(file);
      },
      close: () => undefined,
    };
  }

  openSql(name: string, create: boolean): Sql {
    const sql = new SectorSql(this.#module, this.files, this.#prefix + name, create);
    this.#connections.add(sql);
    return {
      exec: (text) => sql.exec(this.#rewrite(text)),
      prepare: (text) => sql.prepare(this.#rewrite(text)),
      close: () => {
        this.#connections.delete(sql);
        sql.close();
      },
    };
  }

  /** Also behind `faults.cutAfter`: then it was no power cut, but a process killed inside a write. */
  processDied(): void {
    this.files.stop();
    this.#module.abandon(this.files);
    for (const sql of this.#connections) sql.abandon();
    this.#connections.clear();
    this.#process++;
    this.#locked = false;
    this.files.start();
  }

  powerFailed(random: Random): void {
    this.processDied();
    this.files.settle(random);
  }

  damage(random: Random, kind: DamageKind): string | null {
    return damageFiles(this.files, random, kind);
  }

  snapshot(): DiskImage {
    const image: SectorImage = { tier: 'sqlite', files: this.files.image() };
    return image;
  }

  restore(image: DiskImage): void {
    if (image.tier !== 'sqlite') throw new Error('an image of the other tier');
    this.files.restore((image as SectorImage).files);
  }

  wipe(): void {
    this.files.restore(new Map());
  }

  /** Frees what SQLite holds of it. */
  discard(): void {
    this.processDied();
    this.#module.unmount(this.#prefix);
  }
}
