/** What the Tab key offers: commands, options, and paths that the server knows. */
import type { Client } from '@synod/client';
import { joinPath } from '@synod/protocol';
import { commands } from './commands.js';
import { splitLine } from './usage.js';

/** How readline wants it: what the last word could become, and the last word. */
export type Completions = [candidates: string[], word: string];

/** Completes the end of a line. Never rejects: without an answer there is nothing to offer. */
export async function complete(line: string, client: Client | undefined): Promise<Completions> {
  const word = lastWord(line);
  const before = line.slice(0, line.length - word.length).trim();
  if (before === '') return [startingWith([...commands.keys()], word), word];
  const entry = commands.get(before.split(/\s+/, 1)[0]!);
  if (word.startsWith('-')) {
    return [
      startingWith(
        [...(entry?.grammar.options.keys() ?? [])].map((letter) => `-${letter}`),
        word,
      ),
      word,
    ];
  }
  if (entry?.name === 'help') return [startingWith([...commands.keys()], word), word];
  return [client === undefined ? [] : await paths(word, client), word];
}

/** The word that is being typed, as it stands in the line: blanks in quotes or behind a \ belong to it. */
function lastWord(line: string): string {
  return /(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"?|'[^']*'?)*\\?$/.exec(line)?.[0] ?? '';
}

function startingWith(names: readonly string[], start: string): string[] {
  return names.filter((name) => name.toLowerCase().startsWith(start.toLowerCase())).sort();
}

/** Paths that begin with what is typed, quoted the way it is quoted. */
async function paths(word: string, client: Client): Promise<string[]> {
  const quote = word.startsWith('"') || word.startsWith("'") ? word[0]! : '';
  const typed = readWord(word, quote);
  if (!typed.startsWith('/')) return [];
  const parent = typed.slice(0, typed.lastIndexOf('/')) || '/';
  try {
    const { children } = await client.children(parent, { timeout: PATIENCE_MS });
    const found = children.map((name) => joinPath(parent, name)).filter((path) => path.startsWith(typed));
    return found.sort().map((path) => writeWord(path, quote));
  } catch {
    return [];
  }
}

/** Nobody waits longer for a completion. */
const PATIENCE_MS = 1_000;

function readWord(word: string, quote: string): string {
  try {
    const closed = quote === '' || (word.length > 1 && word.endsWith(quote)) ? word : word + quote;
    return splitLine(closed)[0] ?? '';
  } catch {
    return '';
  }
}

function writeWord(path: string, quote: string): string {
  if (quote === '"') return `"${path.replaceAll(/[\\"]/g, '\\$&')}`;
  return quote === "'" ? `'${path}` : path.replaceAll(/[\s"'\\]/g, '\\$&');
}
