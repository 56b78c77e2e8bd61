/** What the power-cut run works on: the disks of both tiers, and the sabotages that it must notice. */
import type { CutRig } from './power-cuts.js';
import type { SqliteModule } from './sqlite-module.js';
import { RecordDisk } from './record-disk.js';
import { SectorDisk } from './sector-disk.js';
import type { Random } from '../random.js';

/** What is wrong on purpose. */
export type Sabotage =
  /** Disks that say "synced" and are not. */
  | 'lie'
  /** `synchronous` is NORMAL, and FULL when asked: commits are not synced. */
  | 'normal';

/** Disks over SQLite; half of them let SQLite checkpoint within commits, as a log in use does once in a while. */
export function sqliteRig(module: SqliteModule, sabotage: Sabotage | null = null): CutRig {
  return {
    makeDisk: (random) => {
      module.reseed(random.uint32());
      const rewrite = rewriting(random, sabotage === 'normal');
      const disk = new SectorDisk('data', module, { tearing: random.chance(0.25) ? 0.2 : 0, rewrite });
      return { disk, release: () => disk.discard() };
    },
    lie: sabotage === 'lie',
  };
}

/** Disks at the level of records; `lie` as above. */
export function recordRig(lie = false): CutRig {
  return { makeDisk: () => ({ disk: new RecordDisk('data'), release: () => undefined }), lie };
}

function rewriting(random: Random, normal: boolean): (sql: string) => string {
  const pages = random.pick([4000, 4000, 12, 3]);
  return (sql) => {
    if (sql === 'PRAGMA wal_autocheckpoint = 4000') return `PRAGMA wal_autocheckpoint = ${pages}`;
    if (!normal) return sql;
    if (sql === 'PRAGMA synchronous = FULL') return 'PRAGMA synchronous = NORMAL';
    return sql === 'PRAGMA synchronous' ? 'SELECT 2' : sql;
  };
}
