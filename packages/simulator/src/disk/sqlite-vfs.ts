/**
 * A VFS of SQLite over simulated files: what SQLite takes for the operating system.
 *
 * It behaves as SQLite's own for Unix does where that matters after a power failure: the directory is synced with the first
 * sync of a new write-ahead log, overwriting a part of a sector endangers no other part, the sector size is said to be
 * 4096. Locks hold between connections of the process. Without shared memory: a write-ahead log needs
 * `locking_mode = EXCLUSIVE`. Time stands still; chance comes from a seed.
 */
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { utf8Of } from '@synod/protocol/utf8';
import { SectorFile } from './sector-file.js';
import { SectorFiles } from './sector-files.js';

const OK = 0;
const BUSY = 5;
const NOTFOUND = 12;
const FULL = 13;
const CANTOPEN = 14;
const IOERR = {
  read: 266,
  shortRead: 522,
  write: 778,
  fsync: 1034,
  dirFsync: 1290,
  truncate: 1546,
  delete: 2570,
  deleteNoent: 5898,
  access: 3338,
} as const;

const OPEN_CREATE = 0x4;
const OPEN_JOURNAL = 0x800;
const OPEN_WAL = 0x80000;
const LOCK = { none: 0, shared: 1, reserved: 2, pending: 3, exclusive: 4 } as const;
const POWERSAFE_OVERWRITE = 0x1000;
const SECTOR_SIZE = 4096;
/** 2020-01-01 in milliseconds of the Julian calendar. */
const NOW = 212_444_596_800_000n;

interface Handle {
  readonly place: SectorFiles;
  readonly file: SectorFile;
  /** The name is not durable yet: the first sync takes care of that. */
  fresh: boolean;
  lock: number;
  dead: boolean;
}

/** The VFS; one for a module, it becomes the default one. */
export class SectorVfs {
  /** Of the chance that SQLite draws from. */
  seed = 1;
  readonly #memory: { readonly buffer: ArrayBuffer };
  readonly #places = new Map<string, SectorFiles>();
  readonly #handles = new Map<number, Handle>();
  readonly #ioMethods: number;
  #mounts = 0;
  #heap: Uint8Array;
  #view: DataView;

