/**
 * The small files of a simulated directory: texts that are replaced as a whole, and the file of slots that is written in
 * place by sectors. Each knows what of it is durable, and keeps a few older versions for damage.
 */
import { SLOT_BYTES, type SlotFile } from '@synod/storage/watermark';
import type { Random } from '../random.js';
import type { Power } from './record-power.js';

/** Older versions that a file keeps. */
const VERSIONS = 4;

/** Syncs of the slots between two versions that are kept. */
const VERSION_DISTANCE = 16;

/** How likely a slot that was being written when the power went is torn inside. */
const TORN = 0.05;

/** A small file that is replaced as a whole. */
export class TextFile {
  readonly kind = 'text';
  text: string;
  #synced = false;

  constructor(text: string, synced = false) {
    this.text = text;
    this.#synced = synced;
  }

  get size(): number {
    return new TextEncoder().encode(this.text).length;
  }

  /** Everything that was written outlives a crash from now on. */
  settle(): void {
    this.#synced = true;
  }

  crash(random: Random): void {
    if (!this.#synced && random.chance(0.5)) this.text = this.text.slice(0, random.int(0, this.text.length));
    this.#synced = true;
  }

  /** What is durable, as a file of its own. */
  durable(): TextFile {
    return new TextFile(this.#synced ? this.text : '', true);
  }
}

interface DirtySector {
  /** What the disk holds. */
  readonly old: Uint8Array;
  /** A sync of it failed: the system takes it for written, and no later sync writes it. */
  doomed: boolean;
}

/** A small file that is written in place; a sector of 512 bytes is a slot. */
export class SlotsFile {
  readonly kind = 'slots';
  #bytes: Uint8Array;
  /** Sectors that a crash may undo, by number. */
  #dirty = new Map<number, DirtySector>();
  #versions: Uint8Array[] = [];
  #syncs = 0;

  constructor(bytes = new Uint8Array(0)) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** As processes see it; setting it is damage, which is durable. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  set bytes(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#dirty.clear();
  }

  /** Older contents, oldest first. */
  get versions(): readonly Uint8Array[] {
    return this.#versions;
  }

  /** Opens the file for a process. */
  open(power: Power): SlotFile {
    const { generation } = power;
    let open = true;
    const check = (): void => {
      power.check(generation);
      if (!open) throw new Error('the file is closed');
    };
    return {
      read: () => {
        check();
        return this.#bytes.slice(0, 2 * SLOT_BYTES);
      },
      write: (offset, bytes) => {
        check();
        if (offset + bytes.length > this.#bytes.length) power.grow('ENOSPC');
        this.#write(offset, bytes);
        power.write();
      },
      sync: () => {
        check();
        this.#sync(power);
      },
      close: () => {
        power.check(generation);
        open = false;
      },
    };
  }

  settle(): void {
    this.#dirty.clear();
  }

  /** Each sector is old or new, or torn inside; the size is that of the last sector that is there. */
  crash(random: Random): void {
    const dirty = [...this.#dirty].sort(([a], [b]) => a - b);
    this.#dirty.clear();
    for (const [sector, { old }] of dirty) {
      const start = sector * SLOT_BYTES;
      if (random.chance(TORN)) this.#tear(start, old, random.int(1, SLOT_BYTES - 1));
      else if (random.chance(0.5)) this.#putBack(start, old);
    }
  }

  /** What processes see, as a file of its own. */
  copy(): SlotsFile {
    return new SlotsFile(this.#bytes.slice());
  }

  /** What is durable, as a file of its own. */
  durable(): SlotsFile {
    const copy = new SlotsFile(this.#bytes.slice());
    for (const [sector, { old }] of [...this.#dirty].sort(([a], [b]) => b - a)) {
      copy.#putBack(sector * SLOT_BYTES, old);
    }
    copy.#versions = [...this.#versions];
    return copy;
  }

  #write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    for (let sector = Math.floor(offset / SLOT_BYTES); sector * SLOT_BYTES < end; sector++) {
      const known = this.#dirty.get(sector);
      if (known !== undefined) known.doomed = false;
      else {
        const old = this.#bytes.slice(sector * SLOT_BYTES, (sector + 1) * SLOT_BYTES);
        this.#dirty.set(sector, { old, doomed: false });
      }
    }
    if (end > this.#bytes.length) this.#resize(end);
    this.#bytes.set(bytes, offset);
  }

  #sync(power: Power): void {
    try {
      if (power.sync('EIO') === 'lied') return;
    } catch (error) {
      for (const sector of this.#dirty.values()) sector.doomed = true;
      throw error;
    }
    for (const [number, { doomed }] of this.#dirty) if (!doomed) this.#dirty.delete(number);
    if (this.#syncs++ % VERSION_DISTANCE !== 0) return;
    this.#versions.push(this.#bytes.slice());
    if (this.#versions.length > VERSIONS) this.#versions.shift();
  }

  #putBack(start: number, old: Uint8Array): void {
    if (old.length === 0 && start + SLOT_BYTES >= this.#bytes.length) this.#resize(Math.min(start, this.#bytes.length));
    else this.#bytes.fill(0, start, start + SLOT_BYTES).set(old, start);
  }

  #tear(start: number, old: Uint8Array, written: number): void {
    const rest = new Uint8Array(SLOT_BYTES - written);
    rest.set(old.subarray(written));
    this.#bytes.set(rest.subarray(0, Math.max(0, this.#bytes.length - start - written)), start + written);
  }

  #resize(size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes.subarray(0, size));
    this.#bytes = bytes;
  }
}
