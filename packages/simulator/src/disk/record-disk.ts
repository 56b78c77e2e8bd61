/**
 * Tier A: a data directory at the level of records. Databases answer the statements of the storage from memory, a commit
 * is the unit of durability; small files are whole or sectors. Fast enough for whole ensembles under many crashes. What
 * SQLite makes of torn pages is the business of tier B.
 */
import type { Disk, Unlock } from '@synod/storage/disk';
import { names } from '@synod/storage/files';
import type { Sql } from '@synod/storage/sql';
import { StorageError } from '@synod/storage/storage-error';
import type { SlotFile } from '@synod/storage/watermark';
import type { Random } from '../random.js';
import { NameTable } from './names-table.js';
import { damageFiles, type RecordFile } from './record-damage.js';
import { DatabaseFile } from './record-database.js';
import { SlotsFile, TextFile } from './record-files.js';
import { failure, Power } from './record-power.js';
import { RecordSql } from './record-sql.js';
import type { DamageKind, DiskFaults, DiskImage, SimDisk } from './sim-disk.js';

class RecordImage implements DiskImage {
  readonly tier = 'record';
  readonly files: ReadonlyMap<string, RecordFile>;

  constructor(files: ReadonlyMap<string, RecordFile>) {
    this.files = files;
  }
}

/** A simulated data directory; `dir` is its name in messages. Sizes of databases are estimates. */
export class RecordDisk implements SimDisk, Disk {
  readonly dir: string;
  readonly #power = new Power();
  #names = new NameTable<RecordFile>();
  #locked = false;

  constructor(dir: string) {
    this.dir = dir;
  }

  get faults(): DiskFaults {
    return this.#power.faults;
  }

  get bytes(): number {
    let sum = 0;
    for (const file of this.#names.seen.values()) sum += file.size;
    return sum;
  }

  prepare(): void {
    this.#power.check();
  }

  lock(): Unlock {
    this.#power.check();
    const { generation } = this.#power;
    if (this.#locked) {
      const words = 'is in use by another process; one server at a time can use a data directory';
      throw new StorageError('LOCKED', `${this.dir} ${words}`);
    }
    if (!this.#names.seen.has(names.lock)) this.#names.put(names.lock, new TextFile('', true));
    if (!this.#names.seen.has(names.pid)) {
      this.#power.grow('ENOSPC');
      this.#names.put(names.pid, new TextFile('1\n', true));
    }
    this.#locked = true;
    return () => {
      this.#power.check(generation);
      this.#names.remove(names.pid);
      this.#locked = false;
    };
  }

  list(): string[] {
    this.#power.check();
    return [...this.#names.seen.keys()];
  }

  exists(name: string): boolean {
    this.#power.check();
    return this.#names.seen.has(name);
  }

  size(name: string): number {
    this.#power.check();
    return this.#names.get(name)?.size ?? 0;
  }

  readText(name: string): string | null {
    this.#power.check();
    const file = this.#names.get(name);
    if (file === undefined) return null;
    if (file.kind !== 'text') throw new Error(`${name} is read as a text`);
    return file.text;
  }

  replaceText(name: string, text: string): void {
    this.#power.grow('ENOSPC');
    const file = new TextFile(text);
    const temporary = `${name}.tmp`;
    this.#names.put(temporary, file);
    this.#power.write();
    if (this.#power.sync('EIO') === 'done') file.settle();
    this.#names.rename(temporary, name);
    this.syncNames();
  }

  copy(from: string, to: string): void {
    const file = this.#find(from);
    this.#power.grow('ENOSPC');
    this.#power.write();
    const copy = file.kind === 'text' ? new TextFile(file.text) : file.copy();
    this.#names.put(to, copy);
  }

  rename(from: string, to: string): void {
    this.#find(from);
    this.#names.rename(from, to);
  }

  link(from: string, to: string): void {
    const file = this.#find(from);
    if (this.#names.seen.has(to)) throw failure('EEXIST', `${to} exists already`);
    this.#names.put(to, file);
  }

  remove(name: string): void {
    this.#power.check();
    this.#names.remove(name);
  }

  /** The files of this tier know no half-written state but that of slots, which their own handle syncs. */
  sync(): void {
    this.#power.check();
  }

  /** Files of this tier have no length of their own. */
  lengthen(): void {
    this.#power.check();
  }

  syncNames(): void {
    if (this.#power.sync('EIO') === 'done') this.#names.sync();
  }

  openSlots(name: string): SlotFile {
    this.#power.check();
    let file = this.#names.get(name);
    if (file === undefined) {
      file = new SlotsFile();
      this.#names.put(name, file);
    }
    if (file.kind !== 'slots') throw new Error(`${name} is opened as a file of slots`);
    return file.open(this.#power);
  }

  openSql(name: string, create: boolean): Sql {
    this.#power.check();
    let file = this.#names.get(name);
    if (file === undefined) {
      if (!create) throw failure('SQLITE_CANTOPEN', 'unable to open database file');
      file = new DatabaseFile();
      this.#names.put(name, file);
    }
    if (file.kind !== 'database') throw failure('SQLITE_NOTADB', 'file is not a database');
    return new RecordSql(file, this.#power);
  }

  processDied(): void {
    for (const file of this.#names.files()) if (file.kind === 'database') file.processDied();
    this.#locked = false;
    this.#power.restart();
  }

  powerFailed(random: Random): void {
    for (const file of this.#names.files()) file.crash(random);
    this.#names.crash(random);
    this.#locked = false;
    this.#power.restart();
  }

  damage(random: Random, kind: DamageKind): string | null {
    this.#mustBeFree();
    // What was left to the system is on the disk by now; damage is done to what lies there.
    this.#names.sync();
    for (const file of this.#names.files()) {
      if (file.kind === 'database') file.flush();
      else file.settle();
    }
    return damageFiles(random, kind, this.#names);
  }

  snapshot(): DiskImage {
    return new RecordImage(durableFiles(this.#names.durable));
  }

  restore(image: DiskImage): void {
    if (!(image instanceof RecordImage)) throw new Error('the image is of another tier');
    this.#mustBeFree();
    this.#names = new NameTable(durableFiles(image.files));
    this.#power.renew();
  }

  wipe(): void {
    this.#mustBeFree();
    this.#names = new NameTable();
    this.#power.renew();
  }

  #find(name: string): RecordFile {
    this.#power.check();
    const file = this.#names.get(name);
    if (file === undefined) throw failure('ENOENT', `${name} does not exist`);
    return file;
  }

  #mustBeFree(): void {
    if (this.#locked) throw new Error(`a process has ${this.dir} open`);
  }
}

/** Copies of files as a crash now would leave them at least; names of one file stay names of one file. */
function durableFiles(files: ReadonlyMap<string, RecordFile>): Map<string, RecordFile> {
  const copies = new Map<RecordFile, RecordFile>();
  const named = new Map<string, RecordFile>();
  for (const [name, file] of files) {
    const copy = copies.get(file) ?? file.durable();
    copies.set(file, copy);
    named.set(name, copy);
  }
  return named;
}
