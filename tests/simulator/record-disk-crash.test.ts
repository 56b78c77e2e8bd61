/**
 * The storage's own code on the simulated disk, with the power cut at every write and every sync of a script, and again
 * while it recovers (or a sync failing): every start succeeds, finds no damage, and shows what was acknowledged or what was asked next.
 */
import { describe, expect, test } from '@jest/globals';
import { makeZxid } from '@synod/protocol';
import { RecordDisk } from '@synod/simulator/disk/record-disk';
import { PowerCut } from '@synod/simulator/disk/sim-disk';
import { Random } from '@synod/simulator/random';
import type { LogOp } from '@synod/storage/log-file';
import type { Directory } from '@synod/storage/recover';
import { Stage } from '@synod/storage/stage';
import { packChunk } from '@synod/storage/state-chunk';
import { NO_ROWS, type StateFile } from '@synod/storage/state-file';
import { codeOf } from '@synod/storage/storage-error';
import { ORIGIN, type LogRecord, type Position, type StateChunk } from '@synod/zab';
import { chainOf, endOf, plain } from '../storage/support.js';
import { contentOf, KEEP, openAs, openState, rowsAfter } from './record-disk-rig.js';

/** What a start may show. */
interface View {
  readonly base: Position;
  readonly records: readonly LogRecord[];
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** How many records the rows reflect. */
  readonly folded: number;
  readonly foldedTo: Position;
}

const EMPTY: View = { base: ORIGIN, records: [], acceptedEpoch: 0, currentEpoch: 0, folded: 0, foldedTo: ORIGIN };
const FIRST = chainOf(ORIGIN, 1, 1, 12);
const SECOND = chainOf(endOf(FIRST.slice(0, 10)), 2, 1, 4);
const ADOPTED: Position = { zxid: makeZxid(3, 20), chain: 4711 };
const THIRD = chainOf(ADOPTED, 3, 21, 3);

/** A process that runs the script; what it holds open. */
class Run {
  readonly disk: RecordDisk;
  directory: Directory;
  state: StateFile;
  number: number;

  constructor(disk: RecordDisk) {
    this.disk = disk;
    this.directory = openAs(disk);
    this.state = openState(disk, this.directory);
    this.number = this.directory.stateNumber;
  }

  apply(...ops: LogOp[]): void {
    this.directory.keeper.apply(ops);
  }

  fold(count: number, position: Position): void {
    const rows = rowsAfter(count);
    this.state.fold(rows.slice(0, 7), position, count, false);
    this.state.fold(rows.slice(7), position, count, true);
  }

  stage(): void {
    const { identity } = this.directory;
    const [first, ...others] = chunks();
    const stage = Stage.begin(this.disk, identity, this.number + 1, first!);
    for (const chunk of [first!, ...others]) expect(stage.add(chunk)).toBeNull();
    this.apply(
      { type: 'adopt', base: ADOPTED, state: this.number + 1 },
      { type: 'accepted-epoch', epoch: 3 },
      { type: 'append', records: THIRD.slice(0, 1) },
      { type: 'current-epoch', epoch: 3 },
    );
    this.state.close();
    this.state = stage.file;
    this.disk.remove(`state-${this.number}.db`);
    this.number++;
  }

  close(): void {
    this.state.close();
    this.directory.keeper.close();
    this.directory.unlock();
  }
}

/** The state at ADOPTED as another server would send it. */
function chunks(): StateChunk[] {
  const run = new Run(new RecordDisk('/other'));
  run.fold(20, ADOPTED);
  const { rows, totals } = run.state.read('', NO_ROWS, Infinity, Infinity);
  const chunk = { position: ADOPTED, digest: 20 };
  return [
    { ...chunk, rows: packChunk(rows.slice(0, 9), null), cursor: rows[8]!.key },
    { ...chunk, rows: packChunk(rows.slice(9), totals), cursor: null },
  ];
}

