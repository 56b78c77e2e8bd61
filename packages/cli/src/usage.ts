/**
 * Command lines: words, and what a command's usage line says about them.
 *
 * The usage line is the grammar: `[-s]` is a flag, `[-v version]` an option with a value, `path` an argument that must be
 * there, `[data]` one that may. Options may stand anywhere; `--` ends them.
 */

/** A command line that is wrong; the message says what, the caller adds the usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a usage line allows. */
export interface Grammar {
  /** Options by letter; the name of their value, null for a flag. */
  readonly options: ReadonlyMap<string, string | null>;
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** A command line as its command sees it. */
export interface Input {
  /** Flags that were given. */
  readonly flags: ReadonlySet<string>;
  /** Values of options that were given. */
  readonly values: ReadonlyMap<string, string>;
  readonly args: readonly string[];
}

/** Reads a usage line, `get [-s] [-w] path`. */
export function parseUsage(usage: string): Grammar {
  const options = new Map<string, string | null>();
  const required: string[] = [];
  const optional: string[] = [];
  for (const [part] of usage.replace(/^\S+\s*/, '').matchAll(/\[[^\]]*\]|\S+/g)) {
    const option = /^\[-(\w)(?: (\S+))?\]$/.exec(part);
    if (option !== null) options.set(option[1]!, option[2] ?? null);
    else if (part.startsWith('[')) optional.push(part.slice(1, -1));
    else required.push(part);
  }
  return { options, required, optional };
}

/** Sorts words into options and arguments; throws UsageError that names what is wrong. */
export function parseWords(grammar: Grammar, words: readonly string[]): Input {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const args: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') {
      args.push(...words.slice(i + 1));
      break;
    }
    if (word.length < 2 || !word.startsWith('-')) {
      args.push(word);
      continue;
    }
    const value = grammar.options.get(word.slice(1));
    if (value === undefined) {
      throw new UsageError(`unknown option ${word} (write -- before an argument that begins with "-")`);
    }
    if (value === null) flags.add(word.slice(1));
    else if (i + 1 < words.length) values.set(word.slice(1), words[++i]!);
    else throw new UsageError(`option ${word} needs a value: ${value}`);
  }
  const { required, optional } = grammar;
  if (args.length < required.length) throw new UsageError(`${required[args.length]!} is missing`);
  const most = required.length + optional.length;
  if (args.length > most) {
    throw new UsageError(`one argument too many: ${args[most]!} (quote an argument that has blanks in it)`);
  }
  return { flags, values, args };
}

/** Splits a line into words: "…" with \-escapes, '…' as it is, \ before any character. Throws UsageError. */
export function splitLine(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === '\\' && quote !== "'") {
      if (++i === line.length) throw new UsageError('the line ends with a "\\"');
      word = (word ?? '') + unescape(line[i]!, quote);
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') throw new UsageError(`a ${quote} is not closed`);
  if (word !== undefined) words.push(word);
  return words;
}

/** Within "…" the usual escapes of control characters; elsewhere a \ only takes a character's meaning away. */
function unescape(char: string, quote: string): string {
  if (quote !== '"') return char;
  if (char === 'n') return '\n';
  return char === 't' ? '\t' : char;
}

/** A word as it must be typed to be read as itself. */
export function quoteWord(word: string): string {
  return /^[^\s"'\\]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
