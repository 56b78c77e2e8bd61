/**
 * The simulated file system of one directory: names, files of sectors, faults, and what is left when power fails.
 *
 * Contents become durable by a sync of their file, names (what was created, renamed, linked, removed) by a sync of the
 * directory: power that fails leaves a random beginning of the changes of names since then, in their order, as the
 * journal of a file system does. A sync of a file says nothing about its name.
 */
import type { Random } from '../random.js';
import { PowerCut, type DiskFaults, noFaults } from './sim-disk.js';
import { SectorFile } from './sector-file.js';

/** Properties of the hardware and of the system above it. */
export interface SectorOptions {
  /** Chance of a sector that was being written when power failed to be torn inside. Default 0: sectors are atomic. */
  readonly tearing?: number;
  /** After a sync that failed: whether the system forgets the pages. Default false: it keeps them and takes them for written. */
  readonly dropFailed?: boolean;
}

/** An error of the operating system. */
export class SystemError extends Error {
  readonly code: string;

  constructor(code: string, what: string) {
    super(`${code}: ${what}`);
    this.name = 'SystemError';
    this.code = code;
  }
}

/** Names that change together: the file that each has afterwards, null for none. */
type NameChange = readonly (readonly [name: string, file: SectorFile | null])[];

/** The files of one directory. Every method but `settle`, `stop` and `start` throws PowerCut while the power is off. */
export class SectorFiles {
  readonly faults: DiskFaults = noFaults();
  readonly #tearing: number;
  readonly #dropFailed: boolean;
  #names = new Map<string, SectorFile>();
  #durable = new Map<string, SectorFile>();
  #pending: NameChange[] = [];
  #dead = false;
  #stuck = false;
  #operations = 0;

  constructor({ tearing = 0, dropFailed = false }: SectorOptions = {}) {
    this.#tearing = tearing;
    this.#dropFailed = dropFailed;
  }

  /** Nothing works any more: the power is off, or the process that used the files is gone. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Writes and syncs so far: what `faults.cutAfter` counts. */
  get operations(): number {
    return this.#operations;
  }

  get bytes(): number {
    let bytes = 0;
    for (const file of this.#names.values()) bytes += file.size;
    return bytes;
  }

  list(): string[] {
    this.#check();
    return [...this.#names.keys()];
  }

  find(name: string): SectorFile | null {
    this.#check();
    return this.#names.get(name) ?? null;
  }

  /** The file of that name, empty and new where there is none. */
  openOrCreate(name: string): SectorFile {
    const known = this.find(name);
    if (known !== null) return known;
    const file = new SectorFile();
    this.#change([[name, file]]);
    return file;
  }

  /** Gives a file a name, over whatever has it. */
  link(name: string, file: SectorFile): void {
    this.#check();
    this.#change([[name, file]]);
  }

  rename(from: string, to: string): void {
    const file = this.#existing(from);
    this.#change([
      [from, null],
      [to, file],
    ]);
  }

  /** Does nothing where the file is missing. */
  remove(name: string): void {
    if (this.find(name) !== null) this.#change([[name, null]]);
  }

  copy(from: string, to: string): void {
    const source = this.#existing(from);
    const file = new SectorFile();
    this.link(to, file);
    this.write(file, 0, source.content());
  }

  /** Throws SystemError ENOSPC where the file would grow and the disk is full. */
  write(file: SectorFile, offset: number, bytes: Uint8Array): void {
    this.#check();
    if (this.faults.full && offset + bytes.length > file.size)
      throw new SystemError('ENOSPC', 'no space left on device');
    file.write(offset, bytes);
    this.#count();
  }

  truncate(file: SectorFile, size: number): void {
    this.#check();
    if (this.faults.full && size > file.size) throw new SystemError('ENOSPC', 'no space left on device');
    file.truncate(size);
    this.#count();
  }

  /** What was written to the file is durable. Throws SystemError EIO. */
  sync(file: SectorFile): void {
    this.#beginSync(() => file.failSync(this.#dropFailed));
    if (!this.faults.lie) file.sync();
  }

  /** Names are as durable as they stand. Throws SystemError EIO. */
  syncNames(): void {
    this.#beginSync(() => undefined);
    if (this.faults.lie) return;
    for (const change of this.#pending) carryOut(this.#durable, change);
    this.#pending = [];
  }

  /** The process is gone: whatever it still tries has no effect until {@link start}. */
  stop(): void {
    this.#dead = true;
  }

  /** Another process uses the files. */
  start(): void {
    this.#dead = false;
  }

  /** Power failed: of what is not durable a random part is left. To be followed by {@link start}. */
  settle(random: Random): void {
    const kept = random.pick([0, this.#pending.length, random.int(0, this.#pending.length)]);
    for (const change of this.#pending.slice(0, kept)) carryOut(this.#durable, change);
    this.#pending = [];
    for (const file of new Set(this.#durable.values())) file.settle(random, this.#tearing);
    this.#names = new Map(this.#durable);
  }

  /** Durable contents by name. */
  image(): Map<string, Uint8Array> {
    const image = new Map<string, Uint8Array>();
    for (const [name, file] of this.#durable) image.set(name, file.durable());
    return image;
  }

  /** Replaces everything, durably. The bytes must not change any more. */
  restore(image: ReadonlyMap<string, Uint8Array>): void {
    this.#durable = new Map();
    for (const [name, bytes] of image) this.#durable.set(name, new SectorFile(bytes));
    this.#names = new Map(this.#durable);
    this.#pending = [];
  }

  #existing(name: string): SectorFile {
    const file = this.find(name);
    if (file === null) throw new SystemError('ENOENT', `no such file: ${name}`);
    return file;
  }

  #change(change: NameChange): void {
    carryOut(this.#names, change);
    this.#pending.push(change);
    this.#count();
  }

  #check(): void {
    if (this.#dead) throw new PowerCut();
  }

  #count(): void {
    this.#operations++;
    if (this.faults.cutAfter === 0 || --this.faults.cutAfter > 0) return;
    this.#dead = true;
    throw new PowerCut();
  }

  #beginSync(failed: () => void): void {
    this.#check();
    this.#count();
    this.#stuck = this.#stuck && this.faults.failSyncSticky;
    if (this.#stuck || (this.faults.failSync > 0 && --this.faults.failSync === 0)) {
      this.#stuck = true;
      failed();
      throw new SystemError('EIO', 'i/o error, fsync');
    }
  }
}

function carryOut(names: Map<string, SectorFile>, change: NameChange): void {
  for (const [name, file] of change) {
    if (file === null) names.delete(name);
    else names.set(name, file);
  }
}
