/**
 * Every kind of damage to the simulated disk: the storage's own code notices it, repairs it, or it is harmless. What is
 * shown is what was written, and all of what was acknowledged, or the server says that it cannot prove its history.
 */
import { describe, expect, test } from '@jest/globals';
import { epochOf, makeZxid } from '@synod/protocol';
import { RecordDisk } from '@synod/simulator/disk/record-disk';
import type { DamageKind, DiskImage } from '@synod/simulator/disk/sim-disk';
import { Random } from '@synod/simulator/random';
import { names, stateNumbers } from '@synod/storage/files';
import type { LogOp } from '@synod/storage/log-file';
import { writeNote } from '@synod/storage/note';
import { nextRecord, ORIGIN, type LogRecord, type Position } from '@synod/zab';
import { bytesOf, plain } from '../storage/support.js';
import { contentOf, openAs, openState, rowsAfter, type Content } from './record-disk-rig.js';

const ROUNDS = 80;
const COUNT = 120;
const PRUNED = 50;

const all: LogRecord[] = [];
for (let n = 1, last: Position = ORIGIN; n <= COUNT; n++) {
  const record = nextRecord(last, makeZxid(n <= 40 ? 1 : n <= 90 ? 2 : 4, n), bytesOf(20 + (n % 7), n));
  all.push(record);
  last = { zxid: record.zxid, chain: record.chain };
}

/** A directory with all records, folded up to 100 and perhaps pruned up to 50, by a process that ended or died. */
function written(stop: string, pruned = true): { disk: RecordDisk; image: DiskImage } {
  const disk = new RecordDisk('/data');
  let directory = openAs(disk);
  let state = openState(disk, directory);
  for (let n = 0; n < COUNT; n += 2) {
    const records = all.slice(n, n + 2);
    const ops: LogOp[] = [{ type: 'append', records }];
    const epoch = epochOf(records[0]!.zxid);
    if (epoch > directory.keeper.log.history.currentEpoch) {
      directory.keeper.apply([{ type: 'accepted-epoch', epoch }]);
      ops.push({ type: 'current-epoch', epoch });
    }
    directory.keeper.apply(ops);
    if (n % 5 === 0 && n <= 100) state.fold(rowsAfter(n), placeOf(n), n, true);
    if (n === 100 && pruned) directory.keeper.prune(all[PRUNED - 1]!.zxid, { records: 0, bytes: 0 });
    if (n === 100) {
      // A start in between: what came before it no damage of a write-ahead log can take away.
      state.close();
      directory.keeper.close();
      directory.unlock();
      directory = openAs(disk);
      state = openState(disk, directory);
    }
  }
  if (stop === 'closed') {
    state.close();
    directory.keeper.close();
    directory.unlock();
  } else disk.processDied();
  return { disk, image: disk.snapshot() };
}

function placeOf(count: number): Position {
  const record = all[count - 1];
  return record === undefined ? ORIGIN : { zxid: record.zxid, chain: record.chain };
}

/** Opens and reads everything, and closes. */
function start(disk: RecordDisk, repairable = true): Content {
  const directory = openAs(disk, repairable);
  try {
    return contentOf(disk, directory);
  } finally {
    directory.keeper.close();
    directory.unlock();
  }
}

/** The content follows from what was written: log and state may be older versions that reach all that was promised. */
function check({ base, last, acceptedEpoch, currentEpoch, records, state, rows }: Content): void {
  const from = all.findIndex(({ zxid }) => zxid === base.zxid) + 1;
  expect([0, PRUNED]).toContain(from);
  expect(plain(records)).toEqual(plain(all.slice(from)));
  expect(last).toEqual(placeOf(COUNT));
  expect([acceptedEpoch, currentEpoch]).toEqual([4, 4]);
  expect(state.digest).toBeGreaterThanOrEqual(from);
  expect(state.position).toEqual(placeOf(state.digest));
  expect(rows).toEqual(rowsAfter(state.digest));
}

type Outcome = 'nothing' | 'whole' | 'repaired' | 'damaged' | 'refused';

function outcomeOf(disk: RecordDisk, what: string): Outcome {
  let content: Content;
  try {
    content = start(disk);
  } catch (error) {
    const { name, code } = error as { name: string; code: string };
    expect([what, name, code]).toEqual([what, expect.any(String), expect.stringMatching(/^(DAMAGED|SQLITE_CORRUPT)$/)]);
    noteAndStart(disk, what);
    return 'refused';
  }
  if (content.damage !== null) {
    expect([what, start(disk).damage]).toEqual([what, content.damage]);
    return 'damaged';
  }
  try {
    check(content);
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`);
  }
  const again = start(disk);
  expect([what, again.damage, again.repaired]).toEqual([what, null, null]);
  check(again);
  return content.repaired === null ? 'whole' : 'repaired';
}

/** The storage leaves a note where it meets damage of the state while it reads; the next start deals with it. */
function noteAndStart(disk: RecordDisk, what: string): void {
  const number = stateNumbers(disk).at(-1)!;
  writeNote(disk, { file: names.state(number), reason: 'a row is damaged' });
  const { damage, repaired } = start(disk);
  expect([what, damage ?? repaired]).toEqual([what, expect.stringContaining('a row is damaged')]);
}

const kinds: [DamageKind, Outcome[]][] = [
  ['flip', ['whole', 'damaged', 'refused']],
  ['cut-log', ['damaged']],
  ['lose-tail', ['damaged']],
  ['swap', ['damaged', 'refused']],
  ['zero', ['whole', 'damaged', 'refused']],
  ['old-copy', ['whole', 'damaged']],
  ['watermark', ['whole', 'damaged']],
];

describe.each(['closed', 'killed'])('%s', (stop) => {
  const { disk, image } = written(stop);

  test('unharmed', () => {
    disk.restore(image);
    const content = start(disk, false);
    check(content);
    expect(content).toMatchObject({ damage: null, repaired: null, state: { digest: 100 } });
  });

  test.each(kinds)('%s', (kind, expected) => {
    const outcomes = new Map<Outcome, number>();
    for (let seed = 1; seed <= ROUNDS; seed++) {
      disk.restore(image);
      const what = disk.damage(new Random(seed, kind), kind);
      const outcome = what === null ? 'nothing' : outcomeOf(disk, `seed ${seed}, ${what}`);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    const wanted = stop === 'closed' && kind === 'lose-tail' ? ['nothing'] : expected;
    expect([...outcomes.keys()].sort()).toEqual([...wanted].sort());
  });

  test('what must not be repaired is refused, and stays damaged', () => {
    let refused = 0;
    for (let seed = 1; seed <= ROUNDS; seed++) {
      disk.restore(image);
      const what = disk.damage(new Random(seed, 'refused'), 'flip');
      for (let round = 0; round < 2; round++) {
        try {
          check(start(disk, false));
          break;
        } catch (error) {
          expect([what, error]).toEqual([
            what,
            expect.objectContaining({ code: expect.stringMatching(/DAMAGED|CORRUPT/) }),
          ]);
          if (round === 1) refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(ROUNDS / 10);
  });
});

test('where the log reaches back to the start, a damaged state is replaced without loss', () => {
  const { disk, image } = written('closed', false);
  let repaired = 0;
  for (let seed = 1; seed <= ROUNDS; seed++) {
    disk.restore(image);
    const what = disk.damage(new Random(seed, 'repair'), 'zero');
    if (outcomeOf(disk, `seed ${seed}, ${what}`) === 'repaired') repaired++;
  }
  expect(repaired).toBeGreaterThan(2);
});
