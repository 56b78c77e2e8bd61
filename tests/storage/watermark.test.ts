/** The two slots of the watermark, and the order in which log and watermark move. */
import { describe, expect, test } from '@jest/globals';
import { makeZxid } from '@synod/protocol';
import {
  configure,
  FORMAT,
  LogFile,
  LogKeeper,
  openSqlite,
  SLOT_BYTES,
  Watermark,
  type Mark,
  type SlotFile,
  type Sql,
} from '@synod/storage';
import { reaches } from '@synod/storage/log-keeper';
import { ORIGIN, type Position } from '@synod/zab';
import { chainOf, endOf, freshDir } from './support.js';

/** A file in memory; `fail` counts down the steps until one throws, and every one after it. */
class Memory implements SlotFile {
  bytes = new Uint8Array(0);
  syncs = 0;

  read(): Uint8Array {
    return this.bytes.slice();
  }

  write(offset: number, bytes: Uint8Array): void {
    const grown = new Uint8Array(Math.max(this.bytes.length, offset + bytes.length));
    grown.set(this.bytes);
    grown.set(bytes, offset);
    this.bytes = grown;
  }

  sync(): void {
    this.syncs++;
  }

  close(): void {
    return undefined;
  }
}

const mark = (zxid: number): Mark => ({ position: { zxid, chain: zxid * 3 }, acceptedEpoch: 2, currentEpoch: 1 });

describe('slots', () => {
  test('an empty file says nothing', () => {
    expect(new Watermark(new Memory()).mark).toBeNull();
  });

  test('the newest of two slots counts', () => {
    const file = new Memory();
    const watermark = new Watermark(file);
    for (const zxid of [5, 9, 7]) {
      watermark.write(mark(zxid));
      expect(new Watermark(file).mark).toEqual(mark(zxid));
    }
    expect(file.bytes).toHaveLength(2 * SLOT_BYTES);
    expect(file.syncs).toBe(3);
  });

  test('a torn write of any length leaves the promise before it', () => {
    const file = new Memory();
    const watermark = new Watermark(file);
    watermark.write(mark(1));
    watermark.write(mark(2));
    const before = file.bytes.slice();
    watermark.write(mark(3));
    const after = file.bytes.slice();
    for (let torn = 0; torn < 56; torn++) {
      const slot = SLOT_BYTES; // sequence 3 is odd: the second slot
      file.bytes = Uint8Array.from(before);
      file.bytes.set(after.subarray(slot, slot + torn), slot);
      expect([mark(2).position.zxid, mark(3).position.zxid]).toContain(new Watermark(file).mark!.position.zxid);
    }
    file.bytes = before.slice(0, SLOT_BYTES + 100);
    expect(new Watermark(file).mark).toEqual(mark(2));
  });

  test('a flipped bit makes a slot unreadable, never another promise', () => {
    const file = new Memory();
    const watermark = new Watermark(file);
    watermark.write(mark(1));
    watermark.write(mark(2));
    const whole = file.bytes.slice();
    for (let bit = 0; bit < 56 * 8; bit++) {
      file.bytes = whole.slice();
      file.bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(new Watermark(file).mark).toEqual(mark(1));
      file.bytes[SLOT_BYTES + (bit >> 3)]! ^= 1 << (bit & 7);
      expect(new Watermark(file).mark).toBeNull();
    }
  });
});

describe('what a log reaches', () => {
  const records = chainOf(ORIGIN, 1, 1, 10);
  const at = (index: number): Position => endOf(records.slice(0, index));
  const log = {
    base: at(4),
    last: at(8),
    placeOf: (zxid: number) => (zxid >= at(4).zxid && zxid <= at(8).zxid ? at(zxid - makeZxid(1, 0)) : null),
  };
  test.each<[string, Position, boolean]>([
    ['its end', at(8), true],
    ['its middle', at(6), true],
    ['its base', at(4), true],
    ['what was pruned', at(2), true],
    ['the start', ORIGIN, true],
    ['what it lost', at(9), false],
    ['another history', { zxid: at(6).zxid, chain: 1 }, false],
    ['another base', { zxid: at(4).zxid, chain: 1 }, false],
  ])('%s: %s', (_, position, expected) => {
    expect(reaches(log, { position, acceptedEpoch: 0, currentEpoch: 0 })).toBe(expected);
  });
});

