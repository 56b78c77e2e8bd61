/** The report at the end of an import, and its lines in a file. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { SynodError } from '@synod/protocol';
import { escapeText } from '../output.js';
import { UsageError } from '../usage.js';
import type { Kind, Note, Skipped, Tally } from './tally.js';

/** Notes and skipped znodes that are shown where not all of them are asked for. */
export const SHOWN = 20;

/** Kinds in the order of the report, in words, and whether their znodes are named in any case. */
const ROWS: readonly (readonly [kind: Kind, words: string, named: boolean])[] = [
  ['copied', 'copied', false],
  ['updated', 'brought up to date', false],
  ['equal', 'equal already', false],
  ['ephemeral', 'ephemeral: left out, they belong to sessions', false],
  ['gone', 'gone before they were read', false],
  ['narrowed', 'with an access list without the entries that Synod cannot hold', true],
  ['extra', 'only in the target: left alone', false],
  ['counter', 'counters of sequential names raised', false],
  ['lowCounter', 'counters of sequential names lower than at the source', true],
];

/** The report, line by line; `verbose` names all znodes that the tally has kept. */
export function summaryOf(tally: Tally, seconds: number, dryRun: boolean, verbose: boolean): string[] {
  const title = dryRun ? 'Dry run, nothing was written. ' : '';
  const lines = [`${title}${tally.seen} znodes read in ${seconds.toFixed(1)} s`];
  for (const [kind, words, named] of ROWS) {
    const count = tally.counts[kind];
    if (count === 0 && kind !== 'copied') continue;
    lines.push(row(count, kind === 'copied' ? `${words}, ${formatBytes(tally.bytes)}` : words));
    const notes = tally.notes.get(kind);
    if (notes !== undefined && (named || verbose)) lines.push(...list(notes.map(formatNote), count, verbose));
  }
  if (tally.skipped.length > 0) {
    const below = tally.skipped.reduce((sum, skipped) => sum + skipped.below, 0);
    lines.push(row(tally.skipped.length, `SKIPPED${below === 0 ? '' : `, and ${below} below them`}`));
    lines.push(...list(tally.skipped.map(formatSkipped), tally.skipped.length, verbose));
  }
  return lines;
}

function row(count: number, words: string): string {
  return `${String(count).padStart(9)} ${words}`;
}

function list(all: readonly string[], count: number, verbose: boolean): string[] {
  const shown = verbose ? all : all.slice(0, SHOWN);
  const more = count - shown.length;
  const hint = more > 0 ? [`… and ${more} more (--verbose or --report FILE)`] : [];
  return [...shown, ...hint].map((line) => `${' '.repeat(10)}${line}`);
}

function formatNote({ path, detail }: Note): string {
  return escapeText(detail === '' ? path : `${path}: ${detail}`);
}

function formatSkipped({ path, reason, below }: Skipped): string {
  return escapeText(`${path}: ${reason}${below === 0 ? '' : ` (and ${below} below it)`}`);
}

/** Bytes for people: `12.3 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Bytes that are collected before they are written. */
const CHUNK = 65_536;

/** A file with a line for each znode that is not equal already: what became of it, its path, details, between tabs. */
export class ReportFile {
  readonly #name: string;
  readonly #descriptor: number;
  #text = '';

  /** Throws UsageError where the file cannot be made. */
  constructor(name: string) {
    this.#name = name;
    try {
      this.#descriptor = openSync(name, 'w');
    } catch (error) {
      throw new UsageError(`--report: ${(error as Error).message}`);
    }
  }

  note(kind: Kind | 'skipped', { path, detail }: Note): void {
    this.#text += `${escapeText(detail === '' ? `${kind}\t${path}` : `${kind}\t${path}\t${detail}`)}\n`;
    if (this.#text.length > CHUNK) this.#flush();
  }

  /** Adds what was skipped, and closes the file. */
  close(skipped: readonly Skipped[]): void {
    for (const { path, reason, below } of skipped) {
      this.note('skipped', { path, detail: below === 0 ? reason : `${reason} (and ${below} below it)` });
    }
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    try {
      writeSync(this.#descriptor, this.#text);
    } catch (error) {
      throw new SynodError({ code: 'SYSTEM_ERROR', reason: `${this.#name}: ${(error as Error).message}` });
    }
    this.#text = '';
  }
}