/** Whether the power went or a sync failed, however that was wrapped. */
function isFault(error: unknown): boolean {
  if (error instanceof PowerCut || ['EIO', 'SQLITE_IOERR_FSYNC'].includes(codeOf(error))) return true;
  return error instanceof Error && isFault(error.cause);
}

interface Step {
  readonly run: (run: Run) => void;
  readonly view: View;
}

/** The steps, each with what the directory shows once it has returned. */
function script(): Step[] {
  const steps: Step[] = [];
  let view = EMPTY;
  const step = (change: Partial<View>, run: Step['run']): void => {
    view = { ...view, ...change };
    steps.push({ run, view });
  };
  step({ acceptedEpoch: 1 }, (run) => run.apply({ type: 'accepted-epoch', epoch: 1 }));
  step({ records: FIRST.slice(0, 5), currentEpoch: 1 }, (run) =>
    run.apply({ type: 'append', records: FIRST.slice(0, 5) }, { type: 'current-epoch', epoch: 1 }),
  );
  step({ records: FIRST.slice(0, 11) }, (run) =>
    run.apply({ type: 'append', records: FIRST.slice(5, 11) }, { type: 'committed', zxid: FIRST[6]!.zxid }),
  );
  step({ folded: 7, foldedTo: endOf(FIRST.slice(0, 7)) }, (run) => run.fold(7, endOf(FIRST.slice(0, 7))));
  step({ base: endOf(FIRST.slice(0, 7)), records: FIRST.slice(7, 11) }, (run) =>
    run.directory.keeper.prune(FIRST[6]!.zxid, KEEP),
  );
  step({ records: FIRST.slice(7, 12) }, (run) => run.apply({ type: 'append', records: FIRST.slice(11) }));
  step({ acceptedEpoch: 2, currentEpoch: 0 }, (run) =>
    run.apply({ type: 'accepted-epoch', epoch: 2 }, { type: 'current-epoch', epoch: 0 }),
  );
  step({ records: FIRST.slice(7, 10) }, (run) => run.apply({ type: 'truncate', after: endOf(FIRST.slice(0, 10)) }));
  step({ records: [...FIRST.slice(7, 10), ...SECOND], currentEpoch: 2 }, (run) =>
    run.apply({ type: 'append', records: SECOND }, { type: 'current-epoch', epoch: 2 }),
  );
  step({ folded: 14, foldedTo: endOf(SECOND) }, (run) => run.fold(14, endOf(SECOND)));
  const adopted = { base: ADOPTED, records: THIRD.slice(0, 1), folded: 20, foldedTo: ADOPTED };
  step({ ...adopted, acceptedEpoch: 3, currentEpoch: 3 }, (run) => run.stage());
  step({ records: THIRD }, (run) => run.apply({ type: 'append', records: THIRD.slice(1) }));
  step({ folded: 23, foldedTo: endOf(THIRD) }, (run) => run.fold(23, endOf(THIRD)));
  step({}, (run) => run.close());
  return steps;
}

/** What a start shows, in the form of a view. */
function shown(disk: RecordDisk): { view: View; sound: unknown } {
  const directory = openAs(disk);
  const { damage, repaired, base, records, acceptedEpoch, currentEpoch, state, rows } = contentOf(disk, directory);
  expect(rows).toEqual(rowsAfter(state.digest));
  directory.keeper.close();
  directory.unlock();
  const view = { base, records, acceptedEpoch, currentEpoch, folded: state.digest, foldedTo: state.position };
  return { view, sound: { damage, repaired } };
}

function comparable(view: View): unknown {
  return { ...view, records: plain(view.records) };
}

/** Runs the script; answers what must be there and what was under way when the power went. */
function runScript(disk: RecordDisk, steps: readonly Step[]): { cut: boolean; views: View[] } {
  let acknowledged = EMPTY;
  let next = EMPTY;
  try {
    const run = new Run(disk);
    for (const step of steps) {
      next = step.view;
      step.run(run);
      acknowledged = next;
    }
    return { cut: false, views: [acknowledged] };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { cut: true, views: [acknowledged, next] };
  }
}

