/** The simulated databases answer as SQLite does: the same random statements on both, with the same answers and errors. */
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { RecordDisk } from '@synod/simulator/disk/record-disk';
import { statements } from '@synod/simulator/disk/record-statements';
import { Random } from '@synod/simulator/random';
import { FORMAT, LogFile } from '@synod/storage/log-file';
import { configure, type Sql, type SqlValue } from '@synod/storage/sql';
import { openSqlite } from '@synod/storage/sqlite';
import { StateFile } from '@synod/storage/state-file';
import { codeOf } from '@synod/storage/storage-error';
import { ORIGIN } from '@synod/zab';
import { freshDir } from '../storage/support.js';

const IDENTITY = { format: FORMAT, cluster: 'test', server: 1 };
const HISTORY = { base: ORIGIN, acceptedEpoch: 0, currentEpoch: 0, committed: 0, state: 1, damage: null };
const KEYS = ['a', 'a/b', 'b', 'z', 'é', '\u{fffd}', '\u{1f600}', 'zz', 'A', ''];

/** What one call answers, as plain values. */
function answerOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    const code = codeOf(error);
    if (code === '') throw error;
    return code;
  }
}

function plainRow(row: readonly SqlValue[] | undefined): unknown {
  return row?.map((value) => (typeof value === 'object' && value !== null ? [...value] : value));
}

/** Values for a statement's parameters. */
function valuesFor(text: string, random: Random): SqlValue[] {
  const count = text.split('?').length - 1;
  if (text.startsWith('INSERT INTO record'))
    return [random.int(1, 30), random.int(0, 99), random.bytes(random.int(0, 9))];
  if (text.includes(' INTO entry')) return [random.pick(KEYS), random.bytes(random.int(0, 9)), random.int(0, 99)];
  if (text.includes('entry')) return Array.from({ length: count }, () => random.pick(KEYS));
  if (text.includes('record')) return Array.from({ length: count }, () => random.int(0, 31));
  const named = /\(([^)]*)\) VALUES|SET (.*)$/.exec(text);
  const columns = (named?.[1] ?? named?.[2] ?? '').replaceAll(' = ?', '').split(', ');
  const value = (column: string): SqlValue =>
    column === 'cluster' ? 'test' : column === 'damage' ? random.pick([null, 'words']) : random.int(0, 2 ** 52);
  return count === 0 ? [] : columns.map(value);
}

function act(sql: Sql, text: string, values: SqlValue[], way: number): unknown {
  if (!text.startsWith('SELECT')) return sql.prepare(text).run(...values);
  if (way === 0) return plainRow(sql.prepare(text).get(...values));
  const rows: unknown[] = [];
  for (const row of sql.prepare(text).iterate(...values)) {
    rows.push(plainRow(row));
    if (rows.length === way) break;
  }
  return rows;
}

test.each(['log', 'state'])('%s', (kind) => {
  for (let seed = 1; seed <= 15; seed++) {
    const random = new Random(seed, kind);
    const dir = freshDir();
    mkdirSync(dir);
    const disk = new RecordDisk('/data');
    const open = [
      (create: boolean) => openSqlite(join(dir, 'a.db'), create),
      (create: boolean) => disk.openSql('a.db', create),
    ];
    let both = open.map((one) => one(true));
    for (const sql of both) {
      configure(sql);
      if (kind === 'log') LogFile.create(sql, IDENTITY, HISTORY);
      else StateFile.create(sql, IDENTITY, 1);
    }
    // LIMIT of SQLite means all where it is negative, and the storage asks for it with a number above 0 only.
    const texts = [...statements.keys(), 'BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK', 'close'];
    for (let step = 0; step < 300; step++) {
      const text = random.pick(texts);
      const values = valuesFor(text, random);
      const way = random.int(0, 3);
      if (text === 'close') {
        if (!random.chance(0.2)) continue;
        for (const sql of both) sql.close();
        both = open.map((one) => one(false));
        both.forEach(configure);
        continue;
      }
      const bare = /^(BEGIN|COMMIT|ROLLBACK)/.test(text);
      if (/^DELETE FROM [a-z]+$/.test(text) && random.chance(0.7)) continue;
      const [real, simulated] = both.map((sql) =>
        answerOf(() => (bare ? sql.exec(text) : act(sql, text, values, way))),
      );
      expect([seed, step, text, values, simulated]).toEqual([seed, step, text, values, real]);
    }
    for (const sql of both) sql.close();
  }
});