describe('a crash at each step', () => {
  const IDENTITY = { format: FORMAT, cluster: 'test', server: 1 };
  const HISTORY = { base: ORIGIN, acceptedEpoch: 0, currentEpoch: 0, committed: 0, state: 1, damage: null };
  const records = chainOf(ORIGIN, 1, 1, 10);
  const base = { zxid: makeZxid(1, 3), chain: 99 };
  const batches: [string, Parameters<LogKeeper['apply']>[0]][] = [
    ['append', [{ type: 'append', records: chainOf(endOf(records), 2, 1, 3) }]],
    ['epochs', [{ type: 'accepted-epoch', epoch: 7 }]],
    ['no longer vouch for the history', [{ type: 'current-epoch', epoch: 0 }]],
    ['truncate', [{ type: 'truncate', after: endOf(records.slice(0, 5)) }]],
    [
      'truncate and append',
      [
        { type: 'truncate', after: endOf(records.slice(0, 5)) },
        { type: 'append', records: chainOf(endOf(records.slice(0, 5)), 3, 1, 9) },
      ],
    ],
    ['adopt a lower place', [{ type: 'adopt', base, state: 2 }]],
    ['adopt a higher place', [{ type: 'adopt', base: { zxid: makeZxid(8, 8), chain: 5 }, state: 2 }]],
    [
      'adopt and append',
      [
        { type: 'adopt', base, state: 2 },
        { type: 'append', records: chainOf(base, 4, 1, 9) },
        { type: 'current-epoch', epoch: 4 },
      ],
    ],
  ];

  /** Lets `steps` writes to the watermark and commits of the log happen; everything later throws. */
  function open(path: string, file: Memory, steps: number): { sql: Sql; raw: Sql; keeper: () => LogKeeper } {
    const raw = openSqlite(path, true);
    configure(raw);
    let left = Infinity;
    const step = (): void => {
      if (left-- <= 0) throw new Error('crash');
    };
    const sql: Sql = {
      exec: (text) => {
        if (text === 'COMMIT') step();
        raw.exec(text);
      },
      prepare: (text) => raw.prepare(text),
      close: () => undefined,
    };
    const slots: SlotFile = {
      read: () => file.read(),
      write: (offset, bytes) => {
        step();
        file.write(offset, bytes);
      },
      sync: () => undefined,
      close: () => undefined,
    };
    const keeper = (): LogKeeper => {
      const log = LogFile.create(sql, IDENTITY, HISTORY);
      const made = new LogKeeper(sql, log, new Watermark(slots));
      made.apply([
        { type: 'append', records },
        { type: 'accepted-epoch', epoch: 2 },
        { type: 'current-epoch', epoch: 1 },
      ]);
      left = steps;
      return made;
    };
    return { sql, raw, keeper };
  }

  test.each(batches)('%s: the log always reaches the watermark', (_, ops) => {
    const outcomes = new Set<string>();
    for (let steps = 0; steps <= 4; steps++) {
      const path = `${freshDir()}.db`;
      const file = new Memory();
      const { raw, keeper } = open(path, file, steps);
      const running = keeper();
      const before = running.log.last;
      let done = false;
      try {
        running.apply(ops);
        done = true;
      } catch {
        // the crash
      }
      raw.close();
      const again = openSqlite(path, false);
      configure(again);
      const log = LogFile.open(again);
      const found = new Watermark(file).mark!;
      const view = { base: log.history.base, last: log.last, placeOf: (zxid: number) => log.placeOf(zxid) };
      expect(reaches(view, found)).toBe(true);
      expect(log.history.acceptedEpoch).toBeGreaterThanOrEqual(found.acceptedEpoch);
      expect(log.history.currentEpoch).toBeGreaterThanOrEqual(found.currentEpoch);
      if (done) expect(found.position).toEqual(log.last);
      outcomes.add(log.last.zxid === before.zxid && !done ? 'before' : 'after');
      again.close();
    }
    expect([...outcomes].sort()).toEqual(['after', 'before']);
  });

  test('hints alone cost nothing: they go out when the row is written, when they are old, and when the log is closed', () => {
    const path = `${freshDir()}.db`;
    const { raw, keeper } = open(path, new Memory(), 100);
    const running = keeper();
    running.apply([{ type: 'committed', zxid: records[3]!.zxid }]);
    expect(running.log.history.committed).toBe(0);
    running.apply([{ type: 'accepted-epoch', epoch: 3 }]);
    expect(running.log.history.committed).toBe(records[3]!.zxid);
    const more = chainOf(endOf(records), 1, 11, 1100);
    running.apply([
      { type: 'append', records: more.slice(0, 1000) },
      { type: 'committed', zxid: more[999]!.zxid },
    ]);
    expect(running.log.history.committed).toBe(records[3]!.zxid);
    running.apply([
      { type: 'append', records: more.slice(1000) },
      { type: 'committed', zxid: more[1050]!.zxid },
    ]);
    expect(running.log.history.committed).toBe(more[1050]!.zxid);
    running.apply([{ type: 'committed', zxid: more[1099]!.zxid }]);
    running.close();
    expect(running.log.history.committed).toBe(more[1099]!.zxid);
    raw.close();
  });
});
