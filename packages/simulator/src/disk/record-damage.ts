/**
 * Damage to the files of tier A: what bit rot, lost or misplaced writes and restored copies make of them, in terms of
 * values, rows and pages. Everything done here the real files can suffer as well.
 */
import { names } from '@synod/storage/files';
import type { SqlValue } from '@synod/storage/sql';
import { SLOT_BYTES } from '@synod/storage/watermark';
import type { Random } from '../random.js';
import { smallTables, type Content } from './record-content.js';
import type { DatabaseFile } from './record-database.js';
import type { SlotsFile, TextFile } from './record-files.js';
import type { NameTable } from './names-table.js';
import { RecordList, type EntryRow, type RecordRow, type Row } from './record-tables.js';
import type { DamageKind } from './sim-disk.js';

/** A file of tier A. */
export type RecordFile = TextFile | SlotsFile | DatabaseFile;

interface Target<T extends RecordFile = RecordFile> {
  readonly name: string;
  readonly file: T;
}

/** A place in a table whose row can be read and replaced. */
interface Place {
  readonly words: string;
  readonly row: Row;
  /** `row` null: it is not there any more. */
  put(row: Row | null): void;
}

/** Rows that one page of SQLite holds, roughly. */
const PAGE_ROWS = 8;

/** Does one damage; the answer says what was done, null where there is nothing to damage in that way. */
export function damageFiles(random: Random, kind: DamageKind, table: NameTable<RecordFile>): string | null {
  const targets = targetsIn(table);
  const databases = targets.filter((target): target is Target<DatabaseFile> => target.file.kind === 'database');
  const slots = targets.filter((target): target is Target<SlotsFile> => target.file.kind === 'slots');
  const log = databases.find(({ name }) => name === names.log);
  switch (kind) {
    case 'flip':
      return one(random, targets, (target) => flip(random, target));
    case 'zero':
      return one(random, targets, (target) => zero(random, target));
    case 'swap':
      return one(random, databases, ({ file }) => swap(random, file));
    case 'cut-log':
      return log === undefined ? null : named(log, cutLog(random, log.file));
    case 'lose-tail':
      return log === undefined ? null : named(log, loseTail(random, log.file));
    case 'old-copy':
      return one(random, [...databases, ...slots], ({ file }) => oldCopy(random, file));
    case 'watermark':
      return one(random, slots, (target) => harmSlots(random, target, table));
  }
}

