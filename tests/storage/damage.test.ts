/**
 * Random damage to a directory at rest, also to one that was killed: every start afterwards shows the content that was
 * written, or says that something is wrong. Never other content, and never a crash of another kind.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { makeZxid } from '@synod/protocol';
import { configure, nodeDisk, NO_ROWS, StateFile, type StateRow } from '@synod/storage';
import { openDirectory, type Proof } from '@synod/storage/recover';
import { nextRecord, ORIGIN, type LogRecord, type Position } from '@synod/zab';
import { runChild } from './child.js';
import { bytesOf, copyRow, freshDir, plain, seeded } from './support.js';

/** Starts per directory and kind of stop. */
const ROUNDS = 200;

interface Content {
  readonly proof: Proof;
  readonly records: readonly LogRecord[];
  readonly rows: readonly StateRow[];
}

/** What the child writes in its mode `leave`. */
function written(): LogRecord[] {
  const records: LogRecord[] = [];
  let last: Position = ORIGIN;
  for (let n = 1; n <= 120; n++) {
    const record = nextRecord(last, makeZxid(n <= 40 ? 1 : n <= 90 ? 2 : 4, n), bytesOf(20 + (n % 7), n));
    records.push(record);
    last = { zxid: record.zxid, chain: record.chain };
  }
  return records;
}

function rowsAfter(n: number): StateRow[] {
  return Array.from({ length: n === 0 ? 0 : 60 }, (_, i) => ({
    key: `n/${String(i).padStart(3, '0')}`,
    value: bytesOf(15 + (i % 5), n + i),
  }));
}

/** Opens as the storage does and reads everything. Throws what the storage would reject or refuse with. */
function contentOf(dir: string, repairable = true): Content {
  const disk = nodeDisk(dir);
  const { proof, keeper, identity, stateNumber, unlock } = openDirectory({
    disk,
    cluster: 'test',
    server: 1,
    repairable,
  });
  try {
    const records = keeper
      .read(proof.base.zxid, Infinity)!
      .map(({ zxid, chain, body }) => ({ zxid, chain, body: Uint8Array.from(body) }));
    const sql = disk.openSql(`state-${stateNumber}.db`, false);
    try {
      configure(sql);
      const rows = StateFile.open(sql, identity, stateNumber).read('', NO_ROWS, Infinity, Infinity).rows.map(copyRow);
      return { proof, records, rows };
    } finally {
      sql.close();
    }
  } finally {
    keeper.close();
    unlock();
  }
}

/** Changes 1 to 100 bytes of one file, in one of several ways; the answer says what was done. */
function harm(files: Map<string, Buffer>, random: () => number): string {
  const below = (limit: number): number => Math.floor(random() * limit);
  const names = [...files.keys()].filter((name) => files.get(name)!.length > 0).sort();
  const name = names[below(names.length)]!;
  const bytes = Buffer.from(files.get(name)!);
  files.set(name, bytes);
  // Behind it lies the unused room of the write-ahead log.
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const count = 1 + below(Math.min(100, end));
  const at = below(end - count + 1);
  switch (below(6)) {
    case 0:
      bytes[at]! ^= 1 << below(8);
      return `${name}: one bit at ${at}`;
    case 1:
      for (let i = 0; i < count; i++) bytes[below(end)]! ^= 1 + below(255);
      return `${name}: ${count} bytes anywhere`;
    case 2:
      for (let i = 0; i < count; i++) bytes[at + i]! ^= 1 + below(255);
      return `${name}: ${count} bytes from ${at}`;
    case 3:
      bytes.fill(0, at, at + count);
      return `${name}: ${count} zeros from ${at}`;
    case 4:
      files.set(name, bytes.subarray(0, end - count));
      return `${name}: ${count} bytes cut off`;
    default:
      if (random() < 0.2) files.delete(name);
      else files.set(name, bytes.subarray(0, below(end)));
      return `${name}: cut short or removed`;
  }
}