/** Starts until one is not cut. */
function startAtLast(disk: RecordDisk, random: Random): ReturnType<typeof shown> {
  for (let cuts = 0; ; cuts++) {
    disk.faults.cutAfter = cuts < 3 && random.chance(0.7) ? random.int(1, 12) : 0;
    try {
      return shown(disk);
    } catch (error) {
      if (!isFault(error)) throw error;
      disk.powerFailed(random);
    }
  }
}

function opsOf(steps: readonly Step[]): number {
  const disk = new RecordDisk('/data');
  disk.faults.cutAfter = 1_000_000;
  expect(runScript(disk, steps).cut).toBe(false);
  return 1_000_000 - disk.faults.cutAfter;
}

describe('the power is cut at every operation', () => {
  test('nothing acknowledged is lost, and every start succeeds', () => {
    const steps = script();
    const ops = opsOf(steps);
    expect(ops).toBeGreaterThan(60);
    const met = { before: 0, after: 0 };
    for (let n = 1; n <= ops; n++) {
      for (let seed = 0; seed < 8; seed++) {
        const random = new Random(seed, `cut at ${n}`);
        const disk = new RecordDisk('/data');
        disk.faults.cutAfter = n;
        const { cut, views } = runScript(disk, steps);
        expect(cut).toBe(true);
        disk.powerFailed(random);
        const { view, sound } = startAtLast(disk, random);
        const what = { n, seed };
        expect({ ...what, sound }).toEqual({ ...what, sound: { damage: null, repaired: null } });
        const found = comparable(view);
        const wanted = views.map(comparable);
        expect([what, wanted]).toEqual([what, expect.arrayContaining([found])]);
        if (JSON.stringify(found) === JSON.stringify(wanted[0])) met.before++;
        else met.after++;
        expect(comparable(startAtLast(disk, random).view)).toEqual(found);
      }
    }
    expect(met.before).toBeGreaterThan(100);
    expect(met.after).toBeGreaterThan(50);
  });

  test.each(['dies', 'loses its power'])('the same where a sync fails and the process %s', (end) => {
    const steps = script();
    const ops = opsOf(steps);
    for (let n = 1; n <= ops; n++) {
      const random = new Random(n, 'sync');
      const disk = new RecordDisk('/data');
      disk.faults.failSync = n;
      const { views } = runScript(disk, steps);
      disk.faults.failSync = 0;
      if (end === 'dies') disk.processDied();
      else disk.powerFailed(random);
      const { view, sound } = shown(disk);
      expect({ n, sound }).toEqual({ n, sound: { damage: null, repaired: null } });
      expect([n, views.map(comparable)]).toEqual([n, expect.arrayContaining([comparable(view)])]);
    }
  });

  test('a disk that lies is noticed, or nothing was lost', () => {
    const steps = script().slice(0, -1);
    const last = steps.at(-1)!.view;
    const outcomes = { whole: 0, damaged: 0, unnoticed: 0 };
    for (let seed = 0; seed < 200; seed++) {
      const disk = new RecordDisk('/data');
      disk.faults.lie = seed % 2 === 0;
      const run = new Run(disk);
      disk.faults.lie = true;
      for (const step of steps) step.run(run);
      disk.powerFailed(new Random(seed, 'lie'));
      disk.faults.lie = false;
      let found: ReturnType<typeof shown>;
      try {
        found = shown(disk);
      } catch {
        outcomes.damaged++;
        continue;
      }
      const { damage } = found.sound as { damage: string | null };
      if (damage !== null) outcomes.damaged++;
      else if (found.view.records.length === last.records.length) outcomes.whole++;
      else outcomes.unnoticed++;
    }
    expect(outcomes.whole).toBeGreaterThan(1);
    expect(outcomes.damaged).toBeGreaterThan(20);
    // All of it went at once: nothing is left that could tell. Only other servers can.
    expect(outcomes.unnoticed).toBeGreaterThan(5);
  });
});