  constructor(sqlite3: Sqlite3Static, memory: { readonly buffer: ArrayBuffer }) {
    this.#memory = memory;
    this.#heap = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    const { capi } = sqlite3;
    const io = new capi.sqlite3_io_methods();
    (io as unknown as { $iVersion: number }).$iVersion = 1;
    const vfs = new capi.sqlite3_vfs();
    vfs.$iVersion = 2;
    vfs.$szOsFile = structSize(capi.sqlite3_file);
    vfs.$mxPathname = 128;
    this.#ioMethods = io.pointer;
    sqlite3.vfs.installVfs({
      io: { struct: io, methods: this.#io() },
      vfs: { struct: vfs, methods: this.#vfs(), name: 'sectors', asDefault: true },
    });
  }

  mount(place: SectorFiles): string {
    const prefix = `/${++this.#mounts}/`;
    this.#places.set(prefix, place);
    return prefix;
  }

  unmount(prefix: string): void {
    this.#places.delete(prefix);
  }

  abandon(place: SectorFiles): void {
    for (const handle of this.#handles.values()) {
      if (handle.place !== place) continue;
      handle.dead = true;
      handle.lock = LOCK.none;
    }
  }

  /** Methods of the VFS itself, as C calls them. */
  #vfs(): Record<string, (...args: never[]) => number> {
    return {
      xOpen: (_vfs: number, name: number, file: number, flags: number, out: number) =>
        this.#open(name, file, flags, out),
      xDelete: (_vfs: number, name: number, syncDir: number) => this.#delete(this.#text(name), syncDir !== 0),
      xAccess: (_vfs: number, name: number, _flags: number, out: number) => this.#access(this.#text(name), out),
      xFullPathname: (_vfs: number, name: number, size: number, out: number) => {
        const end = this.#bytes().indexOf(0, name);
        if (end - name >= size) return CANTOPEN;
        this.#bytes().copyWithin(out, name, end + 1);
        return OK;
      },
      xRandomness: (_vfs: number, count: number, out: number) => {
        for (let i = 0; i < count; i++) this.#bytes()[out + i] = this.#draw();
        return count;
      },
      xSleep: (_vfs: number, microseconds: number) => microseconds,
      xCurrentTime: (_vfs: number, out: number) => {
        this.#data().setFloat64(out, Number(NOW) / 86_400_000, true);
        return OK;
      },
      xCurrentTimeInt64: (_vfs: number, out: number) => {
        this.#data().setBigInt64(out, NOW, true);
        return OK;
      },
      xGetLastError: () => OK,
    };
  }

  /** Methods of an open file, as C calls them. */
  #io(): Record<string, (...args: never[]) => number> {
    return {
      xClose: (file: number) => this.#close(file),
      xRead: (file: number, target: number, count: number, offset: bigint) =>
        this.#read(file, target, count, Number(offset)),
      xWrite: (file: number, source: number, count: number, offset: bigint) =>
        this.#on(file, IOERR.write, ({ place, file }) => {
          place.write(file, Number(offset), this.#bytes().subarray(source, source + count));
        }),
      xTruncate: (file: number, size: bigint) =>
        this.#on(file, IOERR.truncate, ({ place, file }) => place.truncate(file, Number(size))),
      xSync: (file: number) => this.#on(file, IOERR.fsync, (handle) => this.#sync(handle)),
      xFileSize: (file: number, out: number) => {
        this.#data().setBigInt64(out, BigInt(this.#handles.get(file)!.file.size), true);
        return OK;
      },
      xLock: (file: number, level: number) => this.#lock(file, level),
      xUnlock: (file: number, level: number) => {
        this.#handles.get(file)!.lock = level;
        return OK;
      },
      xCheckReservedLock: (file: number, out: number) => {
        this.#data().setInt32(out, this.#othersLock(this.#handles.get(file)!) >= LOCK.reserved ? 1 : 0, true);
        return OK;
      },
      xFileControl: () => NOTFOUND,
      xSectorSize: () => SECTOR_SIZE,
      xDeviceCharacteristics: () => POWERSAFE_OVERWRITE,
    };
  }

  #open(name: number, file: number, flags: number, out: number): number {
    this.#data().setUint32(file, 0, true);
    const handle = name === 0 ? this.#temporary() : this.#handleOf(this.#text(name), flags);
    if (handle === null) return CANTOPEN;
    this.#handles.set(file, handle);
    this.#data().setUint32(file, this.#ioMethods, true);
    if (out !== 0) this.#data().setInt32(out, flags, true);
    return OK;
  }

  #handleOf(path: string, flags: number): Handle | null {
    const { place, name } = this.#locate(path);
    if (place === undefined || place.dead) return null;
    const found = place.find(name);
    if (found === null && (flags & OPEN_CREATE) === 0) return null;
    try {
      const file = found ?? place.openOrCreate(name);
      const fresh = found === null && (flags & (OPEN_JOURNAL | OPEN_WAL)) !== 0;
      return { place, file, fresh, lock: LOCK.none, dead: false };
    } catch (error) {
      // The power went while the file was created.
      if (codeOf(error) !== 'POWER_CUT') throw error;
      return null;
    }
  }

  /** What has no name is of no disk and survives nothing. */
  #temporary(): Handle {
    return { place: new SectorFiles(), file: new SectorFile(), fresh: false, lock: LOCK.none, dead: false };
  }

  #close(file: number): number {
    this.#handles.delete(file);
    return OK;
  }

  #read(file: number, target: number, count: number, offset: number): number {
    const handle = this.#handles.get(file)!;
    if (handle.dead || handle.place.dead) return IOERR.read;
    const bytes = this.#bytes().subarray(target, target + count);
    const found = handle.file.read(offset, bytes);
    if (found === count) return OK;
    bytes.fill(0, found);
    return IOERR.shortRead;
  }

  #sync(handle: Handle): void {
    handle.place.sync(handle.file);
    if (!handle.fresh) return;
    handle.fresh = false;
    try {
      handle.place.syncNames();
    } catch (error) {
      // As on Unix, where SQLite does not look at what the sync of the directory answers.
      if (codeOf(error) !== 'EIO') throw error;
    }
  }

  #delete(path: string, syncDir: boolean): number {
    const { place, name } = this.#locate(path);
    if (place === undefined || place.dead) return IOERR.delete;
    if (place.find(name) === null) return IOERR.deleteNoent;
    const removed = attempt(IOERR.delete, () => place.remove(name));
    return removed === OK && syncDir ? attempt(IOERR.dirFsync, () => place.syncNames()) : removed;
  }

  #access(path: string, out: number): number {
    const { place, name } = this.#locate(path);
    if (place === undefined || place.dead) return IOERR.access;
    this.#data().setInt32(out, place.find(name) === null ? 0 : 1, true);
    return OK;
  }

  #lock(file: number, level: number): number {
    const handle = this.#handles.get(file)!;
    if (handle.dead || level <= handle.lock) return OK;
    const others = this.#othersLock(handle);
    const refused =
      (level === LOCK.shared && others >= LOCK.pending) ||
      (level === LOCK.reserved && others >= LOCK.reserved) ||
      (level === LOCK.exclusive && others >= LOCK.shared);
    if (refused) return BUSY;
    handle.lock = level;
    return OK;
  }

  /** The strongest lock that other connections have on the file. */
  #othersLock(handle: Handle): number {
    let strongest: number = LOCK.none;
    for (const other of this.#handles.values()) {
      if (other !== handle && other.file === handle.file) strongest = Math.max(strongest, other.lock);
    }
    return strongest;
  }

  #on(file: number, code: number, body: (handle: Handle) => void): number {
    const handle = this.#handles.get(file)!;
    return handle.dead ? code : attempt(code, () => body(handle));
  }

  #locate(path: string): { place: SectorFiles | undefined; name: string } {
    const end = path.indexOf('/', 1) + 1;
    return { place: this.#places.get(path.slice(0, end)), name: path.slice(end) };
  }

  #draw(): number {
    this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.seed >>> 24;
  }

  #text(address: number): string {
    const bytes = this.#bytes();
    return utf8Of(bytes, address, bytes.indexOf(0, address));
  }

  #bytes(): Uint8Array {
    if (this.#heap.buffer !== this.#memory.buffer) this.#heap = new Uint8Array(this.#memory.buffer);
    return this.#heap;
  }

  #data(): DataView {
    if (this.#view.buffer !== this.#memory.buffer) this.#view = new DataView(this.#memory.buffer);
    return this.#view;
  }
}

/** The declaration of the module has it with the instances alone. */
function structSize(struct: unknown): number {
  return (struct as { readonly structInfo: { readonly sizeof: number } }).structInfo.sizeof;
}

/** No exception may pass through SQLite: it becomes one of its codes. */
function attempt(code: number, body: () => void): number {
  try {
    body();
    return OK;
  } catch (error) {
    const name = codeOf(error);
    if (name === 'ENOSPC') return FULL;
    if (name === 'EIO' || name === 'POWER_CUT') return code;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
}