describe.each(['closed', 'killed'])('%s', (stop) => {
  const files = new Map<string, Buffer>();
  const all = written();

  beforeAll(async () => {
    const dir = freshDir();
    await runChild(['leave', dir, stop], (line, child) => {
      expect(line).toBe('done');
      child.kill('SIGKILL');
    });
    for (const name of readdirSync(dir)) files.set(name, readFileSync(join(dir, name)));
    expect(files.has('log.db-wal')).toBe(stop === 'killed');
    expect([...files.keys()].filter((name) => name.endsWith('-shm'))).toEqual([]);
  });

  function put(dir: string, content: ReadonlyMap<string, Buffer>): void {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir);
    for (const [name, bytes] of content) writeFileSync(join(dir, name), bytes);
  }

  /** The content has to follow from what was written; a state may be older where the log reaches back to it. */
  function check({ proof, records, rows }: Content): void {
    const base = all.findIndex(({ zxid }) => zxid === proof.base.zxid);
    expect(plain(records)).toEqual(plain(all.slice(base + 1)));
    expect(proof.last.zxid).toBe(all.at(-1)!.zxid);
    expect(proof.base.zxid).toBe(all[49]!.zxid);
    expect(proof.ends.map(({ zxid }) => zxid)).toEqual([all[89]!.zxid, all[119]!.zxid]);
    expect([proof.acceptedEpoch, proof.currentEpoch, proof.blank]).toEqual([4, 4, false]);
    const folded = all.findIndex(({ zxid }) => zxid === proof.state.position.zxid) + 1;
    expect(folded).toBeGreaterThanOrEqual(50);
    expect([proof.state.digest, proof.state.position.chain]).toEqual([folded, all[folded - 1]!.chain]);
    expect(rows).toEqual(rowsAfter(folded));
    if (stop === 'closed') expect(folded).toBe(100);
  }

  test('unharmed', () => {
    const dir = freshDir();
    put(dir, files);
    const content = contentOf(dir, false);
    check(content);
    expect(content.proof.damage).toBeNull();
    expect(content.proof.repaired).toBeNull();
  });

  test('damaged at random', () => {
    const dir = freshDir();
    const outcomes = { whole: 0, repaired: 0, damaged: 0, refused: 0 };
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const harmed = new Map(files);
      const what = `seed ${seed}, ${harm(harmed, seeded(seed))}`;
      put(dir, harmed);
      let content: Content;
      try {
        content = contentOf(dir);
      } catch (error) {
        const { name, code } = error as { name: string; code: string };
        expect([what, name, code]).toEqual([what, 'StorageError', 'DAMAGED']);
        outcomes.refused++;
        continue;
      }
      const { damage, repaired } = content.proof;
      if (damage !== null) {
        outcomes.damaged++;
        expect([what, contentOf(dir).proof.damage]).toEqual([what, damage]);
        continue;
      }
      try {
        check(content);
      } catch (error) {
        throw new Error(`${what}: ${String(error)}`);
      }
      outcomes[repaired === null ? 'whole' : 'repaired']++;
    }
    expect(outcomes.whole).toBeGreaterThan(ROUNDS / 20);
    expect(outcomes.damaged).toBeGreaterThan(ROUNDS / 20);
  });

  test('damaged at random where nothing may be repaired: refused, and every byte of the databases is kept', () => {
    const dir = freshDir();
    const again = freshDir();
    let refused = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const harmed = new Map(files);
      harm(harmed, seeded(seed));
      put(dir, harmed);
      try {
        contentOf(dir, false);
        continue;
      } catch (error) {
        expect((error as { code: string }).code).toBe('DAMAGED');
      }
      refused++;
      // What SQLite took for whole in a write-ahead log it may have copied into the database; the log is there as it was.
      for (const [name, bytes] of harmed) {
        if (stop === 'killed' && name.endsWith('.db')) continue;
        if (name.startsWith('lock')) continue;
        expect([seed, name, readFileSync(join(dir, name)).equals(bytes)]).toEqual([seed, name, true]);
      }
      mkdirSync(again, { recursive: true });
      for (const name of readdirSync(dir)) copyFileSync(join(dir, name), join(again, name));
      expect(() => contentOf(again, false)).toThrow(expect.objectContaining({ code: 'DAMAGED' }));
      rmSync(again, { recursive: true });
    }
    expect(refused).toBeGreaterThan(5);
  });
});