/** The files that matter, in the order of their names. */
function targetsIn(table: NameTable<RecordFile>): Target[] {
  const targets: Target[] = [];
  for (const [name, file] of table.seen) {
    if (file.size > 0 && name !== names.pid) targets.push({ name, file });
  }
  return targets.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Tries the targets in random order until one can be damaged. */
function one<T extends Target>(
  random: Random,
  targets: readonly T[],
  body: (target: T) => string | null,
): string | null {
  for (const target of random.shuffle([...targets])) {
    const words = body(target);
    if (words !== null) return named(target, words);
  }
  return null;
}

function named({ name }: Target, words: string | null): string | null {
  return words === null ? null : `${name}: ${words}`;
}

function flip(random: Random, { file }: Target): string | null {
  if (file.kind === 'text') return flipText(random, file);
  if (file.kind === 'slots') return flipSlots(random, file);
  // A bad frame of the write-ahead log ends it, without a word.
  if (file.tail > 0 && random.chance(0.5)) return loseTail(random, file);
  return random.weighted([
    [6, flipColumn],
    [1, dropColumn],
    [1, dropRow],
    [1, tearPage],
    [0.5, flipSchema],
  ])(random, file);
}

function flipText(random: Random, file: TextFile): string {
  const at = random.int(0, file.text.length - 1);
  file.text = flipUnit(random, file.text, at);
  return `one bit of character ${at} flipped`;
}

function flipSlots(random: Random, file: SlotsFile): string {
  const bytes = file.bytes.slice();
  const at = random.int(0, bytes.length - 1);
  bytes[at]! ^= 1 << random.int(0, 7);
  file.bytes = bytes;
  return `one bit of byte ${at} flipped`;
}

function flipColumn(random: Random, file: DatabaseFile): string | null {
  return replaceColumn(random, file, 'one bit flipped in', (value) => flipValue(random, value));
}

/** A flipped bit in a row's header makes another type of a column; NULL stands for all of them. */
function dropColumn(random: Random, file: DatabaseFile): string | null {
  return replaceColumn(random, file, 'NULL in', () => null);
}

function replaceColumn(
  random: Random,
  file: DatabaseFile,
  what: string,
  change: (value: SqlValue) => SqlValue,
): string | null {
  file.settle();
  const place = pickPlace(random, file.content);
  if (place === null) return null;
  const column = random.int(0, place.row.length - 1);
  const row = [...place.row];
  row[column] = change(row[column]!);
  // The key of a record is a whole number in whatever form.
  if (typeof place.row[0] === 'number' && row[0] === null) row[0] = 0;
  place.put(row);
  return `${what} column ${column} of ${place.words}`;
}

function dropRow(random: Random, file: DatabaseFile): string | null {
  file.settle();
  const place = pickPlace(random, file.content);
  if (place === null) return null;
  place.put(null);
  return `${place.words} is not there`;
}

function tearPage(random: Random, file: DatabaseFile): string {
  file.settle();
  const { content } = file;
  const rows = random.chance(0.2) ? [] : pickTable(random, content);
  if (rows.length === 0) {
    content.headless = true;
    return 'the first page cannot be read';
  }
  const first = random.int(0, rows.length - 1);
  const page = rows.slice(first, first + PAGE_ROWS);
  for (const { row } of page) content.tear(row);
  return `${page[0]!.words} and ${page.length - 1} rows behind it cannot be read`;
}

function flipSchema(random: Random, file: DatabaseFile): string | null {
  file.settle();
  const { schema } = file.content;
  if (schema.length === 0) return null;
  const index = random.int(0, schema.length - 1);
  const text = schema[index]!;
  file.content.schema = schema.with(index, flipUnit(random, text, random.int(0, text.length - 1)));
  return `one bit of the text of table ${index} flipped`;
}

function zero(random: Random, { file }: Target): string | null {
  if (file.kind === 'text') {
    file.text = '\0'.repeat(file.text.length);
    return 'zeros';
  }
  if (file.kind === 'slots') {
    const bytes = file.bytes.slice();
    const sector = random.int(0, Math.ceil(bytes.length / SLOT_BYTES) - 1);
    bytes.fill(0, sector * SLOT_BYTES, (sector + 1) * SLOT_BYTES);
    file.bytes = bytes;
    return `sector ${sector} is zeros`;
  }
  if (random.chance(0.3)) return tearPage(random, file);
  return replaceColumn(random, file, 'zeros in', (value) => {
    if (typeof value === 'string') return '\0'.repeat(value.length);
    return typeof value === 'number' || value === null ? 0 : new Uint8Array(value.length);
  });
}

/** Two rows change places, or the contents behind their keys do. */
function swap(random: Random, file: DatabaseFile): string | null {
  file.settle();
  const { content } = file;
  const tables: [Place[], number][] = [
    [recordPlaces(content), 2],
    [entryPlaces(content), 1],
  ];
  const found = random.shuffle(tables).find(([places]) => places.length > 1);
  if (found === undefined) return null;
  const [places, column] = found;
  const a = random.int(0, places.length - 2);
  const left = places[a]!;
  const right = places[random.int(a + 1, places.length - 1)]!;
  const whole = random.chance(0.5);
  left.put(whole ? right.row : left.row.with(column, right.row[column]!));
  right.put(whole ? left.row : right.row.with(column, left.row[column]!));
  return `${left.words} and ${right.words} have exchanged ${whole ? 'their places' : `column ${column}`}`;
}

function cutLog(random: Random, file: DatabaseFile): string | null {
  file.settle();
  const { content } = file;
  const rows = content.records.toArray();
  if (rows.length === 0) return null;
  const count = random.int(1, rows.length);
  if (random.chance(0.5)) {
    for (const row of rows.slice(-count)) content.tear(row);
    return `the last ${count} records cannot be read`;
  }
  content.records = new RecordList(rows.slice(0, -count));
  return `the last ${count} records are not there`;
}

function loseTail(random: Random, file: DatabaseFile): string | null {
  if (file.tail === 0) return null;
  const count = random.int(1, file.tail);
  file.loseTail(count);
  file.settle();
  return `the last ${count} commits are not there`;
}

function oldCopy(random: Random, file: DatabaseFile | SlotsFile): string | null {
  if (file.kind === 'slots') {
    if (file.versions.length === 0) return null;
    file.bytes = random.pick(file.versions).slice();
    return 'an older copy';
  }
  if (file.versions.length === 0) return null;
  file.replace(random.pick(file.versions).clone());
  return 'an older copy';
}

function harmSlots(random: Random, { name, file }: Target<SlotsFile>, table: NameTable<RecordFile>): string {
  const bytes = file.bytes.slice();
  switch (random.int(0, 4)) {
    case 0:
      return flipSlots(random, file);
    case 1:
      table.remove(name);
      table.sync();
      return 'removed';
    case 2:
      file.bytes = bytes.slice(0, random.int(0, bytes.length - 1));
      return `cut to ${file.bytes.length} bytes`;
    case 3:
      file.bytes = new Uint8Array(bytes.length);
      return 'zeros';
    default: {
      const sector = random.int(0, Math.ceil(bytes.length / SLOT_BYTES) - 1);
      const size = Math.min(SLOT_BYTES, bytes.length - sector * SLOT_BYTES);
      bytes.set(random.bytes(size), sector * SLOT_BYTES);
      file.bytes = bytes;
      return `sector ${sector} is garbage`;
    }
  }
}

function pickPlace(random: Random, content: Content): Place | null {
  const rows = pickTable(random, content);
  return rows.length === 0 ? null : random.pick(rows);
}

/** All places of one table that has any; large tables are likelier. */
function pickTable(random: Random, content: Content): Place[] {
  const tables: [number, Place[]][] = [
    [8, recordPlaces(content)],
    [8, entryPlaces(content)],
    ...smallTables.map((table): [number, Place[]] => [1, smallPlaces(content, table)]),
  ];
  const filled = tables.filter(([, rows]) => rows.length > 0);
  return filled.length === 0 ? [] : random.weighted(filled);
}

function recordPlaces(content: Content): Place[] {
  return content.records.toArray().map((row, index) => ({
    words: `record ${index}`,
    row,
    put: (fresh) => {
      const rows = content.records.toArray();
      if (fresh === null) rows.splice(index, 1);
      else rows[index] = fresh as unknown as RecordRow;
      content.records = new RecordList(rows);
    },
  }));
}

function entryPlaces(content: Content): Place[] {
  return content.entries.keys().map((key, index) => ({
    words: `entry ${index}`,
    row: content.entries.get(key)!,
    put: (fresh) => void content.entries.set(key, (fresh as unknown as EntryRow | null) ?? undefined),
  }));
}

function smallPlaces(content: Content, table: (typeof smallTables)[number]): Place[] {
  return content.small[table].map((row, index) => ({
    words: `row ${index} of "${table}"`,
    row,
    put: (fresh) => {
      const rows = [...content.small[table]];
      if (fresh === null) rows.splice(index, 1);
      else rows[index] = fresh;
      content.small[table] = rows;
    },
  }));
}

function flipValue(random: Random, value: SqlValue): SqlValue {
  if (value === null) return 0;
  if (typeof value === 'number') {
    const bit = 2 ** random.int(0, 47);
    return Math.floor(value / bit) % 2 === 0 ? value + bit : value - bit;
  }
  if (value.length === 0) return null;
  const at = random.int(0, value.length - 1);
  if (typeof value === 'string') return flipUnit(random, value, at);
  const bytes = new Uint8Array(value);
  bytes[at]! ^= 1 << random.int(0, 7);
  return bytes;
}

function flipUnit(random: Random, text: string, at: number): string {
  const unit = String.fromCharCode(text.charCodeAt(at) ^ (1 << random.int(0, 6)));
  return text.slice(0, at) + unit + text.slice(at + 1);
}
