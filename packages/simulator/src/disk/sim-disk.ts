/**
 * What the simulation needs of a data directory beyond the port `Disk`: faults, power cuts, damage, copies. Two tiers
 * implement it, one at the level of records, one below the real SQLite.
 */
import type { Disk } from '@synod/storage/disk';
import type { Random } from '../random.js';

/** A simulated data directory. */
export interface SimDisk extends Disk {
  /** Read at each operation; whoever runs the simulation changes them. */
  readonly faults: DiskFaults;
  /** Bytes on the disk, roughly. */
  readonly bytes: number;
  /** The process is gone: handles and the lock are dropped. What was written stays in the system's cache. */
  processDied(): void;
  /** Power fails (the process is gone as well): of what was written but not synced a random part stays, torn as real disks tear. */
  powerFailed(random: Random): void;
  /** Damages what lies there (no process may have it open): says in words what was done, null where nothing could be. */
  damage(random: Random, kind: DamageKind): string | null;
  /** Everything durable, to be put back later (a disk rolled back). */
  snapshot(): DiskImage;
  /** Puts back what a {@link snapshot} of the same tier holds; no process may have the directory open. */
  restore(image: DiskImage): void;
  /** An empty disk from now on; no process may have the directory open. */
  wipe(): void;
}

/** What is wrong with a disk. */
export interface DiskFaults {
  /** Power is cut inside the nth write or sync from now (counted down); 0: off. Throws PowerCut from then on until powerFailed(). */
  cutAfter: number;
  /** The nth sync from now fails with EIO (counted down); 0: off. */
  failSync: number;
  /** Once a sync has failed, all later ones do too. */
  failSyncSticky: boolean;
  /** Writes that make the disk grow fail with ENOSPC or SQLITE_FULL. */
  full: boolean;
  /** Syncs claim to have happened and did not (a lying disk). */
  lie: boolean;
}

/** A disk without faults. */
export function noFaults(): DiskFaults {
  return { cutAfter: 0, failSync: 0, failSyncSticky: false, full: false, lie: false };
}

/** Ways of damaging a disk; each of them touches one place, and may find nothing to damage. */
export type DamageKind =
  /** One flipped bit anywhere. */
  | 'flip'
  /** Records vanish from the end of the log. */
  | 'cut-log'
  /** The last commits of the log vanish without a trace, as after a damaged frame of a write-ahead log. */
  | 'lose-tail'
  /** Two pieces of the same kind change places. */
  | 'swap'
  /** A piece reads as zeros. */
  | 'zero'
  /** One file is an older version of itself. */
  | 'old-copy'
  /** The watermark's file is damaged. */
  | 'watermark';

/** Content of a disk; opaque, only for the tier that made it. */
export interface DiskImage {
  readonly tier: 'record' | 'sqlite';
}

/** The power is gone: no operation of the disk works any more until `powerFailed()`. */
export class PowerCut extends Error {
  readonly code = 'POWER_CUT';

  constructor() {
    super('the power was cut');
    this.name = 'PowerCut';
  }
}
