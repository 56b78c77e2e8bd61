/** What the tests of the simulated disk share: a directory opened and read as servers do it, and what it shows. */
import type { Disk } from '@synod/storage';
import type { Retention } from '@synod/storage/log-file';
import { openDirectory, type Directory } from '@synod/storage/recover';
import { configure } from '@synod/storage/sql';
import { NO_ROWS, StateFile, type StateRow } from '@synod/storage/state-file';
import type { LogRecord, Position } from '@synod/zab';
import { bytesOf, copyRow } from '../storage/support.js';

export const KEEP: Retention = { records: 3, bytes: 0 };

/** Rows of the state that reflects so many records. */
export function rowsAfter(count: number): StateRow[] {
  return Array.from({ length: count === 0 ? 0 : 20 }, (_, i) => ({
    key: `n/${String(i).padStart(3, '0')}`,
    value: bytesOf(15 + (i % 5), count + i),
  }));
}

export function openAs(disk: Disk, repairable = true): Directory {
  return openDirectory({ disk, cluster: 'test', server: 1, repairable });
}

export function openState(disk: Disk, { identity, stateNumber }: Directory, number = stateNumber): StateFile {
  const sql = disk.openSql(`state-${number}.db`, false);
  configure(sql);
  return StateFile.open(sql, identity, number);
}

/** Everything a directory shows to a server. */
export interface Content {
  readonly damage: string | null;
  readonly repaired: string | null;
  readonly blank: boolean;
  readonly base: Position;
  readonly last: Position;
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  readonly committed: number;
  readonly records: readonly LogRecord[];
  readonly state: { readonly position: Position; readonly digest: number };
  readonly rows: readonly StateRow[];
}

/** Reads everything. Throws what a server would refuse to start or to serve with. */
export function contentOf(disk: Disk, directory: Directory): Content {
  const { proof, keeper } = directory;
  const records = keeper.read(proof.base.zxid, Infinity)!;
  const state = openState(disk, directory);
  try {
    const rows = state.read('', NO_ROWS, Infinity, Infinity).rows.map(copyRow);
    const { damage, repaired, blank, base, last, acceptedEpoch, currentEpoch, committed } = proof;
    const { position, digest } = proof.state;
    const place = { base, last, acceptedEpoch, currentEpoch, committed };
    return { damage, repaired, blank, ...place, records, state: { position, digest }, rows };
  } finally {
    state.close();
  }
}
