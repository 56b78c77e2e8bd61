/**
 * How far this server has promised, kept outside the database.
 *
 * SQLite takes a damaged write-ahead log for a torn one and forgets its tail without a word. So after each commit of the
 * log, and before anything is acknowledged, the last position and both epochs are written here, in turn to one of two
 * slots of 512 bytes (one sector each: a torn write leaves the other slot whole), and synced. At start-up the log must
 * reach the newest readable slot.
 *
 * Slot, little endian: magic (8 bytes), then as 64-bit floats sequence, zxid, chain, accepted epoch, current epoch,
 * checksum of all before; the rest is zero.
 */
import { Hasher, isZxid, MAX_EPOCH } from '@synod/protocol';
import type { Position } from '@synod/zab';

/** Bytes of one slot. */
export const SLOT_BYTES = 512;

const MAGIC = 0x4b_52_4d_4e_59_53; // 'SYNMRK'
const FIELDS = 7;

/** What was promised. */
export interface Mark {
  readonly position: Position;
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
}

/** A small file that is written in place. */
export interface SlotFile {
  /** Up to two slots from the start of the file. */
  read(): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
  /** Returns when everything written is on the disk. */
  sync(): void;
  /** Harmless when closed already. */
  close(): void;
}

/** The writer. One at a time for one file. */
export class Watermark {
  readonly #file: SlotFile;
  #sequence: number;
  #mark: Mark | null;

  /** Reads both slots; `mark` is null where neither is readable. */
  constructor(file: SlotFile) {
    this.#file = file;
    const newest = newestSlot(file.read());
    this.#sequence = newest?.sequence ?? 0;
    this.#mark = newest?.mark ?? null;
  }

  /** The newest promise that can be read or was written. */
  get mark(): Mark | null {
    return this.#mark;
  }

  /** Writes a new promise over the older of the two and syncs it. */
  write(mark: Mark): void {
    const sequence = this.#sequence + 1;
    this.#file.write((sequence % 2) * SLOT_BYTES, encodeSlot(sequence, mark));
    this.#file.sync();
    this.#sequence = sequence;
    this.#mark = mark;
  }

  /** Makes durable what was read: a process that died before its sync left it in the system's cache only. */
  sync(): void {
    this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }
}

function encodeSlot(sequence: number, mark: Mark): Uint8Array {
  const bytes = new Uint8Array(SLOT_BYTES);
  const view = new DataView(bytes.buffer);
  const { position, acceptedEpoch, currentEpoch } = mark;
  const fields = [MAGIC, sequence, position.zxid, position.chain, acceptedEpoch, currentEpoch];
  fields.forEach((field, index) => view.setFloat64(index * 8, field, true));
  view.setFloat64((FIELDS - 1) * 8, slotSum(bytes), true);
  return bytes;
}

function decodeSlot(bytes: Uint8Array): { sequence: number; mark: Mark } | null {
  if (bytes.length !== SLOT_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [magic, sequence = -1, zxid, chain = -1, acceptedEpoch = -1, currentEpoch = -1, sum] = Array.from(
    { length: FIELDS },
    (_, index) => view.getFloat64(index * 8, true),
  );
  if (magic !== MAGIC || sum !== slotSum(bytes) || !Number.isSafeInteger(sequence) || !isZxid(zxid)) return null;
  if (!Number.isSafeInteger(chain) || acceptedEpoch > MAX_EPOCH || currentEpoch > MAX_EPOCH) return null;
  return { sequence, mark: { position: { zxid, chain }, acceptedEpoch, currentEpoch } };
}

function slotSum(bytes: Uint8Array): number {
  return new Hasher().bytes(bytes.subarray(0, (FIELDS - 1) * 8)).value();
}

function newestSlot(bytes: Uint8Array): { sequence: number; mark: Mark } | null {
  const first = decodeSlot(bytes.subarray(0, SLOT_BYTES));
  const second = decodeSlot(bytes.subarray(SLOT_BYTES, 2 * SLOT_BYTES));
  if (first === null || second === null) return first ?? second;
  return first.sequence > second.sequence ? first : second;
}
