/**
 * What a data directory holds, file by file, so that two moments can be compared: the bytes of plain files, the rows of
 * databases. SQLite moves pages from the write-ahead log to the main file whenever it opens a database; that changes
 * files, but not what they hold.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '@synod/storage/sqlite';

/** Not data: who holds the directory, SQLite's index of a write-ahead log, the note of damage for the next start. */
const fleeting = /^(lock|lock-journal|lock\.pid|damaged|.*-shm)$/;
const database = /^((?:log|state-\d+)\.db)(-wal)?$/;
const tables = ['identity', 'history', 'record', 'header', 'entry'];

/** A hash for each file that holds something. @returns {Map<string, string>} */
export function fingerprint(/** @type {string} */ dir) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    const [, main] = database.exec(name) ?? [];
    if (fleeting.test(name) || statSync(path).size === 0 || (main !== undefined && found.has(main))) continue;
    if (main !== undefined) found.set(main, hashOf(rowsOf(dir, main)));
    else found.set(name, hashOf(readFileSync(path)));
  }
  return found;
}

/** The names whose content differs between two fingerprints. @param {Map<string, string>} a @param {Map<string, string>} b */
export function differing(a, b) {
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));
}

function hashOf(/** @type {string | Buffer} */ content) {
  return createHash('sha256').update(content).digest('hex');
}

/** All rows of all tables, each up to the first that cannot be read. @param {string} dir @param {string} main */
function rowsOf(dir, main) {
  const copy = mkdtempSync(join(tmpdir(), 'synod-fingerprint-'));
  try {
    for (const name of [main, `${main}-wal`])
      if (existsSync(join(dir, name))) cpSync(join(dir, name), join(copy, name));
    return tables.map((table) => `${table}: ${rowsOfTable(join(copy, main), table)}`).join('\n');
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** @param {string} path @param {string} table */
function rowsOfTable(path, table) {
  /** @type {string[]} */
  const rows = [];
  try {
    const sql = openSqlite(path, false);
    try {
      for (const row of sql.prepare(`SELECT * FROM ${table}`).iterate()) {
        rows.push(
          row
            .map((value) =>
              typeof value === 'object' && value !== null ? Buffer.from(value).toString('base64') : String(value),
            )
            .join(','),
        );
      }
    } finally {
      sql.close();
    }
  } catch (error) {
    rows.push(`then ${String(error)}`);
  }
  return rows.join('\n');
}
